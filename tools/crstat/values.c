// SPDX-License-Identifier: GPL-2.0
/* Which values guests wrote, how often, and what their bits are. */
#include "fold.h"
#include "regs.h"
#include "sheet.h"

static void add_value(struct grid *grid, const struct cell *row)
{
	const struct cell *value = &row[VALUES_value];
	char text[REG_BITS_LEN] = "";

	grid_cell(grid, value, KIND_HEX);
	if (value->type == CELL_NUMBER)
		reg_describe(text, sizeof(text), cell_word(&row[VALUES_reg]),
			     value->number);
	grid_word(grid, text);
}

/**
 * values_view - print the values written to each register, most frequent first
 * @view: arguments
 */
void values_view(const struct view *view)
{
	struct sheet sheet;
	struct table *values = &sheet.table;
	struct grid *grid = &sheet.grid;
	uint64_t group;
	bool errors;
	size_t end;

	sheet_open(&sheet, view, FILE_values);
	group = sheet.group | COLUMN_BIT(VALUES_reg);
	fold_table(values, group | COLUMN_BIT(VALUES_value));
	rank_table(values, group, VALUES_count);
	errors = group_sum(values, 0, values->nr_rows, VALUES_error);

	sheet_columns(&sheet);
	grid_column(grid, "reg", GRID_LEFT, GRID_STAYS);
	grid_column(grid, "percent", GRID_RIGHT, GRID_STAYS);
	grid_column(grid, "count", GRID_RIGHT, GRID_STAYS);
	if (errors)
		grid_column(grid, "error", GRID_RIGHT, GRID_STAYS);
	grid_column(grid, "value", GRID_LEFT, GRID_STAYS);
	grid_column(grid, "bits", GRID_WRAP, GRID_STAYS);
	for (size_t i = 0; i < values->nr_rows; i = end) {
		uint64_t sum;

		end = group_end(values, i, group);
		sum = group_sum(values, i, end, VALUES_count);
		for (size_t k = i; k < end; k++) {
			const struct cell *row = table_row(values, k);

			sheet_row(&sheet, row);
			grid_cell(grid, &row[VALUES_reg], KIND_WORD);
			grid_percent(grid, cell_number(&row[VALUES_count]),
				     sum);
			grid_cell(grid, &row[VALUES_count], KIND_COUNT);
			if (errors)
				grid_cell(grid, &row[VALUES_error], KIND_COUNT);
			add_value(grid, row);
		}
	}
	sheet_close(&sheet);
}
