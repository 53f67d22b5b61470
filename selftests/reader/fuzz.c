// SPDX-License-Identifier: GPL-2.0
/*
 * What libFuzzer calls with its texts: each is taken for each of the module's
 * files, and for a recording of them. tools/fuzz.sh builds and runs it.
 */
#include <stdlib.h>
#include <string.h>

#include "archive.h"
#include "read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was taken for good has every cell in order: touch them all. */
static void parse(enum file_id id, const uint8_t *data, size_t size)
{
	char *text = malloc(size + !size);
	struct read_fault fault;
	struct table table;
	enum read_result result;
	size_t cells;

	if (!text)
		return;
	memcpy(text, data, size);
	result = read_table(&table, id, text, size, &fault);
	if (result && (!fault.why || !fault.line))
		abort();
	cells = table.nr_rows * files[id].nr_columns;
	for (size_t i = 0; !result && i < cells; i++)
		if (table.cells[i].type == CELL_WORD &&
		    !*cell_word(&table.cells[i]))
			abort();
	table_free(&table);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *snapshot, *file;
	size_t snapshot_len, len;

	for (int id = 0; id < NR_FILES; id++)
		parse(id, data, size);
	if (!archive_snapshot((const char *)data, size, true, &snapshot,
			      &snapshot_len))
		return 0;
	for (int id = 0; id < NR_FILES; id++)
		if (archive_file(snapshot, snapshot_len, files[id].name, &file,
				 &len))
			parse(id, (const uint8_t *)file, len);
	return 0;
}
