/* SPDX-License-Identifier: GPL-2.0 */
/* Doing something every so many seconds until the user has enough. */
#ifndef CRSTAT_PACE_H
#define CRSTAT_PACE_H

#include <signal.h>
#include <stdbool.h>

struct pace {
	double interval;
	double deadline;
	/* Intervals to go; 0: no end. */
	unsigned long left;
	bool endless;
	sigset_t stop;
};

double seconds_now(void);
void pace_start(struct pace *pace, double interval, unsigned long count);
bool pace_wait(struct pace *pace);

#endif /* CRSTAT_PACE_H */
