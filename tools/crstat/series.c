// SPDX-License-Identifier: GPL-2.0
/* Readings one after the other: a view once, or of intervals; a recording. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "crstat.h"
#include "print/print.h"

/* The part of an interval by which a recorded one may be too short. */
#define EARLY 0.1

/* Seconds since some time in the past, to measure intervals with. */
double seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

static void take_reading(struct reading *reading, struct source *source)
{
	table_copy(&reading->table, source_table(source, view.id));
	reading->seconds = source->seconds;
}

/* What happened, of rows where anything did, as one sheet. */
static void print_between(const struct reading *from, struct reading *to)
{
	struct table delta = { 0 };
	struct sheet sheet;

	subtract_table(&from->table, &to->table, &delta, false);
	if (!view.all || view.id != FILE_bits)
		select_rows(&(struct select){ .nonzero = IDLE_LIVE }, &delta);
	sheet_open(&sheet, &delta, 0);
	sheet_print(&sheet);
	table_free(&delta);
}

/* Print a view of what was counted since the last reset. */
void series_once(void)
{
	struct sheet sheet;

	source_at(&view.source, view.at);
	source_table(&view.source, view.id);
	select_check(&view.select, &view.source);
	sheet_open(&sheet, &view.source.tables[view.id], 0);
	sheet_print(&sheet);
}

/* Take the first reading. */
void series_open(struct series *series)
{
	*series = (struct series){ 0 };
	source_next(&view.source);
	take_reading(&series->first, &view.source);
	take_reading(&series->now, &view.source);
}

/* To the end of the interval; false where a recording has no more of it. */
static bool next_end(double from)
{
	const double *now = &view.source.seconds;

	while (source_next(&view.source))
		/* A clock that went back is another boot's. */
		if (!view.source.recording || *now < from ||
		    *now - from >= view.interval * (1 - EARLY))
			return true;
	/* What is left at the end is an interval too. */
	return *now > from;
}

/* Takes the next reading. Return: false where a recording is over. */
bool series_next(struct series *series)
{
	do {
		struct reading used = series->before;

		if (!next_end(series->now.seconds))
			return false;
		series->before = series->now;
		series->now = used;
		take_reading(&series->now, &view.source);
		series->seconds = series->now.seconds - series->before.seconds;
	} while (series->seconds <= 0);
	subtract_table(&series->before.table, &series->now.table,
		       &series->delta, true);
	return true;
}

void series_close(struct series *series)
{
	table_free(&series->first.table);
	table_free(&series->before.table);
	table_free(&series->now.table);
	table_free(&series->delta);
}

/*
 * Wait until another interval has gone by since the first call, when signals
 * are held back that end the series: they can't come between a look at a flag
 * and the sleep. Ends that were missed, as by a machine that slept, are not
 * made up for. Return: false where it was a signal that ended it.
 */
static bool wait_interval(void)
{
	static double deadline;
	static sigset_t stop;
	double now = seconds_now(), left;
	struct timespec for_time;

	if (!deadline) {
		deadline = now;
		sigemptyset(&stop);
		sigaddset(&stop, SIGINT);
		sigaddset(&stop, SIGTERM);
		sigprocmask(SIG_BLOCK, &stop, NULL);
		return true;
	}
	deadline += view.interval;
	if (now > deadline)
		deadline = now - fmod(now - deadline, view.interval);
	left = MAX(deadline - now, 0);
	for_time = (struct timespec){ left, fmod(left, 1) * 1e9 };
	return sigtimedwait(&stop, NULL, &for_time) < 0;
}

/* Rows below those of the interval before, with heads where they are needed. */
static void print_rows(const struct sheet *sheet)
{
	static struct grid grid;
	static struct sheet before;
	/* Lines that the terminal shows since the heads. */
	static size_t lines;
	size_t nr = sheet->table->nr_rows ?: 1;
	bool same = before.nr_shown == sheet->nr_shown &&
		    !memcmp(before.shown, sheet->shown, sizeof(before.shown));
	bool keep = same && lines &&
		    (!view.height || lines + nr + 2 <= view.height);

	if (!same)
		grid.nr_columns = 0;
	before = *sheet;
	grid_clear(&grid, keep);
	sheet_grid(sheet, &grid);
	lines = grid_print(&grid) ? nr : lines + nr;
}

/* Print a view of each interval until stopped, or of all that are recorded. */
void series_run(void)
{
	bool live = !view.source.recording, more = true;
	struct series series;
	struct sheet sheet;
	unsigned long nr = 0;
	size_t rows = 0;

	if (live)
		wait_interval();
	series_open(&series);
	if (live) {
		select_check(&view.select, &view.source);
		view.source.wanted = BIT(view.id);
	}
	while ((!view.count || nr < view.count) &&
	       (!live || (more = wait_interval())) && series_next(&series)) {
		select_rows(&(struct select){ .nonzero = 1 }, &series.delta);
		sheet_open(&sheet, &series.delta, series.seconds);
		if (view.format == FORMAT_TEXT && !sheet.histograms)
			print_rows(&sheet);
		else if (view.format == FORMAT_CSV)
			csv_print(&sheet, !nr);
		else
			sheet_print(&sheet);
		nr++;
		rows += sheet.table->nr_rows;
		if (live && fflush(stdout))
			fail(FAIL_SYSTEM, "cannot write: %s", strerror(errno));
	}
	if (!more && view.format == FORMAT_TEXT && nr) {
		printf("\nIn %.3f seconds:\n\n",
		       series.now.seconds - series.first.seconds);
		print_between(&series.first, &series.now);
	}
	/* In a recording a guest can come later. */
	if (!live && !rows)
		select_check(&view.select, &view.source);
	series_close(&series);
}

/* Run a command and print what happened meanwhile to stderr. */
void series_command(void)
{
	struct reading before = { 0 }, now = { 0 };

	source_at(&view.source, view.at);
	take_reading(&before, &view.source);
	select_check(&view.select, &view.source);
	view.status = child_run(view.command);
	if (view.status < 0) {
		view.status = -view.status;
		return;
	}
	source_next(&view.source);
	take_reading(&now, &view.source);
	/* stdout is the command's. */
	dup2(STDERR_FILENO, STDOUT_FILENO);
	if (view.format == FORMAT_TEXT)
		printf("\nIn %.3f seconds of %s:\n\n",
		       now.seconds - before.seconds, view.command[0]);
	print_between(&before, &now);
}

static void say_when(const char *word, const struct source *source)
{
	const struct table *snapshot = &source->tables[FILE_snapshot];
	char time[32];

	print_time(time, source->unix_ms, "%FT%TZ");
	printf("%s %s on %s", word, time,
	       source->recording && snapshot->nr_rows ?
		       cell_word(&snapshot->rows[0][SNAPSHOT_host]) :
		       "this host");
}

/* Print what was counted from one reading to another. */
void series_diff(void)
{
	struct reading before = { 0 }, now = { 0 };
	struct source from = { .wanted = view.source.wanted };

	source_at(&view.source, NULL);
	take_reading(&now, &view.source);
	source_open(&from, view.operands[0]);
	if (view.at)
		source_at(&from, view.at);
	else
		source_next(&from);
	take_reading(&before, &from);
	select_check(&view.select, &view.source);
	/* A folder doesn't tell its time. */
	if (view.format == FORMAT_TEXT && from.recording &&
	    (view.source.recording || !view.source.captured)) {
		say_when("From", &from);
		say_when(" to", &view.source);
		printf(", %.3f seconds:\n\n",
		       (view.source.unix_ms - from.unix_ms) / 1e3);
	}
	print_between(&before, &now);
	source_close(&from);
}

/* Write snapshots of all files, one now and one at each interval's end. */
void record_run(void)
{
	struct source *source = &view.source, last = { 0 };
	bool live = view.interval && !source->recording;
	unsigned long nr = 0;
	FILE *out = stdout;

	if (live)
		wait_interval();
	if (view.interval)
		source_next(source);
	else
		source_at(source, view.at);
	/* Without the module no file is left behind. */
	source_table(source, FILE_vcpus);
	if (view.output)
		out = fopen(view.output, "we");
	if (!out)
		fail(FAIL_SYSTEM, "%s: %s", view.output, strerror(errno));
	do {
		source_table(source, FILE_vcpus);
		/* What was recorded stays what it is: of its time and host. */
		source_describe(source);
		recording_write(out, &last, source);
		if (fflush(out))
			fail(FAIL_SYSTEM, "cannot write: %s", strerror(errno));
	} while (view.interval && (!view.count || nr++ < view.count) &&
		 (!live || wait_interval()) && source_next(source));
	source_close(&last);
}
