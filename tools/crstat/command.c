// SPDX-License-Identifier: GPL-2.0
/* What happened while a command ran, as perf stat shows it. */
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "delta.h"
#include "pace.h"
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
	double start, seconds;
	int status, error;

	source_table(&view->source, FILE_vcpus, &before);
	start = seconds_now();
	error = run_command(argv, &status);
	if (error) {
		table_free(&before);
		fprintf(stderr, "crstat: %s: %s\n", argv[0], strerror(error));
		return error == ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_RUN;
	}
	seconds = seconds_now() - start;
	source_table(&view->source, FILE_vcpus, &now);
	delta_vcpus(&before, &now, &delta);
	delta_drop_idle(&delta);

	/* stdout is the command's. */
	dup2(STDERR_FILENO, STDOUT_FILENO);
	view_terminal(view);
	putchar('\n');
	printf("In %.3f seconds of %s:\n\n", seconds, argv[0]);
	vcpus_print(view, &delta);
	table_free(&delta);
	table_free(&before);
	table_free(&now);
	return WIFSIGNALED(status) ? STATUS_SIGNAL + WTERMSIG(status) :
				     WEXITSTATUS(status);
}
