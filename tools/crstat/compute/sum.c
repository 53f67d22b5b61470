// SPDX-License-Identifier: GPL-2.0
/* Order, sums and selection of a table's rows. */
#include <stdlib.h>

#include "compute/compute.h"
#include "crstat.h"

static int compare_numbers(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

/*
 * The order of two rows by the columns of a set. Words that hold numbers, as a
 * VM's name does, are ordered by them. What does not apply comes last.
 */
static int compare_cells(const struct cell *a, const struct cell *b,
			 uint64_t columns)
{
	static const int ranks[] = { [CELL_NUMBER] = 0, 1, [CELL_NONE] = 2 };
	int result = 0;

	for_each_column(c, columns) {
		const struct cell *x = &a[c], *y = &b[c];

		if (x->type != y->type)
			result = ranks[x->type] - ranks[y->type];
		else if (x->type == CELL_NUMBER)
			result = compare_numbers(x->number, y->number);
		else if (x->type == CELL_WORD && x->word != y->word)
			result = strverscmp(x->word->text, y->word->text);
		if (result)
			break;
	}
	return result;
}

static int state_rank(const struct cell *state)
{
	static const char *const last[] = { "noroom", "dropped", "gone" };
	int i = 0;

	while (i < 3 && !cell_is(state, last[i]))
		i++;
	return 3 - i;
}

static int compare(const void *a, const void *b, void *data)
{
	const struct cell *x = *(struct cell *const *)a;
	const struct cell *y = *(struct cell *const *)b;
	const struct order *order = data;
	const struct file *file = order->file;
	int c = order->column - 1, place = file->nr_columns, result = 0;

	if (order->by_state)
		result = state_rank(&x[ID_state]) - state_rank(&y[ID_state]);
	if (!result)
		result = compare_cells(x, y, order->columns);
	if (!result && order->by_events)
		result = compare_numbers(row_sum(y, file->events),
					 row_sum(x, file->events));
	if (!result && c >= 0) {
		bool falls = is_of(file, c, COUNTS | BOUNDS) != order->reverse;

		/* What does not apply comes last either way. */
		result = compare_cells(x, y, COLUMN_BIT(c));
		result = falls && x[c].type == y[c].type ? -result : result;
	}
	if (!result && order->by_state)
		return compare_numbers(x[place].number, y[place].number);
	return result ?: compare_cells(x, y, file->all);
}

void table_sort(struct table *table, const struct order *order)
{
	struct order of_file = *order;
	size_t i = 1;

	of_file.file = table->file;
	for (size_t k = 0; order->by_state && k < table->nr_rows; k++)
		table->rows[k][table->file->nr_columns].number = k;
	while (i < table->nr_rows &&
	       compare(&table->rows[i - 1], &table->rows[i], &of_file) <= 0)
		i++;
	if (i < table->nr_rows)
		qsort_r(table->rows, table->nr_rows, sizeof(*table->rows),
			compare, &of_file);
}

/* The rows from the one at @i on that are equal to it in some columns. */
struct table group_at(const struct table *table, size_t i, uint64_t columns)
{
	struct table group = { .rows = table->rows + i };

	while (i < table->nr_rows &&
	       rows_equal(*group.rows, table->rows[i++], columns))
		group.nr_rows++;
	return group;
}

/* Sums stop at the largest number; none and what is not known is not known. */
static void add_row(const struct file *file, struct cell *sum,
		    const struct cell *row)
{
	const uint64_t adds = file->counts | file->bounds;

	for_each_column(c, adds) {
		uint64_t *n = &sum[c].number;

		if (__builtin_add_overflow(cell_number(&sum[c]),
					   cell_number(&row[c]), n))
			*n = UINT64_MAX;
		sum[c].type = *n ? CELL_NUMBER : MIN(sum[c].type, row[c].type);
	}
	for_each_column(c, file->all & ~adds)
		if (is_of(file, c, BIT(KIND_MOST)))
			sum[c].number = MAX(sum[c].number, row[c].number);
		else if (!rows_equal(&sum[c], &row[c], 1))
			sum[c].type = CELL_NONE;
}

/* Sums rows that are equal in some columns; what else they share is kept. */
void fold_table(struct table *table, uint64_t key)
{
	bool levels = !table->file->others && !(key & COLUMN_BIT(ID_level));
	size_t nr = 0;

	/* Of vCPUs themselves, whichever guest runs, level 2 has none. */
	for_each_row(row, table)
		if (levels && cell_number(&row[ID_level]) == 2)
			for_each_column(c, TPR_COUNTERS)
				row[c] = (struct cell){ .type = CELL_NUMBER };
	table_sort(table, &(struct order){ .columns = key });
	for (size_t i = 0; i < table->nr_rows; i++) {
		struct cell *row = table->rows[i];

		if (nr && rows_equal(table->rows[nr - 1], row, key)) {
			add_row(table->file, table->rows[nr - 1], row);
			continue;
		}
		table->rows[i] = table->rows[nr];
		table->rows[nr++] = row;
	}
	table->nr_rows = nr;
}

/* Rows of one key are one, alive or gone; those of no VM stay apart. */
void join_lives(struct table *table)
{
	for_each_row(row, table)
		if (row[ID_vm].type == CELL_WORD)
			row[ID_state].type = CELL_NONE;
}

/* The columns that tell sums apart, by which rows of no VM can stay apart. */
uint64_t sum_keys(const struct file *file, enum sum sum)
{
	bool apart = !file->others || file == &files[FILE_times];
	uint64_t keys = apart ? file->lives : file->keys;

	if (sum == SUM_VM)
		keys &= ~COLUMN_BIT(ID_vcpu);
	return sum == SUM_HOST ? keys & file->others : keys;
}

/* Sums rows of vCPUs; those of the file vcpus are of one vCPU already. */
void sum_table(struct table *table, enum sum sum)
{
	uint64_t keys = sum_keys(table->file, sum);

	if (sum == SUM_DEFAULT || (!table->file->others && sum == SUM_VCPU))
		return;
	if (keys & COLUMN_BIT(ID_state))
		join_lives(table);
	fold_table(table, keys);
}

static bool number_is(const struct cell *cell, const char *wanted)
{
	return cell->type == CELL_NUMBER &&
	       cell->number == strtoull(wanted, NULL, 10);
}

/* Keep the rows of a table that are wanted. */
void select_rows(const struct select *select, struct table *table)
{
	size_t nr = 0;

	for (size_t i = 0; i < table->nr_rows; i++) {
		struct cell *row = table->rows[i];

		if ((select->vm && !cell_is(&row[ID_vm], select->vm) &&
		     strcmp(guest_name(&row[ID_vm]), select->vm)) ||
		    (select->pid && !number_is(&row[ID_pid], select->pid)) ||
		    (select->vcpu && !number_is(&row[ID_vcpu], select->vcpu)) ||
		    (select->live && !cell_is(&row[ID_state], "live")) ||
		    (select->nonzero && !row_sum(row, table->file->counts) &&
		     (select->nonzero != IDLE_LIVE || table->file->others ||
		      !cell_is(&row[ID_state], "live"))))
			continue;
		table->rows[i] = table->rows[nr];
		table->rows[nr++] = row;
	}
	table->nr_rows = nr;
}

/* Ends the program where there is no such guest, process or vCPU at all. */
void select_check(const struct select *select, struct source *source)
{
	struct select who = { select->vm, select->pid, select->vcpu, 0, 0 };
	struct table vcpus = { 0 };

	if (!who.vm && !who.pid && !who.vcpu)
		return;
	table_copy(&vcpus, source_table(source, FILE_vcpus));
	source_names(source, &vcpus);
	select_rows(&who, &vcpus);
	if (!vcpus.nr_rows)
		fail(FAIL_NO_GUEST, "no such vCPU was seen:%s%s%s%s%s%s",
		     who.vm ? " guest " : "", who.vm ?: "",
		     who.pid ? " pid " : "", who.pid ?: "",
		     who.vcpu ? " vCPU " : "", who.vcpu ?: "");
	table_free(&vcpus);
}
