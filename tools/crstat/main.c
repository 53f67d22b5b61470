// SPDX-License-Identifier: GPL-2.0
/* What the arguments start. */
#include <errno.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "crstat.h"
#include "print/print.h"

struct view view;

/* What the output's terminal is like. */
static void look_at_terminal(void)
{
	const char *columns = getenv("COLUMNS"), *term = getenv("TERM");
	const char *no_colour = getenv("NO_COLOR");
	struct winsize size;

	if (isatty(STDOUT_FILENO)) {
		view.colour = (!no_colour || !*no_colour) && term &&
			      strcmp(term, "dumb");
		if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &size)) {
			view.width = size.ws_col;
			view.height = size.ws_row;
		}
	}
	if (columns && atoi(columns) > 0)
		view.width = atoi(columns);
}

int main(int argc, char **argv)
{
	const struct select *select = &view.select;

	options_parse(argc, argv);
	if (view.kallsyms)
		symbols_read(view.kallsyms);
	look_at_terminal();
	source_open(&view.source, view.root);
	/* Views that know one file read no others. */
	if (view.run == series_once || view.run == series_run ||
	    view.run == series_command || view.run == series_diff)
		view.source.wanted =
			BIT(view.id) | BIT(FILE_snapshot) | BIT(FILE_guests) |
			(select->vm || select->pid || select->vcpu ?
				 BIT(FILE_vcpus) :
				 0);
	view.run();
	/* A full disk shows itself here at the latest. */
	if (fflush(stdout) || ferror(stdout))
		fail(FAIL_SYSTEM, "cannot write: %s", strerror(errno));
	source_close(&view.source);
	return view.status;
}
