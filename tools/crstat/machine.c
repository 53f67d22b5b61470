// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>

#include "fold.h"
#include "machine.h"

/**
 * machine_print - print a table in the format that the arguments name
 * @view: arguments
 * @table: its rows are selected; they may be summed further
 * @guests: names of its guests
 */
void machine_print(const struct view *view, struct table *table,
		   const struct guests *guests)
{
	switch (view->format) {
	case FORMAT_JSON:
		json_print(table, guests);
		break;
	case FORMAT_CSV:
		csv_print(table, guests);
		break;
	case FORMAT_OPENMETRICS:
	case FORMAT_PROMETHEUS:
		metrics_print(table, guests,
			      view->format == FORMAT_OPENMETRICS);
		break;
	case FORMAT_TEXT:
		break;
	}
}

/**
 * machine_view - print a file in the format that the arguments name
 * @view: arguments
 * @id: file; vcpus is not for this view
 */
void machine_view(const struct view *view, enum file_id id)
{
	struct guests guests = { 0 };
	struct table table;

	source_table(&view->source, id, &table);
	if (file_has_vcpus(&files[id])) {
		guests_find(&guests, &view->source, &table);
		select_rows(&view->select, &guests, &table);
		if (view->select.sum)
			fold_table(&table,
				   select_key(view->select.sum) |
					   select_other_keys(&files[id]));
	}
	machine_print(view, &table, &guests);
	guests_free(&guests);
	table_free(&table);
}
