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

/*
 * Rows by events, those of each vCPU or VM by themselves, and what each group
 * counted. For a program they stay where they are, as one group.
 */
static void rank_rows(struct sheet *sheet)
{
	const struct layout *layout = sheet->layout;
	struct table *table = sheet->table;
	struct order order = { .columns = layout->group, .by_events = true };
	size_t nr = 0, end, top = layout->top;

	if (table->file->vcpus && sheet->sum != SUM_HOST)
		order.columns |=
			table->file->keys & IDS &
			~(sheet->sum == SUM_VM ? COLUMN_BIT(ID_vcpu) : 0);
	if (sheet->text || view.format == FORMAT_FOLDED)
		table_sort(table, &order);
	else
		order.columns = 0;
	if (!top || !sheet->text || view.all || view.limit || view.sort)
		top = SIZE_MAX;
	for (size_t i = 0; i < table->nr_rows; i = end) {
		struct cell **rows = table->rows;
		uint64_t sum = 0;

		for (end = i; end < table->nr_rows &&
			      rows_equal(rows[i], rows[end], order.columns);
		     end++)
			sum += row_events(table->file, rows[end]);
		sheet->more += end - i > top ? end - i - top : 0;
		for (size_t k = i; k < end && k - i < top; k++) {
			struct cell *row = rows[k];

			row[table->file->nr_columns].number = sum;
			rows[k] = rows[nr];
			rows[nr++] = row;
		}
	}
	table->nr_rows = nr;
	if (layout->idle_hidden && !view.all && sheet->text)
		select_rows(&(struct select){ .nonzero = 1 }, table);
}

static void arrange_rows(struct sheet *sheet)
{
	const char *sort = view.sort ?: "";
	struct order order = { .reverse = *sort == '-' };
	struct table *table = sheet->table;

	if (table->file->vcpus) {
		source_names(&view.source, table);
		if (sheet->vcpus && sheet->text)
			hide_unarmed(table);
		select_rows(&view.select, table);
		sum_table(table, sheet->sum);
	}
	if (sheet->vcpus)
		table_sort(table,
			   &(struct order){ .by_state = true,
					    .columns = table->file->keys &
						       ~COLUMN_BIT(ID_pid) });
	else if (sheet->layout->ranked)
		rank_rows(sheet);
	if (view.sort) {
		sort += order.reverse;
		order.column = 1 + file_column(table->file, sort, strlen(sort));
		if (!order.column)
			fail(FAIL_USAGE, "--sort: %s has no column \"%s\"",
			     table->file->name, sort);
		table_sort(table, &order);
	}
	if (view.limit && table->nr_rows > view.limit)
		table->nr_rows = view.limit;
}

/* Make a sheet of a table, whose rows are put in order for it. */
void sheet_open(struct sheet *sheet, struct table *table, double seconds)
{
	*sheet = (struct sheet){
		.layout = &layouts[view.id],
		.table = table,
		.file = table->file,
		.text = view.format == FORMAT_TEXT,
		.vcpus = view.id == FILE_vcpus,
		.sum = view.sum,
		.seconds = seconds,
		.rates = seconds && view.interval && view.format == FORMAT_TEXT,
	};
	if (!view.sum && table->file->vcpus && !sheet->vcpus &&
	    (sheet->text || view.format == FORMAT_FOLDED))
		sheet->sum = view.id == FILE_times ? SUM_VCPU : SUM_VM;
	print_time(sheet->time, view.source.unix_ms,
		   sheet->text ? "%H:%M:%S" : "%Y-%m-%dT%H:%M:%S.Z");
	if (!sheet->text)
		sprintf(strchr(sheet->time, 'Z'), "%03dZ",
			(int)(view.source.unix_ms % 1000));
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
