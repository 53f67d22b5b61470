// SPDX-License-Identifier: GPL-2.0
/* What happened between two recordings, or between one and now. */
#include <inttypes.h>
#include <stdio.h>

#include "delta.h"
#include "vcpus.h"
#include "view.h"

/* Nothing where one of them does not tell its time, as a folder. */
static void print_times(const struct source *a, const struct source *b)
{
	struct table from, to;

	source_optional(a, FILE_snapshot, &from);
	source_optional(b, FILE_snapshot, &to);
	if (from.nr_rows && to.nr_rows) {
		const struct cell *x = table_row(&from, 0);
		const struct cell *y = table_row(&to, 0);

		printf("From %s on %s to %s on %s, %.3f seconds:\n\n",
		       cell_word(&x[SNAPSHOT_time]),
		       cell_word(&x[SNAPSHOT_host]),
		       cell_word(&y[SNAPSHOT_time]),
		       cell_word(&y[SNAPSHOT_host]),
		       ((double)cell_number(&y[SNAPSHOT_unix_ms]) -
			(double)cell_number(&x[SNAPSHOT_unix_ms])) /
			       1000);
	}
	table_free(&from);
	table_free(&to);
}

/**
 * diff_view - print what was counted between two readings
 * @view: arguments; its own source is the second reading
 *
 * Of a recording with several snapshots the first argument stands for its
 * first, the second for its last.
 */
void diff_view(const struct view *view)
{
	struct table before, now, delta;
	struct source from;

	source_open(&from, view->operands[0], SOURCE_FIRST);
	source_table(&from, FILE_vcpus, &before);
	source_table(&view->source, FILE_vcpus, &now);
	print_times(&from, &view->source);
	delta_vcpus(&before, &now, &delta);
	delta_drop_idle(&delta);
	vcpus_print(view, &delta);
	table_free(&delta);
	table_free(&before);
	table_free(&now);
	source_close(&from);
}
