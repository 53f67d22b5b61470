// SPDX-License-Identifier: GPL-2.0
/*
 * What the VMs are kept for: a command that looks at them, a signal, a time, or
 * the end of standard input.
 */
#include <err.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "crgen.h"

/* As a shell has it for commands that can't be found or can't be run. */
#define STATUS_NOT_FOUND 127
#define STATUS_NOT_RUN 126
#define STATUS_SIGNAL 128

#define MS 1000

static sigset_t ends;
static sigset_t mask;

/**
 * hold_signals - from now on SIGINT and SIGTERM only end what hold() waits for
 *
 * For good: timeout(1) sends its signal twice.
 *
 * Context: before any thread is made, which all inherit it.
 */
void hold_signals(void)
{
	sigemptyset(&ends);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGCHLD);
	sigprocmask(SIG_BLOCK, &ends, &mask);
}

static pid_t spawn(char **command)
{
	posix_spawnattr_t attr;
	pid_t pid;
	int error;

	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigmask(&attr, &mask);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK);
	error = posix_spawnp(&pid, command[0], NULL, &attr, command, environ);
	posix_spawnattr_destroy(&attr);
	if (!error)
		return pid;
	errno = error;
	warn("%s", command[0]);
	exit(error == ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_RUN);
}

/* Whether the command has ended, and how. */
static bool ended(pid_t pid, int *status)
{
	int how;

	if (waitpid(pid, &how, WNOHANG) != pid)
		return false;
	*status = WIFSIGNALED(how) ? STATUS_SIGNAL + WTERMSIG(how) :
				     WEXITSTATUS(how);
	return true;
}

/* Ctrl-C reaches the command by itself; who sends SIGTERM means it, too. */
static bool interrupted(int signals, pid_t pid)
{
	struct signalfd_siginfo info;

	if (read(signals, &info, sizeof(info)) != sizeof(info))
		return false;
	if (info.ssi_signo == SIGCHLD)
		return false;
	if (pid && info.ssi_signo == SIGTERM)
		kill(pid, SIGTERM);
	return !pid;
}

/*
 * Poll's time until then, 0 if it is over, -1 if there is none. Rounded up, or
 * the last millisecond would be spent in a loop.
 */
static int left(const struct timespec *until)
{
	struct timespec now;
	int64_t ms;

	if (!until->tv_sec && !until->tv_nsec)
		return -1;
	clock_gettime(CLOCK_MONOTONIC, &now);
	ms = (until->tv_sec - now.tv_sec) * MS +
	     (until->tv_nsec - now.tv_nsec) / (1000000000 / MS) + 1;
	return ms < 0 ? 0 : ms > INT32_MAX ? INT32_MAX : (int)ms;
}

/**
 * hold - wait
 * @h: until when: the end of a command, a number of seconds, or SIGINT or
 *	SIGTERM and, if asked for and not a terminal, of standard input
 *
 * What is typed or pasted at a terminal is left to who reads it next. The
 * caller has called hold_signals().
 *
 * Return: the command's exit status as a shell has it, 0 if there is none.
 */
int hold(const struct hold *h)
{
	struct pollfd wait[] = { { .events = POLLIN },
				 { .fd = STDIN_FILENO, .events = POLLIN } };
	struct timespec until = { 0 };
	char skipped[256];
	pid_t pid = 0;
	int status = 0, ms;

	wait[0].fd = signalfd(-1, &ends, SFD_CLOEXEC | SFD_NONBLOCK);
	if (wait[0].fd < 0)
		err(STATUS_FAILED, "signalfd");
	if (h->command || !h->input || isatty(STDIN_FILENO))
		wait[1].fd = -1;
	if (h->command)
		pid = spawn(h->command);
	if (h->seconds > 0) {
		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_sec += (time_t)h->seconds;
	}
	for (;;) {
		ms = left(&until);
		if (poll(wait, ARRAY_SIZE(wait), ms) < 0 && errno != EINTR)
			err(STATUS_FAILED, "poll");
		if (!ms)
			break;
		if (wait[0].revents && interrupted(wait[0].fd, pid))
			break;
		if (pid && ended(pid, &status))
			break;
		if (wait[1].revents &&
		    read(STDIN_FILENO, skipped, sizeof(skipped)) <= 0)
			break;
	}
	close(wait[0].fd);
	return status;
}
