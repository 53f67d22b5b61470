/* SPDX-License-Identifier: GPL-2.0 */
/* Which rows a user wants to see, and by what they are summed. */
#ifndef CRSTAT_SELECT_H
#define CRSTAT_SELECT_H

#include "guest.h"

/* Each view has its own default. */
enum sum { SUM_DEFAULT, SUM_VCPU, SUM_VM, SUM_HOST };

struct select {
	/* Of a guest or, as KVM has it, of a VM; NULL: any. */
	const char *vm;
	/* As in the file; NULL: any. */
	const char *pid;
	const char *vcpu;
	bool live;
	bool nonzero;
	enum sum sum;
};

void select_rows(const struct select *select, const struct guests *guests,
		 struct table *table);
void select_vcpus(const struct select *select, const struct guests *guests,
		  struct table *vcpus);
uint64_t select_key(enum sum sum);
uint64_t select_other_keys(const struct file *file);
bool any_count(const struct file *file, const struct cell *row);

#endif /* CRSTAT_SELECT_H */
