// SPDX-License-Identifier: GPL-2.0
/*
 * What happened between two readings of any file.
 *
 * Rows are matched by their keys rather than by place. Of a file of vCPUs the
 * rows of one life of a vCPU are a body, matched as a whole: vCPUs come and go,
 * a new one can have the VM's name and the id of one that is gone, gone ones
 * can be given up for room, and a reset starts every count again. Other files
 * are one body.
 */
#include <stdlib.h>

#include "compute/compute.h"
#include "crstat.h"

enum life { LIVE, GONE, DROPPED, NOROOM, OTHER };

/* Rows of a table, one behind the other. */
struct body {
	struct cell **rows;
	size_t nr;
	enum life life;
	bool done;
};

struct bodies {
	const struct file *file;
	struct body *list;
	size_t nr;
};

/* The row with a key, looked for from *@at on; NULL: none. */
static struct cell *find_row(const struct body *body, size_t *at,
			     const struct cell *row, uint64_t key)
{
	for (size_t tries = body->nr; tries; tries--) {
		*at = *at < body->nr ? *at : 0;
		if (rows_equal(body->rows[(*at)++], row, key))
			return body->rows[*at - 1];
	}
	return NULL;
}

static void find_bodies(struct bodies *bodies, const struct table *table)
{
	static const char *const lives[] = { "live", "gone", "dropped",
					     "noroom" };
	bool vcpus = table->file->vcpus;
	uint64_t key = table->file->others;
	struct body *body = or_fail(calloc(table->nr_rows + 1, sizeof(*body)));

	*bodies = (struct bodies){ table->file, body, 0 };
	for (size_t i = 0, at = 0; i < table->nr_rows; i++) {
		struct cell *row = table->rows[i];

		/* A key that stands twice is of two lives, which are gone. */
		if (bodies->nr && key &&
		    (!vcpus || rows_equal(*body->rows, row, IDS)) &&
		    (body->life != GONE || !find_row(body, &at, row, key))) {
			body->nr++;
			continue;
		}
		body = &bodies->list[bodies->nr++];
		*body = (struct body){ &table->rows[i], 1, LIVE, false };
		while (body->life < OTHER &&
		       !(vcpus && cell_is(&row[ID_state], lives[body->life])))
			body->life++;
	}
}

/*
 * The row of what has no row of its own, where no bound applies: an event that
 * is counted but not yet told apart stands there for a moment.
 */
static bool is_remainder(const struct file *file, const struct cell *row)
{
	uint64_t bounds = file->bounds;

	return bounds && row[FIRST(bounds)].type == CELL_NONE;
}

/*
 * Whether a row can be what became of another. Gone vCPUs don't change any
 * more, others do but for the better.
 */
static bool fits(const struct file *file, const struct cell *now,
		 const struct cell *before, bool gone)
{
	uint64_t counts = file->counts;

	if (gone)
		return rows_equal(now, before, counts);
	for (; counts && !is_remainder(file, now); counts &= counts - 1)
		if (cell_number(&now[FIRST(counts)]) <
		    cell_number(&before[FIRST(counts)]))
			return false;
	return true;
}

/* Only where a row was given up meanwhile may its new events be others'. */
static void subtract_row(const struct file *file, struct cell *row,
			 const struct cell *old)
{
	uint64_t events;

	for (unsigned int c = 0; c < file->nr_columns; c++) {
		uint64_t before = cell_number(&old[c]);

		if (is_of(file, c, COUNTS) && row[c].type == CELL_NUMBER)
			row[c].number -= before < row[c].number ? before :
								  row[c].number;
	}
	events = row_events(file, row);
	for (unsigned int c = 0; c < file->nr_columns; c++) {
		if (!is_of(file, c, BOUNDS) || row[c].type != CELL_NUMBER)
			continue;
		if (row[c].number == cell_number(&old[c]))
			row[c].number = 0;
		else if (row[c].number > events)
			row[c].number = events;
	}
}

/*
 * Subtract @from from @to where the latter can be what became of it: each row
 * is there and fits. A bounded table gives a row up for a new one, which shows
 * in a bound.
 */
static bool subtract_body(const struct file *file, struct body *to,
			  struct body *from)
{
	uint64_t key = file->others, bounds = file->bounds;
	struct cell **match = or_fail(calloc(from->nr, sizeof(*match)));
	bool good = true, lossy = !file->vcpus;
	bool gone = from->life == GONE && to->life == GONE;

	for (size_t i = 0; bounds && i < to->nr; i++)
		lossy |= cell_number(&to->rows[i][FIRST(bounds)]) > 0;
	for (size_t i = 0, at = 0; good && i < from->nr; i++) {
		const struct cell *old = from->rows[i];

		match[i] = find_row(to, &at, old, key);
		good = match[i] ? fits(file, match[i], old, gone) :
				  lossy || !row_events(file, old) ||
					  is_remainder(file, old);
	}
	for (size_t i = 0; good && i < from->nr; i++)
		if (match[i])
			subtract_row(file, match[i], from->rows[i]);
	free(match);
	from->done = good;
	return good;
}

/*
 * What can have become of what, first things first: one that is gone was the
 * live one, if that one is not live now. Those that were given up for room are
 * in the sum of the dropped ones. What finds no match is new, or was reset, and
 * counts whole.
 */
static void match_bodies(struct bodies *now, struct bodies *before)
{
	static const enum life lives[][2] = {
		{ GONE, GONE },	      { GONE, LIVE },	  { LIVE, LIVE },
		{ DROPPED, DROPPED }, { NOROOM, NOROOM }, { OTHER, OTHER },
	};
	const uint64_t owner = now->file->keys & ~now->file->others;
	size_t at = 0;

	for (size_t i = 0; i < ARRAY_SIZE(lives) * now->nr; i++) {
		const enum life *life = lives[i / now->nr];
		struct body *to = &now->list[i % now->nr];
		size_t tries = before->nr;

		if (to->done || to->life != life[0])
			continue;
		/* They mostly stand in the same order. */
		for (; tries && !to->done; tries--, at++) {
			struct body *from = &before->list[at %= before->nr];

			to->done = !from->done &&
				   rows_equal(*to->rows, *from->rows, owner) &&
				   from->life == life[1] &&
				   subtract_body(now->file, to, from);
		}
	}
	for (size_t n = 0; n < now->nr; n++)
		for (size_t i = 0; i < before->nr; i++)
			if (now->list[n].life == DROPPED &&
			    !before->list[i].done)
				subtract_body(now->file, &now->list[n],
					      &before->list[i]);
}

/*
 * A write that is counted but whose value is not known yet is no write of an
 * unknown one. While its vCPU goes on, that is for the next interval to tell:
 * @now reads as if it had not been counted.
 */
static void hold_back(const struct bodies *bodies, const struct table *delta,
		      struct table *now)
{
	const struct file *file = bodies->file;

	for (const struct body *body = bodies->list;
	     body < bodies->list + bodies->nr; body++) {
		uint64_t events = 0;

		for (size_t i = 0; i < body->nr; i++)
			if (!is_remainder(file, body->rows[i]))
				events += row_events(file, body->rows[i]);
		if (!events || body->life != LIVE)
			continue;
		for (size_t i = 0; i < body->nr; i++) {
			struct cell *row = body->rows[i];
			struct cell *to =
				now->rows[&body->rows[i] - delta->rows];
			uint64_t counts = file->counts;

			for (; counts && is_remainder(file, row);
			     counts &= counts - 1) {
				int c = FIRST(counts);

				to[c].number -= cell_number(&row[c]);
				row[c].number = 0;
			}
		}
	}
}

/*
 * What was counted between two readings of a file. Where @more of them follow,
 * what @now tells too early is left for the next.
 */
void subtract_table(const struct table *before, struct table *now,
		    struct table *delta, bool more)
{
	struct bodies old, new;

	table_copy(delta, now);
	find_bodies(&old, before);
	find_bodies(&new, delta);
	match_bodies(&new, &old);
	if (more && now->file->bounds)
		hold_back(&new, delta, now);
	free(old.list);
	free(new.list);
}
