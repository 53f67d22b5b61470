// SPDX-License-Identifier: GPL-2.0
/* Any view on a full screen, as top shows processes. */
#include <curses.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "crstat.h"
#include "print/print.h"

#define MIN_INTERVAL 0.1

struct top top;

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

/* By which column rows are sorted, -1: the view's own order. */
static void set_sort(int column)
{
	static char name[64];

	top.sort = column;
	if (column >= 0)
		snprintf(name, sizeof(name), "%s%s", top.reverse ? "-" : "",
			 files[view.id].columns[column].name);
	view.sort = column < 0 ? NULL : name;
}

/* To the next column that rows can be sorted by with some sense. */
static void move_sort(int by)
{
	const int nr = files[view.id].nr_columns;
	int column = top.sort;

	do {
		column = (column + nr + by) % nr;
	} while (!is_of(&files[view.id], column, KEYS | COUNTS));
	set_sort(column);
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
	set_sort(view.id == FILE_vcpus ? VCPUS_cr0_write : -1);
	begin();
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
			top_draw();
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

/* What a key switches on and off. */
static const struct {
	int key;
	int *flag;
} switches[] = {
	{ 't', &top.totals },	       { 'l', &view.select.live },
	{ 'i', &view.select.nonzero }, { 'R', &top.reverse },
	{ 'o', &top.reverse },
};

/* What a key asks for. */
static const struct {
	int key;
	const char *question;
	const char **answer;
} questions[] = {
	{ 'g', "guest or VM: ", &view.select.vm },
	{ 'f', "guest or VM: ", &view.select.vm },
	{ 'p', "pid: ", &view.select.pid },
	{ 'n', "vCPU: ", &view.select.vcpu },
};

static void handle_key(int key)
{
	const char *answer;
	double interval;

	for (size_t i = 0; i < ARRAY_SIZE(switches); i++)
		if (key == switches[i].key)
			*switches[i].flag ^= 1;
	for (size_t i = 0; i < ARRAY_SIZE(questions); i++) {
		if (key != questions[i].key)
			continue;
		answer = ask(questions[i].question);
		if (answer && (key == 'g' || key == 'f' ||
			       !answer[strspn(answer, "0123456789")]))
			*questions[i].answer = *answer ? answer : NULL;
	}
	if (key == 'h' || key == '?')
		top.help = true;
	else if (key == '<' || key == KEY_LEFT)
		move_sort(-1);
	else if (key == '>' || key == KEY_RIGHT)
		move_sort(1);
	else if (key == 'R' || key == 'o')
		set_sort(top.sort < 0 ? (int)top_counter() : top.sort);
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
		top_draw();
		timeout(left * 1000 + 1);
		key = getch();
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
	set_sort(file_column(&files[view.id], sort, strlen(sort)));
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
