/* SPDX-License-Identifier: GPL-2.0 */
/* The list of the probed functions, and what handlers need to know of it. */
#ifndef CRS_PROBE_H
#define CRS_PROBE_H

#include <linux/percpu.h>
#include <linux/types.h>

#include "compat.h"
#include "hook.h"
#include "kvm.h"

struct seq_file;

/* Probe sets, as bits. CRS_SET_VCPU is never off. */
enum crs_set {
	CRS_SET_CR = 1,
	CRS_SET_TPR = 2,
	CRS_SET_VCPU = 4,
	CRS_SET_TIME = 8,
};

/*
 * CRS_PROVES: the handler proves its arguments, so that it may sit on a clone
 * which the compiler made of the function. CRS_NESTED: only where the module
 * allows nested guests.
 */
enum crs_probe_flag {
	CRS_PROVES = 1,
	CRS_NESTED = 2,
};

/*
 * X(id, function, module, sets, flags): the probed functions, by the file that
 * has their handlers, crs_on_<id>(). There CRS_PROBES_<file>(CRS_STUBS) makes
 * what the kernel calls. Flags, &enum crs_probe_flag or 0.
 *
 * They are armed in this order and disarmed in the other. Where two functions
 * see one event, the one that says nothing without the other comes first, so
 * that no event is seen by half: the caller at whose entry a write is counted
 * before kvm_set_cr8(), and that before kvm_lapic_set_tpr().
 */
#define CRS_PROBES_VCPU(X)                                               \
	X(vcpu_create, "kvm_arch_vcpu_create", CRS_KVM, CRS_SET_VCPU, 0) \
	X(vcpu_destroy, "kvm_arch_vcpu_destroy", CRS_KVM, CRS_SET_VCPU, 0)

#define CRS_PROBES_EMULATOR(X)                         \
	X(emulator_set_cr, "emulator_set_cr", CRS_KVM, \
	  CRS_SET_CR | CRS_SET_TPR, 0)

#define CRS_PROBES_SVM(X)                                                  \
	X(cr_interception, "cr_interception", CRS_KVM_AMD, CRS_SET_CR, 0)  \
	X(cr_trap, "cr_trap", CRS_KVM_AMD, CRS_SET_CR, 0)                  \
	X(nested_svm_vmexit, "nested_svm_vmexit", CRS_KVM_AMD, CRS_SET_CR, \
	  CRS_NESTED)

#define CRS_PROBES_VMX(X)                                                    \
	X(handle_cr, "handle_cr", CRS_KVM_INTEL, CRS_SET_CR, 0)              \
	X(tpr_below_threshold, "handle_tpr_below_threshold", CRS_KVM_INTEL,  \
	  CRS_SET_TPR, 0)                                                    \
	X(nested_vmx_vmexit, "nested_vmx_vmexit", CRS_KVM_INTEL, CRS_SET_CR, \
	  CRS_NESTED)

#define CRS_PROBES_TPR(X)                                             \
	X(set_sregs, CRS_SET_SREGS, CRS_KVM, CRS_SET_TPR, CRS_PROVES) \
	X(vcpu_run, "kvm_arch_vcpu_ioctl_run", CRS_KVM,               \
	  CRS_SET_CR | CRS_SET_TPR, 0)                                \
	X(set_cr8, "kvm_set_cr8", CRS_KVM, CRS_SET_TPR, 0)            \
	X(set_tpr, "kvm_lapic_set_tpr", CRS_KVM, CRS_SET_TPR, 0)      \
	X(reg_write, "kvm_lapic_reg_write", CRS_KVM, CRS_SET_TPR, 0)  \
	X(set_lapic, "kvm_apic_set_state", CRS_KVM, CRS_SET_TPR, 0)

#define CRS_PROBES_FAULT(X) \
	X(exception, "kvm_multiple_exception", CRS_KVM, CRS_SET_CR, 0)

#define CRS_PROBES_TIME(X)                                       \
	X(svm_run, "svm_vcpu_run", CRS_KVM_AMD, CRS_SET_TIME, 0) \
	X(vmx_run, "vmx_vcpu_run", CRS_KVM_INTEL, CRS_SET_TIME, 0)

#define CRS_PROBES(X)          \
	CRS_PROBES_VCPU(X)     \
	CRS_PROBES_TIME(X)     \
	CRS_PROBES_FAULT(X)    \
	CRS_PROBES_EMULATOR(X) \
	CRS_PROBES_SVM(X)      \
	CRS_PROBES_VMX(X)      \
	CRS_PROBES_TPR(X)

#define CRS_X(id, ...) CRS_PROBE_##id,
enum crs_probe_id { CRS_PROBES(CRS_X) CRS_NR_PROBES };
#undef CRS_X

CRS_PROBES(CRS_STUBS_DECLARE)

DECLARE_PER_CPU(u64[CRS_NR_PROBES], crs_hits);

/**
 * crs_hit - count a call of a probed function
 * @id: as in CRS_PROBES
 *
 * Context: handler, preemption disabled.
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

/* What a handler may lean on; "probes" says more, see crs_probe_state(). */
enum crs_armed {
	CRS_DISARMED,
	CRS_ARMED,
	CRS_ARMED_CLONE, /* until a call's arguments say otherwise */
	CRS_CLONED, /* armed, but arguments are not those of the source */
};

/* By &enum crs_probe_id. */
extern u8 crs_probe_armed[CRS_NR_PROBES];

/**
 * crs_probe_counts - whether calls of a function are counted
 * @id: the probe
 *
 * Context: any; the answer may be old at once.
 */
static inline bool crs_probe_counts(enum crs_probe_id id)
{
	u8 armed = READ_ONCE(crs_probe_armed[id]);

	return armed == CRS_ARMED || armed == CRS_ARMED_CLONE;
}

/**
 * crs_probe_refuse - a handler cannot make sense of its arguments
 * @id: the probe
 *
 * On a clone that is for good: its calls are not counted any more.
 *
 * Context: handler.
 */
static inline void crs_probe_refuse(enum crs_probe_id id)
{
	cmpxchg(&crs_probe_armed[id], CRS_ARMED_CLONE, CRS_CLONED);
}

extern u32 crs_probe_unseen;

/**
 * crs_probe_sees - whether no call of some functions went uncounted
 * @probes: bits by &enum crs_probe_id
 *
 * Context: any; of a row that was read before.
 * Return: whether that is so since the last reset, as far as crs_probe_look()
 * or a switching of sets could tell; it is where a function can't be called.
 */
static inline bool crs_probe_sees(u32 probes)
{
	return !(READ_ONCE(crs_probe_unseen) & probes);
}

void crs_probe_look(void);
int crs_probe_switch(unsigned int sets, bool on);
void crs_probe_reset(void);
void crs_probe_rows(struct seq_file *m);
int crs_probe_init(void);
void crs_probe_exit(void);

#endif /* CRS_PROBE_H */
