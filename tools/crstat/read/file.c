// SPDX-License-Identifier: GPL-2.0
#include "read/read.h"

#define COLUMN(name, kind, help) { #name, KIND_##kind, help },
#define COLUMNS(name, list, help)                                       \
	static const struct column name##_columns[] = { list(COLUMN) }; \
	_Static_assert(ARRAY_SIZE(name##_columns) <= FILE_MAX_COLUMNS,  \
		       "too many columns of " #name);
CRS_FILES(COLUMNS)
RECORD_FILES(COLUMNS)

#define FILE_ENTRY(file_name, list, file_help) \
	{ .name = #file_name,                  \
	  .help = file_help,                   \
	  .columns = file_name##_columns,      \
	  .nr_columns = ARRAY_SIZE(file_name##_columns) },
struct file files[] = { CRS_FILES(FILE_ENTRY) RECORD_FILES(FILE_ENTRY) };

static void __attribute__((constructor)) find_sets(void)
{
	for (struct file *file = files; file < files + NR_FILES; file++) {
		file->vcpus = !strcmp(file->columns[0].name, "vm");
		for (unsigned int c = 0; c < file->nr_columns; c++) {
			uint64_t bit = COLUMN_BIT(c);

			file->keys |= is_of(file, c, KEYS) ? bit : 0;
			file->counts |= is_of(file, c, COUNTS) ? bit : 0;
			file->bounds |= is_of(file, c, BOUNDS) ? bit : 0;
			file->lives |=
				is_of(file, c, KEYS | BIT(KIND_LIFE)) ? bit : 0;
		}
		file->others = file->keys & ~(file->vcpus ? IDS : 0);
	}
}

/* The column of a name, -1 where there is none. */
int file_column(const struct file *file, const char *name, size_t len)
{
	for (unsigned int c = 0; c < file->nr_columns; c++)
		if (!strncmp(file->columns[c].name, name, len) &&
		    !file->columns[c].name[len])
			return c;
	return -1;
}
