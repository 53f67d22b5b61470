// SPDX-License-Identifier: GPL-2.0
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "crstat.h"
#include "table/table.h"

void (*fail_prepare)(void);

static void say_why(const char *format, va_list args)
{
	/* What was printed so far belongs before it. */
	fflush(stdout);
	fputs("crstat: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
}

/* Say why in one line on stderr and end. */
void fail(enum fail_status status, const char *format, ...)
{
	va_list args;

	if (fail_prepare)
		fail_prepare();
	va_start(args, format);
	say_why(format, args);
	exit(status);
}

/* The same, but go on. */
void warn(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say_why(format, args);
	va_end(args);
}

/* A formatted text, to be freed. */
char *text_of(const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	return or_fail(text);
}

/* The result of an allocation that asked for more than 0 bytes, never NULL. */
void *or_fail(void *memory)
{
	if (!memory)
		fail(FAIL_SYSTEM, "out of memory");
	return memory;
}
