// SPDX-License-Identifier: GPL-2.0
/* Which instructions of the guests accessed the registers. */
#include <inttypes.h>
#include <stdio.h>

#include "fold.h"
#include "sheet.h"
#include "symbols.h"

/* What is worth a look without --all. */
#define TOP 20

static void add_name(struct grid *grid, const struct symbols *symbols,
		     const struct cell *row)
{
	const struct cell *address = &row[SITES_address];
	const struct symbol *symbol;

	if (address->type != CELL_NUMBER) {
		grid_word(grid, "");
		return;
	}
	symbol = symbol_find(symbols, address->number);
	if (symbol)
		grid_text(grid, "%s+0x%" PRIx64, symbol->name,
			  address->number - symbol->address);
	else
		grid_word(grid, address_area(address->number,
					     cell_word(&row[SITES_mode])));
}

/**
 * sites_view - print the instructions of each VM, most frequent first
 * @view: arguments
 */
void sites_view(const struct view *view)
{
	static const unsigned char shown[] = {
		SITES_reg,
		SITES_dir,
		SITES_mode,
		SITES_address,
	};
	struct symbols symbols = { 0 };
	struct sheet sheet;
	struct table *sites = &sheet.table;
	struct grid *grid = &sheet.grid;
	size_t end, hidden = 0;
	bool errors;

	if (view->kallsyms)
		symbols_read(&symbols, view->kallsyms);
	sheet_open(&sheet, view, FILE_sites);
	fold_table(sites, sheet.group | COLUMN_BIT(SITES_address) |
				  COLUMN_BIT(SITES_mode) |
				  COLUMN_BIT(SITES_reg) |
				  COLUMN_BIT(SITES_dir));
	rank_table(sites, sheet.group, SITES_count);
	errors = group_sum(sites, 0, sites->nr_rows, SITES_error);

	sheet_columns(&sheet);
	grid_column(grid, "percent", GRID_RIGHT, GRID_STAYS);
	grid_column(grid, "count", GRID_RIGHT, GRID_STAYS);
	if (errors)
		grid_column(grid, "error", GRID_RIGHT, GRID_STAYS);
	for (size_t c = 0; c < sizeof(shown); c++)
		grid_column(grid, sites->file->columns[shown[c]].name,
			    GRID_LEFT, GRID_STAYS);
	grid_column(grid, "name", GRID_WRAP, GRID_STAYS);
	for (size_t i = 0; i < sites->nr_rows; i = end) {
		uint64_t sum;

		end = group_end(sites, i, sheet.group);
		sum = group_sum(sites, i, end, SITES_count);
		for (size_t k = i; k < end; k++) {
			const struct cell *row = table_row(sites, k);

			if (k - i == TOP && !view->all) {
				hidden += end - k;
				break;
			}
			sheet_row(&sheet, row);
			grid_percent(grid, cell_number(&row[SITES_count]), sum);
			grid_cell(grid, &row[SITES_count], KIND_COUNT);
			if (errors)
				grid_cell(grid, &row[SITES_error], KIND_COUNT);
			for (size_t c = 0; c < sizeof(shown); c++)
				grid_cell(grid, &row[shown[c]],
					  sites->file->kinds[shown[c]]);
			add_name(grid, &symbols, row);
		}
	}
	sheet_close(&sheet);
	if (hidden)
		printf("%zu more, with --all\n", hidden);
	symbols_free(&symbols);
}
