// SPDX-License-Identifier: GPL-2.0
/* A table on its way out: which rows and columns, what stands in the cells. */
#include <math.h>
#include <stdlib.h>
#include <time.h>

#include "crstat.h"
#include "print/print.h"

/* How a file is shown where it isn't just all columns and rows as they are. */
static const struct layout {
	/* Behind those that tell whose a row is; a bound if it says more. */
	const char *columns;
	/* Rows are ranked by events among those equal in these columns. */
	bool ranked;
	uint64_t group;
	/* Heading of what a value or address means. */
	const char *meaning;
	/* Rows without events, and those behind so many, need --all. */
	bool idle_hidden;
	unsigned int top;
} layouts[NR_MODULE_FILES] = {
	[FILE_values] = { "reg,percent,count,error,value,bits", true,
			  COLUMN_BIT(VALUES_reg), "bits", false, 0 },
	[FILE_bits] = { "reg,bit,name,set,cleared", true, COLUMN_BIT(BITS_reg),
			NULL, true, 0 },
	[FILE_sites] = { "percent,count,error,reg,dir,mode,address,name", true,
			 0, "name", false, 20 },
	[FILE_callers] = { NULL, true, COLUMN_BIT(CALLERS_function), NULL,
			   false, 0 }
};

/*
 * Columns of the file vcpus that make room where not all fit, the first of them
 * first: raw hits, which the origins explain, before the origins, and those
 * before the guest's own accesses.
 */
static const unsigned char dispensable[] = {
	VCPUS_set_cr8,	 VCPUS_set_tpr,	  VCPUS_tpr_other,  VCPUS_cr_other,
	VCPUS_tpr,	 VCPUS_tpr_user,  VCPUS_cr8_read,   VCPUS_cr3_read,
	VCPUS_cr4_read,	 VCPUS_cr0_read,  VCPUS_tpr_change, VCPUS_tpr_sync,
	VCPUS_armed,	 VCPUS_cr8_write, VCPUS_tpr_apic,   VCPUS_cr3_write,
	VCPUS_tpr_guest, VCPUS_cr4_write, VCPUS_cr0_write
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
	strftime(text, 32, format, &tm);
}

/*
 * Rows by events, those of each vCPU or VM by themselves, and what each group
 * counted. For a program they stay where they are, as one group.
 */
static void rank_rows(struct sheet *sheet)
{
	const struct layout *layout = &layouts[view.id];
	const struct file *file = sheet->file;
	struct table *table = sheet->table, group;
	uint64_t keys = sum_keys(file, sheet->sum) & ~file->others;
	struct order order = { .columns = layout->group | keys,
			       .by_events = true };
	bool less = view.format == FORMAT_TEXT && !view.all;
	size_t nr = 0, top = SIZE_MAX;

	if (sheet->text)
		table_sort(table, &order);
	else
		order.columns = 0;
	if (less && !view.limit && !view.sort)
		top = layout->top ?: SIZE_MAX;
	for (size_t i = 0; i < table->nr_rows; i += group.nr_rows) {
		uint64_t sum = 0;

		group = group_at(table, i, order.columns);
		for_each_row(row, &group)
			sum += row_sum(row, file->events);
		for (size_t k = 0; k < MIN(group.nr_rows, top); k++) {
			struct cell *row = group.rows[k];

			row[file->nr_columns].number = sum;
			group.rows[k] = table->rows[nr];
			table->rows[nr++] = row;
		}
	}
	sheet->more = table->nr_rows - nr;
	table->nr_rows = nr;
	if (less && layout->idle_hidden)
		select_rows(&(struct select){ .nonzero = 1 }, table);
}

static void arrange_rows(struct sheet *sheet)
{
	const struct file *file = sheet->file;
	const char *sort = view.sort;
	struct order order = { .by_state = true };
	struct table *table = sheet->table;

	if (file->vcpus) {
		source_names(&view.source, table);
		select_rows(&view.select, table);
		sum_table(table, sheet->sum);
	}
	order.columns = file->keys & ~COLUMN_BIT(ID_pid);
	if (sheet->vcpus)
		table_sort(table, &order);
	else if (layouts[view.id].ranked)
		rank_rows(sheet);
	if (sort) {
		order = (struct order){ .reverse = *sort == '-' };
		sort += order.reverse;
		order.column = 1 + file_column(file, sort, strlen(sort));
		if (!order.column)
			fail(FAIL_USAGE, "--sort: %s has no column \"%s\"",
			     file->name, sort);
		table_sort(table, &order);
	}
	table->nr_rows = MIN(table->nr_rows, view.limit ?: SIZE_MAX);
}

/* Show a column; a bound that nobody asked for where it says something. */
static void show(struct sheet *sheet, const char *name)
{
	const struct file *file = sheet->file;
	/* What is no column of the file. */
	const char *const others[] = {
		[SHOW_GUEST] = file->vcpus ? "guest" : NULL,
		[SHOW_PERCENT] = layouts[view.id].ranked ? "percent" : NULL,
		[SHOW_TIME] = "time",
		[SHOW_SECONDS] = "seconds",
		[SHOW_MEANING] = layouts[view.id].meaning,
	};
	int c = file_column(file, name, strlen(name));
	struct shown shown = { SHOW_CELL, MAX(c, 0), name };
	bool says = view.columns || !sheet->text ||
		    !is_of(file, shown.column, BOUNDS);

	while (c < 0 &&
	       (!others[shown.what] || strcmp(name, others[shown.what])))
		if (shown.what++ == SHOW_MEANING)
			fail(FAIL_USAGE, "--columns: %s has no column \"%s\"",
			     file->name, name);
	if (sheet->nr_shown == GRID_MAX_COLUMNS)
		fail(FAIL_USAGE, "--columns: too many of them");
	if (!says)
		for_each_row(row, sheet->table)
			says |= cell_number(&row[shown.column]) > 0;
	sheet->shown[sheet->nr_shown] = shown;
	sheet->nr_shown += says;
}

/* Whether one of the columns of whose a row is tells rows apart. */
static bool tells_apart(const struct sheet *sheet, unsigned int c)
{
	const struct table *table = sheet->table;

	if (c == ID_vm || c == ID_vcpu)
		return sheet->sum <= (c == ID_vm ? SUM_VM : SUM_VCPU);
	if (c != ID_pid && is_of(table->file, c, KEYS))
		for_each_row(row, table)
			if (!rows_equal(row, table->rows[0], COLUMN_BIT(c)))
				return true;
	return false;
}

/* Choose the columns that are shown. */
static void choose_columns(struct sheet *sheet)
{
	const struct file *file = sheet->file;
	const char *layout = sheet->text ? layouts[view.id].columns : NULL;
	const char *names = view.columns ?: layout ?: "";
	uint64_t columns = view.columns ? 0 : file->all;

	if (sheet->timed)
		show(sheet, "time");
	if (sheet->timed && !sheet->text)
		show(sheet, "seconds");
	if (!view.columns && file->vcpus && !sheet->text)
		show(sheet, "guest");
	if (layout)
		columns &= IDS;
	if (sheet->text && sheet->vcpus && sheet->timed)
		columns &= file->counts | (file->lives & ~COLUMN_BIT(ID_pid));
	if (sheet->text && !sheet->vcpus && file->vcpus)
		for_each_column(c, IDS)
			if (!tells_apart(sheet, c))
				columns &= ~COLUMN_BIT(c);
	for_each_column(c, columns & ~sheet->table->absent)
		show(sheet, file->columns[c].name);
	for (size_t len; *names; names += len + (names[len] == ',')) {
		len = strcspn(names, ",");
		show(sheet, word_keep(names, len)->text);
	}
	if (!sheet->nr_shown)
		fail(FAIL_USAGE, "--columns takes names of columns");
}

/* Make a sheet of a table, whose rows are put in order for it. */
void sheet_open(struct sheet *sheet, struct table *table, double seconds)
{
	bool text = view.format == FORMAT_TEXT || view.format == FORMAT_FOLDED;
	char format[32];

	*sheet = (struct sheet){
		.table = table,
		.file = table->file,
		.text = text,
		.vcpus = view.id == FILE_vcpus,
		.sum = view.sum,
		.seconds = seconds,
		.rates = seconds && text,
		.histograms = view.id == FILE_times && !view.columns &&
			      !view.sort && !view.limit,
		.timed = seconds && !view.screen && view.format != FORMAT_JSON,
	};
	if (!view.sum && !sheet->vcpus && text)
		sheet->sum = view.id == FILE_times ? SUM_VCPU : SUM_VM;
	snprintf(format, sizeof(format), text ? "%%T" : "%%FT%%T.%03dZ",
		 (int)(view.source.unix_ms % 1000));
	print_time(sheet->time, view.source.unix_ms, format);
	snprintf(sheet->length, sizeof(sheet->length), "%.3f", seconds);
	arrange_rows(sheet);
	choose_columns(sheet);
}

/*
 * A number with decimals, the last of which are left out where they are 0
 * unless a unit follows; printf() takes ten times as long.
 */
static const char *decimal_text(char *text, uint64_t n, unsigned int decimals,
				const char *unit, size_t *len)
{
	char *end = stpcpy(text + CELL_TEXT_LEN, unit);
	char *last = text + CELL_TEXT_LEN, *first = last;

	for (unsigned int i = 0; n || i <= decimals; i++, n /= 10) {
		if (i && i == decimals && first < last)
			*--first = '.';
		if (*unit || first < last || n % 10 || i >= decimals)
			*--first = '0' + n % 10;
	}
	*len = end - first;
	return first;
}

/*
 * The text of a cell, until the next. Return: the text; "-" is what does not
 * apply, "" what there is none of.
 */
const char *sheet_text(const struct sheet *sheet, const struct cell *row,
		       unsigned int i, size_t *len)
{
	static char text[NAME_LEN];
	static const double scale[] = { 1, 10, 100 };
	const struct file *file = sheet->file;
	const unsigned int c = sheet->shown[i].column;
	uint64_t all = row[file->nr_columns].number;
	struct cell whole = { .type = CELL_NUMBER };
	const char *word = text;
	unsigned int decimals;
	double number;

	switch (sheet->shown[i].what) {
	case SHOW_CELL:
		if (c == ID_vm && file->vcpus && sheet->text) {
			word = guest_name(row);
			break;
		}
		if (!sheet->rates || row[c].type != CELL_NUMBER ||
		    !is_of(file, c, COUNTS))
			return cell_text(&row[c], file->columns[c].kind, text,
					 len);
		number = row[c].number / sheet->seconds;
		whole.number = llrint(number);
		if (number >= 10 || !number)
			return cell_text(&whole, KIND_COUNT, text, len);
		decimals = number >= 1 ? 1 : 2;
		if (number >= .1)
			return decimal_text(text,
					    llrint(number * scale[decimals]),
					    decimals, "", len);
		snprintf(text, sizeof(text), "%.2g", number);
		break;
	case SHOW_GUEST:
		word = guest_own_name(row) ?: "-";
		break;
	case SHOW_PERCENT:
		number = all ? 1e4 * row_sum(row, file->events) / all : 0;
		return decimal_text(text, llrint(number), 2, "%", len);
	case SHOW_MEANING:
		if (view.id == FILE_sites)
			word = address_name(&row[SITES_address],
					    cell_word(&row[SITES_mode]), text);
		else
			reg_describe(text, cell_word(&row[VALUES_reg]),
				     &row[VALUES_value]);
		break;
	case SHOW_TIME:
		word = sheet->time;
		break;
	case SHOW_SECONDS:
		word = sheet->length;
		break;
	}
	*len = strlen(word);
	return word;
}

/* How soon a column makes room where not all fit. */
static unsigned int rank_of(const struct sheet *sheet, unsigned int c)
{
	const unsigned char *found =
		memchr(dispensable, c, sizeof(dispensable));
	bool stays;

	if (!sheet->vcpus || view.columns)
		return GRID_STAYS;
	if (c >= NR_ID)
		return sizeof(dispensable) - (found ? found - dispensable : -1);
	stays = c == ID_vm || tells_apart(sheet, c);
	if (c == ID_state && sheet->sum <= SUM_VCPU && !sheet->timed)
		for_each_row(row, sheet->table)
			stays |= !cell_is(&row[c], "live");
	return stays ? GRID_STAYS : GRID_DISPENSABLE;
}

static void add_column(const struct sheet *sheet, struct grid *grid,
		       const struct shown *shown)
{
	const char *sort = view.screen && view.sort ? view.sort : "";
	bool sorted = !strcmp(shown->name, sort + (*sort == '-'));
	bool rate = sheet->rates && is_of(sheet->file, shown->column, COUNTS);
	struct grid_column *column = &grid->columns[grid->nr_columns++];

	*column = (struct grid_column){ .rank = rank_of(sheet, shown->column) };
	snprintf(column->heading, sizeof(column->heading), "%s%.24s%s",
		 sorted ? ">" : "", shown->name, rate ? "/s" : "");
	if (shown->what == SHOW_PERCENT ||
	    is_of(sheet->file, shown->column, DECIMALS | BIT(KIND_LAST_HEX)))
		column->side = GRID_RIGHT;
	if (shown->what == SHOW_MEANING &&
	    shown == &sheet->shown[sheet->nr_shown - 1])
		column->side = GRID_WRAP;
}

/*
 * Fill a grid with a sheet's rows, and with its columns where it has none. That
 * nothing happened in an interval is a line too, or time would seem to stand.
 */
void sheet_grid(const struct sheet *sheet, struct grid *grid)
{
	struct cell idle[FILE_MAX_COLUMNS + 1] = { 0 }, *one = idle;
	struct table nothing = { .rows = &one, .nr_rows = 1 };
	const struct table *table = sheet->table;
	size_t len;

	for (unsigned int i = grid->nr_columns; i < sheet->nr_shown; i++)
		add_column(sheet, grid, &sheet->shown[i]);
	for_each_column(c, sheet->file->counts)
		idle[c].type = CELL_NUMBER;
	if (!table->nr_rows && sheet->timed)
		table = &nothing;
	for_each_row(row, table)
		for (unsigned int i = 0; i < sheet->nr_shown; i++) {
			const char *text = sheet_text(sheet, row, i, &len);

			grid_cell(grid, i, text, len);
		}
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
	else if (sheet->histograms)
		times_print(sheet);
	else
		print_text(sheet);
}
