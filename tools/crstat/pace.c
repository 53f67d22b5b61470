// SPDX-License-Identifier: GPL-2.0
#include <time.h>

#include "pace.h"

/**
 * seconds_now - a clock to measure intervals with
 *
 * Return: seconds since some time in the past.
 */
double seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

/**
 * pace_start - begin the first interval
 * @pace: filled in
 * @interval: seconds
 * @count: how many intervals; 0: no end
 *
 * SIGINT and SIGTERM are held back from here on: pace_wait() looks for them, so
 * that they can't come between a look at a flag and the sleep.
 */
void pace_start(struct pace *pace, double interval, unsigned long count)
{
	*pace = (struct pace){
		.interval = interval,
		.deadline = seconds_now(),
		.left = count,
		.endless = !count,
	};
	sigemptyset(&pace->stop);
	sigaddset(&pace->stop, SIGINT);
	sigaddset(&pace->stop, SIGTERM);
	sigprocmask(SIG_BLOCK, &pace->stop, NULL);
}

/**
 * pace_wait - wait for the interval's end
 * @pace: of pace_start()
 *
 * Return: false where there are no more intervals or the user wants no more.
 */
bool pace_wait(struct pace *pace)
{
	struct timespec timeout = { 0 };
	double left;

	if (!pace->endless && !pace->left--)
		return false;
	pace->deadline += pace->interval;
	left = pace->deadline - seconds_now();
	if (left > 0) {
		timeout.tv_sec = left;
		timeout.tv_nsec = (left - timeout.tv_sec) * 1e9;
	}
	return sigtimedwait(&pace->stop, NULL, &timeout) < 0;
}
