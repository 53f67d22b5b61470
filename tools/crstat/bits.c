// SPDX-License-Identifier: GPL-2.0
/* Which bits of CR0 and CR4 guests set and cleared. */
#include "fold.h"
#include "sheet.h"

/**
 * bits_view - print how often each bit was set and cleared
 * @view: arguments
 */
void bits_view(const struct view *view)
{
	static const unsigned char shown[] = {
		BITS_reg, BITS_bit, BITS_name, BITS_set, BITS_cleared,
	};
	struct sheet sheet;
	struct table *bits = &sheet.table;
	uint64_t group;

	sheet_open(&sheet, view, FILE_bits);
	group = sheet.group | COLUMN_BIT(BITS_reg);
	fold_table(bits, group | COLUMN_BIT(BITS_bit) | COLUMN_BIT(BITS_name));
	rank_table(bits, group, BITS_set);

	sheet_columns(&sheet);
	for (size_t c = 0; c < sizeof(shown); c++)
		grid_column(&sheet.grid, bits->file->columns[shown[c]].name,
			    bits->file->kinds[shown[c]] == KIND_WORD ?
				    GRID_LEFT :
				    GRID_RIGHT,
			    GRID_STAYS);
	for (size_t i = 0; i < bits->nr_rows; i++) {
		const struct cell *row = table_row(bits, i);

		if (!view->all && !cell_number(&row[BITS_set]) &&
		    !cell_number(&row[BITS_cleared]))
			continue;
		sheet_row(&sheet, row);
		for (size_t c = 0; c < sizeof(shown); c++)
			grid_cell(&sheet.grid, &row[shown[c]],
				  bits->file->kinds[shown[c]]);
	}
	sheet_close(&sheet);
}
