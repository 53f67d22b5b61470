// SPDX-License-Identifier: GPL-2.0
/*
 * What happened between two readings of the file vcpus.
 *
 * Rows are matched rather than subtracted by place: vCPUs come and go, a new
 * vCPU can have the VM's name and the id of one that is gone, gone rows can be
 * given up for room, and a reset starts every count again.
 */
#include <stdlib.h>

#include "delta.h"
#include "fail.h"
#include "fold.h"
#include "select.h"

/* The rows of one vCPU's VM and id, in any of their lives. */
#define KEY \
	(COLUMN_BIT(VCPUS_vm) | COLUMN_BIT(VCPUS_pid) | COLUMN_BIT(VCPUS_vcpu))

static bool is_count(unsigned int column)
{
	return files[FILE_vcpus].kinds[column] == KIND_COUNT;
}

static bool same_counts(const struct cell *a, const struct cell *b)
{
	for (unsigned int c = 0; c < NR_VCPUS; c++)
		if (is_count(c) && compare_cells(&a[c], &b[c]))
			return false;
	return true;
}

/* Whether @now can be what became of @before: no counter went back. */
static bool follows(const struct cell *now, const struct cell *before)
{
	for (unsigned int c = 0; c < NR_VCPUS; c++)
		if (is_count(c) &&
		    cell_number(&now[c]) < cell_number(&before[c]))
			return false;
	return true;
}

static void subtract(struct cell *now, const struct cell *before)
{
	for (unsigned int c = 0; c < NR_VCPUS; c++)
		if (is_count(c) && now[c].type == CELL_NUMBER)
			now[c].number -= cell_number(&before[c]);
}

/* A row of @before and whether it was found again. */
struct match {
	const struct cell *row;
	bool found;
};

struct group {
	struct match *first, *end;
};

/* Subtract the first row of the group in @state that @fits. */
static bool match_row(struct group *before, const char *state,
		      bool (*fits)(const struct cell *, const struct cell *),
		      struct cell *row)
{
	for (struct match *m = before->first; m < before->end; m++) {
		if (m->found || !cell_is(&m->row[VCPUS_state], state) ||
		    !fits(row, m->row))
			continue;
		subtract(row, m->row);
		m->found = true;
		return true;
	}
	return false;
}

/*
 * Gone rows don't change any more, so that equal ones are the same. One that is
 * new was the live one, if that one is not live now. What finds no match is new
 * altogether, or was reset, and counts whole.
 */
static void match_group(struct group *before, struct table *delta, size_t first,
			size_t end)
{
	bool *done = or_fail(calloc(end - first, sizeof(*done)));

	for (size_t i = first; i < end; i++) {
		struct cell *row = table_row(delta, i);

		if (cell_is(&row[VCPUS_state], "gone"))
			done[i - first] =
				match_row(before, "gone", same_counts, row);
	}
	for (size_t i = first; i < end; i++) {
		struct cell *row = table_row(delta, i);

		if (!done[i - first] && cell_is(&row[VCPUS_state], "gone"))
			match_row(before, "live", follows, row);
	}
	for (size_t i = first; i < end; i++) {
		struct cell *row = table_row(delta, i);
		const char *state = cell_word(&row[VCPUS_state]);

		if (strcmp(state, "gone"))
			match_row(before, state, follows, row);
	}
	free(done);
}

/* Rows that were given up for room are in the sum of the dropped ones now. */
static void subtract_dropped(struct table *delta, const struct match *matches,
			     size_t nr)
{
	for (size_t i = 0; i < delta->nr_rows; i++) {
		struct cell *row = table_row(delta, i);

		if (!cell_is(&row[VCPUS_state], "dropped"))
			continue;
		for (size_t m = 0; m < nr; m++)
			if (!matches[m].found && follows(row, matches[m].row))
				subtract(row, matches[m].row);
	}
}

/**
 * delta_vcpus - what was counted between two readings of the file vcpus
 * @before: the first reading; its rows are ordered
 * @now: the second one, which must outlive @delta; its rows are ordered
 * @delta: filled in with the rows of @now, their counters since @before
 */
void delta_vcpus(struct table *before, struct table *now, struct table *delta)
{
	struct match *matches, *at, *last;

	rank_table(before, KEY, VCPUS_set_tpr);
	rank_table(now, KEY, VCPUS_set_tpr);
	copy_table(delta, now);
	if (!now->nr_rows)
		return;

	matches = or_fail(calloc(before->nr_rows + 1, sizeof(*matches)));
	for (size_t i = 0; i < before->nr_rows; i++)
		matches[i].row = table_row(before, i);
	at = matches;
	last = matches + before->nr_rows;
	for (size_t i = 0, end; i < now->nr_rows; i = end) {
		const struct cell *row = table_row(now, i);
		struct group group;

		end = group_end(now, i, KEY);
		while (at < last &&
		       compare_rows(now->file, at->row, row, KEY) < 0)
			at++;
		group.first = at;
		while (at < last && !compare_rows(now->file, at->row, row, KEY))
			at++;
		group.end = at;
		match_group(&group, delta, i, end);
	}
	subtract_dropped(delta, matches, before->nr_rows);
	free(matches);
}

/**
 * delta_drop_idle - drop vCPUs that were not of this time
 * @delta: of delta_vcpus(); what was gone before or had no events is dropped
 */
void delta_drop_idle(struct table *delta)
{
	size_t nr = 0;

	for (size_t i = 0; i < delta->nr_rows; i++) {
		const struct cell *row = table_row(delta, i);

		if (cell_is(&row[VCPUS_state], "live") ||
		    any_count(delta->file, row))
			memmove(table_row(delta, nr++), row,
				NR_VCPUS * sizeof(*row));
	}
	delta->nr_rows = nr;
}
