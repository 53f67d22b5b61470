// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <mntent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive.h"
#include "fail.h"
#include "source.h"

#define DEBUGFS "/sys/kernel/debug"

/* Most hosts' files fit, so that reading takes two calls. */
#define FIRST_SIZE (64 * 1024)

static char *format_path(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

static char *format_path(const char *format, ...)
{
	va_list args;
	char *path;

	va_start(args, format);
	if (vasprintf(&path, format, args) < 0)
		path = NULL;
	va_end(args);
	return or_fail(path);
}

/**
 * source_slurp - read a whole file, also one without a size, as in debugfs
 * @path: its path
 * @len: length of the text
 *
 * Return: the text with '\0' after it, to be freed; NULL with errno set where
 * it can't be read.
 */
char *source_slurp(const char *path, size_t *len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t size = FIRST_SIZE;
	char *text;
	ssize_t got;

	*len = 0;
	if (fd < 0)
		return NULL;
	text = or_fail(malloc(size));
	while ((got = read(fd, text + *len, size - *len - 1)) > 0) {
		*len += got;
		if (*len == size - 1) {
			size *= 2;
			text = or_fail(realloc(text, size));
		}
	}
	if (got < 0) {
		int error = errno;

		free(text);
		close(fd);
		errno = error;
		return NULL;
	}
	close(fd);
	text[*len] = '\0';
	return text;
}

/* The first mount of debugfs, NULL where there is none. */
static char *find_debugfs(void)
{
	FILE *mounts = setmntent("/proc/mounts", "re");
	struct mntent *mount;
	char *folder = NULL;

	if (!mounts)
		return strdup(DEBUGFS);
	while (!folder && (mount = getmntent(mounts)))
		if (!strcmp(mount->mnt_type, "debugfs"))
			folder = strdup(mount->mnt_dir);
	endmntent(mounts);
	return folder;
}

#define PARAMETER_NAME(module, name) { #module, #name },
const struct kvm_parameter_name kvm_parameters[NR_KVM_PARAMETERS] = {
	KVM_PARAMETERS(PARAMETER_NAME)
};

/* One snapshot is kept: a recording of a day holds thousands. */
static void open_recording(struct source *source, enum source_end end)
{
	const char *snapshot;
	size_t len;
	char *text = source_slurp(source->path, &len);

	if (!text)
		return;
	if (!archive_snapshot(text, len, end == SOURCE_LAST, &snapshot,
			      &source->snapshot_len))
		fail(FAIL_DAMAGED,
		     "%s: not a recording of crstat record, or truncated",
		     source->path);
	source->snapshot = or_fail(strndup(snapshot, source->snapshot_len));
	free(text);
}

/**
 * source_open - decide where the files are
 * @source: filled in
 * @root: folder of captured files or a recording, NULL for the module's own
 * @end: which snapshot of a recording
 */
void source_open(struct source *source, const char *root, enum source_end end)
{
	struct stat status;
	char *debugfs;

	*source = (struct source){ .captured = root };
	if (root) {
		source->path = format_path("%s", root);
		if (!stat(root, &status) && !S_ISDIR(status.st_mode))
			open_recording(source, end);
		return;
	}
	debugfs = find_debugfs();
	source->path = format_path("%s/" CRS_NAME, debugfs ? debugfs : DEBUGFS);
	free(debugfs);
}

/**
 * source_close - free what a source holds
 * @source: of source_open()
 */
void source_close(struct source *source)
{
	free(source->path);
	free(source->snapshot);
}

/**
 * source_text - the text of one of the files
 * @source: where
 * @id: which
 * @len: its length
 *
 * Return: the text, to be freed; NULL with errno set where it can't be read.
 */
char *source_text(const struct source *source, enum file_id id, size_t *len)
{
	const char *file;
	char *path, *text;
	int error;

	if (source->snapshot) {
		if (archive_file(source->snapshot, source->snapshot_len,
				 files[id].name, &file, len))
			return memcpy(or_fail(malloc(*len + 1)), file, *len);
		errno = ENOENT;
		return NULL;
	}
	path = format_path("%s/%s", source->path, files[id].name);
	text = source_slurp(path, len);
	error = errno;
	free(path);
	errno = error;
	return text;
}

/* /sys/module can be read by everyone, debugfs by root alone. */
static bool module_loaded(void)
{
	return !access("/sys/module/" CRS_NAME, F_OK);
}

static void __attribute__((noreturn))
fail_open(const struct source *source, enum file_id id, int error)
{
	char *path = format_path("%s/%s", source->path, files[id].name);
	char *debugfs;

	if (source->captured) {
		if (error == EACCES || error == EPERM)
			fail(FAIL_PERMISSION, "%s: permission denied", path);
		if (error == ENOENT || error == ENOTDIR)
			fail(FAIL_NO_FILE,
			     "%s: no such file; --root takes a recording or a folder of captured files",
			     path);
		fail(FAIL_SYSTEM, "%s: %s", path, strerror(error));
	}
	if (!module_loaded())
		fail(FAIL_MODULE,
		     "the module is not loaded; load it with: modprobe " CRS_NAME
		     " (or insmod " CRS_NAME ".ko)");
	debugfs = find_debugfs();
	if (!debugfs)
		fail(FAIL_DEBUGFS,
		     "debugfs is not mounted; mount it with: mount -t debugfs none " DEBUGFS);
	free(debugfs);
	if (error == EACCES || error == EPERM)
		fail(FAIL_PERMISSION,
		     "%s: permission denied; run crstat as root (kernel lockdown can forbid it even then)",
		     path);
	if (error == ENOENT)
		fail(FAIL_NO_FILE,
		     "%s: the loaded module has no such file; is it older than crstat?",
		     path);
	fail(FAIL_SYSTEM, "%s: %s", path, strerror(error));
}

static void parse(const struct source *source, enum file_id id, char *text,
		  size_t len, struct table *table)
{
	const char *path = source->path, *name = files[id].name;
	struct read_fault fault;

	switch (read_table(table, id, text, len, &fault)) {
	case READ_OK:
		return;
	case READ_NO_MEMORY:
		fail(FAIL_SYSTEM, "out of memory");
	case READ_NEWER:
		fail(FAIL_NEWER,
		     "%s/%s: written by a newer module; this crstat knows format %d: update crstat",
		     path, name, CRS_FORMAT);
	case READ_TRUNCATED:
		fail(FAIL_DAMAGED,
		     "%s/%s: truncated at line %zu: %s; capture it again", path,
		     name, fault.line, fault.why);
	case READ_FOREIGN:
		fail(FAIL_DAMAGED,
		     "%s/%s: not a file \"%s\" of " CRS_NAME ": line %zu: %s",
		     path, name, name, fault.line, fault.why);
	}
}

/* 0, or the errno of the file that can't be opened or read. */
static int try_table(const struct source *source, enum file_id id,
		     struct table *table)
{
	size_t len;
	char *text = source_text(source, id, &len);

	*table = (struct table){ .file = &files[id] };
	if (!text)
		return errno;
	parse(source, id, text, len, table);
	return 0;
}

/**
 * source_optional - read one of the files if it is there
 * @source: where
 * @id: which
 * @table: filled in, empty where the file can't be read
 *
 * Ends the program where the file is there and can't be understood.
 *
 * Return: whether it was read.
 */
bool source_optional(const struct source *source, enum file_id id,
		     struct table *table)
{
	return !try_table(source, id, table);
}

/**
 * source_table - read one of the files or end the program
 * @source: where
 * @id: which
 * @table: filled in
 */
void source_table(const struct source *source, enum file_id id,
		  struct table *table)
{
	int error = try_table(source, id, table);

	if (error)
		fail_open(source, id, error);
}

/**
 * source_check - end the program where there is nothing to read
 * @source: where
 */
void source_check(const struct source *source)
{
	struct table vcpus;

	source_table(source, FILE_vcpus, &vcpus);
	table_free(&vcpus);
}

static char *recorded_parameter(const struct source *source,
				const struct kvm_parameter_name *wanted)
{
	struct table table;
	char *value = NULL;

	source_optional(source, FILE_parameters, &table);
	for (size_t i = 0; i < table.nr_rows; i++) {
		const struct cell *row = table_row(&table, i);

		if (cell_is(&row[PARAMETERS_module], wanted->module) &&
		    cell_is(&row[PARAMETERS_name], wanted->name))
			value = or_fail(
				strdup(cell_word(&row[PARAMETERS_value])));
	}
	table_free(&table);
	return value;
}

/**
 * source_parameter - a parameter of KVM
 * @source: where; a captured folder has them as parameters/MODULE/NAME
 * @id: which
 *
 * Return: its value, to be freed; NULL where it is not known.
 */
char *source_parameter(const struct source *source, enum kvm_parameter id)
{
	const struct kvm_parameter_name *p = &kvm_parameters[id];
	char *path, *text;
	size_t len;

	if (source->snapshot)
		return recorded_parameter(source, p);
	path = source->captured ?
		       format_path("%s/parameters/%s/%s", source->path,
				   p->module, p->name) :
		       format_path("/sys/module/%s/parameters/%s", p->module,
				   p->name);
	text = source_slurp(path, &len);
	free(path);
	if (text)
		text[strcspn(text, "\n")] = '\0';
	return text;
}

/**
 * source_command_line - the command line of a process
 * @source: where; a captured folder has it as proc/PID/cmdline
 * @pid: process
 * @len: length of the text
 *
 * Return: the arguments, each with '\0' after it, to be freed; NULL where they
 * are not known.
 */
char *source_command_line(const struct source *source, uint64_t pid,
			  size_t *len)
{
	char *path = format_path("%s/proc/%" PRIu64 "/cmdline",
				 source->captured ? source->path : "", pid);
	char *text = source_slurp(path, len);

	free(path);
	return text;
}
