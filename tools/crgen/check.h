/* SPDX-License-Identifier: GPL-2.0 */
/* What the files of --check share. */
#ifndef CRGEN_CHECK_H
#define CRGEN_CHECK_H

#include "crgen.h"

/* The counters that are compared, as the module's file "vcpus" names them. */
#define CHECKED(X)   \
	X(cr0_read)  \
	X(cr0_write) \
	X(cr3_read)  \
	X(cr3_write) \
	X(cr4_read)  \
	X(cr4_write) \
	X(cr8_read)  \
	X(cr8_write) \
	X(cr_other)  \
	X(set_cr8)   \
	X(set_tpr)   \
	X(tpr_guest) \
	X(tpr_apic)  \
	X(tpr_sync)  \
	X(tpr_user)  \
	X(tpr_other) \
	X(tpr_change)

#define ENUM(name) CHECK_##name,
enum checked { CHECKED(ENUM) NR_CHECKED };
#undef ENUM

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

/* check.c */
void complain(const struct vcpu *v, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
const struct vcpu *check_vcpu(const struct rows *r, const struct vm *vms,
			      const struct config *c, bool l2);
bool check_asked(const struct config *c, const char *name);
void check_print(const char *name, const struct line *l);

/* check_counters.c */
extern const char *const checked[NR_CHECKED];
struct calls check_calls(void);
struct line check_wanted(enum checked i, const struct vcpu *v,
			 const struct calls *calls);

/* check_vcpus.c */
bool check_vcpus(const struct vm *vms, const struct config *c);
bool check_l2_vcpus(const struct vm *vms, const struct config *c);

/* check_tables.c */
bool check_tables(const struct vm *vms, const struct config *c, bool l2);

#endif /* CRGEN_CHECK_H */
