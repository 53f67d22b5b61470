/* SPDX-License-Identifier: GPL-2.0 */
/* What happened between two readings of the file vcpus. */
#ifndef CRSTAT_DELTA_H
#define CRSTAT_DELTA_H

#include "read.h"

void delta_vcpus(struct table *before, struct table *now, struct table *delta);
void delta_drop_idle(struct table *delta);

#endif /* CRSTAT_DELTA_H */
