/* SPDX-License-Identifier: GPL-2.0 */
/* The probed functions: arming, losing and re-arming their kprobes. */
#ifndef CRS_PROBE_H
#define CRS_PROBE_H

#include <linux/percpu.h>
#include <linux/types.h>

#include "compat.h"

struct seq_file;

enum crs_module {
	CRS_KVM,
	CRS_KVM_AMD,
	CRS_KVM_INTEL,
	CRS_NR_MODULES,
};

/* Probe sets, as bits. CRS_SET_VCPU is never off. */
enum crs_set {
	CRS_SET_CR = 1,
	CRS_SET_TPR = 2,
	CRS_SET_VCPU = 4,
};

/*
 * X(id, function, module, sets, handler), in the order of arming; disarming
 * goes the other way. Where two functions see one event, the one that says
 * nothing without the other comes first, so that no event is seen by half.
 */
#define CRS_PROBES(X)                                                          \
	X(vcpu_create, "kvm_arch_vcpu_create", CRS_KVM, CRS_SET_VCPU,          \
	  crs_on_vcpu_gone)                                                    \
	X(vcpu_destroy, "kvm_arch_vcpu_destroy", CRS_KVM, CRS_SET_VCPU,        \
	  crs_on_vcpu_gone)                                                    \
	X(emulator_set_cr, "emulator_set_cr", CRS_KVM,                         \
	  CRS_SET_CR | CRS_SET_TPR, crs_on_emulator_set_cr)                    \
	X(cr_interception, "cr_interception", CRS_KVM_AMD, CRS_SET_CR,         \
	  crs_on_cr_interception)                                              \
	X(cr_trap, "cr_trap", CRS_KVM_AMD, CRS_SET_CR, crs_on_cr_trap)         \
	X(handle_cr, "handle_cr", CRS_KVM_INTEL, CRS_SET_CR, crs_on_handle_cr) \
	X(tpr_below_threshold, "handle_tpr_below_threshold", CRS_KVM_INTEL,    \
	  CRS_SET_TPR, crs_on_tpr_below_threshold)                             \
	X(set_cr8, "kvm_set_cr8", CRS_KVM, CRS_SET_TPR, crs_on_set_cr8)        \
	X(set_tpr, "kvm_lapic_set_tpr", CRS_KVM, CRS_SET_TPR, crs_on_set_tpr)  \
	X(reg_write, "kvm_lapic_reg_write", CRS_KVM, CRS_SET_TPR,              \
	  crs_on_lapic_reg_write)                                              \
	X(set_lapic, "kvm_apic_set_state", CRS_KVM, CRS_SET_TPR,               \
	  crs_on_set_lapic)                                                    \
	X(set_sregs, CRS_SET_SREGS, CRS_KVM, CRS_SET_TPR, crs_on_set_sregs)    \
	X(vcpu_run, "kvm_arch_vcpu_ioctl_run", CRS_KVM,                        \
	  CRS_SET_CR | CRS_SET_TPR, crs_on_vcpu_run)

#define CRS_X(id, function, module, sets, handler) CRS_PROBE_##id,
enum crs_probe_id { CRS_PROBES(CRS_X) CRS_NR_PROBES };
#undef CRS_X

DECLARE_PER_CPU(u64[CRS_NR_PROBES], crs_hits);

/**
 * crs_hit - count a call of a probed function
 * @id: as in CRS_PROBES
 *
 * Context: kprobe handler, preemption disabled.
 */
#define crs_hit(id) __this_cpu_inc(crs_hits[CRS_PROBE_##id])

extern unsigned int crs_sets;

/**
 * crs_set_on - whether a probe set is on
 * @set: the set
 *
 * Context: any.
 */
static inline bool crs_set_on(enum crs_set set)
{
	return READ_ONCE(crs_sets) & set;
}

bool crs_probe_armed(enum crs_probe_id id);
bool crs_probe_absent(enum crs_probe_id id);
bool crs_module_present(enum crs_module module);
const char *crs_probe_function(enum crs_probe_id id);
int crs_symbol_range(enum crs_module module, const char *symbol,
		     unsigned long *start, unsigned long *end);
int crs_probe_switch(unsigned int sets, bool on);
void crs_probe_reset(void);
void crs_probe_rows(struct seq_file *m);
int crs_probe_init(void);
void crs_probe_exit(void);

#endif /* CRS_PROBE_H */
