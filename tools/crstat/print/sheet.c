// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <time.h>

#include "crstat.h"
#include "print/print.h"

static const struct layout layouts[NR_MODULE_FILES] = {
	[FILE_values] = { "reg,percent,count,error,value,bits", true,
			  COLUMN_BIT(VALUES_reg), "bits", false, 0 },
	[FILE_bits] = { "reg,bit,name,set,cleared", true, COLUMN_BIT(BITS_reg),
			NULL, true, 0 },
	[FILE_sites] = { "percent,count,error,reg,dir,mode,address,name", true,
			 0, "name", false, 20 },
	[FILE_callers] = { NULL, true, COLUMN_BIT(CALLERS_function), NULL,
			   false, 0 }
};

/* A time as strftime() has it; "Z" at the end of @format: in UTC. */
void print_time(char text[32], int64_t unix_ms, const char *format)
{
	time_t seconds = unix_ms / 1000;
	struct tm tm;

	if (format[strlen(format) - 1] == 'Z')
		gmtime_r(&seconds, &tm);
	else
		localtime_r(&seconds, &tm);
	if (!strftime(text, 32, format, &tm))
		*text = '\0';
}

/* The rows from the one at @i on that are equal to it in some columns. */
struct table group_at(const struct table *table, size_t i, uint64_t columns)
{
	struct table group = { .rows = table->rows + i };

	while (i < table->nr_rows &&
	       rows_equal(*group.rows, table->rows[i++], columns))
		group.nr_rows++;
	return group;
}

/*
 * Rows by events, those of each vCPU or VM by themselves, and what each group
 * counted. For a program they stay where they are, as one group.
 */
static void rank_rows(struct sheet *sheet)
{
	const struct layout *layout = sheet->layout;
	const struct file *file = sheet->file;
	struct table *table = sheet->table, group;
	struct order order = { .columns = layout->group, .by_events = true };
	size_t nr = 0, top = SIZE_MAX;

	if (file->vcpus && sheet->sum != SUM_HOST)
		order.columns |= file->keys & IDS;
	if (sheet->sum == SUM_VM)
		order.columns &= ~COLUMN_BIT(ID_vcpu);
	if (sheet->text || view.format == FORMAT_FOLDED)
		table_sort(table, &order);
	else
		order.columns = 0;
	if (sheet->text && layout->top && !view.all && !view.limit &&
	    !view.sort)
		top = layout->top;
	for (size_t i = 0; i < table->nr_rows; i += group.nr_rows) {
		uint64_t sum = 0;

		group = group_at(table, i, order.columns);
		for_each_row(row, &group)
			sum += row_events(file, row);
		for (size_t k = 0; k < MIN(group.nr_rows, top); k++) {
			struct cell *row = group.rows[k];

			row[file->nr_columns].number = sum;
			group.rows[k] = table->rows[nr];
			table->rows[nr++] = row;
		}
	}
	sheet->more = table->nr_rows - nr;
	table->nr_rows = nr;
	if (layout->idle_hidden && !view.all && sheet->text)
		select_rows(&(struct select){ .nonzero = 1 }, table);
}

static void arrange_rows(struct sheet *sheet)
{
	const struct file *file = sheet->file;
	const char *sort = view.sort ?: "";
	struct order order = { .reverse = *sort == '-' };
	struct order by_state = { .by_state = true };
	struct table *table = sheet->table;

	if (file->vcpus) {
		source_names(&view.source, table);
		if (sheet->vcpus && sheet->text)
			hide_unarmed(table);
		select_rows(&view.select, table);
		sum_table(table, sheet->sum);
	}
	by_state.columns = file->keys & ~COLUMN_BIT(ID_pid);
	if (sheet->vcpus)
		table_sort(table, &by_state);
	else if (sheet->layout->ranked)
		rank_rows(sheet);
	if (view.sort) {
		sort += order.reverse;
		order.column = 1 + file_column(file, sort, strlen(sort));
		if (!order.column)
			fail(FAIL_USAGE, "--sort: %s has no column \"%s\"",
			     file->name, sort);
		table_sort(table, &order);
	}
	if (view.limit)
		table->nr_rows = MIN(table->nr_rows, view.limit);
}

/* Make a sheet of a table, whose rows are put in order for it. */
void sheet_open(struct sheet *sheet, struct table *table, double seconds)
{
	const int64_t now = view.source.unix_ms;
	const bool text = view.format == FORMAT_TEXT;
	bool folded = view.format == FORMAT_FOLDED;
	char format[32];

	*sheet = (struct sheet){
		.layout = &layouts[view.id],
		.table = table,
		.file = table->file,
		.text = text,
		.vcpus = view.id == FILE_vcpus,
		.sum = view.sum,
		.seconds = seconds,
		.rates = seconds && text,
		.timed = seconds && !view.screen && view.format != FORMAT_JSON,
	};
	if (!view.sum && table->file->vcpus && !sheet->vcpus &&
	    (text || folded))
		sheet->sum = view.id == FILE_times ? SUM_VCPU : SUM_VM;
	snprintf(format, sizeof(format), text ? "%%T" : "%%FT%%T.%03dZ",
		 (int)(now % 1000));
	print_time(sheet->time, now, format);
	snprintf(sheet->length, sizeof(sheet->length), "%.3f", seconds);
	arrange_rows(sheet);
	sheet_columns(sheet);
}

static void print_text(const struct sheet *sheet)
{
	struct grid grid = { 0 };

	if (!sheet->table->nr_rows && sheet->vcpus)
		warn("no such vCPU was seen");
	sheet_grid(sheet, &grid);
	grid_print(&grid);
	grid_print_hidden(&grid);
	if (sheet->more)
		printf("%zu more, with --all\n", sheet->more);
	free(grid.text);
}

/* Print a sheet in the format that the user wants. */
void sheet_print(const struct sheet *sheet)
{
	if (view.format == FORMAT_JSON)
		json_print(sheet);
	else if (view.format == FORMAT_CSV)
		csv_print(sheet, true);
	else if (view.format == FORMAT_FOLDED)
		folded_print(sheet);
	else if (view.format != FORMAT_TEXT)
		metrics_print(sheet);
	else if (view.id == FILE_times && !view.columns && !view.sort &&
		 !view.limit)
		times_print(sheet);
	else
		print_text(sheet);
}
