// SPDX-License-Identifier: GPL-2.0
/* The module's files: rows of cells, found by the names of their columns. */
#include <err.h>
#include <errno.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "crgen.h"

#define DEBUGFS "/sys/kernel/debug"
#define FOLDER DEBUGFS "/" CRS_NAME
#define LOADED "/sys/module/" CRS_NAME

static _Noreturn void missing(const char *path)
{
	int error = errno;
	struct statfs fs;

	if (access(LOADED, F_OK))
		errx(STATUS_NO_MODULE, "--check: the module " CRS_NAME
				       " is not loaded: modprobe " CRS_NAME);
	if (error == EACCES || error == EPERM)
		errx(STATUS_NO_PERMISSION,
		     "--check: no permission to read %s: be root", path);
	if (!statfs(DEBUGFS, &fs) && fs.f_type != DEBUGFS_MAGIC)
		errx(STATUS_NO_MODULE,
		     "--check: debugfs is not mounted: mount -t debugfs debugfs " DEBUGFS);
	errno = error;
	err(STATUS_NO_MODULE, "--check: %s", path);
}

static size_t split(char *line, char **cell)
{
	size_t n = 0;
	char *save;

	for (char *word = strtok_r(line, " \n", &save); word && n < MAX_CELLS;
	     word = strtok_r(NULL, " \n", &save))
		cell[n++] = word;
	return n;
}

/**
 * rows_open - begin to read a file, or leave with what is wrong
 * @r: where
 * @file: its name
 */
void rows_open(struct rows *r, const char *file)
{
	char path[64], expected[64];

	snprintf(path, sizeof(path), FOLDER "/%s", file);
	snprintf(expected, sizeof(expected), "# " CRS_NAME " %d %s\n",
		 CRS_FORMAT, file);
	r->name = file;
	r->file = fopen(path, "re");
	if (!r->file)
		missing(path);
	if (!fgets(r->head, sizeof(r->head), r->file))
		missing(path);
	if (strcmp(r->head, expected))
		errx(STATUS_NO_MODULE, "--check: %s is not of format %d", path,
		     CRS_FORMAT);
	if (!fgets(r->head, sizeof(r->head), r->file))
		errx(STATUS_NO_MODULE, "--check: %s has no columns", path);
	r->columns = split(r->head, r->column);
}

/**
 * rows_next - go to the next row
 * @r: open rows
 *
 * Return: false behind the last, and the file is closed.
 */
bool rows_next(struct rows *r)
{
	if (!fgets(r->line, sizeof(r->line), r->file)) {
		if (ferror(r->file))
			err(STATUS_NO_MODULE, "--check: %s", r->name);
		fclose(r->file);
		return false;
	}
	if (split(r->line, r->cell) != r->columns)
		errx(STATUS_NO_MODULE, "--check: %s: a row of %s...", r->name,
		     r->line);
	return true;
}

/**
 * rows_cell - a cell of the row
 * @r: open rows
 * @column: its column
 *
 * Return: its text, NULL where there is no such column.
 */
const char *rows_cell(const struct rows *r, const char *column)
{
	for (size_t i = 0; i < r->columns; i++)
		if (!strcmp(r->column[i], column))
			return r->cell[i];
	return NULL;
}

/**
 * rows_is - whether a cell of the row has a text
 * @r: open rows
 * @column: its column
 * @text: the text
 *
 * Return: false where there is no such column, too.
 */
bool rows_is(const struct rows *r, const char *column, const char *text)
{
	const char *cell = rows_cell(r, column);

	return cell && !strcmp(cell, text);
}

/**
 * rows_number - the number in a cell of the row
 * @r: open rows
 * @column: its column
 *
 * Return: the number, 0 where the cell has none.
 */
uint64_t rows_number(const struct rows *r, const char *column)
{
	const char *cell = rows_cell(r, column);

	return cell ? strtoull(cell, NULL, 0) : 0;
}

/**
 * files_check - leave with what is wrong unless the module counts here
 * @nested: nested guests, too
 */
void files_check(bool nested)
{
	const char *other = cpu_is_amd() ? "kvm_intel" : "kvm_amd";
	struct rows r;

	rows_open(&r, "vcpus");
	for (size_t i = 0; i < r.columns; i++)
		nested &= !!strcmp(r.column[i], "level");
	if (nested)
		errx(STATUS_NO_MODULE,
		     "--check: this module does not tell nested guests apart");
	fclose(r.file);
	rows_open(&r, "probes");
	while (rows_next(&r)) {
		const char *function = rows_cell(&r, "function");
		const char *state = rows_cell(&r, "state");

		if (!function || !state)
			errx(STATUS_NO_MODULE,
			     "--check: probes lacks a column");
		if (rows_is(&r, "module", other) || !strcmp(state, "armed") ||
		    !strcmp(state, "absent") || rows_is(&r, "set", "time"))
			continue;
		errx(STATUS_NO_MODULE,
		     "--check: the probe on %s is not armed but %s%s", function,
		     state,
		     strcmp(state, "off") ? "" :
					    ": echo on >" FOLDER "/control");
	}
}
