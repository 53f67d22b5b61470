// SPDX-License-Identifier: GPL-2.0
/* How crstat starts, runs a command and ends. */
#include <errno.h>
#include <spawn.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crstat.h"
#include "print/print.h"

struct view view;
void (*fail_prepare)(void);

/* A formatted text, to be freed. */
char *text_of(const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		or_fail(NULL);
	va_end(args);
	return text;
}

/* The result of an allocation that asked for more than 0 bytes, never NULL. */
void *or_fail(void *memory)
{
	if (!memory)
		fail(FAIL_SYSTEM, "out of memory");
	return memory;
}

/*
 * Run a command and wait for its end. Ctrl-C is for the command, as the
 * terminal gives it to both; other signals that ask for an end are passed on.
 * crstat outlives them to say what happened until then. Return: the exit
 * status as a shell has it, of a signal 128 more; negative where the command
 * never ran: 127 if there is none, 126 if it can't be run.
 */
int child_run(char **argv)
{
	static const int held[] = { SIGCHLD, SIGINT, SIGQUIT, SIGTERM, SIGHUP };
	int signal, status = 0, failed;
	posix_spawnattr_t attr;
	sigset_t all, before;
	pid_t pid;

	/* Where it is ignored there is none to wait for. */
	sigaction(SIGCHLD, &(struct sigaction){ .sa_handler = SIG_DFL }, NULL);
	sigemptyset(&all);
	for (size_t i = 0; i < ARRAY_SIZE(held); i++)
		sigaddset(&all, held[i]);
	sigprocmask(SIG_BLOCK, &all, &before);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigmask(&attr, &before);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK);
	failed = posix_spawnp(&pid, argv[0], NULL, &attr, argv, environ);
	posix_spawnattr_destroy(&attr);
	if (failed) {
		warn("%s: %s", argv[0], strerror(failed));
		return failed == ENOENT ? -127 : -126;
	}
	while (!waitpid(pid, &status, WNOHANG)) {
		sigwait(&all, &signal);
		if (signal == SIGTERM || signal == SIGHUP)
			kill(pid, signal);
	}
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) :
				     WEXITSTATUS(status);
}

/* What the output's terminal is like. */
static void look_at_terminal(void)
{
	const char *columns = getenv("COLUMNS"), *term = getenv("TERM");
	const char *no_colour = getenv("NO_COLOR");
	struct winsize size;

	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &size)) {
		view.colour = (!no_colour || !*no_colour) && term &&
			      strcmp(term, "dumb");
		view.width = size.ws_col;
		view.height = size.ws_row;
	}
	if (columns && atoi(columns) > 0)
		view.width = atoi(columns);
}

int main(int argc, char **argv)
{
	/* Whatever it is called, for messages. */
	program_invocation_name = "crstat";
	options_parse(argc, argv);
	if (view.kallsyms)
		symbols_read(view.kallsyms);
	look_at_terminal();
	source_open(&view.source, view.root);
	view.run();
	/* A full disk shows itself here at the latest. */
	if (fflush(stdout) || ferror(stdout))
		fail(FAIL_SYSTEM, "cannot write: %s", strerror(errno));
	source_close(&view.source);
	return view.status;
}
