// SPDX-License-Identifier: GPL-2.0
/* Events per second of each vCPU, interval by interval, as vmstat does it. */
#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "delta.h"
#include "fail.h"
#include "fold.h"
#include "grid.h"
#include "guest.h"
#include "pace.h"
#include "vcpus.h"
#include "view.h"

static void add_row(struct grid *grid, const char *name, const struct cell *row,
		    double seconds)
{
	time_t now = time(NULL);
	char text[sizeof("00:00:00")];

	strftime(text, sizeof(text), "%H:%M:%S", localtime(&now));
	grid_word(grid, text);
	grid_word(grid, name);
	grid_cell(grid, &row[VCPUS_vcpu], KIND_NUMBER);
	grid_cell(grid, &row[VCPUS_state], KIND_WORD);
	for (unsigned int c = 0; c < NR_VCPUS; c++)
		if (files[FILE_vcpus].kinds[c] == KIND_COUNT)
			vcpus_rate(grid, &row[c], seconds);
}

/* That nothing happened is a line too, or time would seem to stand still. */
static void add_idle_row(struct grid *grid)
{
	struct cell row[NR_VCPUS] = { 0 };

	for (unsigned int c = 0; c < NR_VCPUS; c++)
		if (files[FILE_vcpus].kinds[c] == KIND_COUNT)
			row[c].type = CELL_NUMBER;
	add_row(grid, "-", row, 1);
}

static size_t add_rows(struct grid *grid, const struct view *view,
		       struct table *delta, double seconds)
{
	struct guests guests;
	size_t nr = 0;

	guests_find(&guests, &view->source, delta);
	hide_unarmed(delta);
	select_vcpus(&view->select, &guests, delta);
	grid_clear(grid);
	for (size_t i = 0; i < delta->nr_rows; i++) {
		const struct cell *row = table_row(delta, i);

		if (!any_count(delta->file, row))
			continue;
		add_row(grid, guest_name(&guests, &row[VCPUS_vm]), row,
			seconds);
		nr++;
	}
	if (!nr)
		add_idle_row(grid);
	guests_free(&guests);
	return nr ? nr : 1;
}

static void print_rows(const struct view *view, struct grid *grid, size_t nr)
{
	/* Lines that the terminal shows since the headings, these included. */
	static size_t lines;
	bool full = view->height && lines + nr + 2 > view->height;

	if (grid_layout(grid, lines && !full) || !lines || full) {
		grid_print_heading(grid);
		lines = 0;
	}
	grid_print_rows(grid);
	lines += nr;
	if (fflush(stdout))
		fail(FAIL_SYSTEM, "cannot write: %s", strerror(errno));
}

/**
 * rates_view - print each vCPU's events per second until stopped
 * @view: arguments
 */
void rates_view(const struct view *view)
{
	struct grid grid = { .limit = view->width, .colour = view->colour };
	struct table before, now, delta;
	struct pace pace;
	double last;

	grid_column(&grid, "time", GRID_LEFT, GRID_STAYS);
	vcpus_column(&grid, VCPUS_vm, false);
	vcpus_column(&grid, VCPUS_vcpu, false);
	vcpus_column(&grid, VCPUS_state, true);
	for (unsigned int c = 0; c < NR_VCPUS; c++)
		if (files[FILE_vcpus].kinds[c] == KIND_COUNT)
			vcpus_column(&grid, c, false);

	pace_start(&pace, view->interval, view->count);
	source_table(&view->source, FILE_vcpus, &before);
	last = seconds_now();
	while (pace_wait(&pace)) {
		double read_at;
		size_t nr;

		source_table(&view->source, FILE_vcpus, &now);
		read_at = seconds_now();
		delta_vcpus(&before, &now, &delta);
		nr = add_rows(&grid, view, &delta, read_at - last);
		print_rows(view, &grid, nr);
		table_free(&delta);
		table_free(&before);
		before = now;
		last = read_at;
	}
	table_free(&before);
	grid_free(&grid);
}
