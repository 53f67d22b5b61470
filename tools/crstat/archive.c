// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <string.h>

#include "archive.h"
#include "kvm_crstat.h"

/**
 * archive_snapshot - find the first or last snapshot of a recording
 * @text: the recording, not empty
 * @len: its length
 * @last: the last one rather than the first
 * @snapshot: set to its begin
 * @snapshot_len: set to its length, without ARCHIVE_END
 *
 * Return: false where the recording does not end with the end of a snapshot.
 */
bool archive_snapshot(const char *text, size_t len, bool last,
		      const char **snapshot, size_t *snapshot_len)
{
	const size_t end_len = strlen(ARCHIVE_END);
	const char *begin = text, *stop = text + len, *end;

	if (len < end_len || memcmp(stop - end_len, ARCHIVE_END, end_len))
		return false;
	while ((end = memmem(begin, stop - begin, ARCHIVE_END, end_len))) {
		*snapshot = begin;
		*snapshot_len = end - begin;
		if (!last)
			break;
		begin = end + end_len;
	}
	return true;
}

/**
 * archive_file - find a file in a snapshot
 * @snapshot: of archive_snapshot()
 * @len: its length
 * @name: name of the file
 * @file: set to the file's begin, its first line
 * @file_len: set to its length
 *
 * Return: whether it is there.
 */
bool archive_file(const char *snapshot, size_t len, const char *name,
		  const char **file, size_t *file_len)
{
	const char *stop = snapshot + len, *line = snapshot, *end;
	size_t name_len = strlen(name);

	*file = NULL;
	for (; line < stop; line = end) {
		end = memchr(line, '\n', stop - line);
		end = end ? end + 1 : stop;
		if (*line != '#')
			continue;
		if (*file)
			break;
		/* The format is for the parser to judge. */
		if ((size_t)(end - line) > name_len + 1 &&
		    end[-2 - (long)name_len] == ' ' &&
		    !memcmp(end - 1 - name_len, name, name_len))
			*file = line;
	}
	*file_len = *file ? line - *file : 0;
	return *file;
}
