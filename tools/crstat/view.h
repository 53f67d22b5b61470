/* SPDX-License-Identifier: GPL-2.0 */
/* What each view gets from the arguments, and the views. */
#ifndef CRSTAT_VIEW_H
#define CRSTAT_VIEW_H

#include <stdbool.h>

#include "select.h"

enum format {
	FORMAT_TEXT,
	FORMAT_JSON,
	FORMAT_CSV,
	FORMAT_OPENMETRICS,
	FORMAT_PROMETHEUS,
};

struct view {
	struct source source;
	enum format format;
	/* Width of the terminal; 0: no limit. */
	unsigned int width;
	/* Its lines; 0: not a terminal. */
	unsigned int height;
	bool colour;

	/* Of the table and record: seconds between and how often; 0: once. */
	double interval;
	unsigned long count;
	struct select select;
	/* Of bits and sites. */
	bool all;
	/* Of sites. */
	const char *kallsyms;
	/* Of record. */
	const char *output;
	/* Of diff. */
	const char *operands[2];
	unsigned int nr_operands;
};

void view_terminal(struct view *view);

int command_view(struct view *view, char **argv);
void table_view(const struct view *view);
void rates_view(const struct view *view);
void values_view(const struct view *view);
void bits_view(const struct view *view);
void sites_view(const struct view *view);
void callers_view(const struct view *view);
void probes_view(const struct view *view);
void record_view(const struct view *view);
void diff_view(const struct view *view);
void top_view(const struct view *view);
void explain_view(const struct view *view);

#endif /* CRSTAT_VIEW_H */
