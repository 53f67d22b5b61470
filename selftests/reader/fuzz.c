// SPDX-License-Identifier: GPL-2.0
/*
 * What libFuzzer calls with its texts: each is taken for each of the module's
 * files, and for a recording, whose snapshots are subtracted and recorded
 * again. tools/fuzz builds and runs it.
 */
#include <stdlib.h>

#include "compute/compute.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

void *or_fail(void *memory)
{
	if (!memory)
		abort();
	return memory;
}

/* What was taken for good has every cell in order: touch them all. */
static void check(const struct table *table)
{
	for_each_row(row, table)
		for (unsigned int c = 0; c < table->file->nr_columns; c++)
			if (row[c].type == CELL_WORD && !*cell_word(&row[c]))
				abort();
}

/* A copy of exact size, so that a look behind it shows. */
static void parse(enum file_id id, const uint8_t *data, size_t size)
{
	char *text = malloc(size + !size);
	struct table table = { 0 };
	struct fault fault;

	if (!text)
		return;
	memcpy(text, data, size);
	if (table_read(&table, id, text, size, &fault))
		check(&table);
	else if (!fault.what || !fault.why || !fault.line)
		abort();
	table_free(&table);
	free(text);
}

static void replay(const uint8_t *data, size_t size)
{
	struct source source = { .wanted = -1 }, last = { 0 };
	struct table before[NR_FILES] = { 0 }, delta = { 0 };
	FILE *out = fopen("/dev/null", "w");
	struct fault fault;
	enum file_id id;

	for (int i = 0; i < NR_FILES; i++) {
		source.tables[i].file = &files[i];
		before[i].file = &files[i];
	}
	source.recording = fmemopen((void *)data, size, "r");
	while (source.recording && out && recording_read(&source)) {
		if (!recording_apply(&source, &id, &fault)) {
			if (!fault.why || !fault.line || id >= NR_FILES)
				abort();
			break;
		}
		for (int i = 0; i < NR_FILES; i++) {
			struct table now = { 0 };

			check(&source.tables[i]);
			table_copy(&now, &source.tables[i]);
			subtract_table(&before[i], &now, &delta, i & 1);
			check(&delta);
			table_free(&before[i]);
			before[i] = now;
		}
		recording_write(out, &last, &source);
	}
	for (int i = 0; i < NR_FILES; i++) {
		table_free(&before[i]);
		table_free(&source.tables[i]);
		table_free(&last.tables[i]);
	}
	table_free(&delta);
	free(source.text);
	if (source.recording)
		fclose(source.recording);
	if (out)
		fclose(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (int id = 0; id < NR_FILES; id++)
		parse(id, data, size);
	if (size)
		replay(data, size);
	return 0;
}
