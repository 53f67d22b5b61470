// SPDX-License-Identifier: GPL-2.0
/* The state of the probes that everything is counted by. */
#include "sheet.h"

/**
 * probes_view - print the probes in the module's order
 * @view: arguments
 */
void probes_view(const struct view *view)
{
	struct sheet sheet;

	sheet_open(&sheet, view, FILE_probes);
	sheet_all(&sheet);
	sheet_close(&sheet);
}
