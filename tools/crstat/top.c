// SPDX-License-Identifier: GPL-2.0
/* The vCPUs on a full screen, as top shows processes. */
#include <curses.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "delta.h"
#include "fail.h"
#include "fold.h"
#include "pace.h"
#include "top.h"

#define MIN_INTERVAL 0.1

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

/* The sums that are shown are what has a history. */
static void read_next(struct top *top)
{
	struct table shown;
	double now;

	table_free(&top->delta);
	table_free(&top->before);
	top->before = top->now;
	source_table(&top->view.source, FILE_vcpus, &top->now);
	now = seconds_now();
	top->seconds = now - top->read_at;
	top->read_at = now;
	delta_vcpus(&top->before, &top->now, &top->delta);
	guests_free(&top->guests);
	guests_find(&top->guests, &top->view.source, &top->now);

	copy_table(&shown, &top->delta);
	select_vcpus(&top->view.select, &top->guests, &shown);
	history_add(&top->history, &shown, top->seconds);
	table_free(&shown);
}

/* Ask on the last line; an empty answer is one too. */
static void ask(const char *question, char *answer, int size)
{
	move(LINES - 1, 0);
	clrtoeol();
	addstr(question);
	echo();
	curs_set(1);
	timeout(-1);
	if (getnstr(answer, size - 1) != OK)
		*answer = '\0';
	noecho();
	curs_set(0);
}

static void ask_number(const char *question, char *answer, int size,
		       const char **filter)
{
	ask(question, answer, size);
	*filter = *answer && !answer[strspn(answer, "0123456789")] ? answer :
								     NULL;
}

static void ask_interval(struct top *top)
{
	char answer[16];
	char *end;
	double interval;

	ask("seconds: ", answer, sizeof(answer));
	interval = strtod(answer, &end);
	if (end != answer && interval >= MIN_INTERVAL && interval < 1e6)
		top->view.interval = interval;
}

/* By a column of numbers or, with the ids, of those that are shown. */
static void move_sort(struct top *top, int by)
{
	do {
		top->sort = (top->sort + NR_VCPUS + by) % NR_VCPUS;
	} while (top->sort != VCPUS_vm && top->sort != VCPUS_vcpu &&
		 files[FILE_vcpus].kinds[top->sort] != KIND_COUNT);
}

static void next_sum(struct top *top)
{
	struct select *select = &top->view.select;

	select->sum = select->sum == SUM_HOST ? SUM_VCPU : select->sum + 1;
	/* Other sums are other rows. */
	history_clear(&top->history);
	top->offset = 0;
}

static void clear_filters(struct top *top)
{
	top->view.select = (struct select){ .sum = top->view.select.sum };
}

static void show_help(void)
{
	top_draw_help();
	timeout(-1);
	getch();
}

/* False where the user wants to quit. */
static bool handle_key(struct top *top, int key)
{
	struct select *select = &top->view.select;

	switch (key) {
	case 'q':
		return false;
	case 'h':
	case '?':
		show_help();
		break;
	case '<':
	case KEY_LEFT:
		move_sort(top, -1);
		break;
	case '>':
	case KEY_RIGHT:
		move_sort(top, 1);
		break;
	case 'R':
		top->reverse = !top->reverse;
		break;
	case 't':
		top->totals = !top->totals;
		break;
	case 'v':
		next_sum(top);
		break;
	case 'g':
		ask("guest or VM: ", top->vm, sizeof(top->vm));
		select->vm = *top->vm ? top->vm : NULL;
		break;
	case 'p':
		ask_number("pid: ", top->number[0], sizeof(top->number[0]),
			   &select->pid);
		break;
	case 'n':
		ask_number("vCPU: ", top->number[1], sizeof(top->number[1]),
			   &select->vcpu);
		break;
	case 'l':
		select->live = !select->live;
		break;
	case 'i':
		select->nonzero = !select->nonzero;
		break;
	case 'c':
		clear_filters(top);
		break;
	case 's':
	case 'd':
		ask_interval(top);
		break;
	case KEY_UP:
		top->offset -= top->offset > 0;
		break;
	case KEY_DOWN:
		top->offset++;
		break;
	case KEY_PPAGE:
		top->offset -= top->offset < top_page() ? top->offset :
							  top_page();
		break;
	case KEY_NPAGE:
		top->offset += top_page();
		break;
	case KEY_HOME:
		top->offset = 0;
		break;
	default:
		break;
	}
	return true;
}

/* Keys change what is shown at once, numbers change with the next reading. */
static bool handle_keys(struct top *top, double deadline)
{
	double left;
	int key;

	while ((left = deadline - seconds_now()) > 0 && !interrupted) {
		top_draw(top);
		timeout(left * 1000 + 1);
		key = getch();
		if (key == ' ')
			return true;
		if (key != ERR && !handle_key(top, key))
			return false;
	}
	return !interrupted;
}

/**
 * top_view - show the vCPUs on a full screen until the user quits
 * @view: arguments
 */
void top_view(const struct view *view)
{
	struct top top = { .view = *view, .sort = VCPUS_cr0_write };
	unsigned long left = view->count;

	if (!top.view.interval)
		top.view.interval = 1;
	if (!top.view.select.sum)
		top.view.select.sum = SUM_VCPU;
	source_table(&view->source, FILE_vcpus, &top.now);
	top.read_at = seconds_now();
	enter_screen();
	do {
		read_next(&top);
	} while (handle_keys(&top, top.read_at + top.view.interval) &&
		 (!view->count || --left));
	leave_screen();
	history_clear(&top.history);
	guests_free(&top.guests);
	table_free(&top.delta);
	table_free(&top.before);
	table_free(&top.now);
}
