// SPDX-License-Identifier: GPL-2.0
/*
 * What userspace can write: control and the parameters. All that is no command
 * is refused and changes nothing. FUZZ_SEED repeats a run, FUZZ_ROUNDS makes it
 * longer.
 */
#include <limits.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "kselftest_harness.h"
#include "module.h"

/* The harness compares a literal's int with whatever type it is shown. */
#pragma GCC diagnostic ignored "-Wsign-compare"

static const char *const commands[] = {
#define CRS_X(command, help) #command,
	CRS_COMMANDS(CRS_X)
#undef CRS_X
		"on cr",
	"on tpr",
	"off cr",
	"off tpr",
};

#define NR_COMMANDS (sizeof(commands) / sizeof(*commands))

static unsigned int number(const char *name, unsigned int otherwise)
{
	const char *text = getenv(name);

	return text ? strtoul(text, NULL, 0) : otherwise;
}

static bool is_command(const char *text, size_t size)
{
	size_t i;

	if (size && text[size - 1] == '\n')
		size--;
	for (i = 0; i < NR_COMMANDS; i++)
		if (strlen(commands[i]) == size &&
		    !memcmp(commands[i], text, size))
			return true;
	return false;
}

#define NEEDS "needs root and the module in its place"

/* A SKIP of the set-up would not keep the tests from running. */
#define SKIP_UNLESS_READY()                  \
	do {                                 \
		if (!self->ready)            \
			SKIP(return, NEEDS); \
	} while (0)

FIXTURE(control)
{
	bool ready;
	int module;
	int fd;
	char *before[NR_MODULE_FILES];
};

FIXTURE_SETUP(control)
{
	size_t i;

	self->module = module_open();
	if (geteuid() || self->module < 0)
		return;
	/* Rows that a wrong command could change. */
	ASSERT_EQ(0, module_load_kvm());
	ASSERT_EQ(0, module_load(self->module, "max_vcpus=8"));
	ASSERT_EQ(0, system("crgen --vcpus=2 cr4-write=20 port=5 >/dev/null"));
	self->fd = open(MODULE_DIR "control", O_WRONLY);
	ASSERT_LE(0, self->fd);
	for (i = 0; i < NR_MODULE_FILES; i++) {
		self->before[i] = module_read(module_files[i]);
		ASSERT_NE(NULL, self->before[i]);
	}
	self->ready = true;
}

FIXTURE_TEARDOWN(control)
{
	char *after;
	size_t i;

	if (!self->ready)
		return;
	for (i = 0; i < NR_MODULE_FILES; i++) {
		after = module_read(module_files[i]);
		EXPECT_NE(NULL, after);
		EXPECT_STREQ(self->before[i], after);
		free(after);
		free(self->before[i]);
	}
	close(self->fd);
	close(self->module);
	EXPECT_EQ(0, module_unload());
	system("rmmod kvm_amd kvm_intel kvm 2>&-");
}

/* write() of what is no command fails with EINVAL. */
#define REFUSED(text, size)                                 \
	do {                                                \
		errno = 0;                                  \
		EXPECT_EQ(-1, write(self->fd, text, size)); \
		EXPECT_EQ(EINVAL, errno);                   \
	} while (0)

TEST_F_TIMEOUT(control, every_length_of_noise, 200)
{
	unsigned int seed = number("FUZZ_SEED", 1);
	unsigned int rounds = number("FUZZ_ROUNDS", 4);
	static char noise[65536];
	size_t size, i;

	SKIP_UNLESS_READY();
	TH_LOG("FUZZ_SEED=%u", seed);
	srandom(seed);
	for (; rounds; rounds--) {
		for (size = 0; size <= 300; size++) {
			for (i = 0; i < size; i++)
				noise[i] = random();
			if (!is_command(noise, size))
				REFUSED(noise, size);
		}
	}
	for (size = 301; size <= sizeof(noise); size = size * 5 / 4)
		REFUSED(noise, size);
}

TEST_F_TIMEOUT(control, every_byte_changed, 200)
{
	char text[32];
	size_t i, at, length, size;
	int byte;

	SKIP_UNLESS_READY();
	for (i = 0; i < NR_COMMANDS; i++) {
		length = strlen(commands[i]);
		for (at = 0; at <= length; at++) {
			size = at < length ? length : length + 1;
			for (byte = 0; byte < 256; byte++) {
				memcpy(text, commands[i], length);
				text[at] = byte;
				if (!is_command(text, size))
					REFUSED(text, size);
			}
		}
	}
}

TEST_F(control, every_prefix_and_suffix)
{
	char text[64];
	size_t i, j, size;

	SKIP_UNLESS_READY();
	for (i = 0; i < NR_COMMANDS; i++) {
		for (size = 0; size < strlen(commands[i]); size++)
			if (!is_command(commands[i], size))
				REFUSED(commands[i], size);
		for (j = 0; j < NR_COMMANDS; j++) {
			size = snprintf(text, sizeof(text), "%s %s",
					commands[i], commands[j]);
			REFUSED(text, size);
			text[strlen(commands[i])] = '\n';
			REFUSED(text, size);
		}
	}
}

TEST_F(control, pointers_and_sizes)
{
	long page = sysconf(_SC_PAGESIZE);
	char *end;

	SKIP_UNLESS_READY();
	/* Not by write(), of which the compiler knows what is wrong with it. */
	EXPECT_EQ(-1, syscall(SYS_write, self->fd, 0UL, 5UL));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(-1, syscall(SYS_write, self->fd, -1UL, 1UL));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(-1, syscall(SYS_write, self->fd, 0xffff888000000000UL, 5UL));
	EXPECT_EQ(EFAULT, errno);

	/* The command's last byte lies in a page that isn't there. */
	end = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, end);
	end += page;
	ASSERT_EQ(0, munmap(end, page));
	memcpy(end - 4, "rese", 4);
	EXPECT_EQ(-1, write(self->fd, end - 4, 5));
	EXPECT_EQ(EFAULT, errno);

	EXPECT_EQ(-1, write(self->fd, end - 4, INT_MAX));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, syscall(SYS_write, self->fd, end - 4, SSIZE_MAX));
	EXPECT_TRUE(errno == EINVAL || errno == EFAULT);
	EXPECT_EQ(-1, syscall(SYS_write, self->fd, end - 4, SIZE_MAX));
	EXPECT_TRUE(errno == EINVAL || errno == EFAULT);
	EXPECT_EQ(-1, pwrite(self->fd, "x", 1, LLONG_MAX - 1));
	EXPECT_EQ(-1, read(self->fd, end - 4, 4));
	EXPECT_EQ(-1, ioctl(self->fd, 0x5401, end - 4));
	EXPECT_EQ(MAP_FAILED,
		  mmap(NULL, page, PROT_WRITE, MAP_SHARED, self->fd, 0));
	munmap(end - page, page);
}

/* However it is read, byte by byte or from the middle, it is one text. */
TEST_F(control, files_read_in_pieces)
{
	size_t i, size, at;
	char byte[7];
	ssize_t n;
	int fd;

	SKIP_UNLESS_READY();
	for (i = 0; i < NR_MODULE_FILES; i++) {
		fd = open(module_files[i], O_RDONLY);
		ASSERT_LE(0, fd);
		size = strlen(self->before[i]);
		for (at = 0; at < size; at += n) {
			n = read(fd, byte, sizeof(byte));
			ASSERT_LT(0, n);
			EXPECT_EQ(0, memcmp(byte, self->before[i] + at, n));
		}
		EXPECT_EQ(0, read(fd, byte, 1));
		for (at = size; at; at /= 2) {
			n = pread(fd, byte, 1, at - 1);
			EXPECT_EQ(1, n);
			EXPECT_EQ(self->before[i][at - 1], byte[0]);
		}
		EXPECT_EQ(0, pread(fd, byte, 1, LLONG_MAX - 1));
		close(fd);
	}
}

TEST(parameters)
{
	static const char *const wrong[] = {
		"0",
		"-1",
		"65537",
		"4294967295",
		"4294967296",
		"4294967297",
		"18446744073709551616",
		"9999999999999999999999999",
		"",
		"0x",
		"x",
		"1x",
		"1 1x",
		"1,2",
		"+",
		"-",
		"0x10001",
		"1.5",
		"1e3",
		"\x01",
		"\xff\xfe",
		"\"",
		"1\"",
		"%s%n",
	};
	char text[4096];
	int module = module_open();
	size_t i;

	if (geteuid() || module < 0)
		SKIP(return, NEEDS);
	for (i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		snprintf(text, sizeof(text), "max_vcpus=%s", wrong[i]);
		/* The kernel ignores parameters that a module doesn't have. */
		if (strchr(wrong[i], ' '))
			snprintf(text, sizeof(text),
				 "max_vcpus=1x max_vcpus=1");
		EXPECT_EQ(-1, module_load(module, text));
		EXPECT_TRUE(errno == EINVAL || errno == ERANGE);
		EXPECT_NE(0, access(MODULE_DIR, F_OK));
	}
	memset(text, '9', sizeof(text) - 1);
	memcpy(text, "max_vcpus=", 10);
	text[sizeof(text) - 1] = '\0';
	EXPECT_EQ(-1, module_load(module, text));
	EXPECT_EQ(-1, module_load(module, "max_vcpus"));

	EXPECT_EQ(0, module_load(module, "max_vcpus=0x10"));
	EXPECT_EQ(0, module_unload());
	EXPECT_EQ(0, module_load(module, "max_vcpus=1"));
	EXPECT_EQ(0, module_unload());
	close(module);
}

TEST_HARNESS_MAIN
