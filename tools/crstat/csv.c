// SPDX-License-Identifier: GPL-2.0
#include <inttypes.h>
#include <stdio.h>

#include "machine.h"

/* As of RFC 4180. */
static void print_word(const char *word)
{
	if (!strpbrk(word, ",\"")) {
		fputs(word, stdout);
		return;
	}
	putchar('"');
	for (; *word; word++) {
		if (*word == '"')
			putchar('"');
		putchar(*word);
	}
	putchar('"');
}

static void print_cell(const struct cell *cell, enum kind kind)
{
	if (cell->type == CELL_WORD)
		print_word(cell->word);
	else if (cell->type == CELL_NUMBER && kind == KIND_HEX)
		printf("0x%" PRIx64, cell->number);
	else if (cell->type == CELL_NUMBER)
		printf("%" PRIu64, cell->number);
}

/**
 * csv_print - print a table as comma-separated values, names first
 * @table: table
 * @guests: names of its guests
 *
 * What does not apply is empty.
 */
void csv_print(const struct table *table, const struct guests *guests)
{
	const struct file *file = table->file;
	bool vcpus = file_has_vcpus(file);

	if (vcpus)
		fputs("guest,", stdout);
	for (unsigned int c = 0; c < file->nr_columns; c++)
		printf("%s%s", c ? "," : "", file->columns[c].name);
	putchar('\n');
	for (size_t i = 0; i < table->nr_rows; i++) {
		const struct cell *row = table_row(table, i);
		const char *name = vcpus ? guest_own_name(guests, &row[ID_vm]) :
					   NULL;

		if (name)
			print_word(name);
		if (vcpus)
			putchar(',');
		for (unsigned int c = 0; c < file->nr_columns; c++) {
			if (c)
				putchar(',');
			print_cell(&row[c], file->kinds[c]);
		}
		putchar('\n');
	}
}
