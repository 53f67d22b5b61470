// SPDX-License-Identifier: GPL-2.0
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>

#include "fail.h"
#include "machine.h"

/* Other than counts, 64 bits are text: not every reader's numbers hold them. */
static struct json_object *json_cell(const struct cell *cell, enum kind kind)
{
	char hex[sizeof("0x0123456789abcdef")];

	switch (cell->type) {
	case CELL_NONE:
		return NULL;
	case CELL_WORD:
		return or_fail(json_object_new_string(cell->word));
	case CELL_NUMBER:
		break;
	}
	if (kind != KIND_HEX)
		return or_fail(json_object_new_uint64(cell->number));
	snprintf(hex, sizeof(hex), "0x%" PRIx64, cell->number);
	return or_fail(json_object_new_string(hex));
}

static void add(struct json_object *object, const char *key,
		struct json_object *value)
{
	if (json_object_object_add(object, key, value))
		fail(FAIL_SYSTEM, "out of memory");
}

/* A row is an object of its own on a line of its own. */
static void print_row(const struct file *file, const struct guests *guests,
		      const struct cell *row)
{
	struct json_object *object = or_fail(json_object_new_object());

	if (file_has_vcpus(file)) {
		const char *name = guest_own_name(guests, &row[ID_vm]);

		add(object, "guest",
		    name ? or_fail(json_object_new_string(name)) : NULL);
	}
	for (unsigned int c = 0; c < file->nr_columns; c++)
		add(object, file->columns[c].name,
		    json_cell(&row[c], file->kinds[c]));
	fputs(or_fail((void *)json_object_to_json_string_ext(
		      object, JSON_C_TO_STRING_PLAIN)),
	      stdout);
	json_object_put(object);
}

/**
 * json_print - print a table as one JSON object
 * @table: table
 * @guests: names of its guests
 */
void json_print(const struct table *table, const struct guests *guests)
{
	printf("{\"format\":%d,\"file\":\"%s\",\"rows\":[", CRS_FORMAT,
	       table->file->name);
	for (size_t i = 0; i < table->nr_rows; i++) {
		fputs(i ? ",\n" : "\n", stdout);
		print_row(table->file, guests, table_row(table, i));
	}
	puts("\n]}");
}
