// SPDX-License-Identifier: GPL-2.0
/*
 * Every allocation fails once: that of loading the module, of each reader and
 * of each command. What fails says so, leaves nothing behind, and works when it
 * is tried again. Needs CONFIG_FAILSLAB and /proc/self/fail-nth.
 */
#include <stdbool.h>

#include "kselftest_harness.h"
#include "module.h"

/* The harness compares a literal's int with whatever type it is shown. */
#pragma GCC diagnostic ignored "-Wsign-compare"

#define FAIL_NTH "/proc/self/fail-nth"

/* The loader's allocations are hundreds; more are a loop that never ends. */
#define MANY 5000

/* At most what the loader allocates when it clears away what init refused. */
#define CLEARING 40

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	if (fd >= 0) {
		if (write(fd, text, strlen(text)) < 0)
			perror(path);
		close(fd);
	}
}

/* From here on the nth allocation of this thread fails. */
static void fail_nth(int fd, unsigned int nth)
{
	char text[16];
	int size = snprintf(text, sizeof(text), "%u", nth);

	if (pwrite(fd, text, size, 0) != size)
		abort();
}

/* How many there are left until it fails; none fails from here on. */
static unsigned int left(int fd)
{
	char text[16] = "";

	if (pread(fd, text, sizeof(text) - 1, 0) < 0)
		abort();
	fail_nth(fd, 0);
	return atoi(text);
}

static bool failed(int fd)
{
	return !left(fd);
}

#define NEEDS "needs root, CONFIG_FAILSLAB and the module in its place"

/* A SKIP of the set-up would not keep the tests from running. */
#define SKIP_UNLESS_READY()                  \
	do {                                 \
		if (!self->ready)            \
			SKIP(return, NEEDS); \
	} while (0)

/* lockdep stops at its first complaint. */
static bool locks_are_proven(void)
{
	char *stats = module_read("/proc/lockdep_stats");
	char *line = stats ? strstr(stats, "debug_locks:") : NULL;
	bool proven = !line || atoi(line + strlen("debug_locks:"));

	free(stats);
	return proven;
}

FIXTURE(faults)
{
	bool ready;
	int module;
	int nth;
	char *probes;
};

FIXTURE_SETUP(faults)
{
	self->nth = open(FAIL_NTH, O_RDWR | O_CLOEXEC);
	self->module = module_open();
	if (geteuid() || self->nth < 0 || self->module < 0)
		return;
	/*
	 * Those that may sleep are the ones. Hundreds of stacks are no help,
	 * and some are printed where a serial port's lock must not be taken.
	 */
	put("/proc/sys/kernel/printk", "1");
	put("/sys/kernel/debug/failslab/ignore-gfp-wait", "0");
	put("/sys/kernel/debug/failslab/verbose", "0");
	put("/sys/kernel/debug/fail_page_alloc/ignore-gfp-wait", "0");
	put("/sys/kernel/debug/fail_page_alloc/ignore-gfp-highmem", "0");
	put("/sys/kernel/debug/fail_page_alloc/min-order", "0");
	put("/sys/kernel/debug/fail_page_alloc/verbose", "0");

	ASSERT_EQ(0, module_load_kvm());
	ASSERT_EQ(0, module_load(self->module, "max_vcpus=8"));
	self->probes = module_read(MODULE_DIR "probes");
	ASSERT_NE(NULL, self->probes);
	self->ready = true;
}

FIXTURE_TEARDOWN(faults)
{
	if (!self->ready)
		return;
	module_unload();
	EXPECT_TRUE(locks_are_proven());
	put("/proc/sys/kernel/printk", "7");
	system("rmmod kvm_amd kvm_intel kvm 2>&-");
	free(self->probes);
	close(self->nth);
	close(self->module);
}

TEST_F_TIMEOUT(faults, loading, 1800)
{
	unsigned int first, nth, refused = 0;
	bool hit = true;
	char *probes;
	int ret, error;

	SKIP_UNLESS_READY();
	ASSERT_EQ(0, module_unload());
	/*
	 * Where init refuses at once, all allocations are the loader's. Not all
	 * of those: it warns when it finds no memory for tracepoints.
	 */
	fail_nth(self->nth, MANY);
	EXPECT_EQ(-1, module_load(self->module, "max_vcpus=0"));
	first = MANY - left(self->nth) - CLEARING;
	for (nth = first; hit && nth < MANY; nth++) {
		fail_nth(self->nth, nth);
		ret = module_load(self->module, "max_vcpus=8");
		error = errno;
		hit = failed(self->nth);
		if (ret) {
			refused++;
			EXPECT_TRUE(hit);
			EXPECT_TRUE(error == ENOMEM || error == ENOENT ||
				    error == EINVAL);
			EXPECT_NE(0, access(MODULE_DIR, F_OK));
			continue;
		}
		/* Without debugfs the module counts on. */
		probes = module_read(MODULE_DIR "probes");
		EXPECT_TRUE(probes || hit);
		if (probes)
			EXPECT_STREQ(self->probes, probes);
		free(probes);
		ASSERT_EQ(0, module_unload());
	}
	TH_LOG("%u allocations failed, %u times it was not loaded",
	       nth - 1 - first, refused);
	EXPECT_FALSE(hit);
	EXPECT_LT(0, refused);
	EXPECT_EQ(0, module_load(self->module, "max_vcpus=8"));
}

TEST_F_TIMEOUT(faults, reading, 600)
{
	unsigned int nth, i, refused = 0;
	char *whole, *text;
	bool hit;
	int error;

	SKIP_UNLESS_READY();
	ASSERT_EQ(0, system("crgen --vcpus=2 cr4-write=20 port=5 >/dev/null"));
	for (i = 0; i < NR_MODULE_FILES; i++) {
		whole = module_read(module_files[i]);
		ASSERT_NE(NULL, whole);
		hit = true;
		for (nth = 1; hit && nth < MANY; nth++) {
			fail_nth(self->nth, nth);
			text = module_read(module_files[i]);
			error = errno;
			hit = failed(self->nth);
			if (text) {
				EXPECT_STREQ(whole, text);
				free(text);
			} else {
				refused++;
				EXPECT_TRUE(hit);
				EXPECT_EQ(ENOMEM, error);
			}
		}
		EXPECT_FALSE(hit);
		free(whole);
	}
	EXPECT_LT(0, refused);
}

/* But for the set time, which is off unless it is asked for. */
static bool some_off(char *probes)
{
	char *line, *rest;

	for (line = strtok_r(probes, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest))
		if (strstr(line, " off ") && !strstr(line, " time "))
			return true;
	return false;
}

TEST_F_TIMEOUT(faults, commanding, 600)
{
	/* Not "off": kprobes warn when they find no memory to be disarmed. */
	static const char *const commands[] = { "on", "reset" };
	int fd = open(MODULE_DIR "control", O_WRONLY);
	unsigned int nth, i;
	char *probes;
	bool hit, done;
	int error;

	SKIP_UNLESS_READY();
	ASSERT_LE(0, fd);
	for (i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		hit = true;
		for (nth = 1; hit && nth < MANY; nth++) {
			if (!strcmp(commands[i], "on"))
				put(MODULE_DIR "control", "off");
			fail_nth(self->nth, nth);
			done = write(fd, commands[i], strlen(commands[i])) > 0;
			error = errno;
			hit = failed(self->nth);
			probes = module_read(MODULE_DIR "probes");
			ASSERT_NE(NULL, probes);
			if (!done) {
				EXPECT_TRUE(hit);
				EXPECT_EQ(ENOMEM, error);
			} else {
				EXPECT_FALSE(some_off(probes));
			}
			free(probes);
		}
		EXPECT_FALSE(hit);
	}
	put(MODULE_DIR "control", "on");
	put(MODULE_DIR "control", "reset");
	probes = module_read(MODULE_DIR "probes");
	EXPECT_STREQ(self->probes, probes);
	free(probes);
	close(fd);
}

TEST_HARNESS_MAIN
