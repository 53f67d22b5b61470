// SPDX-License-Identifier: GPL-2.0
/*
 * Text to table: the only parser of the module's files. It prints nothing and
 * refuses whatever it does not fully understand, since a number read from a
 * damaged file looks like any other number.
 */
#include <search.h>
#include <stdlib.h>

#include "table/table.h"

static int compare_words(const void *a, const void *b)
{
	const struct word *x = a, *y = b;

	return strcmp(x->text, y->text);
}

/* The one copy of a word. */
struct word *word_keep(const char *text, size_t len)
{
	static void *kept;
	struct word *word = or_fail(calloc(1, sizeof(*word) + len + 1));
	struct word **found;

	memcpy(word->text, text, len);
	found = or_fail(tsearch(word, &kept, compare_words));
	if (*found != word)
		free(word);
	return *found;
}

/* Note why a text is not taken. Return: false. */
bool refuse(struct fault *fault, int what, const char *why)
{
	fault->what = what;
	fault->why = why;
	return false;
}

/*
 * The next word of a line, which ends in '\n'. NULL at its end or at a byte
 * that no file of the module holds: it could be an escape sequence for a
 * terminal.
 */
static const char *next_word(const char **at, const char *end, size_t *len,
			     struct fault *fault)
{
	const char *word = *at, *stop;

	while (*word == ' ' || *word == '\t')
		word++;
	stop = word;
	while ((unsigned char)(*stop - '!') < 0x7f - '!')
		stop++;
	*at = stop;
	*len = stop - word;
	if (stop < end && *stop != ' ' && *stop != '\t')
		refuse(fault, FAULT_FOREIGN, "not plain text");
	return *len && !fault->what ? word : NULL;
}

static bool read_magic(const char *line, const char *end, bool whole,
		       const char *name, struct fault *fault)
{
	static const char magic[] = "# " CRS_NAME " ";
	size_t len = end - line, magic_len = strlen(magic), version = 0;

	if (memcmp(line, magic, len < magic_len ? len : magic_len) ||
	    (whole && len < magic_len))
		return refuse(fault, FAULT_FOREIGN, "not a file of " CRS_NAME);
	if (!whole)
		return refuse(fault, FAULT_TRUNCATED,
			      "it ends in its first line");
	for (line += magic_len; *line >= '0' && *line <= '9'; line++)
		if (version <= CRS_FORMAT)
			version = version * 10 + (*line - '0');
	if (version > CRS_FORMAT)
		return refuse(fault, FAULT_NEWER, "a newer format");
	if (version < 1 || *line++ != ' ')
		return refuse(fault, FAULT_FOREIGN, "no known format version");
	if (strlen(name) != (size_t)(end - line) ||
	    memcmp(line, name, end - line))
		return refuse(fault, FAULT_FOREIGN,
			      "another of the module's files");
	return true;
}

/*
 * A column that the text lacks, since an older module wrote it, reads as "-",
 * but for the first, without which nothing is known of a row.
 */
static bool read_heading(struct table *table, const char *line, const char *end,
			 struct fault *fault)
{
	uint64_t seen = 0;
	const char *word;
	size_t len;

	table->nr_heading = 0;
	while ((word = next_word(&line, end, &len, fault))) {
		int column = file_column(table->file, word, len);
		uint64_t bit = column < 0 ? 0 : COLUMN_BIT(column);

		if (table->nr_heading == MAX_COLUMNS)
			return refuse(fault, FAULT_FOREIGN, "too many columns");
		if (seen & bit)
			return refuse(fault, FAULT_FOREIGN,
				      "a column stands twice");
		seen |= bit;
		table->heading[table->nr_heading++] = column;
	}
	table->absent = ~seen & table->file->all;
	if (!fault->what && !(seen & 1))
		refuse(fault, FAULT_FOREIGN, "a column is missing");
	return !fault->what;
}

/* strtoull() takes signs and blanks, and needs errno to tell an overflow. */
static bool read_number(const char *text, size_t len, unsigned int base,
			uint64_t *number)
{
	uint64_t n = 0;

	for (size_t i = 0; i < len; i++) {
		unsigned int digit = (unsigned char)text[i] - '0';

		if (base == 16 && text[i] >= 'a')
			digit = text[i] - 'a' + 10;
		else if (digit > 9)
			return false;
		if (digit >= base || __builtin_mul_overflow(n, base, &n) ||
		    __builtin_add_overflow(n, digit, &n))
			return false;
	}
	*number = n;
	return len;
}

/* Read one field. Return: false where it is not of its kind. */
bool cell_read(struct cell *cell, enum kind kind, const char *text, size_t len)
{
	struct word *before = cell->type == CELL_WORD ? cell->word : NULL;

	cell->type = CELL_NUMBER;
	if (len == 1 && *text == '-') {
		cell->type = CELL_NONE;
		return true;
	}
	if (DECIMALS >> kind & 1)
		return read_number(text, len, 10, &cell->number);
	if (HEXADECIMALS >> kind & 1) {
		if (len > 2 && !memcmp(text, "0x", 2))
			return read_number(text + 2, len - 2, 16,
					   &cell->number);
		if (len != 7 || memcmp(text, "unknown", len))
			return false;
	}
	cell->type = CELL_WORD;
	if (!before || strncmp(before->text, text, len) || before->text[len])
		before = word_keep(text, len);
	cell->word = before;
	return true;
}

/* Read a line and insert its row. Return: false where it was refused. */
bool row_read(struct table *table, size_t at, const char *line, const char *end,
	      struct fault *fault)
{
	struct cell *row = table_insert(table, at);
	const struct cell *above = at ? table->rows[at - 1] : NULL;
	unsigned int i = 0;
	const char *word;
	size_t len;

	/* Most words stand in the row above too; what is absent is so there. */
	if (above)
		memcpy(row, above, table->file->nr_columns * sizeof(*row));
	else
		memset(row, 0, table->file->nr_columns * sizeof(*row));
	while ((word = next_word(&line, end, &len, fault))) {
		int column;

		if (i == table->nr_heading)
			return refuse(fault, FAULT_FOREIGN,
				      "more fields than columns");
		column = table->heading[i++];
		if (column >= 0 &&
		    !cell_read(&row[column], table->file->columns[column].kind,
			       word, len))
			return refuse(fault, FAULT_FOREIGN, "not a number");
	}
	if (!fault->what && i < table->nr_heading)
		refuse(fault, FAULT_TRUNCATED, "fewer fields than columns");
	return !fault->what;
}

/*
 * A cell as the module writes it. printf() would be most of what a table of
 * many vCPUs costs. Return: the text, somewhere in @text or a word, with
 * '\0' after it.
 */
const char *cell_text(const struct cell *cell, enum kind kind,
		      char text[CELL_TEXT_LEN], size_t *len)
{
	char *end = text + CELL_TEXT_LEN - 1, *first = end;
	uint64_t number = cell->number;

	if (cell->type != CELL_NUMBER) {
		const char *word = cell_word(cell);

		*len = strlen(word);
		return word;
	}
	*end = '\0';
	if (HEXADECIMALS >> kind & 1) {
		do {
			*--first = "0123456789abcdef"[number & 15];
		} while (number >>= 4);
		*--first = 'x';
		*--first = '0';
	} else {
		do {
			*--first = '0' + number % 10;
		} while (number /= 10);
	}
	*len = end - first;
	return first;
}

/* Parse the text of one file. Return: false where it was refused. */
bool table_read(struct table *table, enum file_id id, const char *text,
		size_t len, struct fault *fault)
{
	const char *end = text + len, *eol = memchr(text, '\n', len);

	table->file = &files[id];
	table->nr_rows = 0;
	*fault = (struct fault){ .line = 1 };
	if (!len)
		return refuse(fault, FAULT_TRUNCATED, "it is empty");
	if (!read_magic(text, eol ?: end, eol, files[id].name, fault))
		return false;
	for (text = eol + 1; text < end; text = eol + 1) {
		fault->line++;
		eol = memchr(text, '\n', end - text);
		if (!eol)
			return refuse(fault, FAULT_TRUNCATED,
				      "its last line has no end");
		if (fault->line == 2 ?
			    !read_heading(table, text, eol, fault) :
			    !row_read(table, table->nr_rows, text, eol, fault))
			return false;
	}
	return fault->line > 1 ||
	       refuse(fault, FAULT_TRUNCATED, "it has no line of columns");
}

/* A new row, whose cells are still to be set. */
struct cell *table_insert(struct table *table, size_t at)
{
	const size_t size = (table->file->nr_columns + 1) * sizeof(struct cell);
	struct cell *row;

	if (table->nr_rows == table->max_rows) {
		size_t max = table->max_rows ? 2 * table->max_rows : 16;

		table->rows =
			or_fail(reallocarray(table->rows, max, sizeof(row)));
		while (table->max_rows < max)
			table->rows[table->max_rows++] = or_fail(malloc(size));
	}
	row = table->rows[table->nr_rows];
	memmove(&table->rows[at + 1], &table->rows[at],
		(table->nr_rows++ - at) * sizeof(row));
	return table->rows[at] = row;
}

/* A copy of a row, or one of nothing where @row is NULL, behind all others. */
struct cell *table_add(struct table *table, const struct cell *row)
{
	const size_t size = table->file->nr_columns * sizeof(*row);
	struct cell *added = table_insert(table, table->nr_rows);

	return row ? memcpy(added, row, size) : memset(added, 0, size);
}

void table_remove(struct table *table, size_t at)
{
	struct cell *row = table->rows[at];

	memmove(&table->rows[at], &table->rows[at + 1],
		(--table->nr_rows - at) * sizeof(row));
	table->rows[table->nr_rows] = row;
}

/* Copies a table's rows over those of @copy, whose memory is used again. */
void table_copy(struct table *copy, const struct table *table)
{
	if (copy->file != table->file)
		table_free(copy);
	copy->file = table->file;
	copy->absent = table->absent;
	copy->nr_rows = 0;
	for_each_row(row, table)
		table_add(copy, row);
}

void table_free(struct table *table)
{
	for (size_t i = 0; i < table->max_rows; i++)
		free(table->rows[i]);
	free(table->rows);
	*table = (struct table){ .file = table->file };
}

/* Whether two rows are equal in the columns of a set. */
bool rows_equal(const struct cell *a, const struct cell *b, uint64_t columns)
{
	for_each_column(c, columns)
		if (a[c].type != b[c].type ||
		    (a[c].type != CELL_NONE && a[c].number != b[c].number))
			return false;
	return true;
}

/* The sum of a row's numbers in the columns of a set. */
uint64_t row_sum(const struct cell *row, uint64_t columns)
{
	uint64_t sum = 0;

	for_each_column(c, columns)
		sum += cell_number(&row[c]);
	return sum;
}
