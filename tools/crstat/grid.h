/* SPDX-License-Identifier: GPL-2.0 */
/* Text in aligned columns, fit for a width. */
#ifndef CRSTAT_GRID_H
#define CRSTAT_GRID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "read.h"

/* The columns of the file vcpus and some more. */
#define GRID_MAX_COLUMNS 40

/*
 * Where text stands in its column: words left, numbers right. GRID_WRAP is left
 * and goes on below itself where the width ends, for the last column alone.
 */
enum grid_side { GRID_LEFT, GRID_RIGHT, GRID_WRAP };

/*
 * Rank of a column that never makes room; the higher, the earlier it does. An
 * empty column is ranked this much higher, a dispensable one goes before those.
 */
#define GRID_STAYS 0
#define GRID_EMPTY 100
#define GRID_DISPENSABLE 200

struct grid_column {
	const char *heading;
	enum grid_side side;
	unsigned int rank;
	unsigned int width;
	bool hidden;
	/* The rows hold only "0", "-" and nothing. */
	bool empty;
};

struct grid {
	struct grid_column columns[GRID_MAX_COLUMNS];
	unsigned int nr_columns;
	/* Width of the terminal; 0: no limit. */
	unsigned int limit;
	bool colour;
	/* Where it is printed; NULL: stdout. */
	FILE *out;

	/* The layout. Split headings take two lines, cut at '_'. */
	bool split;
	unsigned int gap;

	/* The cells' texts, each with '\0' after it, row by row. */
	char *text;
	size_t text_used;
	size_t text_size;
	size_t *cells;
	size_t nr_cells;
	size_t max_cells;
};

void grid_free(struct grid *grid);
void grid_clear(struct grid *grid);
void grid_column(struct grid *grid, const char *heading, enum grid_side side,
		 unsigned int rank);
void grid_text(struct grid *grid, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void grid_word(struct grid *grid, const char *word);
void grid_percent(struct grid *grid, uint64_t part, uint64_t whole);
void grid_cell(struct grid *grid, const struct cell *cell, enum kind kind);
bool grid_layout(struct grid *grid, bool keep);
void grid_print_heading(const struct grid *grid);
void grid_print_rows(const struct grid *grid);
void grid_print(struct grid *grid);

#endif /* CRSTAT_GRID_H */
