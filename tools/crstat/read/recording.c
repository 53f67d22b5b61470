// SPDX-License-Identifier: GPL-2.0
/* The text of a recording; read.h describes it. */
#include <stdlib.h>

#include "read/read.h"

/*
 * Read the next snapshot's text. It is read whole before anything is done
 * with it: a recording can be cut short anywhere. Return: false where there is
 * no whole one; what was read of it is there.
 */
bool recording_read(struct source *source)
{
	static char *line;
	static size_t size;
	ssize_t got;

	source->len = 0;
	while ((got = getline(&line, &size, source->recording)) > 0) {
		if (!strcmp(line, RECORDING_END) && source->len)
			return true;
		if (source->len + got > source->size) {
			source->size = 2 * (source->len + got);
			source->text =
				or_fail(realloc(source->text, source->size));
		}
		memcpy(source->text + source->len, line, got);
		source->len += got;
	}
	return false;
}

/* A number's digits, behind which at least the line's '\n' stands. */
static bool digits(const char **at, uint64_t *number)
{
	const char *start = *at;

	for (*number = 0; **at >= '0' && **at <= '9'; ++*at)
		*number = *number * 10 + (**at - '0');
	return *at > start;
}

/* One cell: its letter, then a number to add or to take away, or a word. */
static bool change_cell(const struct table *table, struct cell *row,
			const char **at)
{
	unsigned int letter = (unsigned char)*(*at)++ - RECORDING_LETTER;
	char sign = **at;
	uint64_t number;
	int column;

	if (letter >= table->nr_heading)
		return false;
	column = table->heading[letter];
	*at += sign == '=' || sign == '-';
	if (sign == '=') {
		const char *word = *at;
		size_t len = 0;

		while (word[len] > ' ' && word[len] < 0x7f)
			len++;
		*at += len + (word[len] == ' ');
		if (!len || (word[len] != ' ' && word[len] != '\n'))
			return false;
		return column < 0 ||
		       cell_read(&row[column],
				 table->file->columns[column].kind, word, len);
	}
	if (!digits(at, &number))
		return false;
	if (column >= 0)
		row[column].number += sign == '-' ? -number : number;
	return column < 0 || row[column].type == CELL_NUMBER;
}

static bool apply_changes(struct table *table, const char *at, const char *end,
			  struct fault *fault)
{
	const char *eol = memchr(at, '\n', end - at);

	for (at = eol + 1; at < end && !fault->what; at = eol + 1) {
		char sign = *at == '!' || *at == '+' ? *at++ : ' ';
		uint64_t row;

		fault->line++;
		eol = memchr(at, '\n', end - at);
		if (!digits(&at, &row) || row >= table->nr_rows + (sign == '+'))
			refuse(fault, FAULT_FOREIGN, "a change of no row");
		else if (sign == '+')
			row_read(table, row, at, eol, fault);
		else if (sign == '!')
			table_remove(table, row);
		while (sign == ' ' && at < eol && !fault->what)
			if (!change_cell(table, table->rows[row], &at))
				refuse(fault, FAULT_FOREIGN,
				       "not a change of a row");
	}
	return !fault->what;
}

/*
 * Take over what the snapshot says. Return: false where it was refused, of
 * which file in @id and why in @fault.
 */
bool recording_apply(struct source *source, enum file_id *id,
		     struct fault *fault)
{
	char *text = source->text, *end = text + source->len, *next;
	unsigned int seen = 0;

	*fault = (struct fault){ .line = 1 };
	*id = FILE_snapshot;
	if (*text != '#')
		return refuse(fault, FAULT_FOREIGN, "not a section");
	for (; text < end; text = next) {
		char *eol = memchr(text, '\n', end - text);
		char name[32] = "", more;
		struct table *table;
		bool changes;

		next = memmem(eol, end - eol, "\n#", 2);
		next = next ? next + 1 : end;
		fault->line = 1;
		*eol = '\0';
		changes = sscanf(text, "# " CRS_NAME " %*d %31s %c", name,
				 &more) == 2;
		*eol = '\n';
		for (*id = 0; *id < NR_FILES; ++*id)
			if (!strcmp(files[*id].name, name))
				break;
		if (*id == NR_FILES)
			continue;
		if (seen & BIT(*id))
			return refuse(fault, FAULT_FOREIGN,
				      "a file stands twice");
		seen |= BIT(*id);
		if (*id == FILE_snapshot && !changes)
			source->there = 0;
		if (!(source->wanted & BIT(*id)))
			continue;
		if (changes && !(source->there & BIT(*id)))
			return refuse(fault, FAULT_FOREIGN,
				      "changes of nothing");
		table = &source->tables[*id];
		if (changes ? !apply_changes(table, text, next, fault) :
			      !table_read(table, *id, text, next - text, fault))
			return false;
		source->there |= BIT(*id);
	}
	return true;
}

/* A row, or the names of the columns, of those that the module has. */
static void write_row(FILE *out, const struct table *table,
		      const struct cell *row)
{
	const struct column *columns = table->file->columns;
	const char *before = "";
	char text[CELL_TEXT_LEN];
	size_t len;

	for_each_column(c, table->file->all & ~table->absent) {
		fprintf(out, "%s%s", before,
			row ? cell_text(&row[c], columns[c].kind, text, &len) :
			      columns[c].name);
		before = " ";
	}
	putc('\n', out);
}

/* The line of a row that was there before. */
static void write_change(FILE *out, const struct table *table, size_t number,
			 const struct cell *old, const struct cell *new)
{
	char letter = RECORDING_LETTER, text[CELL_TEXT_LEN];
	const char *blank = "";
	size_t len;

	fprintf(out, "%zu", number);
	for_each_column(c, table->file->all & ~table->absent) {
		enum kind kind = table->file->columns[c].kind;
		struct cell cell = new[c];
		const char *sign = "=";

		letter++;
		if (rows_equal(&old[c], &cell, 1))
			continue;
		if (old[c].type == CELL_NUMBER && cell.type == CELL_NUMBER) {
			sign = cell.number < old[c].number ? "-" : "";
			cell.number -= old[c].number;
			cell.number = *sign ? -cell.number : cell.number;
			kind = KIND_COUNT;
		}
		fprintf(out, "%s%c%s%s", blank, letter - 1, sign,
			cell_text(&cell, kind, text, &len));
		blank = *sign == '=' ? " " : "";
	}
	putc('\n', out);
}

/* What becomes of @old to make it @now, unless it is that already. */
static void write_changes(FILE *out, struct table *old, const struct table *now)
{
	const uint64_t all = now->file->all, key = now->file->lives;
	size_t at = 0;

	for (; at < now->nr_rows && at < old->nr_rows; at++)
		if (!rows_equal(old->rows[at], now->rows[at], all))
			break;
	if (at == now->nr_rows && at == old->nr_rows)
		return;
	fprintf(out, "# " CRS_NAME " %d %s changes\n", CRS_FORMAT,
		now->file->name);
	for (; at < now->nr_rows; at++) {
		const struct cell *row = now->rows[at];
		size_t same = at;

		while (same < old->nr_rows &&
		       !rows_equal(old->rows[same], row, key))
			same++;
		if (same == old->nr_rows) {
			fprintf(out, "+%zu ", at);
			write_row(out, now, row);
			table_insert(old, at);
			continue;
		}
		for (; same > at; same--, table_remove(old, at))
			fprintf(out, "!%zu\n", at);
		if (!rows_equal(old->rows[at], row, all))
			write_change(out, now, at, old->rows[at], row);
	}
	for (; old->nr_rows > at; table_remove(old, at))
		fprintf(out, "!%zu\n", at);
	table_copy(old, now);
}

/*
 * Write a reading as a snapshot, of which @last becomes the last one written.
 * What has not changed is not written, unless there are other files or columns
 * than before.
 */
void recording_write(FILE *out, struct source *last, const struct source *now)
{
	bool whole = last->there != now->there;

	for (int id = 0; id < NR_FILES; id++)
		whole |= now->there & BIT(id) &&
			 now->tables[id].absent != last->tables[id].absent;
	last->there = now->there;
	/* The snapshot's own section says which way the others are meant. */
	for (int i = 0; i < NR_FILES; i++) {
		int id = (FILE_snapshot + i) % NR_FILES;
		const struct table *table = &now->tables[id];

		if (!(now->there & BIT(id)))
			continue;
		if (!whole) {
			write_changes(out, &last->tables[id], table);
			continue;
		}
		fprintf(out, "# " CRS_NAME " %d %s\n", CRS_FORMAT,
			table->file->name);
		write_row(out, table, NULL);
		for_each_row(row, table)
			write_row(out, table, row);
		table_copy(&last->tables[id], table);
	}
	fputs(RECORDING_END, out);
}
