// SPDX-License-Identifier: GPL-2.0
/* Who called the TPR functions, and what each call counts as. */
#include "fold.h"
#include "sheet.h"

/**
 * callers_view - print the call sites of each function, most frequent first
 * @view: arguments
 */
void callers_view(const struct view *view)
{
	struct sheet sheet;

	sheet_open(&sheet, view, FILE_callers);
	rank_table(&sheet.table, COLUMN_BIT(CALLERS_function), CALLERS_count);
	sheet_all(&sheet);
	sheet_close(&sheet);
}
