// SPDX-License-Identifier: GPL-2.0
/* The file times as histograms, in the shape that bcc's funclatency has. */
#include <inttypes.h>
#include <stdlib.h>

#include "crstat.h"
#include "print/print.h"

#define BAR 40

/* Rows of one histogram, and those of one vCPU, are equal in these. */
#define OF_VCPU (IDS & ~COLUMN_BIT(ID_tid))
#define OF_HISTOGRAM                                               \
	(OF_VCPU | COLUMN_BIT(TIMES_reg) | COLUMN_BIT(TIMES_dir) | \
	 COLUMN_BIT(TIMES_outcome))

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

static void print_owner(const struct cell *row)
{
	char vcpu[CELL_TEXT_LEN], level[CELL_TEXT_LEN];
	size_t len;

	if (row[ID_vm].type == CELL_NONE)
		printf("%s", cell_word(&row[ID_state]));
	else
		printf("%s", guest_name(row));
	if (row[ID_vcpu].type != CELL_NONE)
		printf(" vCPU %s",
		       cell_text(&row[ID_vcpu], KIND_KEY_NUMBER, vcpu, &len));
	if (cell_number(&row[ID_level]) == 2)
		printf(" level %s",
		       cell_text(&row[ID_level], KIND_KEY_NUMBER, level, &len));
}

/* Rows of the same histogram. */
static void print_histogram(struct cell **rows, size_t nr)
{
	static const char stars[] = "****************************************";
	uint64_t count = 0, total = 0, most = 1, longest = 0;
	char all[32], each[32], most_ns[32];

	for (size_t i = 0; i < nr; i++) {
		uint64_t n = cell_number(&rows[i][TIMES_count]);

		count += n;
		total += cell_number(&rows[i][TIMES_total]);
		most = n > most ? n : most;
		if (cell_number(&rows[i][TIMES_longest]) > longest)
			longest = cell_number(&rows[i][TIMES_longest]);
	}
	print_owner(rows[0]);
	printf(": %s %s, %s: %" PRIu64 " in %s, %s each, the longest %s\n",
	       cell_word(&rows[0][TIMES_reg]), cell_word(&rows[0][TIMES_dir]),
	       cell_word(&rows[0][TIMES_outcome]), count,
	       duration(all, (double)total),
	       duration(each, count ? (double)total / (double)count : 0),
	       duration(most_ns, (double)longest));
	printf("%12s : %-12s distribution\n", "ns", "count");
	for (size_t i = 0; i < nr; i++) {
		uint64_t n = cell_number(&rows[i][TIMES_count]);
		int bar = (int)(n * BAR / most);

		printf("%12" PRIu64 " : %-12" PRIu64 " |%-*.*s|\n",
		       cell_number(&rows[i][TIMES_ns]), n, BAR, bar, stars);
	}
	putchar('\n');
}

/*
 * A histogram for each register, direction and outcome of each vCPU, and a
 * sentence: what part of the time that passed went there, where it is known.
 */
void times_print(const struct sheet *sheet)
{
	struct table *table = sheet->table;
	struct cell **rows = table->rows;
	uint64_t ns = 0;
	char text[32];
	size_t end;

	table_sort(table, &(struct order){ .columns = table->file->keys });
	for (size_t i = 0; i < table->nr_rows; i = end) {
		for (end = i; end < table->nr_rows &&
			      rows_equal(rows[i], rows[end], OF_HISTOGRAM);
		     end++)
			ns += cell_number(&rows[end][TIMES_total]);
		print_histogram(rows + i, end - i);
		if (end < table->nr_rows &&
		    rows_equal(rows[i], rows[end], OF_VCPU))
			continue;
		print_owner(rows[i]);
		printf(": %s went into these accesses",
		       duration(text, (double)ns));
		if (sheet->seconds)
			printf(", %.2f %% of %s s",
			       (double)ns / sheet->seconds / 1e7,
			       sheet->length);
		puts(".\n");
		ns = 0;
	}
	if (!table->nr_rows)
		puts("Nothing was timed: see crstat on time.");
}
