// SPDX-License-Identifier: GPL-2.0
/* The files that there are, and their texts. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "table/table.h"

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
		file->all = COLUMN_BIT(file->nr_columns) - 1;
		for_each_column(c, file->all) {
			uint64_t bit = COLUMN_BIT(c);

			file->keys |= is_of(file, c, KEYS) ? bit : 0;
			file->counts |= is_of(file, c, COUNTS) ? bit : 0;
			file->events |= is_of(file, c, BIT(KIND_COUNT)) ? bit :
									  0;
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

/* Most hosts' files fit, so that reading takes two calls. */
#define FIRST_SIZE (64 * 1024)

/*
 * Read a whole file, also one without a size, as in debugfs. Return: the
 * text with '\0' after it, to be freed; NULL with errno set where it can't
 * be read.
 */
char *slurp(const char *path, size_t *len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), error;
	size_t size = FIRST_SIZE;
	char *text;
	ssize_t got;

	*len = 0;
	if (fd < 0)
		return NULL;
	text = or_fail(malloc(size));
	while ((got = read(fd, text + *len, size - *len - 1)) > 0) {
		*len += got;
		if (*len == size - 1)
			text = or_fail(realloc(text, size *= 2));
	}
	error = errno;
	close(fd);
	text[*len] = '\0';
	if (!got)
		return text;
	free(text);
	errno = error;
	return NULL;
}
