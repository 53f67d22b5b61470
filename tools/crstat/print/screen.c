// SPDX-License-Identifier: GPL-2.0
/* What top draws. */
#include <curses.h>
#include <langinfo.h>
#include <stdlib.h>

#include "crstat.h"
#include "print/print.h"

/* Characters of a sparkline, each several samples, and a screen with room. */
#define SPARK_WIDTH 15
#define SPARK_MIN_COLUMNS 60

/* Lines above the table, and all that are not rows. */
#define LINES_ABOVE 3
#define LINES_OTHER (LINES_ABOVE + 3)

/* What a sparkline shows: the counter that rows are sorted by, or the first. */
unsigned int top_counter(void)
{
	if (top.sort >= 0 && is_of(&files[view.id], top.sort, COUNTS))
		return top.sort;
	return view.id == FILE_vcpus ? VCPUS_cr0_write :
				       FIRST(files[view.id].counts);
}

/* Each character is the most of its samples, as a part of the row's most. */
static void draw_spark(const struct cell *row, int y)
{
	static const char *const blocks[] = { " ",	"\u2581", "\u2582",
					      "\u2583", "\u2584", "\u2585",
					      "\u2586", "\u2587", "\u2588" };
	static const char *const ascii[] = { " ", ".", ":", "-", "=",
					     "+", "*", "%", "#" };
	uint64_t key = files[view.id].lives;
	bool utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8");
	double high[SPARK_WIDTH] = { 0 }, most = 0;

	for (int i = 0; i < HISTORY_LEN; i++) {
		const struct reading *past =
			&top.past[(top.next + i) % HISTORY_LEN];
		double *of = &high[i * SPARK_WIDTH / HISTORY_LEN], rate = 0;

		for_each_row(then, &past->table)
			if (rows_equal(then, row, key))
				rate += cell_number(&then[top_counter()]) /
					past->seconds;
		*of = rate > *of ? rate : *of;
		most = rate > most ? rate : most;
	}
	for (int x = 0; most > 0 && x < SPARK_WIDTH; x++)
		/* Anything but nothing is seen. */
		mvaddstr(y, COLS - SPARK_WIDTH + x,
			 (utf8 ? blocks :
				 ascii)[high[x] > 0 ?
						1 + (int)(high[x] / most * 7) :
						0]);
}

/* Draws and frees a line, cut at the screen's edge rather than wrapped. */
static void draw_line(int y, char *text)
{
	mvaddnstr(y, 0, text, COLS);
	free(text);
}

static double sum_of(const struct sheet *sheet, unsigned int from,
		     unsigned int to)
{
	double sum = 0;

	for_each_row(row, sheet->table)
		for (unsigned int c = from; c <= to; c++)
			sum += cell_number(&row[c]);
	return sheet->seconds ? sum / sheet->seconds : sum;
}

static void draw_above(const struct sheet *sheet)
{
	static const char *const by[] = { "", " by vCPU", " by VM",
					  " by host" };
	const struct select *select = &view.select;
	const char *per = sheet->seconds ? "/s" : "";
	char clock[32];

	print_time(clock, view.source.unix_ms, "%T");
	draw_line(
		0,
		text_of("crstat top  %s  every %g s  %s: %s%s, sorted by %s%s",
			clock, view.interval,
			sheet->vcpus ? "table" : sheet->file->name,
			sheet->seconds ? "rates" : "totals",
			by[sheet->file->vcpus ? sheet->sum : 0],
			top.sort < 0 ? "most events" :
				       sheet->file->columns[top.sort].name,
			top.reverse ? ", reversed" : ""));
	draw_line(
		1,
		sheet->vcpus ?
			text_of("%zu rows  CR accesses %.0f%s  TPR writes of guests %.0f%s, of KVM itself %.0f%s",
				sheet->table->nr_rows,
				sum_of(sheet, VCPUS_cr0_read, VCPUS_cr_other),
				per,
				sum_of(sheet, VCPUS_tpr_guest, VCPUS_tpr_apic),
				per,
				sum_of(sheet, VCPUS_tpr_sync, VCPUS_tpr_sync),
				per) :
			text_of("%zu rows  %s", sheet->table->nr_rows,
				sheet->file->help));
	draw_line(2, text_of("%s%s  %s%s  %s%s  %s  %s",
			     select->vm ? "guest " : "", select->vm ?: "",
			     select->pid ? "pid " : "", select->pid ?: "",
			     select->vcpu ? "vCPU " : "", select->vcpu ?: "",
			     select->live ? "live only" : "",
			     select->nonzero ? "busy only" : ""));
}

static void draw_table(const struct sheet *sheet)
{
	bool spark = COLS >= SPARK_MIN_COLUMNS;
	struct grid grid = { .limit = COLS - (spark ? SPARK_WIDTH + 1 : 0) };
	struct table page = *sheet->table;
	struct sheet shown = *sheet;
	char *text = NULL, *rest, *line;
	int y = LINES_ABOVE;
	size_t size;

	page.rows = page.rows ? page.rows + top.offset : NULL;
	page.nr_rows -= top.offset;
	if (page.nr_rows > (size_t)top.page)
		page.nr_rows = top.page;
	shown.table = &page;
	sheet_grid(&shown, &grid);
	grid.out = or_fail(open_memstream(&text, &size));
	grid_print(&grid, true);
	fclose(grid.out);
	for (rest = text; (line = strsep(&rest, "\n")) && rest; y++)
		mvaddnstr(y, 0, line, COLS);
	for (y = LINES_ABOVE; y <= LINES_ABOVE + grid.split; y++)
		mvchgat(y, 0, -1, A_REVERSE, 0, NULL);
	free(text);
	free(grid.text);
	/* A row that wraps has no place of its own for one. */
	for_each_row(row, &page)
		if (spark && view.id != FILE_values)
			draw_spark(row, y++);
}

/* Draw the screen; an offset behind the last row is put right. */
void top_draw(void)
{
	bool totals = top.totals || !top.begun;
	struct table table = { 0 };
	struct sheet sheet;
	long most;

	erase();
	top.page = LINES > LINES_OTHER ? LINES - LINES_OTHER : 1;
	if (top.help) {
		mvaddnstr(0, 0, TEXT(keys), TEXT_LEN(keys));
		refresh();
		return;
	}
	table_copy(&table, totals ? &top.series.now.table : &top.series.delta);
	sheet_open(&sheet, &table, totals ? 0 : top.series.seconds);
	most = (long)table.nr_rows - top.page;
	top.offset = top.offset > most ? most : top.offset;
	top.offset = top.offset < 0 ? 0 : top.offset;
	draw_above(&sheet);
	draw_table(&sheet);
	mvaddnstr(
		LINES - 1, 0,
		"q quit  h help  v view  <> sort  t totals  b sum  g guest  n vCPU  i idle",
		COLS);
	refresh();
	table_free(&table);
}
