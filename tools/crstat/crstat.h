/* SPDX-License-Identifier: GPL-2.0 */
/* How crstat ends, waits and runs a command. */
#ifndef CRSTAT_CRSTAT_H
#define CRSTAT_CRSTAT_H

#include <error.h>
#include <signal.h>
#include <stdlib.h>

/* X(name, status, help), for the code, --help and the tests alike. */
#define FAIL_STATUSES(X)                                               \
	X(SYSTEM, 1, "the system refused: memory, output, a signal")   \
	X(USAGE, 2, "wrong arguments")                                 \
	X(MODULE, 3, "the module kvm_crstat is not loaded")            \
	X(DEBUGFS, 4, "debugfs is not mounted")                        \
	X(PERMISSION, 5, "no permission to read, or to write control") \
	X(DAMAGED, 6, "a file is truncated or foreign")                \
	X(NEWER, 7, "a file is of a newer format than this crstat")    \
	X(NO_FILE, 8, "there is no such file in the folder or module") \
	X(NO_GUEST, 9, "no such guest, process or vCPU was seen")

#define FAIL_ENUM(name, status, help) FAIL_##name = status,
enum fail_status { FAIL_STATUSES(FAIL_ENUM) };

/* Called before the reason is printed, to leave the screen; NULL: nothing. */
extern void (*fail_prepare)(void);

/* Say why in one line on stderr, behind what was printed so far, and end. */
#define fail(status, ...)                      \
	do {                                   \
		if (fail_prepare)              \
			fail_prepare();        \
		error(status, 0, __VA_ARGS__); \
		exit(status);                  \
	} while (0)
/* The same, but go on. */
#define warn(...) error(0, 0, __VA_ARGS__)

char *text_of(const char *format, ...) __attribute__((format(printf, 1, 2)));
double seconds_now(void);
int child_run(char **argv);

#endif /* CRSTAT_CRSTAT_H */
