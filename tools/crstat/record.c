// SPDX-License-Identifier: GPL-2.0
/* Snapshots of all files in one, to be looked at later or elsewhere. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>
#include <time.h>

#include "archive.h"
#include "fail.h"
#include "guest.h"
#include "pace.h"
#include "view.h"

/* A file's first line, and that of its columns from the same list as read.c. */
static void write_head(FILE *out, enum file_id id)
{
	fprintf(out, "# " CRS_NAME " %d %s\n", CRS_FORMAT, files[id].name);
	for (unsigned int c = 0; c < files[id].nr_columns; c++)
		fprintf(out, "%s%c", files[id].columns[c].name,
			c + 1 < files[id].nr_columns ? ' ' : '\n');
}

static void write_snapshot(FILE *out)
{
	struct utsname name;
	struct timespec now;
	struct tm utc;
	char text[sizeof("2000-01-01T00:00:00Z")];

	uname(&name);
	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &utc);
	write_head(out, FILE_snapshot);
	fprintf(out, "%s %lld %s %s\n", text,
		now.tv_sec * 1000LL + now.tv_nsec / 1000000, name.nodename,
		name.release);
}

static void write_parameters(FILE *out, const struct source *source)
{
	write_head(out, FILE_parameters);
	for (int i = 0; i < NR_KVM_PARAMETERS; i++) {
		char *value = source_parameter(source, i);

		if (value)
			fprintf(out, "%s %s %s\n", kvm_parameters[i].module,
				kvm_parameters[i].name, value);
		free(value);
	}
}

/* Names alone: other arguments of a VM's process are no one's business. */
static void write_guests(FILE *out, const struct source *source)
{
	struct guests guests;
	struct table vcpus;

	source_table(source, FILE_vcpus, &vcpus);
	guests_find(&guests, source, &vcpus);
	write_head(out, FILE_guests);
	for (size_t i = 0; i < guests.nr; i++)
		if (guests.list[i].name)
			fprintf(out, "%s %s\n", guests.list[i].name,
				guests.list[i].vm);
	guests_free(&guests);
	table_free(&vcpus);
}

/* The texts are all read before the first is written: a disk can be slow. */
static void take_snapshot(FILE *out, const struct source *source)
{
	char *texts[NR_MODULE_FILES];
	size_t lens[NR_MODULE_FILES];

	for (int id = 0; id < NR_MODULE_FILES; id++)
		texts[id] = source_text(source, id, &lens[id]);
	write_snapshot(out);
	write_parameters(out, source);
	write_guests(out, source);
	for (int id = 0; id < NR_MODULE_FILES; id++) {
		if (texts[id])
			fwrite(texts[id], 1, lens[id], out);
		free(texts[id]);
	}
	fputs(ARCHIVE_END, out);
	if (fflush(out))
		fail(FAIL_SYSTEM, "cannot write: %s", strerror(errno));
}

/**
 * record_view - write snapshots, one now and one at each interval's end
 * @view: arguments
 */
void record_view(const struct view *view)
{
	FILE *out = stdout;
	struct pace pace;

	/* Without the module no file is left behind. */
	source_check(&view->source);
	if (view->output)
		out = fopen(view->output, "we");
	if (!out)
		fail(FAIL_SYSTEM, "%s: %s", view->output, strerror(errno));
	take_snapshot(out, &view->source);
	if (view->interval) {
		pace_start(&pace, view->interval, view->count);
		while (pace_wait(&pace))
			take_snapshot(out, &view->source);
	}
	if (out != stdout && fclose(out))
		fail(FAIL_SYSTEM, "%s: %s", view->output, strerror(errno));
}
