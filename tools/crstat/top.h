/* SPDX-License-Identifier: GPL-2.0 */
/* What top shows, and how. */
#ifndef CRSTAT_TOP_H
#define CRSTAT_TOP_H

#include "guest.h"
#include "history.h"
#include "view.h"

struct top {
	struct view view;
	/* The last two readings, what happened between them, and how long. */
	struct table before;
	struct table now;
	struct table delta;
	double read_at;
	double seconds;
	struct guests guests;
	struct history history;
	/* How it is shown. */
	unsigned int sort;
	bool reverse;
	bool totals;
	size_t offset;
	/* What view.select points to. */
	char vm[CRS_VM_LEN];
	char number[2][12];
};

void top_draw(struct top *top);
void top_draw_help(void);
size_t top_page(void);

#endif /* CRSTAT_TOP_H */
