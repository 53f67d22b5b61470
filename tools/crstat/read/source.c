// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "crstat.h"
#include "read/read.h"

#define DEBUGFS "/sys/kernel/debug"

/* The first mount of debugfs, NULL where there is none. */
static char *find_debugfs(void)
{
	FILE *mounts = setmntent("/proc/mounts", "re");
	struct mntent *mount;

	while (mounts && (mount = getmntent(mounts)))
		if (!strcmp(mount->mnt_type, "debugfs"))
			return mount->mnt_dir;
	return mounts ? NULL : DEBUGFS;
}

/* Ends the program where a file can't be opened, and says what to do. */
static void fail_open(const struct source *source, const char *path, int why)
{
	bool captured = source->captured;

	/* /sys/module can be read by everyone, debugfs by root alone. */
	if (!captured && access("/sys/module/" CRS_NAME, F_OK))
		fail(FAIL_MODULE,
		     "the module is not loaded; load it with: modprobe " CRS_NAME
		     " (or insmod " CRS_NAME ".ko)");
	if (!captured && !find_debugfs())
		fail(FAIL_DEBUGFS,
		     "debugfs is not mounted; mount it with: mount -t debugfs none " DEBUGFS);
	if (why == EACCES || why == EPERM)
		fail(FAIL_PERMISSION, "%s: permission denied%s", path,
		     captured ?
			     "" :
			     "; it takes root (kernel lockdown can forbid it even then)");
	if (why == ENOENT || why == ENOTDIR)
		fail(FAIL_NO_FILE, "%s: %s", path,
		     captured ?
			     "no such file; --root takes a recording or a folder of captured files" :
			     "the loaded module has no such file; is it older than crstat?");
	fail(FAIL_SYSTEM, "%s: %s", path, strerror(why));
}

/* Decide where the files are; of @source it is known what is wanted. */
void source_open(struct source *source, const char *root)
{
	struct stat status;

	source->captured = root;
	for (int id = 0; id < NR_FILES; id++)
		source->tables[id].file = &files[id];
	source->path =
		root ? text_of("%s", root) :
		       text_of("%s/" CRS_NAME, find_debugfs() ?: DEBUGFS);
	if (!root ||
	    (stat(root, &status) ? errno != EACCES : S_ISDIR(status.st_mode)))
		return;
	source->recording = fopen(root, "re");
	if (!source->recording)
		fail_open(source, root, errno);
	setvbuf(source->recording, NULL, _IOFBF, 1 << 16);
}

void source_close(struct source *source)
{
	if (source->recording)
		fclose(source->recording);
	for (int id = 0; id < NR_FILES; id++)
		table_free(&source->tables[id]);
	free(source->text);
	free(source->path);
}

static void fail_refused(const struct source *source, enum file_id id,
			 const struct fault *fault)
{
	const char *path = source->path, *name = files[id].name;

	if (fault->what == FAULT_NEWER)
		fail(FAIL_NEWER,
		     "%s/%s: written by a newer module; this crstat knows format %d: update crstat",
		     path, name, CRS_FORMAT);
	if (fault->what == FAULT_TRUNCATED)
		fail(FAIL_DAMAGED,
		     "%s/%s: truncated at line %zu: %s; capture it again", path,
		     name, fault->line, fault->why);
	fail(FAIL_DAMAGED,
	     "%s/%s: not a file \"%s\" of " CRS_NAME ": line %zu: %s", path,
	     name, name, fault->line, fault->why);
}

/* Go to the next snapshot. Return: false where the recording is over. */
static bool next_snapshot(struct source *source)
{
	const struct table *snapshot = &source->tables[FILE_snapshot];
	const struct cell *ms;
	struct fault fault;
	enum file_id id;

	if (!recording_read(source)) {
		if (ferror(source->recording))
			fail(FAIL_SYSTEM, "%s: %s", source->path,
			     strerror(errno));
		if (!source->there)
			fail(FAIL_DAMAGED,
			     "%s: not a recording of crstat record, or truncated",
			     source->path);
		if (source->len)
			warn("%s: cut short: its last snapshot is not whole and is left out",
			     source->path);
		return false;
	}
	if (!recording_apply(source, &id, &fault))
		fail_refused(source, id, &fault);
	if (snapshot->nr_rows) {
		ms = &snapshot->rows[0][SNAPSHOT_unix_ms];
		source->unix_ms = cell_number(ms);
		ms += ms[1].type == CELL_NUMBER;
		source->seconds = cell_number(ms) / 1e3;
	}
	return true;
}

static void read_file(struct source *source, enum file_id id)
{
	char *path = text_of("%s/%s", source->path, files[id].name);
	size_t len;
	char *text = slurp(path, &len);
	struct timespec now;
	struct fault fault;

	/* An interval is from reading to reading, of the first file. */
	if (!source->there) {
		clock_gettime(CLOCK_REALTIME, &now);
		source->unix_ms = now.tv_sec * 1000LL + now.tv_nsec / 1000000;
		source->seconds = seconds_now();
	}
	if (text) {
		if (!table_read(&source->tables[id], id, text, len, &fault))
			fail_refused(source, id, &fault);
		source->there |= BIT(id);
	} else if (errno != ENOENT && errno != ENOTDIR) {
		fail_open(source, path, errno);
	}
	free(text);
	free(path);
}

/*
 * Go to the next reading: read what is wanted. Return: false where a recording
 * is over, which stays at its last snapshot.
 */
bool source_next(struct source *source)
{
	if (source->recording)
		return next_snapshot(source);
	source->there = 0;
	for (int id = 0; id < NR_FILES; id++) {
		source->tables[id].nr_rows = 0;
		if (id < NR_MODULE_FILES && source->wanted & BIT(id))
			read_file(source, id);
	}
	return true;
}

/* A file's table; ends the program where the file is not there. */
struct table *source_table(struct source *source, enum file_id id)
{
	if (!(source->there & BIT(id)))
		fail_open(source,
			  text_of("%s/%s", source->path, files[id].name),
			  ENOENT);
	return &source->tables[id];
}

/* A time of day is of the day that @first_ms is on, here. */
static int64_t parse_at(const char *at, int64_t first_ms)
{
	static const char *const formats[] = { "%FT%TZ", "%FT%T", "%F %T", "%T",
					       "%H:%M" };
	time_t first = first_ms / 1000;

	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		struct tm tm;
		const char *end;

		localtime_r(&first, &tm);
		tm.tm_sec = 0;
		end = strptime(at, formats[i], &tm);
		tm.tm_isdst = -1;
		if (end && !*end)
			return (i ? mktime(&tm) : timegm(&tm)) * 1000LL;
	}
	fail(FAIL_USAGE,
	     "--at takes a snapshot's number, from 1, or a time as 23:59:00 or 2025-01-31T23:59:00Z, not \"%s\"",
	     at);
}

/* To the snapshot of a number or a time; NULL: to the last there is. */
void source_at(struct source *source, const char *at)
{
	bool digits = at && !at[strspn(at, "0123456789")];
	unsigned long number = digits ? strtoul(at, NULL, 10) : 0, n = 1;
	bool more = source->recording;
	int64_t wanted = INT64_MAX;

	if (at && !more)
		fail(FAIL_USAGE, "--at takes a recording with --root");
	source_next(source);
	if (at && !number)
		wanted = parse_at(at, source->unix_ms);
	for (; more && (number ? n < number : source->unix_ms < wanted);
	     n += more)
		more = source_next(source);
	if (at && !more)
		fail(FAIL_USAGE, "%s: its %lu snapshots end before --at %s",
		     source->path, n, at);
}

/* Writes to the module's file "control" or ends the program. */
void source_control(const struct source *source, const char *command)
{
	char *path = text_of("%s/control", source->path);
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, command, strlen(command)) < 0) {
		if (errno == EINVAL)
			fail(FAIL_SYSTEM, "%s: %s refused: %s", path, command,
			     strerror(errno));
		fail_open(source, path, errno);
	}
	close(fd);
	free(path);
}
