// SPDX-License-Identifier: GPL-2.0
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "grid.h"

/**
 * grid_free - free what a grid holds
 * @grid: grid
 */
void grid_free(struct grid *grid)
{
	free(grid->text);
	free(grid->cells);
	*grid = (struct grid){ 0 };
}

/**
 * grid_clear - forget the rows, keep the columns and the layout
 * @grid: grid
 */
void grid_clear(struct grid *grid)
{
	grid->text_used = 0;
	grid->nr_cells = 0;
}

/**
 * grid_column - add a column
 * @grid: grid without rows
 * @heading: its heading, which stays the caller's
 * @side: where its cells stand
 * @rank: GRID_STAYS, or the higher, the earlier it makes room for others
 */
void grid_column(struct grid *grid, const char *heading, enum grid_side side,
		 unsigned int rank)
{
	if (grid->nr_columns == GRID_MAX_COLUMNS)
		fail(FAIL_SYSTEM, "too many columns");
	grid->columns[grid->nr_columns++] = (struct grid_column){
		.heading = heading,
		.side = side,
		.rank = rank,
	};
}

static char *reserve(struct grid *grid, size_t len)
{
	if (grid->text_used + len > grid->text_size) {
		grid->text_size = 2 * (grid->text_used + len);
		grid->text = or_fail(realloc(grid->text, grid->text_size));
	}
	return grid->text + grid->text_used;
}

/* The next cell's text has been written, its '\0' too, where reserve() said. */
static void end_cell(struct grid *grid, size_t len)
{
	if (grid->nr_cells == grid->max_cells) {
		grid->max_cells = grid->max_cells ? 2 * grid->max_cells : 256;
		grid->cells = or_fail(reallocarray(grid->cells, grid->max_cells,
						   sizeof(*grid->cells)));
	}
	grid->cells[grid->nr_cells++] = grid->text_used;
	grid->text_used += len + 1;
}

/**
 * grid_text - add the next cell
 * @grid: grid
 * @format: its text
 */
void grid_text(struct grid *grid, const char *format, ...)
{
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	va_start(args, format);
	vsnprintf(reserve(grid, len + 1), len + 1, format, args);
	va_end(args);
	end_cell(grid, len);
}

static void add_cell(struct grid *grid, const char *text, size_t len)
{
	memcpy(reserve(grid, len + 1), text, len + 1);
	end_cell(grid, len);
}

/**
 * grid_word - add a word as the next cell
 * @grid: grid
 * @word: the word
 */
void grid_word(struct grid *grid, const char *word)
{
	add_cell(grid, word, strlen(word));
}

/* printf() would be most of what a table of many vCPUs costs. */
static void number_cell(struct grid *grid, uint64_t number, unsigned int base)
{
	char text[sizeof("18446744073709551615")];
	char *end = &text[sizeof(text) - 1];
	char *first = end;

	*end = '\0';
	do {
		*--first = "0123456789abcdef"[number % base];
		number /= base;
	} while (number);
	if (base == 16) {
		*--first = 'x';
		*--first = '0';
	}
	add_cell(grid, first, end - first);
}

/**
 * grid_cell - add a table's cell as the next one
 * @grid: grid
 * @cell: cell
 * @kind: kind of its column
 */
void grid_cell(struct grid *grid, const struct cell *cell, enum kind kind)
{
	if (cell->type == CELL_NUMBER)
		number_cell(grid, cell->number, kind == KIND_HEX ? 16 : 10);
	else
		grid_word(grid, cell_word(cell));
}

/**
 * grid_percent - add a share as the next cell
 * @grid: grid
 * @part: the share
 * @whole: what it is a share of
 */
void grid_percent(struct grid *grid, uint64_t part, uint64_t whole)
{
	grid_text(grid, "%.2f%%", whole ? 100.0 * part / whole : 0.0);
}

static const char *cell_text(const struct grid *grid, size_t row,
			     unsigned int column)
{
	return grid->text + grid->cells[row * grid->nr_columns + column];
}

static size_t cell_len(const struct grid *grid, size_t row, unsigned int column)
{
	size_t cell = row * grid->nr_columns + column;
	size_t end = cell + 1 < grid->nr_cells ? grid->cells[cell + 1] :
						 grid->text_used;

	return end - grid->cells[cell] - 1;
}

static size_t nr_rows(const struct grid *grid)
{
	return grid->nr_cells / grid->nr_columns;
}

static unsigned int heading_width(const char *heading, bool split)
{
	size_t first = strcspn(heading, "_");
	size_t len = strlen(heading);

	if (!split || first == len)
		return len;
	return first > len - first - 1 ? first : len - first - 1;
}

/* What a wrapped column needs to be of use. */
#define WRAP_WIDTH 20

static void measure(struct grid *grid, bool keep)
{
	for (unsigned int i = 0; i < grid->nr_columns; i++) {
		struct grid_column *column = &grid->columns[i];
		size_t width = heading_width(column->heading, grid->split);

		if (!keep)
			column->width = 0;
		if (column->width < width)
			column->width = width;
		for (size_t row = 0; row < nr_rows(grid); row++) {
			width = cell_len(grid, row, i);
			if (column->side == GRID_WRAP && width > WRAP_WIDTH)
				width = WRAP_WIDTH;
			if (column->width < width)
				column->width = width;
		}
	}
}

static void find_empty(struct grid *grid, bool keep)
{
	for (unsigned int i = 0; i < grid->nr_columns; i++) {
		struct grid_column *column = &grid->columns[i];

		if (!keep)
			column->empty = true;
		for (size_t row = 0; row < nr_rows(grid); row++) {
			const char *text = cell_text(grid, row, i);

			if (*text && strcmp(text, "0") && strcmp(text, "-")) {
				column->empty = false;
				break;
			}
		}
	}
}

static unsigned int total_width(const struct grid *grid)
{
	unsigned int total = 0;

	for (unsigned int i = 0; i < grid->nr_columns; i++)
		if (!grid->columns[i].hidden)
			total += grid->columns[i].width + grid->gap;
	return total - grid->gap;
}

static bool fits(const struct grid *grid)
{
	return !grid->limit || total_width(grid) <= grid->limit;
}

static unsigned int effective_rank(const struct grid_column *column)
{
	return column->rank + (column->empty ? GRID_EMPTY : 0);
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

/**
 * grid_layout - decide the widths, and which columns make room
 * @grid: grid with its rows
 * @keep: stay with the layout before this one as far as the rows allow it
 *
 * Return: whether the layout is another one than before.
 */
bool grid_layout(struct grid *grid, bool keep)
{
	struct grid_column before[GRID_MAX_COLUMNS];
	struct grid_column *least;

	memcpy(before, grid->columns, sizeof(before));
	for (unsigned int i = 0; i < grid->nr_columns; i++)
		grid->columns[i].hidden = false;
	find_empty(grid, keep);
	if (!keep) {
		grid->split = false;
		grid->gap = 2;
	}
	measure(grid, keep);
	if (!fits(grid) && !grid->split) {
		grid->split = true;
		measure(grid, false);
	}
	if (!fits(grid))
		grid->gap = 1;
	while (!fits(grid) && (least = least_missed(grid)))
		least->hidden = true;
	for (unsigned int i = 0; i < grid->nr_columns; i++)
		if (before[i].width != grid->columns[i].width ||
		    before[i].hidden != grid->columns[i].hidden)
			return true;
	return false;
}

static FILE *output(const struct grid *grid)
{
	return grid->out ? grid->out : stdout;
}

/*
 * Blanks are owed rather than printed, so that no line ends in them. Returns
 * those owed after the text.
 */
static unsigned int print_field(const struct grid *grid,
				const struct grid_column *column,
				const char *text, size_t len,
				unsigned int blanks)
{
	unsigned int fill = column->width > len ? column->width - len : 0;
	FILE *out = output(grid);

	if (!len)
		return blanks + fill + grid->gap;
	if (column->side == GRID_RIGHT)
		blanks += fill;
	while (blanks--)
		putc_unlocked(' ', out);
	while (len--)
		putc_unlocked(*text++, out);
	return grid->gap + (column->side == GRID_RIGHT ? 0 : fill);
}

/* Lines of a wrapped column, cut at blanks, each below the one before. */
static void print_wrapped(const struct grid *grid,
			  const struct grid_column *column, const char *text,
			  unsigned int blanks)
{
	unsigned int start = total_width(grid) - column->width;
	size_t room = grid->limit > start + WRAP_WIDTH ? grid->limit - start :
							 WRAP_WIDTH;

	while (grid->limit && strlen(text) > room) {
		const char *cut = memrchr(text, ' ', room + 1);

		if (!cut)
			break;
		fprintf(output(grid), "%*s%.*s\n", (int)blanks, "",
			(int)(cut - text), text);
		blanks = start;
		text = cut + 1;
	}
	print_field(grid, column, text, strlen(text), blanks);
}

static void print_headings(const struct grid *grid, bool lower)
{
	unsigned int blanks = 0;

	for (unsigned int i = 0; i < grid->nr_columns; i++) {
		const char *text = grid->columns[i].heading;
		size_t len = strlen(text);
		size_t first = grid->split ? strcspn(text, "_") : len;

		if (grid->columns[i].hidden)
			continue;
		if (first < len && lower) {
			text += first + 1;
			len -= first + 1;
		} else if (first < len) {
			len = first;
		} else if (!lower) {
			len = 0;
		}
		blanks =
			print_field(grid, &grid->columns[i], text, len, blanks);
	}
	putc('\n', output(grid));
}

/**
 * grid_print_heading - print the headings
 * @grid: grid with a layout
 */
void grid_print_heading(const struct grid *grid)
{
	if (grid->colour)
		fputs("\033[1m", output(grid));
	if (grid->split)
		print_headings(grid, false);
	print_headings(grid, true);
	if (grid->colour)
		fputs("\033[0m", output(grid));
}

/**
 * grid_print_rows - print the rows
 * @grid: grid with a layout
 */
void grid_print_rows(const struct grid *grid)
{
	for (size_t row = 0; row < nr_rows(grid); row++) {
		unsigned int blanks = 0;

		for (unsigned int i = 0; i < grid->nr_columns; i++) {
			const struct grid_column *column = &grid->columns[i];
			const char *text = cell_text(grid, row, i);

			if (column->hidden)
				continue;
			if (column->side == GRID_WRAP)
				print_wrapped(grid, column, text, blanks);
			else
				blanks = print_field(grid, column, text,
						     cell_len(grid, row, i),
						     blanks);
		}
		putc('\n', output(grid));
	}
}

/* What made room although it had something to say is named. */
static void print_hidden(const struct grid *grid)
{
	const char *before = "not shown for want of width: ";

	for (unsigned int i = 0; i < grid->nr_columns; i++) {
		const struct grid_column *column = &grid->columns[i];

		if (column->hidden && effective_rank(column) < GRID_EMPTY) {
			fprintf(output(grid), "%s%s", before, column->heading);
			before = ", ";
		}
	}
	if (*before == ',')
		putc('\n', output(grid));
}

/**
 * grid_print - lay out and print headings and rows
 * @grid: grid with its rows
 */
void grid_print(struct grid *grid)
{
	grid_layout(grid, false);
	grid_print_heading(grid);
	grid_print_rows(grid);
	print_hidden(grid);
}
