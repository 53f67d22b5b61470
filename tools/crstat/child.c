// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crstat.h"

/* As a shell has it for a command that was not found, can't be run, or died. */
#define STATUS_NOT_FOUND 127
#define STATUS_NOT_RUN 126
#define STATUS_SIGNAL 128

/*
 * Run a command and wait for its end. Ctrl-C is for the command, as the
 * terminal gives it to both; other signals that ask for an end are passed on.
 * crstat outlives them to say what happened until then. Return: the exit
 * status as a shell has it, negative where the command never ran.
 */
int child_run(char **argv)
{
	static const int held[] = { SIGCHLD, SIGINT, SIGQUIT, SIGTERM, SIGHUP };
	int signal, status = 0, error;
	posix_spawnattr_t attr;
	sigset_t all, before;
	pid_t pid;

	/* Where it is ignored there is none to wait for. */
	sigaction(SIGCHLD, &(struct sigaction){ .sa_handler = SIG_DFL }, NULL);
	sigemptyset(&all);
	for (int i = 0; i < 5; i++)
		sigaddset(&all, held[i]);
	sigprocmask(SIG_BLOCK, &all, &before);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigmask(&attr, &before);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK);
	error = posix_spawnp(&pid, argv[0], NULL, &attr, argv, environ);
	posix_spawnattr_destroy(&attr);
	if (error) {
		warn("%s: %s", argv[0], strerror(error));
		return error == ENOENT ? -STATUS_NOT_FOUND : -STATUS_NOT_RUN;
	}
	while (!waitpid(pid, &status, WNOHANG)) {
		sigwait(&all, &signal);
		if (signal == SIGTERM || signal == SIGHUP)
			kill(pid, signal);
	}
	return WIFSIGNALED(status) ? STATUS_SIGNAL + WTERMSIG(status) :
				     WEXITSTATUS(status);
}
