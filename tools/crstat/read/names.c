// SPDX-License-Identifier: GPL-2.0
/* Names: of a guest's addresses, of bits of its registers. */
#include <errno.h>
#include <inttypes.h>

#include "crstat.h"
#include "read/read.h"

/* A guest's symbols by address. */
struct symbol {
	uint64_t address;
	const char *name;
};
static struct symbol *symbols;
static size_t nr_symbols;

static int compare_symbols(const void *a, const void *b)
{
	const struct symbol *x = a, *y = b;

	return (x->address > y->address) - (x->address < y->address);
}

/*
 * Read a guest's symbols, lines of "ADDRESS TYPE NAME" and perhaps its module,
 * or end the program. The offsets of data per CPU look like low addresses: code
 * alone is kept.
 */
void symbols_read(const char *path)
{
	FILE *in = fopen(path, "re");
	char *line = NULL, *name, type, blank[2];
	uint64_t address, seen = 0;
	size_t size = 0;

	if (!in)
		fail(errno == EACCES ? FAIL_PERMISSION : FAIL_NO_FILE, "%s: %s",
		     path, strerror(errno));
	while (getline(&line, &size, in) > 0) {
		if (sscanf(line, "%" SCNx64 " %c%1[ ]%m[^ \t\n]", &address,
			   &type, blank, &name) != 4)
			fail(FAIL_DAMAGED,
			     "%s: neither a /proc/kallsyms nor a System.map",
			     path);
		if (!strchr("tTwW", type))
			continue;
		if (nr_symbols % 4096 == 0)
			symbols = or_fail(reallocarray(
				symbols, nr_symbols + 4096, sizeof(*symbols)));
		symbols[nr_symbols++] = (struct symbol){ address, name };
		seen |= address;
	}
	if (!seen)
		fail(FAIL_DAMAGED,
		     "%s: no addresses in it; read /proc/kallsyms as root in the guest",
		     path);
	qsort(symbols, nr_symbols, sizeof(*symbols), compare_symbols);
	fclose(in);
	free(line);
}

/*
 * What lies at an address: of the guest's symbols, in any PC or in Linux.
 * Return: in @text the last symbol at or before it, but for the very last one,
 * of which nothing says how long it is; else the area, "" if there is no name.
 */
const char *address_name(const struct cell *cell, const char *mode,
			 char text[NAME_LEN])
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
		/* In long mode alone. */
		{ 0xffffffffc0000000, -1, "Linux: kernel modules' area" },
		{ 0xffffffff80000000, -1, "Linux: kernel text area" },
		{ 1ull << 63, -1, "upper half: a kernel's" },
	};
	uint64_t address = cell->number;
	size_t low = 0, high = nr_symbols;

	if (cell->type != CELL_NUMBER)
		return "";
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (symbols[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (low && low < nr_symbols) {
		snprintf(text, NAME_LEN, "%.300s+0x%" PRIx64,
			 symbols[low - 1].name,
			 address - symbols[low - 1].address);
		return text;
	}
	for (size_t i = 0; i < ARRAY_SIZE(areas); i++)
		if (address >= areas[i].first && address <= areas[i].last &&
		    (areas[i].first <= UINT32_MAX || !strcmp(mode, "long")))
			return areas[i].name;
	return "";
}

#define BIT_NAME(bit, name) [bit] = #name,

static const char *const cr0_bits[64] = { CRS_CR0_BITS(BIT_NAME) };
static const char *const cr4_bits[64] = { CRS_CR4_BITS(BIT_NAME) };

/*
 * What a register's value means. CR0 and CR4 are described by their set
 * bits, the highest first; CR8 and TPR by the priority class up to which
 * they hold interrupts back.
 */
void reg_describe(char text[NAME_LEN], const char *reg,
		  const struct cell *value)
{
	const char *const *names = !strcmp(reg, "cr0") ? cr0_bits :
				   !strcmp(reg, "cr4") ? cr4_bits :
							 NULL;
	uint64_t left = cell_number(value);
	char *end = text;

	*text = '\0';
	for (int bit = 63; names && bit >= 0; bit--) {
		if (!(left >> bit & 1))
			continue;
		if (end > text)
			*end++ = ' ';
		if (names[bit])
			end = stpcpy(end, names[bit]);
		else
			end += sprintf(end, "b%d", bit);
	}
	if (value->type == CELL_NUMBER &&
	    (!strcmp(reg, "cr8") || !strcmp(reg, "tpr")))
		sprintf(text, "priority class %d",
			(int)(left >> (*reg == 't' ? 4 : 0) & 15));
}
