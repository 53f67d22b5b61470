// SPDX-License-Identifier: GPL-2.0
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "fail.h"

void (*fail_prepare)(void);

/**
 * fail - say why in one line on stderr and end
 * @status: exit status
 * @format: what is wrong and what to do about it, without a newline
 */
void fail(enum fail_status status, const char *format, ...)
{
	va_list args;

	if (fail_prepare)
		fail_prepare();
	/* What was printed so far belongs before the reason for its end. */
	fflush(stdout);
	fputs("crstat: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(status);
}

/**
 * or_fail - end where an allocation failed
 * @memory: result of an allocation that asked for more than 0 bytes
 *
 * Return: @memory, never NULL.
 */
void *or_fail(void *memory)
{
	if (!memory)
		fail(FAIL_SYSTEM, "out of memory");
	return memory;
}
