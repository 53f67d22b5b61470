// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>

#include "fail.h"
#include "fold.h"
#include "regs.h"

/**
 * compare_cells - order of two cells of a column
 * @a: cell
 * @b: cell
 *
 * Words that hold numbers, as a VM's name does, are ordered by them. What does
 * not apply comes last.
 *
 * Return: as of strcmp().
 */
int compare_cells(const struct cell *a, const struct cell *b)
{
	if (a->type != b->type)
		return a->type == CELL_NONE || (b->type != CELL_NONE &&
						a->type == CELL_WORD) ?
			       1 :
			       -1;
	if (a->type == CELL_NUMBER)
		return (a->number > b->number) - (a->number < b->number);
	if (a->type == CELL_WORD && a->word != b->word)
		return strverscmp(a->word, b->word);
	return 0;
}

/**
 * copy_table - copy a table's rows, to be changed
 * @copy: filled in; its words are those of @table, which must outlive it
 * @table: table
 */
void copy_table(struct table *copy, const struct table *table)
{
	size_t size = table->file->nr_columns * sizeof(struct cell);

	*copy = (struct table){ .file = table->file };
	if (!table->nr_rows)
		return;
	copy->nr_rows = table->nr_rows;
	copy->cells = or_fail(reallocarray(NULL, table->nr_rows, size));
	memcpy(copy->cells, table->cells, table->nr_rows * size);
}

/* Live vCPUs and sums come first: they are what most look for. */
static int state_rank(const struct cell *state)
{
	static const char *const last[] = { "gone", "dropped", "noroom" };

	for (int i = 0; i < 3; i++)
		if (cell_is(state, last[i]))
			return i + 1;
	return 0;
}

static int compare_vcpus(const void *a, const void *b)
{
	const struct cell *x = a, *y = b;
	int order = state_rank(&x[ID_state]) - state_rank(&y[ID_state]);

	if (!order)
		order = compare_cells(&x[ID_vm], &y[ID_vm]);
	if (!order)
		order = compare_cells(&x[ID_vcpu], &y[ID_vcpu]);
	return order;
}

/**
 * sort_vcpus - order rows by state, VM and vCPU
 * @table: of a file whose rows begin with CRS_ID_COLUMNS
 */
void sort_vcpus(struct table *table)
{
	/* qsort() of no elements at NULL is undefined. */
	if (table->nr_rows)
		qsort(table->cells, table->nr_rows,
		      table->file->nr_columns * sizeof(struct cell),
		      compare_vcpus);
}

struct fold {
	const struct file *file;
	uint64_t key;
	unsigned int count;
};

/**
 * compare_rows - order of two rows by some columns
 * @file: file of the rows
 * @a: row
 * @b: row
 * @key: the columns, of COLUMN_BIT()
 *
 * Return: as of strcmp().
 */
int compare_rows(const struct file *file, const struct cell *a,
		 const struct cell *b, uint64_t key)
{
	for (; key; key &= key - 1) {
		unsigned int i = __builtin_ctzll(key);
		int order;

		if (i >= file->nr_columns)
			break;
		order = compare_cells(&a[i], &b[i]);
		if (order)
			return order;
	}
	return 0;
}

static int compare_keys(const void *a, const void *b, void *data)
{
	const struct fold *fold = data;

	return compare_rows(fold->file, a, b, fold->key);
}

/* Sums stop at the largest number rather than to begin again at 0. */
static void add_cell(struct cell *sum, const struct cell *cell)
{
	if (cell->type != CELL_NUMBER)
		return;
	sum->type = CELL_NUMBER;
	if (__builtin_add_overflow(sum->number, cell->number, &sum->number))
		sum->number = UINT64_MAX;
}

static void add_row(const struct file *file, struct cell *sum,
		    const struct cell *row)
{
	for (unsigned int i = 0; i < file->nr_columns; i++) {
		if (file->kinds[i] == KIND_COUNT)
			add_cell(&sum[i], &row[i]);
		else if (compare_cells(&sum[i], &row[i]))
			sum[i] = (struct cell){ .type = CELL_NONE };
	}
}

/**
 * fold_table - sum up rows that are equal in some columns
 * @table: changed in place and ordered by @key
 * @key: the columns, of COLUMN_BIT(); 0 sums all rows
 *
 * Other columns keep what all rows of a sum have in common, else "-".
 */
void fold_table(struct table *table, uint64_t key)
{
	struct fold fold = { table->file, key, 0 };
	size_t size = table->file->nr_columns * sizeof(struct cell);
	size_t nr = 0;

	if (!table->nr_rows)
		return;
	qsort_r(table->cells, table->nr_rows, size, compare_keys, &fold);
	for (size_t i = 1; i < table->nr_rows; i++) {
		struct cell *sum = table_row(table, nr);
		struct cell *row = table_row(table, i);

		if (!compare_keys(sum, row, &fold))
			add_row(table->file, sum, row);
		else if (++nr != i)
			memcpy(table_row(table, nr), row, size);
	}
	table->nr_rows = nr + 1;
}

static int compare_counts(const void *a, const void *b, void *data)
{
	const struct cell *x = a, *y = b;
	const struct fold *fold = data;
	int order = compare_keys(a, b, data);

	if (!order)
		order = compare_cells(&y[fold->count], &x[fold->count]);
	/* The same file is always printed in the same order. */
	return order ? order : compare_rows(fold->file, x, y, UINT64_MAX);
}

/**
 * rank_table - order rows by columns, then by a counter, the largest first
 * @table: changed in place
 * @key: the columns, of COLUMN_BIT()
 * @count: the counter's column
 */
void rank_table(struct table *table, uint64_t key, unsigned int count)
{
	struct fold fold = { table->file, key, count };

	if (table->nr_rows)
		qsort_r(table->cells, table->nr_rows,
			table->file->nr_columns * sizeof(struct cell),
			compare_counts, &fold);
}

/**
 * group_end - end of the rows that are equal in some columns
 * @table: ordered by @key
 * @row: first row of the group
 * @key: the columns, of COLUMN_BIT()
 *
 * Return: the first row after the group.
 */
size_t group_end(const struct table *table, size_t row, uint64_t key)
{
	const struct cell *first = table_row(table, row);

	do {
		row++;
	} while (row < table->nr_rows &&
		 !compare_rows(table->file, first, table_row(table, row), key));
	return row;
}

/**
 * group_sum - sum of a counter over some rows
 * @table: table
 * @row: first row
 * @end: row after the last one
 * @count: the counter's column
 *
 * Return: the sum.
 */
uint64_t group_sum(const struct table *table, size_t row, size_t end,
		   unsigned int count)
{
	struct cell sum = { .type = CELL_NUMBER };

	for (; row < end; row++)
		add_cell(&sum, &table_row(table, row)[count]);
	return sum.number;
}

/**
 * hide_unarmed - turn each zero that is "not intercepted" into "-"
 * @vcpus: table of the file vcpus
 *
 * Where it is not known what is armed, a zero stays: nothing was counted, and
 * nothing says that nothing could be.
 */
void hide_unarmed(struct table *vcpus)
{
	static const struct {
		unsigned char column;
		char access;
		unsigned char reg;
	} counters[] = {
		{ VCPUS_cr0_read, 'r', 0 }, { VCPUS_cr0_write, 'w', 0 },
		{ VCPUS_cr3_read, 'r', 3 }, { VCPUS_cr3_write, 'w', 3 },
		{ VCPUS_cr4_read, 'r', 4 }, { VCPUS_cr4_write, 'w', 4 },
		{ VCPUS_cr8_read, 'r', 8 }, { VCPUS_cr8_write, 'w', 8 },
	};

	for (size_t i = 0; i < vcpus->nr_rows; i++) {
		struct cell *row = table_row(vcpus, i);

		if (row[VCPUS_armed].type != CELL_WORD)
			continue;
		for (size_t c = 0; c < sizeof(counters) / sizeof(*counters);
		     c++) {
			struct cell *cell = &row[counters[c].column];

			if (!cell_number(cell) &&
			    !reg_armed(row[VCPUS_armed].word,
				       counters[c].access, counters[c].reg))
				cell->type = CELL_NONE;
		}
	}
}
