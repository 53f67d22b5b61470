/* SPDX-License-Identifier: GPL-2.0 */
/* What each row's counters did in the last minute, for sparklines. */
#ifndef CRSTAT_HISTORY_H
#define CRSTAT_HISTORY_H

#include "read.h"

/* Samples that are kept of a row, the newest last. */
#define HISTORY_LEN 60

struct history {
	void *rows;
	unsigned long tick;
};

void history_add(struct history *history, const struct table *delta,
		 double seconds);
void history_clear(struct history *history);
const float *history_of(const struct history *history, const struct cell *row,
			unsigned int column);

#endif /* CRSTAT_HISTORY_H */
