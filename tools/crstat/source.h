/* SPDX-License-Identifier: GPL-2.0 */
/* Where the module's files are read: debugfs, or a folder of captured ones. */
#ifndef CRSTAT_SOURCE_H
#define CRSTAT_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

#include "read.h"

struct source {
	/* The folder; in debugfs unless @captured. */
	char *folder;
	bool captured;
};

char *source_slurp(const char *path, size_t *len);
void source_open(struct source *source, const char *root);
void source_close(struct source *source);
void source_table(const struct source *source, enum file_id id,
		  struct table *table);
bool source_optional(const struct source *source, enum file_id id,
		     struct table *table);
char *source_parameter(const struct source *source, const char *module,
		       const char *name);
char *source_command_line(const struct source *source, uint64_t pid,
			  size_t *len);

#endif /* CRSTAT_SOURCE_H */
