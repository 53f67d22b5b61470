/* SPDX-License-Identifier: GPL-2.0 */
/* Order and sums of a table's rows. */
#ifndef CRSTAT_FOLD_H
#define CRSTAT_FOLD_H

#include "read.h"

/* A set of columns; no file has more than 64. */
#define COLUMN_BIT(column) (1ull << (column))

int compare_cells(const struct cell *a, const struct cell *b);
int compare_rows(const struct file *file, const struct cell *a,
		 const struct cell *b, uint64_t key);
void copy_table(struct table *copy, const struct table *table);
void sort_vcpus(struct table *table);
void fold_table(struct table *table, uint64_t key);
void rank_table(struct table *table, uint64_t key, unsigned int count);
size_t group_end(const struct table *table, size_t row, uint64_t key);
uint64_t group_sum(const struct table *table, size_t row, size_t end,
		   unsigned int count);
void hide_unarmed(struct table *vcpus);

#endif /* CRSTAT_FOLD_H */
