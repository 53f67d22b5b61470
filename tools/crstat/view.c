// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "view.h"

/**
 * view_terminal - find out what the output's terminal is like
 * @view: width, height and colour are set
 */
void view_terminal(struct view *view)
{
	const char *columns = getenv("COLUMNS");
	const char *no_colour = getenv("NO_COLOR");
	struct winsize size;

	view->width = 0;
	view->height = 0;
	view->colour = false;
	if (isatty(STDOUT_FILENO)) {
		view->colour = !no_colour || !*no_colour;
		if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &size)) {
			view->width = size.ws_col;
			view->height = size.ws_row;
		}
	}
	if (columns && atoi(columns) > 0)
		view->width = atoi(columns);
}
