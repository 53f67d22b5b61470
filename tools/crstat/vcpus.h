/* SPDX-License-Identifier: GPL-2.0 */
/* The columns of the file vcpus as a grid shows them. */
#ifndef CRSTAT_VCPUS_H
#define CRSTAT_VCPUS_H

#include "grid.h"
#include "view.h"

void vcpus_rate(struct grid *grid, const struct cell *count, double seconds);
void vcpus_print(const struct view *view, struct table *vcpus);
void vcpus_column(struct grid *grid, unsigned int column, bool dispensable);

#endif /* CRSTAT_VCPUS_H */
