/* SPDX-License-Identifier: GPL-2.0 */
/* What the files of --check share. */
#ifndef CRGEN_CHECK_H
#define CRGEN_CHECK_H

#include "crgen.h"
#include "table/table.h"

/* A row of the table, over all vCPUs or of one. */
struct line {
	uint64_t did;
	uint64_t want;
	uint64_t counted;
	const char *why; /* did and want differ */
	const char *dash; /* the file has "-", which is right */
	bool wrong;
	bool skip;
	bool blind; /* not even the kernel can know of it */
};

/*
 * Which callers of kvm_set_cr8() call it out of line, in this kernel: those
 * that the module has seen, as the compiler decides it.
 */
struct calls {
	bool guest;
	bool sync;
	bool sregs;
	bool run;
	bool reset;
};

/* files.c */
const struct table *file_read(enum file_id id);
const char *cell_shown(enum file_id file, const struct cell *row,
		       unsigned int column);

/* check.c */
void complain(const struct vcpu *v, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
const struct vcpu *check_vcpu(const struct cell *row, const struct vm *vms,
			      const struct config *c, bool l2);
bool check_counts(int column);
bool check_asked(const struct config *c, const char *name);
void check_print(const char *name, const struct line *l);

/* check_counters.c */
struct calls check_calls(void);
struct line check_wanted(unsigned int column, const struct vcpu *v,
			 const struct calls *calls);

/* check_vcpus.c */
bool check_vcpus(const struct vm *vms, const struct config *c);
bool check_l2_vcpus(const struct vm *vms, const struct config *c);

/* check_tables.c */
bool check_tables(const struct vm *vms, const struct config *c, bool l2);

#endif /* CRGEN_CHECK_H */
