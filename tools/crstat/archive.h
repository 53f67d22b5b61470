/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The text of a recording: snapshots one after the other, each of them the
 * files of RECORD_FILES and CRS_FILES one after the other, as they are, and
 * ARCHIVE_END.
 */
#ifndef CRSTAT_ARCHIVE_H
#define CRSTAT_ARCHIVE_H

#include <stdbool.h>
#include <stddef.h>

#define ARCHIVE_END "# kvm_crstat end of snapshot\n"

bool archive_snapshot(const char *text, size_t len, bool last,
		      const char **snapshot, size_t *snapshot_len);
bool archive_file(const char *snapshot, size_t len, const char *name,
		  const char **file, size_t *file_len);

#endif /* CRSTAT_ARCHIVE_H */
