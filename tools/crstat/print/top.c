// SPDX-License-Identifier: GPL-2.0
/* Any view on a full screen, as top shows processes. */
#include <curses.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "crstat.h"
#include "print/print.h"

#define MIN_INTERVAL 0.1

/* Readings that a sparkline shows, its characters, and a screen with room. */
#define HISTORY_LEN 60
#define SPARK_WIDTH 15
#define SPARK_MIN_COLUMNS 60

/* Lines above the table, and all that are not rows. */
#define LINES_ABOVE 3
#define LINES_OTHER (LINES_ABOVE + 3)

/* What is shown besides a view, and how. */
static struct {
	struct series series;
	/* Rows of the last intervals, the newest before past[next]. */
	struct reading past[HISTORY_LEN];
	unsigned int next;
	/* Nothing but totals is known before the first interval's end. */
	int totals;
	bool begun;
	bool help;
	/* The column that rows are sorted by, -1: the view's own order. */
	int sort;
	int reverse;
	/* The first row on the screen, and how many it has room for. */
	long offset, page;
} top;

static volatile sig_atomic_t interrupted;

static void interrupt(int signal)
{
	(void)signal;
	interrupted = 1;
}

static void leave_screen(void)
{
	if (!isendwin())
		endwin();
}

static void enter_screen(void)
{
	struct sigaction action = { .sa_handler = interrupt };

	setlocale(LC_CTYPE, "");
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		fail(FAIL_USAGE, "top needs a terminal; try: crstat -i 1");
	if (!newterm(NULL, stdout, stdin))
		fail(FAIL_USAGE, "top can't use this terminal; is TERM right?");
	fail_prepare = leave_screen;
	cbreak();
	noecho();
	curs_set(0);
	keypad(stdscr, TRUE);
	/* Without SA_RESTART, so that waiting for a key ends. */
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

/* What a sparkline shows: the counter that rows are sorted by, or the first. */
static unsigned int counter(void)
{
	if (top.sort >= 0 && is_of(&files[view.id], top.sort, COUNTS))
		return top.sort;
	return view.id == FILE_vcpus ? VCPUS_cr0_write :
				       FIRST(files[view.id].counts);
}

/* Each character is the most of its samples, as a part of the row's most. */
static void draw_spark(const struct cell *row, int y)
{
	bool utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8");
	double high[SPARK_WIDTH] = { 0 }, most = 0;

	for (int i = 0; i < HISTORY_LEN; i++) {
		const struct reading *past =
			&top.past[(top.next + i) % HISTORY_LEN];
		double *of = &high[i * SPARK_WIDTH / HISTORY_LEN], rate = 0;

		for_each_row(then, &past->table)
			if (rows_equal(then, row, files[view.id].lives))
				rate += cell_number(&then[counter()]) /
					past->seconds;
		*of = MAX(rate, *of);
		most = MAX(rate, most);
	}
	for (int x = 0; most > 0 && x < SPARK_WIDTH; x++) {
		/* Anything but nothing is seen. */
		int level = high[x] > 0 ? 1 + (int)(high[x] / most * 7) : 0;

		move(y, COLS - SPARK_WIDTH + x);
		if (utf8 && level)
			printw("%lc", 0x2580 + level);
		else
			addch(" .:-=+*%#"[level]);
	}
}

/* Draws and frees a line, cut at the screen's edge rather than wrapped. */
static void draw_line(int y, char *text)
{
	mvaddnstr(y, 0, text, COLS);
	free(text);
}

static double sum_of(const struct sheet *sheet, uint64_t columns)
{
	double sum = 0;

	for_each_row(row, sheet->table)
		sum += row_sum(row, columns);
	return sheet->seconds ? sum / sheet->seconds : sum;
}

static void draw_above(const struct sheet *sheet)
{
	static const char *const by[] = { "", " by vCPU", " by VM",
					  " by host" };
	const struct select *select = &view.select;
	const char *per = sheet->seconds ? "/s" : "";
	const struct file *file = sheet->file;
	char clock[32], *counts;

	print_time(clock, view.source.unix_ms, "%T");
	draw_line(
		0,
		text_of("crstat top  %s  every %g s  %s: %s%s, sorted by %s%s",
			clock, view.interval,
			sheet->vcpus ? "table" : file->name,
			sheet->seconds ? "rates" : "totals",
			by[file->vcpus ? sheet->sum : 0],
			top.sort < 0 ? "most events" :
				       file->columns[top.sort].name,
			top.reverse ? ", reversed" : ""));
	counts =
		!sheet->vcpus ?
			text_of("%s", file->help) :
			text_of("CR accesses %.0f%s  TPR writes of guests %.0f%s, of KVM itself %.0f%s",
				sum_of(sheet, CR_ACCESSES), per,
				sum_of(sheet, TPR_EXITS), per,
				sum_of(sheet, COLUMN_BIT(VCPUS_tpr_sync)), per);
	draw_line(1, text_of("%zu rows  %s", sheet->table->nr_rows, counts));
	free(counts);
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
	struct grid grid = { 0 };
	struct table page = *sheet->table;
	struct sheet shown = *sheet;
	char *text = NULL, *rest, *line;
	int y = LINES_ABOVE;
	size_t size;

	page.rows = page.rows ? page.rows + top.offset : NULL;
	page.nr_rows = MIN(page.nr_rows - top.offset, (size_t)top.page);
	shown.table = &page;
	view.width = COLS - (spark ? SPARK_WIDTH + 1 : 0);
	sheet_grid(&shown, &grid);
	grid.out = or_fail(open_memstream(&text, &size));
	grid_print(&grid);
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
static void draw(void)
{
	static char sort[64];
	const struct series *series = &top.series;
	bool totals = top.totals || !top.begun;
	struct table table = { 0 };
	struct sheet sheet;

	erase();
	top.page = LINES > LINES_OTHER ? LINES - LINES_OTHER : 1;
	if (top.help) {
		mvaddnstr(0, 0, TEXT(keys), TEXT_LEN(keys));
		refresh();
		return;
	}
	if (top.sort >= 0)
		snprintf(sort, sizeof(sort), "%s%s", top.reverse ? "-" : "",
			 files[view.id].columns[top.sort].name);
	view.sort = top.sort < 0 ? NULL : sort;
	table_copy(&table, totals ? &series->now.table : &series->delta);
	sheet_open(&sheet, &table, totals ? 0 : series->seconds);
	top.offset = MAX(MIN(top.offset, (long)table.nr_rows - top.page), 0);
	draw_above(&sheet);
	draw_table(&sheet);
	mvaddnstr(
		LINES - 1, 0,
		"q quit  h help  v view  <> sort  t totals  b sum  g guest  n vCPU  i idle",
		COLS);
	refresh();
	table_free(&table);
}

static void clear_past(void)
{
	for (int i = 0; i < HISTORY_LEN; i++)
		table_free(&top.past[i].table);
}

static void begin(void)
{
	series_close(&top.series);
	clear_past();
	series_open(&top.series);
	top.begun = false;
	top.offset = 0;
}

static void next_interval(void)
{
	struct reading *past = &top.past[top.next];
	struct sheet sheet;

	if (!series_next(&top.series))
		return;
	top.begun = true;
	top.next = (top.next + 1) % HISTORY_LEN;
	table_free(&past->table);
	table_copy(&past->table, &top.series.delta);
	past->seconds = top.series.seconds;
	sheet_open(&sheet, &past->table, past->seconds);
	select_rows(&(struct select){ .nonzero = 1 }, &past->table);
}

static void next_view(void)
{
	do {
		view.id = (view.id + 1) % NR_MODULE_FILES;
		if (view.source.recording)
			continue;
		view.source.wanted = BIT(view.id);
		source_next(&view.source);
	} while (!(view.source.there & BIT(view.id)));
	top.reverse = false;
	top.sort = view.id == FILE_vcpus ? VCPUS_cr0_write : -1;
	begin();
}

/* To the next column that rows can be sorted by with some sense. */
static void move_sort(int by)
{
	const struct file *file = &files[view.id];
	const int nr = file->nr_columns;

	do {
		top.sort = (MAX(top.sort, by < 0 ? 0 : -1) + nr + by) % nr;
	} while (!is_of(file, top.sort, KEYS | COUNTS));
}

/* Ask on the last line, whatever becomes of the screen; NULL: no answer. */
static const char *ask(const char *question)
{
	char text[32] = "";
	size_t len = 0;
	int key = KEY_RESIZE;

	timeout(-1);
	curs_set(1);
	do {
		if (key == KEY_RESIZE)
			draw();
		else if ((key == KEY_BACKSPACE || key == 127 || key == '\b'))
			len -= len > 0;
		else if (key > ' ' && key < 127 && len + 1 < sizeof(text))
			text[len++] = key;
		text[len] = '\0';
		move(LINES - 1, 0);
		clrtoeol();
		printw("%s%s", question, text);
		refresh();
		key = getch();
	} while (key != '\n' && key != KEY_ENTER && key != 27 && !interrupted);
	curs_set(0);
	return key == 27 || interrupted ? NULL : word_keep(text, len)->text;
}

/* Keys that switch something on and off, or ask for a name or a number. */
static const struct {
	const char *keys;
	int *flag;
	const char *question;
	const char **answer;
} settings[] = {
	{ "t", &top.totals, NULL, NULL },
	{ "l", &view.select.live, NULL, NULL },
	{ "i", &view.select.nonzero, NULL, NULL },
	{ "Ro", &top.reverse, NULL, NULL },
	{ "gf", NULL, "guest or VM: ", &view.select.vm },
	{ "p", NULL, "pid: ", &view.select.pid },
	{ "n", NULL, "vCPU: ", &view.select.vcpu },
};

static void handle_key(int key)
{
	const char *answer;
	double interval;

	for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
		if (key <= ' ' || key > '~' || !strchr(settings[i].keys, key))
			continue;
		if (settings[i].flag)
			*settings[i].flag ^= 1;
		answer = settings[i].question ? ask(settings[i].question) :
						NULL;
		if (answer && (*settings[i].keys == 'g' ||
			       !answer[strspn(answer, "0123456789")]))
			*settings[i].answer = *answer ? answer : NULL;
	}
	if (key == 'h' || key == '?')
		top.help = true;
	else if (key == '<' || key == KEY_LEFT)
		move_sort(-1);
	else if (key == '>' || key == KEY_RIGHT)
		move_sort(1);
	else if (key == 'R' || key == 'o')
		top.sort = top.sort < 0 ? (int)counter() : top.sort;
	else if (key == 'v')
		next_view();
	else if (key == 'c')
		view.select = (struct select){ 0 };
	else if (key == 'r' && !view.source.captured)
		source_control(&view.source, "reset");
	else if (key == KEY_UP || key == KEY_DOWN)
		top.offset += key == KEY_DOWN ? 1 : -1;
	else if (key == KEY_PPAGE || key == KEY_NPAGE)
		top.offset += key == KEY_NPAGE ? top.page : -top.page;
	else if (key == KEY_HOME)
		top.offset = 0;
	if (key == 'b') {
		view.sum = view.sum == SUM_HOST ? SUM_VCPU : view.sum + 1;
		/* Other sums are other rows. */
		clear_past();
	}
	if (key == 's' || key == 'd') {
		answer = ask("seconds: ");
		interval = answer ? strtod(answer, NULL) : 0;
		if (interval >= MIN_INTERVAL && interval < 1e6)
			view.interval = interval;
	}
}

/*
 * Keys change what is shown at once, numbers change with the next reading.
 * Return: false where the user wants to quit.
 */
static bool handle_keys(double start)
{
	double left;
	int key;

	while ((left = start + view.interval - seconds_now()) > 0 &&
	       !interrupted) {
		draw();
		timeout(left * 1000 + 1);
		key = getch();
		/* The terminal may be gone, without a signal that says so. */
		if (key == ERR && !isatty(STDIN_FILENO))
			return false;
		if (!top.help && (key == ' ' || key == 'q'))
			return key == ' ';
		if (!top.help)
			handle_key(key);
		else if (key != ERR && key != KEY_RESIZE)
			top.help = false;
	}
	return !interrupted;
}

/* Show a view on a full screen until the user quits. */
void top_run(void)
{
	const char *sort = view.sort ?: "cr0_write";
	unsigned long left = view.count;

	view.interval = view.interval ?: 1;
	view.sum = view.sum ?: SUM_VCPU;
	view.screen = true;
	top.reverse = *sort == '-';
	sort += top.reverse;
	top.sort = file_column(&files[view.id], sort, strlen(sort));
	if (top.sort < 0)
		fail(FAIL_USAGE, "--sort: %s has no column \"%s\"",
		     files[view.id].name, sort);
	begin();
	select_check(&view.select, &view.source);
	if (!view.source.recording)
		view.source.wanted = BIT(view.id);
	enter_screen();
	/* Where a recording is over, its end stays to be looked at. */
	while (handle_keys(seconds_now())) {
		next_interval();
		if (view.count && !--left)
			break;
	}
	leave_screen();
}
