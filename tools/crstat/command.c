// SPDX-License-Identifier: GPL-2.0
/* What happened while a command ran, as perf stat shows it. */
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "delta.h"
#include "fail.h"
#include "vcpus.h"
#include "view.h"

/* As a shell has it for commands that can't be found or can't be run. */
#define STATUS_NOT_FOUND 127
#define STATUS_NOT_RUN 126
#define STATUS_SIGNAL 128

/*
 * Ctrl-C is for the command; crstat outlives it to say what happened until
 * then. 0, or what is wrong with the command.
 */
static int run_command(char **argv, int *status)
{
	posix_spawnattr_t attr;
	sigset_t keyboard;
	pid_t pid;
	int error;

	sigemptyset(&keyboard);
	sigaddset(&keyboard, SIGINT);
	sigaddset(&keyboard, SIGQUIT);
	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigdefault(&attr, &keyboard);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGDEF);
	error = posix_spawnp(&pid, argv[0], NULL, &attr, argv, environ);
	posix_spawnattr_destroy(&attr);
	if (error)
		return error;
	while (waitpid(pid, status, 0) < 0)
		if (errno != EINTR)
			return errno;
	return 0;
}

static double seconds_since(const struct timespec *start)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - start->tv_sec) + (now.tv_nsec - start->tv_nsec) / 1e9;
}

/* vCPUs that were gone before, or were not heard of, are not of this time. */
static void drop_idle(struct table *delta)
{
	size_t nr = 0;

	for (size_t i = 0; i < delta->nr_rows; i++) {
		const struct cell *row = table_row(delta, i);

		if (cell_is(&row[VCPUS_state], "live") ||
		    any_count(delta->file, row))
			memmove(table_row(delta, nr++), row,
				NR_VCPUS * sizeof(*row));
	}
	delta->nr_rows = nr;
}

/**
 * command_view - run a command and print what happened meanwhile to stderr
 * @view: arguments
 * @argv: the command
 *
 * Return: the command's exit status, as a shell has it.
 */
int command_view(struct view *view, char **argv)
{
	struct table before, now, delta;
	struct timespec start;
	double seconds;
	int status, error;

	source_table(&view->source, FILE_vcpus, &before);
	clock_gettime(CLOCK_MONOTONIC, &start);
	error = run_command(argv, &status);
	if (error) {
		fprintf(stderr, "crstat: %s: %s\n", argv[0], strerror(error));
		return error == ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_RUN;
	}
	seconds = seconds_since(&start);
	source_table(&view->source, FILE_vcpus, &now);
	delta_vcpus(&before, &now, &delta);
	drop_idle(&delta);

	/* stdout is the command's. */
	dup2(STDERR_FILENO, STDOUT_FILENO);
	view_terminal(view);
	printf("\nIn %.3f seconds of %s:\n\n", seconds, argv[0]);
	vcpus_print(view, &delta);
	table_free(&delta);
	table_free(&before);
	table_free(&now);
	return WIFSIGNALED(status) ? STATUS_SIGNAL + WTERMSIG(status) :
				     WEXITSTATUS(status);
}
