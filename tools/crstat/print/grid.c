// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>

#include "crstat.h"
#include "print/print.h"

/* What a wrapped column needs to be of use. */
#define WRAP_WIDTH 20

/* Forget the rows, and how wide they were unless they set the layout. */
void grid_clear(struct grid *grid, bool keep)
{
	grid->used = 0;
	grid->split &= keep;
	for (unsigned int i = 0; i < grid->nr_columns && !keep; i++) {
		grid->columns[i].cells_width = 0;
		grid->columns[i].says = false;
	}
}

/* Add the next cell. */
void grid_cell(struct grid *grid, const char *text, size_t len)
{
	struct grid_column *column = &grid->columns[grid->next++];

	if (grid->next == grid->nr_columns)
		grid->next = 0;
	if (grid->used + len + 1 > grid->size) {
		grid->size = 2 * (grid->used + len + 1);
		grid->text = or_fail(realloc(grid->text, grid->size));
	}
	memcpy(grid->text + grid->used, text, len);
	grid->text[grid->used + len] = '\0';
	grid->used += len + 1;
	column->says |= len > 1 || (len && *text != '0' && *text != '-');
	if (column->side == GRID_WRAP && len > WRAP_WIDTH)
		len = WRAP_WIDTH;
	if (column->cells_width < len)
		column->cells_width = len;
}

/* The width with or without what is above and below a heading's first '_'. */
static unsigned int heading_width(const char *heading, bool split)
{
	size_t first = strcspn(heading, "_");
	size_t len = strlen(heading);

	if (!split || first == len)
		return len;
	return first > len - first - 1 ? first : len - first - 1;
}

/* The width of the columns that are not hidden, as things stand. */
static unsigned int total_width(const struct grid *grid)
{
	unsigned int total = 0;

	for (unsigned int i = 0; i < grid->nr_columns; i++)
		if (!grid->columns[i].hidden)
			total += grid->columns[i].width + grid->gap;
	return total - grid->gap;
}

static bool fits(struct grid *grid, bool split, unsigned int gap)
{
	grid->split = split;
	grid->gap = gap;
	for (unsigned int i = 0; i < grid->nr_columns; i++) {
		struct grid_column *column = &grid->columns[i];

		column->width = heading_width(column->heading, split);
		if (column->width < column->cells_width)
			column->width = column->cells_width;
	}
	return !grid->limit || total_width(grid) <= grid->limit;
}

static unsigned int effective_rank(const struct grid_column *column)
{
	return column->rank + (column->says ? 0 : GRID_EMPTY);
}

/* The column that is missed least; NULL where all stay. */
static struct grid_column *least_missed(struct grid *grid)
{
	struct grid_column *least = NULL;

	for (unsigned int i = 0; i < grid->nr_columns; i++) {
		struct grid_column *column = &grid->columns[i];

		if (column->hidden || column->rank == GRID_STAYS)
			continue;
		if (!least || effective_rank(column) > effective_rank(least))
			least = column;
	}
	return least;
}

/* Decide the widths, and which columns make room. Return: whether anew. */
static bool lay_out(struct grid *grid)
{
	struct grid_column before[GRID_MAX_COLUMNS], *least;
	bool other = false;

	memcpy(before, grid->columns, sizeof(before));
	for (unsigned int i = 0; i < grid->nr_columns; i++)
		grid->columns[i].hidden = false;
	if ((grid->split || !fits(grid, false, 2)) && !fits(grid, true, 2))
		while (!fits(grid, true, 1) && (least = least_missed(grid)))
			least->hidden = true;
	for (unsigned int i = 0; i < grid->nr_columns; i++)
		other |= before[i].width != grid->columns[i].width ||
			 before[i].hidden != grid->columns[i].hidden;
	return other;
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
	size_t width = total_width(grid), at = 0, end = 0;

	line = memset(or_fail(realloc(line, width + 1)), ' ', width);
	for (unsigned int i = 0; i < grid->nr_columns; i++) {
		const struct grid_column *column = &grid->columns[i];
		const char *cell = text ? text : column->heading;
		size_t len = strlen(cell), first, start = at;

		if (text)
			text += len + 1;
		if (column->hidden)
			continue;
		first = text || !grid->split ? len : strcspn(cell, "_");
		if (first < len) {
			len = upper ? first : len - first - 1;
			cell += upper ? 0 : first + 1;
		} else if (upper) {
			len = 0;
		}
		at += column->width + grid->gap;
		if (text && column->side == GRID_WRAP) {
			fwrite_unlocked(line, 1, end, grid->out);
			print_wrapped(grid->out, cell, start - end, start,
				      grid->limit);
			end = 0;
			continue;
		}
		if (column->side == GRID_RIGHT)
			start += column->width - len;
		memcpy(line + start, cell, len);
		end = len ? start + len : end;
	}
	line[end++] = '\n';
	fwrite_unlocked(line, 1, end, grid->out);
	return text;
}

/*
 * Print the rows, before them the heading where it is wanted or the layout is
 * not that of the last time. Return: whether the heading was printed.
 */
bool grid_print(struct grid *grid, bool heading)
{
	const char *text = grid->text;

	grid->out = grid->out ?: stdout;
	heading |= lay_out(grid);
	if (heading && grid->colour)
		fputs("\033[1m", grid->out);
	if (heading && grid->split)
		print_line(grid, NULL, true);
	if (heading)
		print_line(grid, NULL, false);
	if (heading && grid->colour)
		fputs("\033[0m", grid->out);
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

		if (!column->hidden || effective_rank(column) >= GRID_EMPTY)
			continue;
		printf("%s%s", before, column->heading);
		before = ", ";
	}
	if (*before == ',')
		putchar('\n');
}
