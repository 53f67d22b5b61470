// SPDX-License-Identifier: GPL-2.0
/*
 * What the numbers mean on this host, in sentences. Each follows from a number
 * or a parameter that it shows, so that a reader can check it. They stand in
 * sentences.txt, which says how it is read.
 */
#include <stdlib.h>

#include "crstat.h"
#include "print/print.h"

/* Where sentences end that go to no terminal. */
#define PIPE_WIDTH 80

/* A line is said of a file's rows, or of the host. */
#define HOST NR_FILES
#define MAX_LINES 200

static struct line {
	/* "=" and a name, "#" or "*". */
	const char *word;
	unsigned int of;
	const char *when;
	const char *text;
	/* What it counts. */
	int64_t number;
} lines[MAX_LINES + 1];

/* All rows of the file vcpus in one. */
static struct cell sum[NR_VCPUS];

static void read_lines(void)
{
	char *text = or_fail(strndup(TEXT(sentences), TEXT_LEN(sentences)));
	struct line *line = lines;
	char *rest, *end = text;

	while ((end = strstr(end, "\n\t")))
		*end = ' ';
	while ((rest = strsep(&text, "\n"))) {
		if (!strchr("=#*", *rest) || !*rest)
			continue;
		if (line == lines + MAX_LINES)
			fail(FAIL_SYSTEM, "more than %d sentences", MAX_LINES);
		line->word = strsep(&rest, " ");
		end = strsep(&rest, " ");
		while (line->of < HOST && strcmp(files[line->of].name, end))
			line->of++;
		line->when = strsep(&rest, " ");
		line->text = rest ?: "";
		line++;
	}
}

static uint64_t number_of(const char *name)
{
	int64_t number = 0;

	for (const struct line *line = lines; line->word; line++)
		if (*line->word == '=' && !strcmp(line->word + 1, name))
			number += line->number;
	return number > 0 ? number : 0;
}

/* What is known of a row besides its columns; NULL: nothing of that name. */
static const char *fact_of_row(const char *name, enum file_id of,
			       const struct cell *row, char *text)
{
	uint64_t number = 0;
	const char *word;

	if (of == FILE_probes) {
		word = cell_word(&row[PROBES_state]);
		if (!strcmp(name, "failed"))
			return !strncmp(word, "error:", 6) ? word + 6 :
			       !strcmp(word, "error")	   ? "unknown" :
							     "";
		number = cell_number(&row[PROBES_hits]) +
			 cell_number(&row[PROBES_missed]);
		/* The other vendor's wait on any host, as it should be. */
		if (!strcmp(name, "of_vendor"))
			number = !strcmp(word, "armed") ||
				 !cell_is(&row[PROBES_module],
					  number_of("amd")   ? "kvm_intel" :
					  number_of("intel") ? "kvm_amd" :
							       "");
		else if (strcmp(name, "calls"))
			return NULL;
	} else if (of == FILE_vcpus) {
		word = cell_word(&row[VCPUS_armed]);
		if (!strcmp(name, "tells"))
			number = cell_is(&row[VCPUS_state],
					 number_of("tell") ? "live" : "gone") &&
				 strcmp(word, "-");
		else if (strchr("rws", *name) && strlen(name) == 2)
			number = reg_armed(word, *name, name[1]);
		else if (!strcmp(name, "accesses"))
			number = row_sum(row, CR_ACCESSES);
		else
			return NULL;
	} else {
		return NULL;
	}
	sprintf(text, "%lu", number);
	return text;
}

/* The text of a fact, until the next: of a row of the file @of unless NULL. */
static const char *fact(const char *name, enum file_id of,
			const struct cell *row)
{
	static char text[CELL_TEXT_LEN];
	const struct file *file = &files[row ? of : FILE_vcpus];
	int column = file_column(file, name, strlen(name));
	const char *result = NULL;
	size_t len;

	if (column >= 0)
		return cell_text(row ? &row[column] : &sum[column],
				 file->columns[column].kind, text, &len);
	if (row)
		result = fact_of_row(name, of, row, text);
	if (result)
		return result;
	if (!strcmp(name, "paging"))
		name = number_of("intel") ? "$ept" : "$npt";
	if (*name == '$')
		return source_parameter(&view.source, name + 1);
	if (!strcmp(name, "example"))
		for_each_row(vcpu, &view.source.tables[FILE_vcpus])
			if (!strcmp(fact("tells", FILE_vcpus, vcpu), "1"))
				return cell_word(&vcpu[VCPUS_armed]);
	sprintf(text, "%lu", number_of(name));
	return text;
}

/* Whether a condition holds, of a row unless that is NULL. */
static bool holds(const char *when, enum file_id of, const struct cell *row)
{
	bool result = true;

	while (*when && *when != '?' && *when != '.' && result) {
		size_t len = strcspn(when, "&?"), end = strcspn(when, "=!<>&?");
		char name[64], value[64];
		uint64_t number;
		const char *is;

		snprintf(name, sizeof(name), "%.*s", (int)end, when);
		snprintf(value, sizeof(value), "%.*s",
			 (int)(len > end ? len - end - 1 : 0), when + end + 1);
		is = fact(name, of, row);
		number = strtoull(value, NULL, 0);
		if (len == end)
			result = *is && strcmp(is, "0") && strcmp(is, "-");
		else if (when[end] == '>')
			result = strtoull(is, NULL, 0) > number;
		else if (when[end] == '<')
			result = strtoull(is, NULL, 0) < number;
		else
			result = !strcmp(is, value) == (when[end] == '=');
		when += len + (when[len] == '&');
	}
	return result;
}

static void say(const char *text, enum file_id of, const struct cell *row)
{
	char *sentence = NULL;
	size_t size;
	FILE *out = or_fail(open_memstream(&sentence, &size));

	for (; *text; text++) {
		size_t len = strcspn(text, "?}");

		if (*text == '{' && text[len] == '}')
			fputs(fact(word_keep(text + 1, len - 1)->text, of, row),
			      out);
		if (*text == '{')
			text += text[len] == '}' || holds(text + 1, of, row) ?
					len :
					strcspn(text, "}");
		else if (*text != '}' && *text != '\t')
			putc(*text, out);
	}
	fclose(out);
	printf("  - ");
	print_wrapped(stdout, sentence, 0, 4, view.width ?: PIPE_WIDTH);
	putchar('\n');
	free(sentence);
}

/* Read what is to be explained, and count what sentences are made of. */
static void collect(void)
{
	struct table all = { 0 }, *tables = view.source.tables;

	source_at(&view.source, view.at);
	source_table(&view.source, FILE_vcpus);
	select_check(&view.select, &view.source);
	source_describe(&view.source);
	for (int id = 0; id < NR_MODULE_FILES; id++)
		if (files[id].vcpus)
			select_rows(&view.select, &tables[id]);
	/* Explained for the host, whichever of its vCPUs did it. */
	sum_table(&tables[FILE_bits], SUM_HOST);
	table_copy(&all, &tables[FILE_vcpus]);
	fold_table(&all, 0);
	if (all.nr_rows)
		memcpy(sum, all.rows[0], sizeof(sum));
	table_free(&all);
	read_lines();
	for (struct line *line = lines; line->word; line++) {
		const char *name = line->text + (*line->text == '-');
		int column;

		if (*line->word != '=')
			continue;
		column = file_column(&files[line->of], name, strlen(name));
		for_each_row(row, &tables[line->of])
			if (holds(line->when, line->of, row))
				line->number +=
					column < 0 ? !*name :
						     cell_number(&row[column]);
		if (name > line->text)
			line->number = -line->number;
	}
}

/* Print what the numbers mean. */
void explain_run(void)
{
	const struct table host = { .rows = (struct cell *[]){ NULL },
				    .nr_rows = 1 };
	bool wanted = false;
	struct line *end;

	collect();
	for (struct line *line = lines; line->word; line = end) {
		const struct table *table =
			line->of < HOST ? &view.source.tables[line->of] : &host;

		end = line + 1;
		if (*line->word == '#')
			wanted = holds(line->when, HOST, NULL);
		if (*line->word == '#' && wanted)
			puts(line->text);
		if (*line->word != '*')
			continue;
		/* What is said of one probe stays together. */
		while (line->of == FILE_probes && end->of == line->of)
			end++;
		for (size_t r = 0; wanted && r < table->nr_rows; r++)
			for (const struct line *l = line; l < end; l++)
				if (holds(l->when, l->of, table->rows[r]))
					say(l->text, l->of, table->rows[r]);
	}
}
