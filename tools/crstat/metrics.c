// SPDX-License-Identifier: GPL-2.0
/* Counters for Prometheus: a metric a counter, a sample a row. */
#include <inttypes.h>
#include <stdio.h>

#include "fold.h"
#include "machine.h"

/* An error bound can shrink, when the table it belongs to is reset. */
static bool is_gauge(const struct file *file, unsigned int column)
{
	return !strcmp(file->columns[column].name, "error");
}

/*
 * The counters of vcpus are the module's, others those of a row of their file:
 * of a bit, not of bits, which promtool takes for a unit.
 */
static void print_name(const struct file *file, unsigned int column)
{
	printf(CRS_NAME "_");
	if (file != &files[FILE_vcpus])
		printf("%.*s_", (int)strlen(file->name) - 1, file->name);
	fputs(file->columns[column].name, stdout);
}

/* OpenMetrics names a counter's family without _total, Prometheus with it. */
static void print_head(const struct file *file, unsigned int column, bool open)
{
	bool gauge = is_gauge(file, column);
	const char *suffix = gauge || open ? "" : "_total";

	printf("# HELP ");
	print_name(file, column);
	printf("%s %s\n# TYPE ", suffix, file->columns[column].help);
	print_name(file, column);
	printf("%s %s\n", suffix, gauge ? "gauge" : "counter");
}

static void print_label(const char *before, const char *name,
			const struct cell *cell, enum kind kind)
{
	printf("%s%s=\"", before, name);
	if (cell->type == CELL_NUMBER)
		printf(kind == KIND_HEX ? "0x%" PRIx64 : "%" PRIu64,
		       cell->number);
	for (const char *c = cell->type == CELL_WORD ? cell->word : ""; *c; c++)
		printf(*c == '"' || *c == '\\' ? "\\%c" : "%c", *c);
	putchar('"');
}

/* Whether a column tells series apart for good: states and threads change. */
static bool is_label(const struct file *file, unsigned int column,
		     const struct cell *row)
{
	if (!file_has_vcpus(file))
		return file->kinds[column] != KIND_COUNT &&
		       !(file == &files[FILE_probes] && column == PROBES_state);
	if (column == ID_state)
		return row[ID_vm].type == CELL_NONE;
	if (column < NR_ID)
		return column == ID_vm || column == ID_vcpu;
	return file != &files[FILE_vcpus] && file->kinds[column] != KIND_COUNT;
}

static void print_sample(const struct file *file, const struct guests *guests,
			 const struct cell *row, unsigned int column)
{
	const char *name = NULL;
	const char *before = "{";

	print_name(file, column);
	if (!is_gauge(file, column))
		fputs("_total", stdout);
	if (file_has_vcpus(file))
		name = guest_own_name(guests, &row[ID_vm]);
	if (name) {
		print_label(before, "guest",
			    &(struct cell){ CELL_WORD, .word = name },
			    KIND_WORD);
		before = ",";
	}
	for (unsigned int c = 0; c < file->nr_columns; c++) {
		if (row[c].type == CELL_NONE || !is_label(file, c, row))
			continue;
		print_label(before, file->columns[c].name, &row[c],
			    file->kinds[c]);
		before = ",";
	}
	printf("%s %" PRIu64 "\n", *before == ',' ? "}" : "",
	       row[column].number);
}

/* A vCPU's lives are one series, so that its counters never go back. */
static void join_lives(struct table *table)
{
	uint64_t key = select_key(SUM_VCPU) | COLUMN_BIT(ID_state) |
		       select_other_keys(table->file);

	for (size_t i = 0; i < table->nr_rows; i++) {
		struct cell *row = table_row(table, i);

		if (row[ID_vm].type == CELL_WORD)
			row[ID_state].type = CELL_NONE;
	}
	fold_table(table, key);
}

/**
 * metrics_print - print a table's counters as metrics
 * @table: table; a vCPU's rows are summed
 * @guests: names of its guests
 * @open: as OpenMetrics has it, else as Prometheus' own text format does
 */
void metrics_print(struct table *table, const struct guests *guests, bool open)
{
	const struct file *file = table->file;

	if (file_has_vcpus(file))
		join_lives(table);
	for (unsigned int c = 0; c < file->nr_columns; c++) {
		if (file->kinds[c] != KIND_COUNT)
			continue;
		print_head(file, c, open);
		for (size_t i = 0; i < table->nr_rows; i++) {
			const struct cell *row = table_row(table, i);

			if (row[c].type == CELL_NUMBER)
				print_sample(file, guests, row, c);
		}
	}
	if (open)
		puts("# EOF");
}
