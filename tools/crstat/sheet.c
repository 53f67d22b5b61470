// SPDX-License-Identifier: GPL-2.0
#include "fold.h"
#include "sheet.h"

/**
 * sheet_open - read a file for a view
 * @sheet: filled in
 * @view: arguments, which stay the caller's
 * @id: file
 */
void sheet_open(struct sheet *sheet, const struct view *view, enum file_id id)
{
	*sheet = (struct sheet){
		.view = view,
		.grid = { .limit = view->width, .colour = view->colour },
	};
	source_table(&view->source, id, &sheet->table);
	if (!file_has_vcpus(&files[id]))
		return;
	sheet->sum = view->select.sum ? view->select.sum : SUM_VM;
	sheet->group = select_key(sheet->sum);
	guests_find(&sheet->guests, &view->source, &sheet->table);
	select_rows(&view->select, &sheet->guests, &sheet->table);
}

/**
 * sheet_columns - begin the grid with the columns that tell rows apart
 * @sheet: of a file whose rows begin with CRS_ID_COLUMNS
 */
void sheet_columns(struct sheet *sheet)
{
	if (sheet->sum != SUM_HOST)
		grid_column(&sheet->grid, "vm", GRID_LEFT, GRID_STAYS);
	if (sheet->sum == SUM_VCPU)
		grid_column(&sheet->grid, "vcpu", GRID_RIGHT, GRID_STAYS);
}

/**
 * sheet_row - begin a row of the grid with what tells it apart
 * @sheet: with sheet_columns()
 * @row: row of its table
 */
void sheet_row(struct sheet *sheet, const struct cell *row)
{
	if (sheet->sum != SUM_HOST)
		grid_word(&sheet->grid,
			  guest_name(&sheet->guests, &row[ID_vm]));
	if (sheet->sum == SUM_VCPU)
		grid_cell(&sheet->grid, &row[ID_vcpu], KIND_NUMBER);
}

/**
 * sheet_all - fill the grid with all columns and rows of the table
 * @sheet: of a file whose rows are not of vCPUs
 */
void sheet_all(struct sheet *sheet)
{
	const struct file *file = sheet->table.file;

	for (unsigned int c = 0; c < file->nr_columns; c++)
		grid_column(&sheet->grid, file->columns[c].name,
			    file->kinds[c] == KIND_WORD ? GRID_LEFT :
							  GRID_RIGHT,
			    GRID_STAYS);
	for (size_t i = 0; i < sheet->table.nr_rows; i++)
		for (unsigned int c = 0; c < file->nr_columns; c++)
			grid_cell(&sheet->grid, &table_row(&sheet->table, i)[c],
				  file->kinds[c]);
}

/**
 * sheet_close - print the grid and free everything
 * @sheet: of sheet_open()
 */
void sheet_close(struct sheet *sheet)
{
	grid_print(&sheet->grid);
	grid_free(&sheet->grid);
	guests_free(&sheet->guests);
	table_free(&sheet->table);
}
