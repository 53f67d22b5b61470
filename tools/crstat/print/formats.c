// SPDX-License-Identifier: GPL-2.0
/* A sheet for programs: CSV, JSON, metrics, folded stacks. */
#include <inttypes.h>

#include "print/print.h"

/* A text in quotes, with an escape before those in it, and before itself. */
static void put_quoted(const char *text, char escape)
{
	putchar_unlocked('"');
	for (; *text; text++) {
		/* The parser takes plain text alone: little is to be done. */
		if (*text == '"' || *text == escape)
			putchar_unlocked(escape);
		putchar_unlocked(*text);
	}
	putchar_unlocked('"');
}

/* Comma-separated values as of RFC 4180; what does not apply is empty. */
void csv_print(const struct sheet *sheet, bool heading)
{
	const unsigned int last = sheet->nr_shown - 1;
	size_t len;

	for (unsigned int i = 0; heading && i <= last; i++)
		printf("%s%c", sheet->shown[i].name, i < last ? ',' : '\n');
	for_each_row(row, sheet->table)
		for (unsigned int i = 0; i <= last; i++) {
			const char *text = sheet_text(sheet, row, i, &len);

			if (memchr(text, ',', len) || memchr(text, '"', len))
				put_quoted(text, '"');
			else if (strcmp(text, "-"))
				fwrite_unlocked(text, 1, len, stdout);
			putchar_unlocked(i < last ? ',' : '\n');
		}
}

/*
 * One JSON object. Each row is on a line of its own, but an interval is on one
 * with all of its. Other than counts, 64 bits are text: not every reader's
 * numbers hold them.
 */
void json_print(const struct sheet *sheet)
{
	const char *line = sheet->seconds ? "" : "\n", *before = "";
	size_t len;

	printf("{\"format\":%d,\"file\":\"%s\",", CRS_FORMAT,
	       sheet->file->name);
	if (sheet->seconds)
		printf("\"time\":\"%s\",\"seconds\":%s,", sheet->time,
		       sheet->length);
	fputs("\"rows\":[", stdout);
	for_each_row(row, sheet->table) {
		printf("%s%s", before, line);
		for (unsigned int i = 0; i < sheet->nr_shown; i++) {
			const struct shown *shown = &sheet->shown[i];
			const char *text = sheet_text(sheet, row, i, &len);

			putchar_unlocked(i ? ',' : '{');
			put_quoted(shown->name, '\\');
			putchar_unlocked(':');
			if (!strcmp(text, "-"))
				fputs_unlocked("null", stdout);
			else if (is_of(sheet->file, shown->column, DECIMALS))
				fputs_unlocked(text, stdout);
			else
				put_quoted(text, '\\');
		}
		putchar_unlocked('}');
		before = ",";
	}
	printf("%s]}\n", line);
}

static void put_label(char *before, const char *name, const char *text)
{
	putchar_unlocked(*before);
	fputs_unlocked(name, stdout);
	putchar_unlocked('=');
	put_quoted(text, '\\');
	*before = ',';
}

/* Of a metric all but the number; @le: a bucket's bound, else NULL. */
static void put_sample(const char *metric, const struct file *file,
		       const struct cell *row, uint64_t labels, const char *le)
{
	const char *guest = file->vcpus ? guest_own_name(row) : NULL;
	char text[CELL_TEXT_LEN], before = '{';
	size_t len;

	fputs_unlocked(metric, stdout);
	if (guest && labels & COLUMN_BIT(ID_vm))
		put_label(&before, "guest", guest);
	for_each_column(c, labels)
		if (row[c].type != CELL_NONE)
			put_label(&before, file->columns[c].name,
				  cell_text(&row[c], file->columns[c].kind,
					    text, &len));
	if (le)
		put_label(&before, "le", le);
	fputs_unlocked(before == ',' ? "} " : " ", stdout);
}

#define HISTOGRAM CRS_NAME "_access_seconds"

/*
 * Times as one histogram, a series for each register, direction and outcome of
 * each vCPU. A bucket has all that is below its bound.
 */
static void print_histograms(struct table *table, uint64_t labels)
{
	const struct file *file = table->file;
	struct table group;
	char le[32];

	table_sort(table, &(struct order){ .columns = labels });
	labels &= ~COLUMN_BIT(TIMES_ns);
	puts("# HELP " HISTOGRAM
	     " what intercepted accesses took\n# TYPE " HISTOGRAM " histogram");
	for (size_t i = 0; i < table->nr_rows; i += group.nr_rows) {
		uint64_t count = 0, ns = 0;
		const struct cell *any = table->rows[i];

		group = group_at(table, i, labels);
		for_each_row(row, &group) {
			uint64_t bound = 2 * cell_number(&row[TIMES_ns]);

			count += cell_number(&row[TIMES_count]);
			ns += cell_number(&row[TIMES_total]);
			/* The last has no bound. */
			if (bound >> 32)
				continue;
			snprintf(le, sizeof(le), "%.9g", (bound ?: 256) / 1e9);
			put_sample(HISTOGRAM "_bucket", file, row, labels, le);
			printf("%" PRIu64 "\n", count);
		}
		put_sample(HISTOGRAM "_bucket", file, any, labels, "+Inf");
		printf("%" PRIu64 "\n", count);
		put_sample(HISTOGRAM "_sum", file, any, labels, NULL);
		printf("%.9f\n", ns / 1e9);
		put_sample(HISTOGRAM "_count", file, any, labels, NULL);
		printf("%" PRIu64 "\n", count);
	}
}

/*
 * Counters for Prometheus: a metric a counter, a sample a row; a vCPU's lives
 * are one series. Those of vcpus are the module's, others those of a row of
 * their file: of a bit, not of bits, which promtool takes for a unit.
 * OpenMetrics names a family without _total, Prometheus with it. A bound can
 * shrink, when its table is reset. Labels are the guest's name, keys but
 * a VM's process, which its name has in it, and what a row of no VM is of.
 */
void metrics_print(const struct sheet *sheet)
{
	struct table *table = sheet->table;
	const struct file *file = sheet->file;
	uint64_t metrics = view.id == FILE_times ? 0 :
						   file->counts | file->bounds;
	uint64_t labels = sheet->sum ? sum_keys(file, sheet->sum) : file->lives;
	bool open = view.format == FORMAT_OPENMETRICS;
	char text[CELL_TEXT_LEN], metric[64];
	size_t len;

	if (file->vcpus) {
		join_lives(table);
		fold_table(table, file->lives);
		labels &= ~COLUMN_BIT(ID_pid);
	}
	if (view.id == FILE_times)
		print_histograms(table, labels);
	for_each_column(c, metrics & ~table->absent) {
		const struct column *column = &file->columns[c];
		const char *total = is_of(file, c, BOUNDS) ? "" : "_total";
		int family =
			snprintf(metric, sizeof(metric), CRS_NAME "_%.*s%s%s%s",
				 sheet->vcpus ? 0 : (int)strlen(file->name) - 1,
				 file->name, sheet->vcpus ? "" : "_",
				 column->name, total);

		family -= open ? strlen(total) : 0;
		printf("# HELP %.*s %s\n# TYPE %.*s %s\n", family, metric,
		       column->help, family, metric,
		       *total ? "counter" : "gauge");
		for_each_row(row, table) {
			if (row[c].type != CELL_NUMBER)
				continue;
			put_sample(metric, file, row, labels, NULL);
			puts(cell_text(&row[c], KIND_COUNT, text, &len));
		}
	}
	if (open)
		puts("# EOF");
}

/*
 * Sites as folded stacks, of which flamegraph.pl, inferno and speedscope make a
 * flame graph: the guest, its mode, what the address is and the access. A
 * symbol alone is a function, an area alone is no place.
 */
void folded_print(const struct sheet *sheet)
{
	char text[NAME_LEN], address[CELL_TEXT_LEN];
	size_t len;

	for_each_row(row, sheet->table) {
		const char *mode = cell_word(&row[SITES_mode]);
		const char *name =
			address_name(&row[SITES_address], mode, text);

		if (name == text)
			text[strcspn(text, "+")] = '\0';
		printf("%s;%s%s%s", guest_name(row), mode, *name ? ";" : "",
		       name);
		if (name != text || !*name)
			printf(";%s", cell_text(&row[SITES_address],
						KIND_KEY_HEX, address, &len));
		printf(";%s %s %" PRIu64 "\n", cell_word(&row[SITES_reg]),
		       cell_word(&row[SITES_dir]),
		       cell_number(&row[SITES_count]));
	}
}

/* As people read a time: three digits of it at least. */
static char *duration(char text[32], double ns)
{
	static const char *const units[] = { "ns", "us", "ms", "s" };
	unsigned int unit = 0;

	for (; ns >= 10000 && unit < ARRAY_SIZE(units) - 1; unit++)
		ns /= 1000;
	snprintf(text, 32, "%.*f %s", unit && ns < 1000, ns, units[unit]);
	return text;
}

/* What else the rows of a sum have in common tells nothing of the next sum. */
static void print_owner(const struct cell *row, uint64_t keys)
{
	const char *state = keys & IDS ? cell_word(&row[ID_state]) : "host";
	bool vm = keys & IDS && row[ID_vm].type != CELL_NONE;

	printf("%s", vm ? guest_name(row) : state);
	if (keys & COLUMN_BIT(ID_vcpu) && row[ID_vcpu].type != CELL_NONE)
		printf(" vCPU %" PRIu64, row[ID_vcpu].number);
	if (keys & IDS && cell_number(&row[ID_level]) == 2)
		printf(" level 2");
}

/* Rows of one histogram. Return: nanoseconds of all of them. */
static uint64_t print_histogram(const struct table *table, uint64_t keys)
{
	static const char stars[] = "****************************************";
	const int width = sizeof(stars) - 1;
	uint64_t count = 0, ns = 0, most = 1, longest = 0;
	const struct cell *first = table->rows[0];
	char all[32], each[32], most_ns[32];

	for_each_row(row, table) {
		count += cell_number(&row[TIMES_count]);
		ns += cell_number(&row[TIMES_total]);
		most = MAX(cell_number(&row[TIMES_count]), most);
		longest = MAX(cell_number(&row[TIMES_longest]), longest);
	}
	print_owner(first, keys);
	printf(": %s %s, %s: %" PRIu64 " in %s, %s each, the longest %s\n",
	       cell_word(&first[TIMES_reg]), cell_word(&first[TIMES_dir]),
	       cell_word(&first[TIMES_outcome]), count, duration(all, ns),
	       duration(each, count ? (double)ns / count : 0),
	       duration(most_ns, longest));
	printf("%12s : %-12s distribution\n", "ns", "count");
	for_each_row(row, table) {
		uint64_t n = cell_number(&row[TIMES_count]);

		printf("%12" PRIu64 " : %-12" PRIu64 " |%-*.*s|\n",
		       cell_number(&row[TIMES_ns]), n, width,
		       (int)(n * width / most), stars);
	}
	putchar('\n');
	return ns;
}

/*
 * The file times in the shape that bcc's funclatency has: a histogram for each
 * register, direction and outcome of each vCPU or sum, and a sentence: what
 * part of the time that passed went there, where it is known.
 */
void times_print(const struct sheet *sheet)
{
	uint64_t keys = sum_keys(sheet->file, sheet->sum);
	struct table *table = sheet->table, vcpu, group;
	char text[32];

	table_sort(table, &(struct order){ .columns = keys });
	keys &= ~COLUMN_BIT(TIMES_ns);
	for (size_t i = 0; i < table->nr_rows; i += vcpu.nr_rows) {
		uint64_t ns = 0;

		vcpu = group_at(table, i, keys & IDS);
		for (size_t k = 0; k < vcpu.nr_rows; k += group.nr_rows) {
			group = group_at(&vcpu, k, keys);
			ns += print_histogram(&group, keys);
		}
		print_owner(table->rows[i], keys);
		printf(": %s went into these accesses", duration(text, ns));
		if (sheet->seconds)
			printf(", %.2f %% of %s s until %s",
			       ns / sheet->seconds / 1e7, sheet->length,
			       sheet->time);
		puts(".\n");
	}
	if (!table->nr_rows)
		puts("Nothing was timed: see crstat on time.");
}
