// SPDX-License-Identifier: GPL-2.0
/*
 * Text to model: the only parser of the module's files. It prints nothing and
 * refuses whatever it does not fully understand, since a number read from a
 * damaged file looks like any other number.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "read.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* More columns than any module will have, and a bound for the map of them. */
#define MAX_COLUMNS 128

#define MAGIC "# " CRS_NAME " "

#define COLUMN(name, help) { #name, help },
#define COLUMNS(name, list, help) \
	static const struct column name##_columns[] = { list(COLUMN) };
CRS_FILES(COLUMNS)
RECORD_FILES(COLUMNS)

/* What is not named here is a word, which any new column can be read as. */
#define ID_KINDS(file)                                          \
	[file##_pid] = KIND_NUMBER, [file##_tid] = KIND_NUMBER, \
	[file##_vcpu] = KIND_NUMBER

#define COUNTER_KIND(name, help) [VCPUS_##name] = KIND_COUNT,

static const unsigned char vcpus_kinds[NR_VCPUS] = {
	ID_KINDS(VCPUS),
	CRS_COUNTERS(COUNTER_KIND)[VCPUS_tpr] = KIND_HEX,
};

static const unsigned char values_kinds[NR_VALUES] = {
	ID_KINDS(VALUES),
	[VALUES_value] = KIND_HEX,
	[VALUES_count] = KIND_COUNT,
	[VALUES_error] = KIND_COUNT,
};

static const unsigned char bits_kinds[NR_BITS] = {
	ID_KINDS(BITS),
	[BITS_bit] = KIND_NUMBER,
	[BITS_set] = KIND_COUNT,
	[BITS_cleared] = KIND_COUNT,
};

static const unsigned char sites_kinds[NR_SITES] = {
	ID_KINDS(SITES),
	[SITES_address] = KIND_HEX,
	[SITES_count] = KIND_COUNT,
	[SITES_error] = KIND_COUNT,
};

static const unsigned char callers_kinds[NR_CALLERS] = {
	[CALLERS_count] = KIND_COUNT,
};

static const unsigned char probes_kinds[NR_PROBES] = {
	[PROBES_hits] = KIND_COUNT,
	[PROBES_missed] = KIND_COUNT,
};

static const unsigned char snapshot_kinds[NR_SNAPSHOT] = {
	[SNAPSHOT_unix_ms] = KIND_NUMBER,
};

static const unsigned char parameters_kinds[NR_PARAMETERS] = { 0 };
static const unsigned char guests_kinds[NR_GUESTS] = { 0 };

#define FILE_ENTRY(file_name, list, file_help)                 \
	[FILE_##file_name] = {                                 \
		.name = #file_name,                            \
		.help = file_help,                             \
		.columns = file_name##_columns,                \
		.kinds = file_name##_kinds,                    \
		.nr_columns = ARRAY_SIZE(file_name##_columns), \
	},

const struct file files[NR_FILES] = { CRS_FILES(FILE_ENTRY)
					      RECORD_FILES(FILE_ENTRY) };

struct parser {
	struct table *table;
	char *at;
	char *end;
	struct read_fault *fault;
	/* Column of the contract for each column of the file, -1: unknown. */
	int map[MAX_COLUMNS];
	unsigned int nr_map;
};

static enum read_result refuse(struct parser *p, enum read_result result,
			       const char *why)
{
	p->fault->why = why;
	return result;
}

/*
 * Cut the next word off the line in place. NULL at the line's end. The line's
 * last word is terminated by the caller, who overwrites the end. Sets *@clean
 * to false at a byte that no file of the module holds: it could be an escape
 * sequence for a terminal.
 */
static char *next_word(struct parser *p, bool *clean)
{
	char *word;

	while (*p->at == ' ' || *p->at == '\t')
		p->at++;
	if (*p->at == '\n')
		return NULL;
	word = p->at;
	while (*p->at > ' ' && *p->at < 0x7f)
		p->at++;
	if (*p->at == ' ' || *p->at == '\t')
		*p->at++ = '\0';
	else if (*p->at != '\n')
		*clean = false;
	return word;
}

static void next_line(struct parser *p)
{
	p->at++;
	p->fault->line++;
}

static enum read_result read_header(struct parser *p, const char *name)
{
	size_t len = p->end - p->at;
	size_t magic = strlen(MAGIC);
	unsigned long version;
	char *eol, *rest;

	if (memcmp(p->at, MAGIC, len < magic ? len : magic))
		return refuse(p, READ_FOREIGN, "not a file of " CRS_NAME);
	eol = memchr(p->at, '\n', len);
	if (!eol)
		return refuse(p, READ_TRUNCATED, "it ends in its first line");
	*eol = '\0';
	p->at += magic;
	if (*p->at < '0' || *p->at > '9')
		return refuse(p, READ_FOREIGN, "no format version");
	version = strtoul(p->at, &rest, 10);
	if (version > CRS_FORMAT)
		return refuse(p, READ_NEWER, "a newer format");
	if (version < 1 || *rest != ' ')
		return refuse(p, READ_FOREIGN, "no known format version");
	if (rest + 1 + strlen(name) != eol || strcmp(rest + 1, name))
		return refuse(p, READ_FOREIGN, "another of the module's files");
	p->at = eol;
	next_line(p);
	return READ_OK;
}

static int find_column(const struct file *file, const char *name)
{
	for (unsigned int i = 0; i < file->nr_columns; i++)
		if (!strcmp(file->columns[i].name, name))
			return i;
	return -1;
}

/*
 * A counter that the file lacks, since an older module wrote it, reads as "-".
 * Nothing stands in for any other column.
 */
static enum read_result check_columns(struct parser *p, const struct file *file)
{
	bool seen[MAX_COLUMNS] = { false };

	for (unsigned int i = 0; i < p->nr_map; i++) {
		if (p->map[i] < 0)
			continue;
		if (seen[p->map[i]])
			return refuse(p, READ_FOREIGN, "a column stands twice");
		seen[p->map[i]] = true;
	}
	for (unsigned int i = 0; i < file->nr_columns; i++)
		if (!seen[i] && file->kinds[i] != KIND_COUNT)
			return refuse(p, READ_FOREIGN, "a column is missing");
	return READ_OK;
}

static enum read_result read_columns(struct parser *p, const struct file *file)
{
	char *words[MAX_COLUMNS];
	bool clean = true;
	char *word;

	if (p->at == p->end)
		return refuse(p, READ_TRUNCATED, "it has no line of columns");
	while ((word = next_word(p, &clean))) {
		if (!clean)
			return refuse(p, READ_FOREIGN, "not plain text");
		if (p->nr_map == MAX_COLUMNS)
			return refuse(p, READ_FOREIGN, "too many columns");
		words[p->nr_map++] = word;
	}
	*p->at = '\0';
	for (unsigned int i = 0; i < p->nr_map; i++)
		p->map[i] = find_column(file, words[i]);
	next_line(p);
	return check_columns(p, file);
}

/* strtoull() takes signs and blanks, and needs errno to tell an overflow. */
static bool read_number(const char *word, uint64_t *number)
{
	uint64_t n = 0;

	for (; *word >= '0' && *word <= '9'; word++) {
		if (__builtin_mul_overflow(n, 10, &n) ||
		    __builtin_add_overflow(n, (uint64_t)(*word - '0'), &n))
			return false;
	}
	*number = n;
	return !*word;
}

static bool read_hex(const char *word, uint64_t *number)
{
	static const char digits[] = "0123456789abcdef";
	const char *start = word + 2;
	uint64_t n = 0;

	if (word[0] != '0' || word[1] != 'x' || !*start)
		return false;
	for (word = start; *word; word++) {
		const char *digit = strchr(digits, *word);

		if (!digit || word - start == 16)
			return false;
		n = n << 4 | (digit - digits);
	}
	*number = n;
	return true;
}

/*
 * @above is the cell in the row before: most words stand in many rows, and
 * those that are one in memory need not be compared letter by letter later.
 */
static bool read_cell(struct cell *cell, const struct cell *above,
		      enum kind kind, const char *word)
{
	if (word[0] == '-' && !word[1])
		return true;
	cell->type = CELL_NUMBER;
	switch (kind) {
	case KIND_NUMBER:
	case KIND_COUNT:
		return read_number(word, &cell->number);
	case KIND_HEX:
		if (read_hex(word, &cell->number))
			return true;
		if (strcmp(word, "unknown"))
			return false;
		break;
	case KIND_WORD:
		break;
	}
	if (above && cell_is(above, word))
		word = above->word;
	cell->type = CELL_WORD;
	cell->word = word;
	return true;
}

static enum read_result read_row(struct parser *p, struct cell *row)
{
	const struct file *file = p->table->file;
	const struct cell *above =
		row == p->table->cells ? NULL : row - file->nr_columns;
	char *words[MAX_COLUMNS];
	bool clean = true;
	unsigned int i = 0;
	char *word;

	while ((word = next_word(p, &clean))) {
		if (!clean)
			return refuse(p, READ_FOREIGN, "not plain text");
		if (i == p->nr_map)
			return refuse(p, READ_FOREIGN,
				      "more fields than columns");
		words[i++] = word;
	}
	if (i < p->nr_map)
		return refuse(p, READ_TRUNCATED, "fewer fields than columns");
	*p->at = '\0';
	for (i = 0; i < p->nr_map; i++) {
		int column = p->map[i];

		if (column >= 0 &&
		    !read_cell(&row[column], above ? &above[column] : NULL,
			       file->kinds[column], words[i]))
			return refuse(p, READ_FOREIGN, "not a number");
	}
	next_line(p);
	return READ_OK;
}

static size_t count_lines(const char *at, const char *end)
{
	size_t lines = 0;

	while (at < end && (at = memchr(at, '\n', end - at))) {
		lines++;
		at++;
	}
	return lines;
}

/**
 * read_table - parse the text of one file
 * @table: filled in; valid for table_free() whatever the result is
 * @id: the file that the text should be
 * @text: the text, of malloc(); the table owns it from here on
 * @len: its length
 * @fault: on refusal the line, from 1, and the reason
 *
 * Return: READ_OK, or why the text was refused.
 */
enum read_result read_table(struct table *table, enum file_id id, char *text,
			    size_t len, struct read_fault *fault)
{
	struct parser p = {
		.table = table,
		.at = text,
		.end = text + len,
		.fault = fault,
	};
	const struct file *file = &files[id];
	enum read_result result;
	size_t nr_rows;

	*table = (struct table){ .file = file, .text = text };
	*fault = (struct read_fault){ .line = 1 };
	if (!len)
		return refuse(&p, READ_TRUNCATED, "it is empty");
	result = read_header(&p, file->name);
	if (result)
		return result;
	if (p.at < p.end && p.end[-1] != '\n') {
		fault->line += count_lines(p.at, p.end);
		return refuse(&p, READ_TRUNCATED, "its last line has no end");
	}
	result = read_columns(&p, file);
	if (result)
		return result;
	nr_rows = count_lines(p.at, p.end);
	if (!nr_rows)
		return READ_OK;
	table->cells = calloc(nr_rows, file->nr_columns * sizeof(struct cell));
	if (!table->cells)
		return refuse(&p, READ_NO_MEMORY, "out of memory");
	for (; table->nr_rows < nr_rows; table->nr_rows++) {
		result = read_row(&p, table_row(table, table->nr_rows));
		if (result)
			return result;
	}
	return READ_OK;
}

/**
 * table_free - free what a table holds
 * @table: of read_table(); empty afterwards
 */
void table_free(struct table *table)
{
	free(table->cells);
	free(table->text);
	*table = (struct table){ .file = table->file };
}
