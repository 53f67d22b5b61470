// SPDX-License-Identifier: GPL-2.0
/* The table of vCPUs and their counters. */
#include <stdio.h>

#include "fold.h"
#include "grid.h"
#include "guest.h"
#include "machine.h"
#include "view.h"
#include "vcpus.h"

/*
 * What is missed least makes room first: the raw hits, which the origins
 * explain, before the origins, and those before the guest's own accesses.
 */
static const unsigned char ranks[NR_VCPUS] = {
	[VCPUS_set_cr8] = 29,  [VCPUS_set_tpr] = 28,   [VCPUS_tpr_other] = 17,
	[VCPUS_cr_other] = 16, [VCPUS_tpr] = 15,       [VCPUS_tpr_user] = 14,
	[VCPUS_cr8_read] = 13, [VCPUS_cr3_read] = 12,  [VCPUS_cr4_read] = 11,
	[VCPUS_cr0_read] = 10, [VCPUS_tpr_change] = 9, [VCPUS_tpr_sync] = 8,
	[VCPUS_armed] = 7,     [VCPUS_cr8_write] = 6,  [VCPUS_tpr_apic] = 5,
	[VCPUS_cr3_write] = 4, [VCPUS_tpr_guest] = 3,  [VCPUS_cr4_write] = 2,
	[VCPUS_cr0_write] = 1,
};

/* Rank of a column that is not in the list. */
#define RANK_OTHER 20

/**
 * vcpus_column - add a column of the file vcpus to a grid
 * @grid: grid
 * @column: the column
 * @dispensable: whether an identifying column tells nothing that others don't
 */
void vcpus_column(struct grid *grid, unsigned int column, bool dispensable)
{
	unsigned int kind = files[FILE_vcpus].kinds[column];
	unsigned int rank = ranks[column] ? ranks[column] : RANK_OTHER;

	if (column < NR_ID)
		rank = dispensable ? GRID_DISPENSABLE : GRID_STAYS;
	grid_column(grid, files[FILE_vcpus].columns[column].name,
		    kind == KIND_WORD ? GRID_LEFT : GRID_RIGHT, rank);
}

/**
 * vcpus_rate - add events per second as the next cell
 * @grid: grid
 * @count: events
 * @seconds: in this time
 */
void vcpus_rate(struct grid *grid, const struct cell *count, double seconds)
{
	double rate = cell_number(count) / seconds;

	if (count->type != CELL_NUMBER)
		grid_word(grid, "-");
	else if (!count->number)
		grid_word(grid, "0");
	else if (rate < 10)
		grid_text(grid, "%.2g", rate);
	else
		grid_text(grid, "%.0f", rate);
}

static bool all_live(const struct table *vcpus)
{
	for (size_t i = 0; i < vcpus->nr_rows; i++)
		if (!cell_is(&table_row(vcpus, i)[VCPUS_state], "live"))
			return false;
	return true;
}

static void print_text(const struct view *view, const struct table *vcpus,
		       const struct guests *guests)
{
	struct grid grid = { .limit = view->width, .colour = view->colour };
	bool summed = view->select.sum > SUM_VCPU;
	bool live = all_live(vcpus);

	for (unsigned int c = 0; c < NR_VCPUS; c++)
		vcpus_column(&grid, c,
			     c == VCPUS_pid || c == VCPUS_tid ||
				     (c == VCPUS_vcpu && summed) ||
				     (c == VCPUS_state && (live || summed)));
	for (size_t i = 0; i < vcpus->nr_rows; i++) {
		const struct cell *row = table_row(vcpus, i);

		grid_word(&grid, guest_name(guests, &row[VCPUS_vm]));
		for (unsigned int c = VCPUS_vm + 1; c < NR_VCPUS; c++)
			grid_cell(&grid, &row[c], vcpus->file->kinds[c]);
	}
	grid_print(&grid);
	if (!vcpus->nr_rows)
		fputs("crstat: no such vCPU was seen\n", stderr);
	grid_free(&grid);
}

/**
 * vcpus_print - print a table of vCPUs
 * @view: arguments
 * @vcpus: table of the file vcpus; its rows are selected
 */
void vcpus_print(const struct view *view, struct table *vcpus)
{
	struct guests guests;

	guests_find(&guests, &view->source, vcpus);
	if (view->format == FORMAT_TEXT)
		hide_unarmed(vcpus);
	select_vcpus(&view->select, &guests, vcpus);
	if (view->format == FORMAT_TEXT)
		print_text(view, vcpus, &guests);
	else
		machine_print(view, vcpus, &guests);
	guests_free(&guests);
}

/**
 * table_view - print what was counted for each vCPU since the last reset
 * @view: arguments
 */
void table_view(const struct view *view)
{
	struct table vcpus;

	source_table(&view->source, FILE_vcpus, &vcpus);
	vcpus_print(view, &vcpus);
	table_free(&vcpus);
}
