/* SPDX-License-Identifier: GPL-2.0 */
/* A file on its way to the eye: its table, the names of its VMs, a grid. */
#ifndef CRSTAT_SHEET_H
#define CRSTAT_SHEET_H

#include "grid.h"
#include "guest.h"
#include "view.h"

struct sheet {
	const struct view *view;
	struct table table;
	struct guests guests;
	struct grid grid;
	/* By what rows of vCPUs are summed, and the columns of that. */
	enum sum sum;
	uint64_t group;
};

void sheet_open(struct sheet *sheet, const struct view *view, enum file_id id);
void sheet_columns(struct sheet *sheet);
void sheet_row(struct sheet *sheet, const struct cell *row);
void sheet_all(struct sheet *sheet);
void sheet_close(struct sheet *sheet);

#endif /* CRSTAT_SHEET_H */
