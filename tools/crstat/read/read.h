/* SPDX-License-Identifier: GPL-2.0 */
/* What reads: where tables come from, recordings, names. */
#ifndef CRSTAT_READ_H
#define CRSTAT_READ_H

#include "table/table.h"

/*
 * Where tables come from: debugfs, a folder of captured files, or a recording.
 * A source stands at one reading; source_next() goes to the next.
 */
struct source {
	/* The folder, in debugfs unless @captured; or the recording's path. */
	char *path;
	bool captured;
	/* The recording, NULL if it is none, and the text of its snapshot. */
	FILE *recording;
	char *text;
	size_t len;
	size_t size;
	/* Sets of files: those to be read, and those that there are. */
	unsigned int wanted;
	unsigned int there;
	struct table tables[NR_FILES];
	/* When the reading was taken: since 1970, and on a steady clock. */
	int64_t unix_ms;
	double seconds;
};

void source_open(struct source *source, const char *root);
bool source_next(struct source *source);
void source_at(struct source *source, const char *at);
void source_close(struct source *source);
struct table *source_table(struct source *source, enum file_id id);
void source_control(const struct source *source, const char *command);
const char *source_parameter(const struct source *source, const char *name);
void source_describe(struct source *source);
void source_names(const struct source *source, const struct table *table);
const char *guest_own_name(const struct cell *vm);
const char *guest_name(const struct cell *vm);

/*
 * A recording: snapshots one after the other, each of them sections and
 * RECORDING_END. A section is a file as the module prints it, or "# kvm_crstat
 * 1 NAME changes" and what to do with the rows of the snapshot before, line by
 * line, which are numbered from 0:
 *
 *   7A12C-3D=w4    in row 7 add 12 to the first column, take 3 from the third,
 *                  the fourth reads w4 from now on; a blank ends a word
 *   !7             row 7 goes
 *   +7 10-3 10 ... a new row, which is number 7 from now on
 *
 * Where the section "snapshot" is one of changes, files without a section have
 * not changed.
 */
#define RECORDING_END "# kvm_crstat end of snapshot\n"
#define RECORDING_LETTER 'A'

bool recording_read(struct source *source);
bool recording_apply(struct source *source, enum file_id *id,
		     struct fault *fault);
void recording_write(FILE *out, struct source *last, const struct source *now);

/* Room for a name: all 64 bits of CR4 set fit. */
#define NAME_LEN 512

void symbols_read(const char *path);
const char *address_name(const struct cell *cell, const char *mode,
			 char text[NAME_LEN]);
void reg_describe(char text[NAME_LEN], const char *reg,
		  const struct cell *value);

#endif /* CRSTAT_READ_H */
