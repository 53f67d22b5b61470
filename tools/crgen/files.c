// SPDX-License-Identifier: GPL-2.0
/* The module's files as tables, or why there are none. */
#include <err.h>
#include <errno.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "check.h"

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

/* Of the table's library. */
void *or_fail(void *memory)
{
	if (!memory)
		err(STATUS_FAILED, "--check");
	return memory;
}

/**
 * file_read - read one of the module's files, or leave with what is wrong
 * @id: which
 *
 * Return: its rows, until it is read again.
 */
const struct table *file_read(enum file_id id)
{
	static struct table tables[NR_MODULE_FILES];
	struct fault fault;
	char path[64];
	size_t len;
	char *text;

	snprintf(path, sizeof(path), FOLDER "/%s", files[id].name);
	text = slurp(path, &len);
	if (!text)
		missing(path);
	if (!table_read(&tables[id], id, text, len, &fault))
		errx(STATUS_NO_MODULE, "--check: %s: line %zu: %s", path,
		     fault.line, fault.why);
	free(text);
	return &tables[id];
}

/**
 * cell_shown - a cell as the file has it
 * @file: which
 * @row: its row
 * @column: its column
 *
 * Return: its text, until three more were asked for.
 */
const char *cell_shown(enum file_id file, const struct cell *row,
		       unsigned int column)
{
	static char text[4][CELL_TEXT_LEN];
	static unsigned int next;
	size_t len;

	return cell_text(&row[column], files[file].columns[column].kind,
			 text[next++ % 4], &len);
}

/**
 * files_check - leave with what is wrong unless the module counts here
 * @nested: nested guests, too
 */
void files_check(bool nested)
{
	const char *other = cpu_is_amd() ? "kvm_intel" : "kvm_amd";

	if (file_read(FILE_vcpus)->absent & COLUMN_BIT(ID_level) && nested)
		errx(STATUS_NO_MODULE,
		     "--check: this module does not tell nested guests apart");
	for_each_row(row, file_read(FILE_probes)) {
		const char *state = cell_word(&row[PROBES_state]);

		if (cell_is(&row[PROBES_module], other) ||
		    cell_is(&row[PROBES_set], "time") ||
		    !strcmp(state, "armed") || !strcmp(state, "absent"))
			continue;
		errx(STATUS_NO_MODULE,
		     "--check: the probe on %s is not armed but %s%s",
		     cell_word(&row[PROBES_function]), state,
		     strcmp(state, "off") ? "" :
					    ": echo on >" FOLDER "/control");
	}
}
