// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>

#include "crstat.h"
#include "print/print.h"

/* What a wrapped column needs to be of use. */
#define WRAP_WIDTH 20

/* Forget the rows, and the layout unless it is kept. */
void grid_clear(struct grid *grid, bool keep)
{
	grid->used = 0;
	grid->split &= keep;
	for (unsigned int i = 0; i < GRID_MAX_COLUMNS && !keep; i++) {
		grid->widths[i] = 0;
		grid->columns[i].cells_width = 0;
		grid->columns[i].says = false;
	}
}

/* Add a cell of a column; @text has a '\0' after it. */
void grid_cell(struct grid *grid, unsigned int i, const char *text, size_t len)
{
	struct grid_column *column = &grid->columns[i];

	if (grid->used + len + 1 > grid->size) {
		grid->size = 2 * (grid->used + len + 1);
		grid->text = or_fail(realloc(grid->text, grid->size));
	}
	memcpy(grid->text + grid->used, text, len + 1);
	grid->used += len + 1;
	column->says |= len > 1 || (len && *text != '0' && *text != '-');
	if (column->side == GRID_WRAP)
		len = MIN(len, WRAP_WIDTH);
	column->cells_width = MAX(len, column->cells_width);
}

/* Set the widths as things stand. Return: whether the columns fit. */
static bool fits(struct grid *grid, bool split, unsigned int gap)
{
	grid->split = split;
	grid->gap = gap;
	grid->width = 0;
	for (unsigned int i = 0; i < grid->nr_columns; i++) {
		const char *heading = grid->columns[i].heading;
		size_t width = strlen(heading), first = strcspn(heading, "_");

		if (split && first < width)
			width = MAX(first, width - first - 1);
		width = MAX(width, grid->columns[i].cells_width);
		grid->width += grid->widths[i] < 0 ? 0 : width + gap;
		grid->widths[i] = grid->widths[i] < 0 ? -width : width;
	}
	return !view.width || grid->width <= view.width + gap;
}

/* How soon a column makes room as things stand. */
static unsigned int rank_now(const struct grid *grid, unsigned int i)
{
	const struct grid_column *column = &grid->columns[i];

	if (grid->widths[i] < 0 || column->rank == GRID_STAYS)
		return GRID_STAYS;
	return column->rank + (column->says ? 0 : GRID_EMPTY);
}

/* Decide the widths, and which columns make room. Return: whether anew. */
static bool lay_out(struct grid *grid)
{
	int before[GRID_MAX_COLUMNS];
	unsigned int least = 0;
	bool done;

	memcpy(before, grid->widths, sizeof(before));
	memset(grid->widths, 0, sizeof(grid->widths));
	done = (!grid->split && fits(grid, false, 2)) || fits(grid, true, 2);
	while (!done && !fits(grid, true, 1)) {
		for (unsigned int i = 0; i < grid->nr_columns; i++)
			if (rank_now(grid, i) > rank_now(grid, least))
				least = i;
		done = rank_now(grid, least) == GRID_STAYS;
		if (!done)
			grid->widths[least] *= -1;
	}
	return memcmp(before, grid->widths, sizeof(before));
}

/* Print a text, cut at blanks; lines but the first begin at @start. */
void print_wrapped(FILE *out, const char *text, unsigned int blanks,
		   unsigned int start, unsigned int limit)
{
	size_t room = limit > start + WRAP_WIDTH ? limit - start : WRAP_WIDTH;
	const char *cut;

	while (limit && strlen(text) > room &&
	       (cut = memrchr(text, ' ', room + 1))) {
		fprintf(out, "%*s%.*s\n", (int)blanks, "", (int)(cut - text),
			text);
		blanks = start;
		text = cut + 1;
	}
	if (*text)
		fprintf(out, "%*s%s", (int)blanks, "", text);
}

/*
 * Print a line of each column's text from @text on, NULL: of its heading or the
 * upper half of that. No line ends in blanks. Return: where the next line's
 * text is.
 */
static const char *print_line(const struct grid *grid, const char *text,
			      bool upper)
{
	static char *line;
	size_t at = 0, end = 0;

	line = or_fail(realloc(line, grid->width + 1));
	memset(line, ' ', grid->width);
	for (unsigned int i = 0; i < grid->nr_columns; i++) {
		const struct grid_column *column = &grid->columns[i];
		const char *cell = text ?: column->heading, *cut = NULL;
		size_t len, start = at;

		if (!text && grid->split)
			cut = strchr(cell, '_');
		if (cut && !upper)
			cell = cut + 1;
		len = strlen(cell);
		if (upper)
			len = cut ? cut - cell : 0;
		if (text)
			text += len + 1;
		if (grid->widths[i] < 0)
			continue;
		at += grid->widths[i] + grid->gap;
		if (text && column->side == GRID_WRAP) {
			fwrite_unlocked(line, 1, end, grid->out);
			print_wrapped(grid->out, cell, start - end, start,
				      view.width);
			end = 0;
			continue;
		}
		if (column->side == GRID_RIGHT)
			start += grid->widths[i] - len;
		memcpy(line + start, cell, len);
		end = len ? start + len : end;
	}
	line[end++] = '\n';
	fwrite_unlocked(line, 1, end, grid->out);
	return text;
}

/* Print the rows, a new layout's heading above. Return: whether it is new. */
bool grid_print(struct grid *grid)
{
	bool heading = lay_out(grid);
	bool bold = heading && view.colour && !view.screen;
	const char *text = grid->text;

	grid->out = grid->out ?: stdout;
	fputs(bold ? "\033[1m" : "", grid->out);
	if (heading && grid->split)
		print_line(grid, NULL, true);
	if (heading)
		print_line(grid, NULL, false);
	fputs(bold ? "\033[0m" : "", grid->out);
	while (grid->used && text < grid->text + grid->used)
		text = print_line(grid, text, false);
	return heading;
}

/* What made room although it had something to say is named. */
void grid_print_hidden(const struct grid *grid)
{
	const char *before = "not shown for want of width: ";

	for (unsigned int i = 0; i < grid->nr_columns; i++) {
		const struct grid_column *column = &grid->columns[i];

		if (grid->widths[i] < 0 && column->says &&
		    column->rank < GRID_EMPTY) {
			printf("%s%s", before, column->heading);
			before = ", ";
		}
	}
	if (*before == ',')
		putchar('\n');
}
