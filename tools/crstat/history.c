// SPDX-License-Identifier: GPL-2.0
#include <search.h>
#include <stdio.h>
#include <stdlib.h>

#include "fail.h"
#include "history.h"

/* A VM's name, a vCPU's id and a state. */
#define KEY_LEN 64

struct row_history {
	char key[KEY_LEN];
	/* The tick that added the newest sample. */
	unsigned long tick;
	float samples[NR_VCPUS][HISTORY_LEN];
};

static int compare_keys(const void *a, const void *b)
{
	const struct row_history *x = a, *y = b;

	return strcmp(x->key, y->key);
}

static void make_key(char key[KEY_LEN], const struct cell *row)
{
	snprintf(key, KEY_LEN, "%.32s %llu %.16s", cell_word(&row[VCPUS_vm]),
		 (unsigned long long)cell_number(&row[VCPUS_vcpu]),
		 cell_word(&row[VCPUS_state]));
}

static struct row_history *find_or_add(struct history *history,
				       const struct cell *row)
{
	struct row_history *new = or_fail(calloc(1, sizeof(*new)));
	struct row_history **found;

	make_key(new->key, row);
	found = or_fail(tsearch(new, &history->rows, compare_keys));
	if (*found != new)
		free(new);
	return *found;
}

/* Old samples move left; where ticks are missing nothing happened. */
static void shift(struct row_history *row, unsigned long ticks)
{
	size_t by = ticks < HISTORY_LEN ? ticks : HISTORY_LEN;

	for (unsigned int c = 0; c < NR_VCPUS; c++) {
		float *samples = row->samples[c];

		memmove(samples, samples + by,
			(HISTORY_LEN - by) * sizeof(*samples));
		memset(samples + HISTORY_LEN - by, 0, by * sizeof(*samples));
	}
}

struct stale {
	const struct history *history;
	struct row_history **rows;
	size_t nr;
};

static void collect_stale(const void *node, VISIT visit, void *data)
{
	struct row_history *row = *(struct row_history *const *)node;
	struct stale *stale = data;

	if ((visit != postorder && visit != leaf) ||
	    stale->history->tick - row->tick < HISTORY_LEN)
		return;
	stale->rows = or_fail(
		reallocarray(stale->rows, stale->nr + 1, sizeof(*stale->rows)));
	stale->rows[stale->nr++] = row;
}

/* vCPUs come and go; a walk must not change what it walks. */
static void forget_stale(struct history *history)
{
	struct stale stale = { .history = history };

	twalk_r(history->rows, collect_stale, &stale);
	for (size_t i = 0; i < stale.nr; i++) {
		tdelete(stale.rows[i], &history->rows, compare_keys);
		free(stale.rows[i]);
	}
	free(stale.rows);
}

/**
 * history_add - add an interval's rates
 * @history: history
 * @delta: what was counted in it
 * @seconds: its length
 */
void history_add(struct history *history, const struct table *delta,
		 double seconds)
{
	history->tick++;
	for (size_t i = 0; i < delta->nr_rows; i++) {
		const struct cell *cells = table_row(delta, i);
		struct row_history *row = find_or_add(history, cells);

		shift(row, history->tick - row->tick);
		row->tick = history->tick;
		for (unsigned int c = 0; c < NR_VCPUS; c++)
			if (delta->file->kinds[c] == KIND_COUNT)
				row->samples[c][HISTORY_LEN - 1] +=
					cell_number(&cells[c]) / seconds;
	}
	if (history->tick % HISTORY_LEN == 0)
		forget_stale(history);
}

/**
 * history_clear - forget everything
 * @history: history
 */
void history_clear(struct history *history)
{
	tdestroy(history->rows, free);
	*history = (struct history){ 0 };
}

/**
 * history_of - the last minute of a row's counter
 * @history: history
 * @row: row, of any table with the same sums as those added
 * @column: the counter
 *
 * Return: HISTORY_LEN rates, the newest last; NULL where there are none.
 */
const float *history_of(const struct history *history, const struct cell *row,
			unsigned int column)
{
	struct row_history key;
	struct row_history *const *found;

	make_key(key.key, row);
	found = tfind(&key, &history->rows, compare_keys);
	return found && (*found)->tick == history->tick ?
		       (*found)->samples[column] :
		       NULL;
}
