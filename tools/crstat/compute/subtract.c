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

/* Rows of a table, one behind the other. */
struct body {
	struct cell **rows;
	size_t nr;
	/* The first letter of a vCPU's state: live, gone, dropped, noroom. */
	char life;
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
	bool vcpus = table->file->vcpus;
	uint64_t key = table->file->others;
	struct body *body = or_fail(calloc(table->nr_rows + 1, sizeof(*body)));

	*bodies = (struct bodies){ table->file, body, 0 };
	for (size_t i = 0, at = 0; i < table->nr_rows; i++) {
		struct cell *row = table->rows[i];

		/* A key that stands twice is of two lives, which are gone. */
		if (bodies->nr && key &&
		    (!vcpus || rows_equal(*body->rows, row, IDS)) &&
		    (body->life != 'g' || !find_row(body, &at, row, key))) {
			body->nr++;
			continue;
		}
		body = &bodies->list[bodies->nr++];
		*body = (struct body){
			.rows = &table->rows[i],
			.nr = 1,
			.life = vcpus ? *cell_word(&row[ID_state]) : 0,
		};
	}
}

/*
 * The row of what has no row of its own, where no bound applies: an event that
 * is counted but not yet told apart stands there for a moment.
 */
static bool is_remainder(const struct file *file, const struct cell *row)
{
	return file->bounds && row[FIRST(file->bounds)].type == CELL_NONE;
}

/*
 * Whether a row can be what became of another. Gone vCPUs don't change any
 * more, others do but for the better.
 */
static bool fits(const struct file *file, const struct cell *now,
		 const struct cell *before, bool gone)
{
	if (gone)
		return rows_equal(now, before, file->counts);
	for_each_column(c, is_remainder(file, now) ? 0 : file->counts)
		if (cell_number(&now[c]) < cell_number(&before[c]))
			return false;
	return true;
}

/*
 * Whether each access that a column of vcpus counts made an exit, then and now.
 * Where not, nothing that was counted is no sign of nothing that was done.
 */
static bool each_exits(const struct cell *old, const struct cell *row,
		       unsigned int column)
{
	/* The others are named crN_read and crN_write. */
	const char *name = column == VCPUS_tpr_guest ?
				   "cr8_write" :
				   files[FILE_vcpus].columns[column].name;

	if (strncmp(name, "cr", 2) || name[3] != '_')
		return true;
	return reg_armed(cell_word(&old[VCPUS_armed]), name[4], name[2]) &&
	       reg_armed(cell_word(&row[VCPUS_armed]), name[4], name[2]);
}

/* Only where a row was given up meanwhile may its new events be others'. */
static void subtract_row(const struct file *file, struct cell *row,
			 const struct cell *old)
{
	for_each_column(c, file->counts) {
		uint64_t before =
			MIN(cell_number(&old[c]), cell_number(&row[c]));

		if (row[c].type != CELL_NUMBER || !before)
			continue;
		row[c].number -= before;
		if (!row[c].number && file == &files[FILE_vcpus] &&
		    !each_exits(old, row, c))
			row[c].type = CELL_NONE;
	}
	for_each_column(c, file->bounds)
		if (row[c].type == CELL_NUMBER)
			row[c].number = row[c].number == cell_number(&old[c]) ?
						0 :
						MIN(row[c].number,
						    row_sum(row, file->events));
}

/*
 * Subtract @from from @to where the latter can be what became of it: each row
 * is there and fits. A bounded table gives a row up for a new one, which shows
 * in a bound.
 */
static bool subtract_body(const struct file *file, struct body *to,
			  struct body *from)
{
	struct cell **match = or_fail(calloc(from->nr, sizeof(*match)));
	bool good = true, lossy = !file->vcpus;
	bool gone = from->life == 'g' && to->life == 'g';

	for (size_t i = 0; file->bounds && i < to->nr; i++)
		lossy |= cell_number(&to->rows[i][FIRST(file->bounds)]) > 0;
	for (size_t i = 0, at = 0; good && i < from->nr; i++) {
		const struct cell *old = from->rows[i];

		match[i] = find_row(to, &at, old, file->others);
		good = match[i] ? fits(file, match[i], old, gone) :
				  lossy || !row_sum(old, file->counts) ||
					  is_remainder(file, old);
	}
	for (size_t i = 0; good && i < from->nr; i++)
		if (match[i])
			subtract_row(file, match[i], from->rows[i]);
	free(match);
	from->done = good;
	return good;
}

/* Look for what a body was, of one life; they mostly stand in one order. */
static void match_body(struct body *to, struct bodies *before, char life,
		       size_t *at)
{
	const uint64_t owner = before->file->keys & ~before->file->others;

	for (size_t tries = before->nr; tries && !to->done; tries--, ++*at) {
		struct body *from;

		*at %= before->nr;
		from = &before->list[*at];
		to->done = !from->done && from->life == life &&
			   rows_equal(*to->rows, *from->rows, owner) &&
			   subtract_body(before->file, to, from);
	}
}

/*
 * What can have become of what, first things first: one that is gone was gone,
 * or else the live one, if that one is not live now; all others are what they
 * were. Those that were given up for room are in the sum of the dropped ones.
 * What finds no match is new, or was reset, and counts whole.
 */
static void match_bodies(struct bodies *now, struct bodies *before)
{
	const struct body *end = now->list + now->nr;
	size_t at = 0;

	for (int pass = 0; pass < 3; pass++)
		for (struct body *to = now->list; to < end; to++)
			if (pass == 2 || to->life == 'g')
				match_body(to, before,
					   pass == 1 ? 'l' : to->life, &at);
	for (struct body *to = now->list; to < end; to++)
		for (size_t i = 0; to->life == 'd' && i < before->nr; i++)
			if (!before->list[i].done)
				subtract_body(now->file, to, &before->list[i]);
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

	for (size_t b = 0; b < bodies->nr; b++) {
		const struct body *body = &bodies->list[b];
		uint64_t events = 0;

		for (size_t i = 0; i < body->nr; i++)
			if (!is_remainder(file, body->rows[i]))
				events += row_sum(body->rows[i], file->counts);
		if (!events || body->life != 'l')
			continue;
		for (size_t i = 0; i < body->nr; i++) {
			struct cell *row = body->rows[i];
			size_t at = &body->rows[i] - delta->rows;

			if (!is_remainder(file, row))
				continue;
			for_each_column(c, file->counts) {
				now->rows[at][c].number -= cell_number(&row[c]);
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
