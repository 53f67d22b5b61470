// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>

#include "fold.h"
#include "select.h"

/**
 * any_count - whether a row has a counter that is not 0
 * @file: file of the row
 * @row: row
 *
 * Return: whether it has.
 */
bool any_count(const struct file *file, const struct cell *row)
{
	for (unsigned int c = 0; c < file->nr_columns; c++)
		if (file->kinds[c] == KIND_COUNT && cell_number(&row[c]))
			return true;
	return false;
}

static bool number_wanted(const char *wanted, const struct cell *cell)
{
	return !wanted || (cell->type == CELL_NUMBER &&
			   strtoull(wanted, NULL, 10) == cell->number);
}

static bool row_wanted(const struct select *select, const struct guests *guests,
		       const struct file *file, const struct cell *row)
{
	if (select->vm && !cell_is(&row[ID_vm], select->vm) &&
	    strcmp(guest_name(guests, &row[ID_vm]), select->vm))
		return false;
	return number_wanted(select->pid, &row[ID_pid]) &&
	       number_wanted(select->vcpu, &row[ID_vcpu]) &&
	       (!select->live || cell_is(&row[ID_state], "live")) &&
	       (!select->nonzero || any_count(file, row));
}

/**
 * select_rows - keep the rows that are wanted
 * @select: which
 * @guests: names of the table's guests
 * @table: of a file whose rows begin with CRS_ID_COLUMNS
 */
void select_rows(const struct select *select, const struct guests *guests,
		 struct table *table)
{
	size_t size = table->file->nr_columns * sizeof(struct cell);
	size_t nr = 0;

	for (size_t i = 0; i < table->nr_rows; i++) {
		const struct cell *row = table_row(table, i);

		if (!row_wanted(select, guests, table->file, row))
			continue;
		if (nr != i)
			memcpy(table_row(table, nr), row, size);
		nr++;
	}
	table->nr_rows = nr;
}

/**
 * select_key - the columns by which rows of vCPUs are told apart
 * @sum: by what they are summed
 *
 * Return: the columns, of COLUMN_BIT().
 */
uint64_t select_key(enum sum sum)
{
	switch (sum) {
	case SUM_HOST:
		return 0;
	case SUM_VM:
		return COLUMN_BIT(ID_vm) | COLUMN_BIT(ID_pid);
	case SUM_VCPU:
	case SUM_DEFAULT:
		break;
	}
	return COLUMN_BIT(ID_vm) | COLUMN_BIT(ID_pid) | COLUMN_BIT(ID_vcpu);
}

/**
 * select_other_keys - the columns that tell rows of one vCPU apart
 * @file: file whose rows begin with CRS_ID_COLUMNS
 *
 * Return: the columns, of COLUMN_BIT(); none for the file vcpus.
 */
uint64_t select_other_keys(const struct file *file)
{
	uint64_t key = 0;

	for (unsigned int c = NR_ID; c < file->nr_columns; c++)
		if (file != &files[FILE_vcpus] && file->kinds[c] != KIND_COUNT)
			key |= COLUMN_BIT(c);
	return key;
}

/**
 * select_vcpus - make of the file vcpus what the views show of it
 * @select: which rows, and by what to sum them
 * @guests: names of the table's guests
 * @vcpus: table of the file vcpus
 */
void select_vcpus(const struct select *select, const struct guests *guests,
		  struct table *vcpus)
{
	select_rows(select, guests, vcpus);
	if (select->sum == SUM_VM) {
		/* A VM's live and gone vCPUs are one; no VM's rows are not. */
		for (size_t i = 0; i < vcpus->nr_rows; i++) {
			struct cell *row = table_row(vcpus, i);

			if (row[VCPUS_vm].type == CELL_WORD)
				row[VCPUS_state].type = CELL_NONE;
		}
		fold_table(vcpus, select_key(SUM_VM) | COLUMN_BIT(VCPUS_state));
	} else if (select->sum == SUM_HOST) {
		fold_table(vcpus, 0);
	}
	sort_vcpus(vcpus);
}
