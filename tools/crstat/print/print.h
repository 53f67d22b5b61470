/* SPDX-License-Identifier: GPL-2.0 */
/* What prints: a view of a table, in the format that is wanted. */
#ifndef CRSTAT_PRINT_H
#define CRSTAT_PRINT_H

#include "compute/compute.h"

/* What a user asked for, and where it comes from. */
struct view {
	const char *name;
	void (*run)(void);
	/* What is shown, of this file. */
	enum file_id id;
	struct source source;
	enum {
		FORMAT_TEXT,
		FORMAT_JSON,
		FORMAT_CSV,
		FORMAT_OPENMETRICS,
		FORMAT_PROMETHEUS,
		FORMAT_FOLDED
	} format;
	/* The terminal's columns and lines; 0: no limit, no terminal. */
	unsigned int width, height;
	bool colour;
	/* Drawn on a full screen, which has the time elsewhere. */
	bool screen;
	/* Seconds between readings and how often; 0: once, no end. */
	double interval;
	unsigned long count;
	struct select select;
	enum sum sum;
	/* Rows that are left out otherwise. */
	int all;
	/* Names with commas; a name, after a "-" in reverse; NULL: its own. */
	const char *columns, *sort;
	/* Rows of a table; 0: no limit. */
	unsigned long limit;
	/* As in the arguments. */
	const char *root, *at, *output, *kallsyms;
	/* Of diff, or of a command to the module. */
	const char *operands[2];
	unsigned int nr_operands;
	char **command;
	/* The exit status. */
	int status;
};

extern struct view view;

void options_parse(int argc, char **argv);
void series_once(void);
void series_run(void);
void series_command(void);
void series_diff(void);
void record_run(void);
void explain_run(void);
void top_run(void);

/* The columns of any file and some more. */
#define GRID_MAX_COLUMNS 72

/* The higher a rank, the sooner a column makes room; EMPTY adds to it. */
enum { GRID_STAYS, GRID_EMPTY = 100, GRID_DISPENSABLE = 200 };

struct grid_column {
	char heading[32];
	/* A wrapped text goes on below itself, in the last column alone. */
	enum grid_side { GRID_LEFT, GRID_RIGHT, GRID_WRAP } side;
	unsigned int rank;
	/* Of the rows; they hold something else than "0", "-" and nothing. */
	unsigned int cells_width;
	bool says;
};

/* Text in aligned columns, fit for the terminal's width. */
struct grid {
	struct grid_column columns[GRID_MAX_COLUMNS];
	unsigned int nr_columns;
	/* Where it is printed; NULL: stdout. */
	FILE *out;
	/* The layout. Split headings take two lines, cut at '_'. */
	bool split;
	unsigned int gap;
	/* Of columns, hidden ones below 0; of all others with their gaps. */
	int widths[GRID_MAX_COLUMNS];
	unsigned int width;
	/* The cells' texts, each with '\0' after it. */
	char *text;
	size_t used, size;
};

void grid_clear(struct grid *grid, bool keep);
void grid_cell(struct grid *grid, unsigned int i, const char *text, size_t len);
bool grid_print(struct grid *grid);
void grid_print_hidden(const struct grid *grid);
void print_wrapped(FILE *out, const char *text, unsigned int blanks,
		   unsigned int start, unsigned int limit);

struct shown {
	/*
	 * A column of the file; what people call the VM; the row's part
	 * of its group's events; when an interval ended, and how long it was;
	 * what a value or an address is.
	 */
	enum {
		SHOW_CELL,
		SHOW_GUEST,
		SHOW_PERCENT,
		SHOW_TIME,
		SHOW_SECONDS,
		SHOW_MEANING
	} what;
	/* Of what is none it is the first, a key. */
	unsigned int column;
	const char *name;
};

/*
 * A table on its way to the eye or to a program. Its rows are selected, summed
 * and in order, its columns are those that are wanted; all formats print it.
 */
struct sheet {
	/* Whether it is for the eye, and of the file vcpus. */
	bool text, vcpus;
	enum sum sum;
	/* The cell behind a row's last is what its group counted. */
	struct table *table;
	const struct file *file;
	/* Rows that --all would show. */
	size_t more;
	struct shown shown[GRID_MAX_COLUMNS];
	unsigned int nr_shown;
	/* When the reading was taken; of an interval, how long: else 0. */
	char time[32], length[16];
	double seconds;
	/* Whether events are by the second, rows tell the time; of times. */
	bool rates, timed, histograms;
};

void print_time(char text[32], int64_t unix_ms, const char *format);
void sheet_open(struct sheet *sheet, struct table *table, double seconds);
const char *sheet_text(const struct sheet *sheet, const struct cell *row,
		       unsigned int i, size_t *len);
void sheet_grid(const struct sheet *sheet, struct grid *grid);
void sheet_print(const struct sheet *sheet);
void times_print(const struct sheet *sheet);
void csv_print(const struct sheet *sheet, bool heading);
void json_print(const struct sheet *sheet);
void metrics_print(const struct sheet *sheet);
void folded_print(const struct sheet *sheet);

struct reading {
	struct table table;
	double seconds;
};

/* Readings one after the other: of now, or of a recording. */
struct series {
	struct reading first, before, now;
	/* What happened between the last two, and how long it took. */
	struct table delta;
	double seconds;
};

void series_open(struct series *series);
bool series_next(struct series *series);
void series_close(struct series *series);

/* A text file of this folder, which the linker takes in as it is. */
#define TEXT(name) _binary_##name##_txt_start
#define TEXT_LEN(name) (_binary_##name##_txt_end - TEXT(name))
#define TEXT_FILE(name)                                 \
	extern const char _binary_##name##_txt_start[], \
		_binary_##name##_txt_end[]

TEXT_FILE(sentences);
TEXT_FILE(keys);

#endif /* CRSTAT_PRINT_H */
