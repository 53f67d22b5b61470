// SPDX-License-Identifier: GPL-2.0
/*
 * The CPU time of reading a file, or of a command, in nanoseconds: the least of
 * several times. CPU time, because a command may sleep, and others may run.
 */
#include <err.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define BILLION 1000000000

static uint64_t own_time(void)
{
	struct timespec t;

	if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t))
		err(1, "clock_gettime");
	return (uint64_t)t.tv_sec * BILLION + (uint64_t)t.tv_nsec;
}

static uint64_t read_file(char **args)
{
	static char buffer[1 << 16];
	uint64_t start = own_time();
	int fd = open(args[0], O_RDONLY);
	ssize_t n;

	if (fd < 0)
		err(1, "%s", args[0]);
	do {
		n = read(fd, buffer, sizeof(buffer));
	} while (n > 0);
	if (n < 0)
		err(1, "%s", args[0]);
	close(fd);
	return own_time() - start;
}

static uint64_t nanoseconds(struct timeval t)
{
	return (uint64_t)t.tv_sec * BILLION + (uint64_t)t.tv_usec * 1000;
}

static uint64_t run_command(char **args)
{
	struct rusage usage;
	pid_t child = fork();
	int status;

	if (child < 0)
		err(1, "fork");
	if (!child) {
		if (!freopen("/dev/null", "w", stdout))
			err(1, "/dev/null");
		execvp(args[0], args);
		err(1, "%s", args[0]);
	}
	/* With the children that it waited for. */
	if (wait4(child, &status, 0, &usage) < 0)
		err(1, "wait4");
	if (status)
		errx(1, "%s failed", args[0]);
	return nanoseconds(usage.ru_utime) + nanoseconds(usage.ru_stime);
}

int main(int argc, char **argv)
{
	uint64_t (*measure)(char **args) = NULL;
	uint64_t least = UINT64_MAX;

	if (argc > 3 && !strcmp(argv[1], "run"))
		measure = run_command;
	else if (argc == 4 && !strcmp(argv[1], "read"))
		measure = read_file;
	if (!measure || atoi(argv[2]) < 1) {
		fprintf(stderr, "Usage: cost run TIMES COMMAND [ARGUMENT]...\n"
				"       cost read TIMES FILE\n");
		return 2;
	}
	for (int i = atoi(argv[2]); i > 0; i--) {
		uint64_t time = measure(argv + 3);

		if (time < least)
			least = time;
	}
	printf("%" PRIu64 "\n", least);
	return 0;
}
