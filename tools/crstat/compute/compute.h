/* SPDX-License-Identifier: GPL-2.0 */
/* What computes: tables of tables. */
#ifndef CRSTAT_COMPUTE_H
#define CRSTAT_COMPUTE_H

#include "read/read.h"

/* By what rows of vCPUs are summed. Each view has its own default. */
enum sum { SUM_DEFAULT, SUM_VCPU, SUM_VM, SUM_HOST };

/* An order of rows: these things one after the other, then all columns. */
struct order {
	/* Of what; table_sort() sets it. */
	const struct file *file;
	/* Live vCPUs first, at last as the rows stood. */
	bool by_state;
	uint64_t columns;
	/* The most events first. */
	bool by_events;
	/* A column and one, counts from the largest; 0: none. */
	int column;
	bool reverse;
};

/* Which rows a user wants to see; NULL: any. */
struct select {
	/* A guest or, as KVM has it, a VM. */
	const char *vm;
	const char *pid;
	const char *vcpu;
	int live;
	/* That counted anything; IDLE_LIVE: or are vCPUs that live. */
	int nonzero;
};

#define IDLE_LIVE 2

void table_sort(struct table *table, const struct order *order);
struct table group_at(const struct table *table, size_t i, uint64_t columns);
void fold_table(struct table *table, uint64_t key);
uint64_t sum_keys(const struct file *file, enum sum sum);
void sum_table(struct table *table, enum sum sum);
void join_lives(struct table *table);
void select_rows(const struct select *select, struct table *table);
void select_check(const struct select *select, struct source *source);
void subtract_table(const struct table *before, struct table *now,
		    struct table *delta, bool more);

#endif /* CRSTAT_COMPUTE_H */
