// SPDX-License-Identifier: GPL-2.0
/* Which columns a sheet has, and what stands in their cells. */
#include <math.h>

#include "crstat.h"
#include "print/print.h"

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

/* Show a column; a bound that nobody asked for where it says something. */
static void show(struct sheet *sheet, const char *name)
{
	const struct file *file = sheet->file;
	/* What is no column of the file. */
	const char *const others[] = {
		[SHOW_GUEST] = file->vcpus ? "guest" : NULL,
		[SHOW_PERCENT] = sheet->layout->ranked ? "percent" : NULL,
		[SHOW_TIME] = "time",
		[SHOW_SECONDS] = "seconds",
		[SHOW_MEANING] = sheet->layout->meaning,
	};
	int c = file_column(file, name, strlen(name));
	struct shown shown = { SHOW_CELL, MAX(c, 0), name };
	bool says = view.columns || !sheet->text ||
		    !is_of(file, shown.column, BOUNDS);

	if (c == ID_vm && file->vcpus && sheet->text)
		shown.what = SHOW_VM;
	while (c < 0 &&
	       (!others[shown.what] || strcmp(name, others[shown.what])))
		if (shown.what++ == SHOW_MEANING)
			fail(FAIL_USAGE, "--columns: %s has no column \"%s\"",
			     file->name, name);
	if (sheet->nr_shown == GRID_MAX_COLUMNS)
		fail(FAIL_USAGE, "--columns: too many of them");
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
	if (c != ID_pid && is_of(sheet->file, c, KEYS))
		for_each_row(row, table)
			if (!rows_equal(row, table->rows[0], COLUMN_BIT(c)))
				return true;
	return false;
}

/* Whether a column is shown where nobody asks for others. */
static bool is_shown(const struct sheet *sheet, unsigned int c)
{
	const struct file *file = sheet->file;

	if (!sheet->text || !file->vcpus)
		return true;
	if (!sheet->vcpus)
		return c < NR_ID ? tells_apart(sheet, c) :
				   !sheet->layout->columns;
	return !sheet->timed || (c != ID_pid && c != ID_tid &&
				 (c < NR_ID || is_of(file, c, COUNTS)));
}

/* Choose the columns that are shown. */
void sheet_columns(struct sheet *sheet)
{
	const struct file *file = sheet->file;
	const char *names = view.columns;

	if (sheet->timed)
		show(sheet, "time");
	if (sheet->timed && !sheet->text)
		show(sheet, "seconds");
	if (!names && file->vcpus && !sheet->text)
		show(sheet, "guest");
	for_each_column(c, file->all & ~sheet->table->absent)
		if (!names && is_shown(sheet, c))
			show(sheet, file->columns[c].name);
	if (!names)
		names = (sheet->text ? sheet->layout->columns : NULL) ?: "";
	for (size_t len; *names; names += len + (names[len] == ',')) {
		len = strcspn(names, ",");
		show(sheet, word_keep(names, len)->text);
	}
	if (!sheet->nr_shown)
		fail(FAIL_USAGE, "--columns takes names of columns");
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
		       const struct shown *shown, size_t *len)
{
	static char text[NAME_LEN];
	static const double scale[] = { 1, 10, 100 };
	const struct file *file = sheet->file;
	const unsigned int c = shown->column;
	uint64_t whole = row[file->nr_columns].number;
	const char *word = text;
	unsigned int decimals;
	double number;

	switch (shown->what) {
	case SHOW_CELL:
		if (!sheet->rates || row[c].type != CELL_NUMBER ||
		    !is_of(file, c, COUNTS))
			return cell_text(&row[c], file->columns[c].kind, text,
					 len);
		number = row[c].number / sheet->seconds;
		decimals = number >= 10 ? 0 : number >= 1 ? 1 : 2;
		if (number >= .1 || !number)
			return decimal_text(text,
					    llrint(number * scale[decimals]),
					    decimals, "", len);
		snprintf(text, sizeof(text), "%.2g", number);
		break;
	case SHOW_VM:
		word = guest_name(&row[c]);
		break;
	case SHOW_GUEST:
		word = guest_own_name(&row[ID_vm]) ?: "-";
		break;
	case SHOW_PERCENT:
		number = whole ? 1e4 * row_events(file, row) / whole : 0;
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
	bool stays = c == ID_vm || tells_apart(sheet, c);
	const unsigned char *found;

	if (!sheet->vcpus || view.columns)
		return GRID_STAYS;
	if (c >= NR_ID) {
		found = memchr(dispensable, c, sizeof(dispensable));
		return sizeof(dispensable) - (found ? found - dispensable : -1);
	}
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
			const char *text =
				sheet_text(sheet, row, &sheet->shown[i], &len);

			grid_cell(grid, i, text, len);
		}
}
