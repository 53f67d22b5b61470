// SPDX-License-Identifier: GPL-2.0
/* A sheet for programs: CSV, JSON, metrics, folded stacks. */
#include <inttypes.h>

#include "print/print.h"

/* A text in quotes, in which @escaped have an escape before them. */
static void put_quoted(const char *text, const char *escaped, char escape)
{
	putchar_unlocked('"');
	for (; *text; text++) {
		/* The parser takes plain text alone: little is to be done. */
		if (strchr(escaped, *text))
			putchar_unlocked(escape);
		putchar_unlocked(*text);
	}
	putchar_unlocked('"');
}

/* Comma-separated values as of RFC 4180; what does not apply is empty. */
void csv_print(const struct sheet *sheet, bool heading)
{
	char text[SHEET_TEXT_LEN];
	size_t len;

	for (unsigned int c = 0; heading && c < sheet->nr_shown; c++)
		printf("%s%s", c ? "," : "", sheet->shown[c].name);
	if (heading)
		putchar('\n');
	for_each_row(row, sheet->table) {
		for (unsigned int c = 0; c < sheet->nr_shown; c++) {
			const char *cell = sheet_text(
				sheet, row, &sheet->shown[c], text, &len);

			if (c)
				putchar_unlocked(',');
			if (memchr(cell, ',', len) || memchr(cell, '"', len))
				put_quoted(cell, "\"", '"');
			else if (len != 1 || *cell != '-')
				fwrite_unlocked(cell, 1, len, stdout);
		}
		putchar_unlocked('\n');
	}
}

/* Other than counts, 64 bits are text: not every reader's numbers hold them. */
static void print_object(const struct sheet *sheet, const struct cell *row)
{
	char text[SHEET_TEXT_LEN];
	size_t len;

	for (unsigned int c = 0; c < sheet->nr_shown; c++) {
		const struct shown *shown = &sheet->shown[c];
		const char *cell = sheet_text(sheet, row, shown, text, &len);

		putchar_unlocked(c ? ',' : '{');
		put_quoted(shown->name, "\"\\", '\\');
		putchar_unlocked(':');
		if (len == 1 && *cell == '-')
			fputs_unlocked("null", stdout);
		else if (shown->what == SHOW_CELL &&
			 is_of(sheet->file, shown->column, DECIMALS))
			fputs_unlocked(cell, stdout);
		else
			put_quoted(cell, "\"\\", '\\');
	}
	putchar_unlocked('}');
}

/*
 * One JSON object. Each row is on a line of its own, but an interval is on one
 * with all of its.
 */
void json_print(const struct sheet *sheet)
{
	const char *line = sheet->seconds ? "" : "\n", *before = "";

	printf("{\"format\":%d,\"file\":\"%s\",", CRS_FORMAT,
	       sheet->file->name);
	if (sheet->seconds)
		printf("\"time\":\"%s\",\"seconds\":%s,", sheet->time,
		       sheet->length);
	fputs("\"rows\":[", stdout);
	for_each_row(row, sheet->table) {
		printf("%s%s", before, line);
		print_object(sheet, row);
		before = ",";
	}
	printf("%s]}\n", line);
}

/* Of a metric: keys of a row but a VM's process, and the guest's name. */
static char print_labels(const struct file *file, const struct cell *row,
			 uint64_t labels)
{
	const char *name = file->vcpus ? guest_own_name(row) : NULL;
	char text[CELL_TEXT_LEN], before = '{';
	size_t len;

	if (file->vcpus)
		labels &= ~COLUMN_BIT(ID_pid);
	if (file->vcpus && row[ID_vm].type == CELL_NONE)
		labels |= COLUMN_BIT(ID_state);
	if (name) {
		printf("%cguest=", before);
		put_quoted(name, "\"\\", '\\');
		before = ',';
	}
	for (; labels; labels &= labels - 1) {
		int l = FIRST(labels);

		if (row[l].type == CELL_NONE)
			continue;
		printf("%c%s=", before, file->columns[l].name);
		put_quoted(cell_text(&row[l], file->columns[l].kind, text,
				     &len),
			   "\"\\", '\\');
		before = ',';
	}
	return before;
}

#define HISTOGRAM CRS_NAME "_access_seconds"

/*
 * Times as one histogram, a series for each register, direction and outcome of
 * each vCPU. A bucket has all that is below its bound.
 */
static void print_histograms(struct table *table)
{
	const struct file *file = table->file;
	uint64_t of = file->keys & ~COLUMN_BIT(TIMES_ns), count = 0, ns = 0;
	struct cell **rows = table->rows;

	table_sort(table, &(struct order){ .columns = file->keys });
	puts("# HELP " HISTOGRAM
	     " what intercepted accesses took\n# TYPE " HISTOGRAM " histogram");
	for (size_t i = 0; i < table->nr_rows; i++) {
		uint64_t bound = 2 * cell_number(&rows[i][TIMES_ns]);

		count += cell_number(&rows[i][TIMES_count]);
		ns += cell_number(&rows[i][TIMES_total]);
		/* The last has no bound. */
		if (bound >> 32 == 0) {
			printf(HISTOGRAM "_bucket");
			print_labels(file, rows[i], of);
			printf(",le=\"%.9g\"} %" PRIu64 "\n",
			       (double)(bound ?: 256) / 1e9, count);
		}
		if (i + 1 < table->nr_rows &&
		    rows_equal(rows[i], rows[i + 1], of))
			continue;
		printf(HISTOGRAM "_bucket");
		print_labels(file, rows[i], of);
		printf(",le=\"+Inf\"} %" PRIu64 "\n" HISTOGRAM "_sum", count);
		print_labels(file, rows[i], of);
		printf("} %.9f\n" HISTOGRAM "_count", (double)ns / 1e9);
		print_labels(file, rows[i], of);
		printf("} %" PRIu64 "\n", count);
		count = 0;
		ns = 0;
	}
}

/*
 * Counters for Prometheus: a metric a counter, a sample a row; a vCPU's lives
 * are one series. Those of vcpus are the module's, others those of a row of
 * their file: of a bit, not of bits, which promtool takes for a unit.
 * OpenMetrics names a family without _total, Prometheus with it. A bound can
 * shrink, when its table is reset. Labels are keys; a VM's name has its process
 * in it.
 */
void metrics_print(const struct sheet *sheet)
{
	struct table *table = sheet->table;
	const struct file *file = sheet->file;
	bool open = view.format == FORMAT_OPENMETRICS;
	char text[CELL_TEXT_LEN], metric[64], before;
	size_t len;

	if (file->vcpus) {
		join_lives(table);
		fold_table(table, file->lives);
	}
	if (file == &files[FILE_times])
		print_histograms(table);
	for (unsigned int c = 0;
	     c < file->nr_columns && file != &files[FILE_times]; c++) {
		const struct column *column = &file->columns[c];
		bool gauge = is_of(file, c, BOUNDS);
		const char *total = gauge ? "" : "_total";

		if (!is_of(file, c, COUNTS | BOUNDS) ||
		    table->absent & COLUMN_BIT(c))
			continue;
		snprintf(metric, sizeof(metric), CRS_NAME "_%.*s%s%s",
			 sheet->vcpus ? 0 : (int)strlen(file->name) - 1,
			 file->name, sheet->vcpus ? "" : "_", column->name);
		printf("# HELP %s%s %s\n# TYPE %s%s %s\n", metric,
		       open ? "" : total, column->help, metric,
		       open ? "" : total, gauge ? "gauge" : "counter");
		for_each_row(row, table) {
			if (row[c].type != CELL_NUMBER)
				continue;
			printf("%s%s", metric, total);
			before = print_labels(file, row, file->keys);
			printf("%s %s\n", before == ',' ? "}" : "",
			       cell_text(&row[c], KIND_COUNT, text, &len));
		}
	}
	if (open)
		puts("# EOF");
}

/*
 * Sites as folded stacks, of which flamegraph.pl, inferno and speedscope make a
 * flame graph: the guest, its mode, what the address is and the access. A
 * symbol alone is a function, an area alone is no place.
 */
void folded_print(const struct sheet *sheet)
{
	const struct shown meaning = { SHOW_MEANING, 0, NULL };
	char text[SHEET_TEXT_LEN], address[CELL_TEXT_LEN];
	size_t len;

	for_each_row(row, sheet->table) {
		const char *name = sheet_text(sheet, row, &meaning, text, &len);

		if (name == text)
			text[strcspn(text, "+")] = '\0';
		printf("%s;%s", guest_name(row), cell_word(&row[SITES_mode]));
		if (*name)
			printf(";%s", name);
		if (name != text || !*name)
			printf(";%s", cell_text(&row[SITES_address],
						KIND_KEY_HEX, address, &len));
		printf(";%s %s %" PRIu64 "\n", cell_word(&row[SITES_reg]),
		       cell_word(&row[SITES_dir]),
		       cell_number(&row[SITES_count]));
	}
}
