// SPDX-License-Identifier: GPL-2.0
/* Top's screen. */
#include <curses.h>
#include <langinfo.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "fail.h"
#include "fold.h"
#include "grid.h"
#include "top.h"
#include "vcpus.h"

/* Characters of a sparkline, each several samples, and a screen with room. */
#define SPARK_WIDTH 15
#define SPARK_MIN_COLUMNS 60

/* Lines above the table: what is shown, sums, filters. */
#define LINES_ABOVE 3

/* Lines that are not rows: those, two of headings and the keys. */
#define LINES_OTHER (LINES_ABOVE + 3)

static void sort_rows(const struct top *top, struct table *shown)
{
	bool count = files[FILE_vcpus].kinds[top->sort] == KIND_COUNT;
	struct cell row[NR_VCPUS];

	rank_table(shown, count ? 0 : COLUMN_BIT(top->sort),
		   count ? top->sort : VCPUS_cr0_write);
	for (size_t i = 0; top->reverse && i < shown->nr_rows / 2; i++) {
		struct cell *a = table_row(shown, i);
		struct cell *b = table_row(shown, shown->nr_rows - 1 - i);

		memcpy(row, a, sizeof(row));
		memcpy(a, b, sizeof(row));
		memcpy(b, row, sizeof(row));
	}
}

/* Each character is the most of its samples, as a part of the row's most. */
static void draw_spark(const struct top *top, const struct cell *row, int y)
{
	static const char *const blocks[] = { " ",	"\u2581", "\u2582",
					      "\u2583", "\u2584", "\u2585",
					      "\u2586", "\u2587", "\u2588" };
	static const char *const ascii[] = { " ", ".", ":", "-", "=",
					     "+", "*", "%", "#" };
	bool utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8");
	const int per_char = HISTORY_LEN / SPARK_WIDTH;
	unsigned int column = files[FILE_vcpus].kinds[top->sort] == KIND_COUNT ?
				      top->sort :
				      VCPUS_cr0_write;
	const float *samples = history_of(&top->history, row, column);
	float most = 0;

	for (int i = 0; samples && i < HISTORY_LEN; i++)
		most = samples[i] > most ? samples[i] : most;
	for (int x = 0; most > 0 && x < SPARK_WIDTH; x++) {
		float high = 0;
		int level;

		for (int i = x * per_char; i < (x + 1) * per_char; i++)
			high = samples[i] > high ? samples[i] : high;
		/* Anything but nothing is seen. */
		level = high > 0 ? 1 + (int)(high / most * 7) : 0;
		mvaddstr(y, COLS - SPARK_WIDTH + x,
			 (utf8 ? blocks : ascii)[level]);
	}
}

/* A line of its own, cut at the screen's edge rather than wrapped. */
static void __attribute__((format(printf, 2, 3)))
draw_line(int y, const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	mvaddnstr(y, 0, text, COLS);
}

static void draw_above(const struct top *top, const struct table *shown)
{
	static const char *const by[] = { "vCPU", "vCPU", "VM", "host" };
	const struct select *select = &top->view.select;
	const size_t nr = shown->nr_rows;
	const char *per = top->totals ? "" : "/s";
	double seconds = top->totals ? 1 : top->seconds;
	double accesses = 0, guests, syncs;
	time_t now = time(NULL);
	char clock[sizeof("00:00:00")];

	strftime(clock, sizeof(clock), "%H:%M:%S", localtime(&now));
	for (unsigned int c = VCPUS_cr0_read; c <= VCPUS_cr_other; c++)
		accesses += group_sum(shown, 0, nr, c);
	guests = group_sum(shown, 0, nr, VCPUS_tpr_guest) +
		 group_sum(shown, 0, nr, VCPUS_tpr_apic);
	syncs = group_sum(shown, 0, nr, VCPUS_tpr_sync);
	draw_line(0, "crstat top  %s  every %g s  %s by %s, sorted by %s%s",
		  clock, top->view.interval, top->totals ? "totals" : "rates",
		  by[select->sum], files[FILE_vcpus].columns[top->sort].name,
		  top->reverse ? ", reversed" : "");
	draw_line(
		1,
		"%zu rows  CR accesses %.0f%s  TPR writes of guests %.0f%s, of KVM itself %.0f%s",
		nr, accesses / seconds, per, guests / seconds, per,
		syncs / seconds, per);
	draw_line(2, "%s%s  %s%s  %s%s  %s  %s", select->vm ? "guest " : "",
		  select->vm ? select->vm : "", select->pid ? "pid " : "",
		  select->pid ? select->pid : "", select->vcpu ? "vCPU " : "",
		  select->vcpu ? select->vcpu : "",
		  select->live ? "live only" : "",
		  select->nonzero ? "busy only" : "");
}

/* Lines of text from the top row @y on; the headings stand out. */
static void draw_text(char *text, int y, int nr_headings)
{
	char *line;

	while ((line = strsep(&text, "\n")) && text) {
		if (nr_headings > 0)
			attron(A_REVERSE);
		mvprintw(y, 0, "%-*.*s", COLS, COLS, line);
		attroff(A_REVERSE);
		nr_headings--;
		y++;
	}
}

static void add_rows(const struct top *top, struct grid *grid,
		     const struct table *shown)
{
	for (size_t i = top->offset;
	     i < shown->nr_rows && i < top->offset + top_page(); i++) {
		const struct cell *row = table_row(shown, i);

		grid_word(grid, guest_name(&top->guests, &row[VCPUS_vm]));
		for (unsigned int c = VCPUS_vm + 1; c < NR_VCPUS; c++) {
			enum kind kind = shown->file->kinds[c];

			if (kind == KIND_COUNT && !top->totals)
				vcpus_rate(grid, &row[c], top->seconds);
			else
				grid_cell(grid, &row[c], kind);
		}
	}
}

static void draw_table(const struct top *top, const struct table *shown)
{
	bool spark = COLS >= SPARK_MIN_COLUMNS;
	struct grid grid = { .limit = COLS - (spark ? SPARK_WIDTH + 1 : 0) };
	size_t size;
	char *text;
	int y;

	for (unsigned int c = 0; c < NR_VCPUS; c++)
		vcpus_column(&grid, c,
			     c == VCPUS_pid || c == VCPUS_tid ||
				     c == VCPUS_state);
	add_rows(top, &grid, shown);
	grid.out = or_fail(open_memstream(&text, &size));
	grid_layout(&grid, false);
	grid_print_heading(&grid);
	grid_print_rows(&grid);
	fclose(grid.out);
	draw_text(or_fail(text), LINES_ABOVE, 1 + grid.split);
	free(text);
	y = LINES_ABOVE + 1 + grid.split;
	for (size_t i = top->offset;
	     spark && i < shown->nr_rows && i < top->offset + top_page(); i++)
		draw_spark(top, table_row(shown, i), y++);
	grid_free(&grid);
}

/**
 * top_page - how many rows the screen has room for
 *
 * Return: their number, at least 1.
 */
size_t top_page(void)
{
	return LINES > LINES_OTHER ? LINES - LINES_OTHER : 1;
}

/**
 * top_draw - draw the screen
 * @top: what to show; an offset behind the last row is put right
 */
void top_draw(struct top *top)
{
	struct table shown;

	copy_table(&shown, top->totals ? &top->now : &top->delta);
	hide_unarmed(&shown);
	select_vcpus(&top->view.select, &top->guests, &shown);
	sort_rows(top, &shown);
	if (top->offset + top_page() > shown.nr_rows)
		top->offset = shown.nr_rows > top_page() ?
				      shown.nr_rows - top_page() :
				      0;
	erase();
	draw_above(top, &shown);
	draw_table(top, &shown);
	mvaddnstr(
		LINES - 1, 0,
		"q quit  h help  <> sort  t totals  v sum  g guest  n vCPU  i idle",
		COLS);
	refresh();
	table_free(&shown);
}

/**
 * top_draw_help - draw what the keys do
 */
void top_draw_help(void)
{
	static const char *const lines[] = {
		"crstat top shows what each vCPU does to its control registers",
		"and task priority. The sparkline is the last 60 readings of",
		"the counter that rows are sorted by (cr0_write if by a name).",
		"- is what is not intercepted or does not apply.",
		"",
		"  < >      sort by the counter to the left or right",
		"  R        reverse the order",
		"  t        totals since the last reset, or rates",
		"  v        a row per vCPU, per VM or for the host",
		"  g        only the guest or VM of a name (empty: all)",
		"  p        only VMs of a process",
		"  n        only vCPUs of an id",
		"  l        only vCPUs that live",
		"  i        only rows that are not idle",
		"  c        clear filters",
		"  s, d     seconds between readings",
		"  space    read now",
		"  arrows, page up and down, home: move",
		"  q        quit",
		"",
		"Any key goes back.",
	};

	erase();
	for (int i = 0; i < (int)(sizeof(lines) / sizeof(*lines)); i++)
		mvaddnstr(i, 0, lines[i], COLS);
	refresh();
}
