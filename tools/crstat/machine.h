/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tables for programs: the contract's names, nothing aligned, cut or coloured.
 * Rows of vCPUs have the guest's name besides, in a column "guest".
 */
#ifndef CRSTAT_MACHINE_H
#define CRSTAT_MACHINE_H

#include "guest.h"
#include "view.h"

void machine_view(const struct view *view, enum file_id id);
void machine_print(const struct view *view, struct table *table,
		   const struct guests *guests);

void json_print(const struct table *table, const struct guests *guests);
void csv_print(const struct table *table, const struct guests *guests);
void metrics_print(struct table *table, const struct guests *guests, bool open);

#endif /* CRSTAT_MACHINE_H */
