// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "source.h"
#include "symbols.h"

static int compare_symbols(const void *a, const void *b)
{
	const struct symbol *x = a, *y = b;

	return (x->address > y->address) - (x->address < y->address);
}

/*
 * A line is "ADDRESS TYPE NAME"; what follows is the symbol's module. @code
 * tells code from data: the latter's offsets per CPU look like low addresses.
 */
static bool parse_symbol(char *line, struct symbol *symbol, bool *code)
{
	char *end;

	symbol->address = strtoull(line, &end, 16);
	if (end == line || end[0] != ' ' || !end[1] || end[2] != ' ')
		return false;
	*code = strchr("tTwW", end[1]);
	symbol->name = end + 3;
	end += 3 + strcspn(end + 3, " \t");
	*end = '\0';
	return *symbol->name;
}

/**
 * symbols_read - read a guest's symbols or end the program
 * @symbols: filled in
 * @path: the guest's /proc/kallsyms or System.map
 */
void symbols_read(struct symbols *symbols, const char *path)
{
	size_t len, max = 0;
	char *rest, *line;
	bool code;

	*symbols = (struct symbols){ .text = source_slurp(path, &len) };
	if (!symbols->text)
		fail(errno == EACCES ? FAIL_PERMISSION : FAIL_NO_FILE, "%s: %s",
		     path, strerror(errno));
	rest = symbols->text;
	while ((line = strsep(&rest, "\n")) && (rest || *line)) {
		if (symbols->nr == max) {
			max = max ? 2 * max : 4096;
			symbols->list = or_fail(reallocarray(
				symbols->list, max, sizeof(struct symbol)));
		}
		if (!parse_symbol(line, &symbols->list[symbols->nr], &code))
			fail(FAIL_DAMAGED,
			     "%s: neither a /proc/kallsyms nor a System.map",
			     path);
		symbols->nr += code;
	}
	if (symbols->nr)
		qsort(symbols->list, symbols->nr, sizeof(struct symbol),
		      compare_symbols);
	if (!symbols->nr || !symbols->list[symbols->nr - 1].address)
		fail(FAIL_DAMAGED,
		     "%s: no addresses in it; read /proc/kallsyms as root in the guest",
		     path);
}

/**
 * symbols_free - free what was read
 * @symbols: of symbols_read()
 */
void symbols_free(struct symbols *symbols)
{
	free(symbols->list);
	free(symbols->text);
}

/**
 * symbol_find - the symbol that an address belongs to
 * @symbols: symbols, maybe none
 * @address: address
 *
 * Return: the last symbol at or before @address, NULL where there is none
 * before or none after it: nothing says how long the last symbol is.
 */
const struct symbol *symbol_find(const struct symbols *symbols,
				 uint64_t address)
{
	size_t low = 0, high = symbols->nr;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (symbols->list[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low && low < symbols->nr ? &symbols->list[low - 1] : NULL;
}

/**
 * address_area - what lies at an address in any PC, or in Linux
 * @address: linear address
 * @mode: the processor's mode: "real", "protected" or "long"
 *
 * Return: the area's name, "" where an address alone does not tell.
 */
const char *address_area(uint64_t address, const char *mode)
{
	static const struct {
		uint64_t first, last;
		const char *name;
	} areas[] = {
		{ 0x7c00, 0x7dff, "boot sector" },
		{ 0, 0x9ffff, "conventional memory" },
		{ 0xa0000, 0xbffff, "video memory" },
		{ 0xc0000, 0xdffff, "option ROM area" },
		{ 0xe0000, 0xfffff, "system BIOS area" },
		{ 0xff000000, 0xffffffff, "flash ROM below 4 GiB" },
	};
	static const uint64_t text = 0xffffffff80000000;
	static const uint64_t modules = 0xffffffffc0000000;

	for (size_t i = 0; i < sizeof(areas) / sizeof(*areas); i++)
		if (address >= areas[i].first && address <= areas[i].last)
			return areas[i].name;
	if (strcmp(mode, "long"))
		return "";
	if (address >= modules)
		return "Linux: kernel modules' area";
	if (address >= text)
		return "Linux: kernel text area";
	if (address >> 63)
		return "upper half: a kernel's";
	return "";
}
