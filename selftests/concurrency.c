// SPDX-License-Identifier: GPL-2.0
/*
 * Readers and reset against writers on other CPUs: what a single read gives is
 * of one moment, for each vCPU. What holds at any moment:
 *
 * - Values: what was written to a register is known but for the last write,
 *   which may wait for its value. A copy whose count is older than its values
 *   has a negative rest, one whose values are older a greater one. The guest
 *   writes two values in turn, so that their counts differ by 1 at most.
 * - Bits: the one bit that these values toggle was set and cleared equally
 *   often, but for 1.
 * - Counters: each call of kvm_lapic_set_tpr() has one origin.
 * - Without a reset no count falls.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "kselftest_harness.h"
#include "module.h"

/* The harness compares a literal's int with whatever type it is shown. */
#pragma GCC diagnostic ignored "-Wsign-compare"

#define VCPUS 4

/*
 * Of each vCPU; fewer where its CPU may be one of two that take turns, more
 * where they cost less, for as many reads.
 */
#define WRITES 20000
#define FEW_WRITES 4000
#define FTRACE_WRITES 60000
#define GUEST "crgen --timeout=600 --vcpus=%u cr4-write=%u,20,60 >/dev/null"
#define BIT "MCE"

#define MAX_COLUMNS 40
#define MAX_VCPUS 16

struct table {
	char *next;
	int columns;
	char *name[MAX_COLUMNS];
	char *field[MAX_COLUMNS];
};

struct reader {
	const char *file;
	void (*check)(struct reader *reader, struct table *table);
	bool resets;
	unsigned long reads;
	unsigned long rows;
	uint64_t last[MAX_VCPUS];
	char fault[256];
};

static atomic_bool done;
static unsigned int writes;

#define FAULT(reader, ...)                                                 \
	do {                                                               \
		if (!*(reader)->fault)                                     \
			snprintf((reader)->fault, sizeof((reader)->fault), \
				 __VA_ARGS__);                             \
	} while (0)

static int split(char *line, char **field)
{
	char *rest;
	int n = 0;

	for (line = strtok_r(line, " ", &rest); line && n < MAX_COLUMNS;
	     line = strtok_r(NULL, " ", &rest))
		field[n++] = line;
	return n;
}

/* The next line, without its end; NULL where there is no whole one. */
static char *next_line(struct table *t)
{
	char *line = t->next, *end = strchr(line, '\n');

	if (!end)
		return NULL;
	*end = '\0';
	t->next = end + 1;
	return line;
}

static bool table_begin(struct table *t, char *text, const char *file)
{
	char head[64], *line;

	snprintf(head, sizeof(head), "# " CRS_NAME " %d %s", CRS_FORMAT, file);
	t->next = text;
	line = next_line(t);
	if (!line || strcmp(line, head))
		return false;
	line = next_line(t);
	t->columns = line ? split(line, t->name) : 0;
	return t->columns;
}

static bool table_row(struct reader *r, struct table *t)
{
	char *line = next_line(t);

	if (!line) {
		if (*t->next)
			FAULT(r, "%s: no whole line: %s", r->file, t->next);
		return false;
	}
	if (split(line, t->field) != t->columns) {
		FAULT(r, "%s: a torn row: %s", r->file, line);
		return false;
	}
	r->rows++;
	return true;
}

static const char *cell(const struct table *t, const char *name)
{
	int i;

	for (i = 0; i < t->columns; i++)
		if (!strcmp(t->name[i], name))
			return t->field[i];
	return "";
}

static uint64_t number(const struct table *t, const char *name)
{
	return strtoull(cell(t, name), NULL, 10);
}

/* The vCPU's id where it has a record, else -1. */
static int recorded(const struct table *t)
{
	int vcpu = atoi(cell(t, "vcpu"));
	const char *state = cell(t, "state");

	if (strcmp(state, "live") && strcmp(state, "gone"))
		return -1;
	return vcpu < MAX_VCPUS ? vcpu : -1;
}

static void never_falls(struct reader *r, int vcpu, uint64_t count)
{
	if (count < r->last[vcpu] && !r->resets)
		FAULT(r, "%s: vCPU %d fell from %lu to %lu", r->file, vcpu,
		      r->last[vcpu], count);
	r->last[vcpu] = count;
}

static bool differ(uint64_t a, uint64_t b)
{
	return (a > b ? a - b : b - a) > 1;
}

static void check_values(struct reader *r, struct table *t)
{
	static const char *const values[] = { "0x20", "0x60" };
	uint64_t count[MAX_VCPUS][2] = {}, sum[MAX_VCPUS] = {}, n;
	int vcpu, i;

	while (table_row(r, t)) {
		n = number(t, "count");
		vcpu = recorded(t);
		if (!strcmp(cell(t, "value"), "unknown") &&
		    n > (vcpu < 0 ? VCPUS * writes : 1))
			FAULT(r, "vCPU %d: %lu values of %s are unknown", vcpu,
			      n, cell(t, "reg"));
		if (vcpu < 0 || strcmp(cell(t, "reg"), "cr4"))
			continue;
		sum[vcpu] += n;
		for (i = 0; i < 2; i++)
			if (!strcmp(cell(t, "value"), values[i]))
				count[vcpu][i] = n;
	}
	for (vcpu = 0; vcpu < MAX_VCPUS; vcpu++) {
		if (differ(count[vcpu][0], count[vcpu][1]))
			FAULT(r, "vCPU %d: %lu and %lu writes in turn", vcpu,
			      count[vcpu][0], count[vcpu][1]);
		never_falls(r, vcpu, sum[vcpu]);
	}
}

static void check_bits(struct reader *r, struct table *t)
{
	int vcpu;

	while (table_row(r, t)) {
		vcpu = recorded(t);
		if (vcpu < 0 || strcmp(cell(t, "name"), BIT))
			continue;
		if (differ(number(t, "set"), number(t, "cleared")))
			FAULT(r, "vCPU %d: " BIT " set %s, cleared %s", vcpu,
			      cell(t, "set"), cell(t, "cleared"));
		never_falls(r, vcpu, number(t, "set"));
	}
}

static void check_vcpus(struct reader *r, struct table *t)
{
	uint64_t origins;
	int vcpu;

	while (table_row(r, t)) {
		origins = number(t, "tpr_guest") + number(t, "tpr_sync") +
			  number(t, "tpr_user") + number(t, "tpr_other");
		if (number(t, "set_tpr") != origins)
			FAULT(r, "vCPU %s %s: set_tpr %s, its origins %lu",
			      cell(t, "vcpu"), cell(t, "state"),
			      cell(t, "set_tpr"), origins);
		vcpu = recorded(t);
		if (vcpu >= 0)
			never_falls(r, vcpu, number(t, "cr4_write"));
	}
}

static void *read_on(void *data)
{
	struct reader *r = data;
	struct table table;
	char path[64], *text;

	snprintf(path, sizeof(path), MODULE_DIR "%s", r->file);
	while (!atomic_load(&done) && !*r->fault) {
		text = module_read(path);
		if (!text || !table_begin(&table, text, r->file))
			FAULT(r, "%s: not to be read", r->file);
		else
			r->check(r, &table);
		free(text);
		r->reads++;
	}
	return NULL;
}

static void *reset_on(void *data)
{
	unsigned long *resets = data;
	int fd = open(MODULE_DIR "control", O_WRONLY);

	do {
		if (write(fd, "reset", 5) == 5)
			++*resets;
		/* One after the other, and with time to count in between. */
		usleep(*resets % 8 * 500);
	} while (!atomic_load(&done));
	close(fd);
	return NULL;
}

static int run_guest(void)
{
	char command[128];

	snprintf(command, sizeof(command), GUEST, VCPUS, writes);
	return system(command);
}

/* The sum of a column over all rows, or those with a text in another. */
static uint64_t total(const char *file, const char *column, const char *where,
		      const char *what)
{
	struct reader reader = { .file = file };
	struct table table;
	uint64_t sum = 0;
	char path[64], *text;

	snprintf(path, sizeof(path), MODULE_DIR "%s", file);
	text = module_read(path);
	if (text && table_begin(&table, text, file))
		while (table_row(&reader, &table))
			if (!where || !strcmp(cell(&table, where), what))
				sum += number(&table, column);
	free(text);
	return sum;
}

FIXTURE(concurrency)
{
	bool ready;
	int module;
};

FIXTURE_SETUP(concurrency)
{
	self->module = module_open();
	if (geteuid() || self->module < 0 || sysconf(_SC_NPROCESSORS_ONLN) < 2)
		return;
	ASSERT_EQ(0, module_load_kvm());
	self->ready = true;
}

FIXTURE_TEARDOWN(concurrency)
{
	if (self->ready) {
		module_unload();
		system("rmmod kvm_amd kvm_intel kvm 2>&-");
	}
	close(self->module);
}

static void every_read(struct __test_metadata *_metadata, bool reset)
{
	struct reader readers[] = {
		{ .file = "values", .check = check_values, .resets = reset },
		{ .file = "bits", .check = check_bits, .resets = reset },
		{ .file = "vcpus", .check = check_vcpus, .resets = reset },
	};
	unsigned int n = sizeof(readers) / sizeof(*readers), i;
	pthread_t threads[n], resetter;
	unsigned long resets = 0;
	const char *hook = getenv("CRS_HOOK");
	unsigned int rows = 100;
	int status;

	writes = hook && !strcmp(hook, "ftrace") ? FTRACE_WRITES : WRITES;
	if (sysconf(_SC_NPROCESSORS_ONLN) < VCPUS) {
		/* Where CPUs take turns, a reader may often follow a reset. */
		writes = FEW_WRITES;
		rows = 0;
	}
	atomic_store(&done, false);
	for (i = 0; i < n; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, read_on,
					    &readers[i]));
	if (reset)
		ASSERT_EQ(0,
			  pthread_create(&resetter, NULL, reset_on, &resets));
	status = run_guest();
	atomic_store(&done, true);
	for (i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
	if (reset)
		pthread_join(resetter, NULL);

	EXPECT_EQ(0, status);
	for (i = 0; i < n; i++) {
		EXPECT_STREQ("", readers[i].fault);
		EXPECT_LT(100, readers[i].reads);
		EXPECT_LT(rows, readers[i].rows);
	}
	for (i = 0; i < n; i++)
		TH_LOG("%s: %lu reads, %lu rows, %lu resets", readers[i].file,
		       readers[i].reads, readers[i].rows, resets);
	if (reset) {
		EXPECT_LT(100, resets);
		/* Once more, with nobody else about. */
		reset_on(&resets);
		writes /= 100;
		ASSERT_EQ(0, run_guest());
	}
	EXPECT_EQ(VCPUS * writes, total("vcpus", "cr4_write", NULL, NULL));
	EXPECT_EQ(VCPUS * writes, total("values", "count", "reg", "cr4"));
}

#define NEEDS "needs root, several CPUs and the module in its place"

/* A SKIP of the set-up would not keep the tests from running. */
#define LOAD(parameters)                                             \
	do {                                                         \
		if (!self->ready)                                    \
			SKIP(return, NEEDS);                         \
		ASSERT_EQ(0, module_load(self->module, parameters)); \
	} while (0)

TEST_F_TIMEOUT(concurrency, readers, 300)
{
	LOAD("max_vcpus=16");
	every_read(_metadata, false);
}

TEST_F_TIMEOUT(concurrency, readers_and_reset, 300)
{
	LOAD("max_vcpus=16");
	every_read(_metadata, true);
}

TEST_F_TIMEOUT(concurrency, readers_without_room, 300)
{
	LOAD("max_vcpus=2");
	every_read(_metadata, false);
}

TEST_F_TIMEOUT(concurrency, readers_and_reset_without_room, 300)
{
	LOAD("max_vcpus=2");
	every_read(_metadata, true);
}

TEST_HARNESS_MAIN
