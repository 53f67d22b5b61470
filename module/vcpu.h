/* SPDX-License-Identifier: GPL-2.0 */
/* The records of vCPUs: what is kept of each, and how an event finds it. */
#ifndef CRS_VCPU_H
#define CRS_VCPU_H

#include <linux/kvm_host.h>
#include <linux/list.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/seqlock.h>
#include <linux/types.h>

#include "event.h"
#include "kvm_crstat.h"
#include "topk.h"

#define CRS_X(name, help) CRS_##name,
enum crs_counter { CRS_COUNTERS(CRS_X) CRS_NR_COUNTERS };
#undef CRS_X

enum crs_state {
	CRS_FREE,
	CRS_LIVE,
	CRS_GONE,
	CRS_DROPPED,
	CRS_NOROOM,
};

struct crs_bits {
	u64 set[BITS_PER_LONG];
	u64 cleared[BITS_PER_LONG];
};

/**
 * struct crs_tables - what a vCPU did in detail
 * @cr0: transitions of its bits
 * @cr4: transitions of its bits
 * @values: values written, by &enum crs_reg
 * @sites: guest instructions, see crs_site_key()
 */
struct crs_tables {
	struct crs_bits cr0;
	struct crs_bits cr4;
	struct crs_slot values[CRS_NR_REGS][CRS_NR_VALUES];
	struct crs_slot sites[CRS_NR_SITES];
};

/* No TPR seen yet. */
#define CRS_TPR_NONE (-1)

/*
 * The intercepts of a vCPU as the column "armed" shows them: bit n of @armed
 * for reads of CRn and bit 16+n for writes, as in the VMCB's intercept word 0;
 * @armed_more is 0 where nothing is known yet. APM vol. 2 appendix B.
 */
#define CRS_ARMED_READ(n) BIT(n)
#define CRS_ARMED_WRITE(n) BIT(16 + (n))
#define CRS_ARMED_CR0_SEL BIT(5)
#define CRS_ARMED_KNOWN BIT(31)

/**
 * struct crs_stats - all that the files show of a vCPU
 * @vm: "<pid>-<fd>", KVM's own name for the VM
 * @pid: creator of the VM
 * @tid: thread that ran the vCPU last
 * @vcpu: vCPU id
 * @state: &enum crs_state
 * @lapic: the local APIC is in the kernel
 * @tpr_virtual: the processor takes writes of the TPR through the APIC
 * @tpr: last TPR seen, or %CRS_TPR_NONE
 * @armed: intercepts as of the last event
 * @armed_more: %CRS_ARMED_CR0_SEL, and some other bit where @armed is known
 * @count: the counters
 * @tables: the details; last, so that a copy can do without
 */
struct crs_stats {
	char vm[CRS_VM_LEN];
	pid_t pid;
	pid_t tid;
	int vcpu;
	u8 state;
	bool lapic;
	bool tpr_virtual;
	s16 tpr;
	u32 armed;
	u32 armed_more;
	u64 count[CRS_NR_COUNTERS];
	struct crs_tables tables;
};

#define CRS_NOT_WAITING 255

/**
 * struct crs_vcpu - the record of a vCPU
 * @key: the vCPU whose events this record takes without further questions;
 *	NULL sends the next event through crs_vcpu_find()
 * @seq: odd while the vCPU's own thread writes @s; readers retry
 * @epoch: the reset that @s was last cleared for
 * @origin: where the kvm_set_cr8() call under way came from
 * @waiting: n of CRn where @access is a write whose value the emulator has yet
 *	to find, else %CRS_NOT_WAITING
 * @access: the last intercepted access
 * @vmcb: where the VMCB was found to be one, see crs_svm_plausible()
 * @vcpu: the vCPU, NULL once it is gone
 * @hash: by @vcpu; protected by the table's lock
 * @list: free or gone; protected by the table's lock
 * @s: written by the vCPU's thread alone, serialised by vcpu->mutex
 *
 * Records are never freed while a probe is armed, so that a stale pointer to
 * one is harmless: its @key tells.
 */
struct crs_vcpu {
	struct kvm_vcpu *key;
	seqcount_t seq;
	unsigned int epoch;
	u8 origin;
	u8 waiting;
	struct crs_access access;
	const void *vmcb;
	struct kvm_vcpu *vcpu;
	struct hlist_node hash;
	struct list_head list;
	struct crs_stats s;
} ____cacheline_aligned;

DECLARE_PER_CPU(struct crs_vcpu *, crs_last);

struct crs_vcpu *crs_vcpu_find(struct kvm_vcpu *vcpu);

/**
 * crs_vcpu_get - the record of the vCPU that an event belongs to
 * @vcpu: the vCPU, alive, and serialised by its mutex
 *
 * Context: kprobe handler, preemption disabled.
 * Return: never NULL; the CPU's "noroom" record where the table is full.
 */
static __always_inline struct crs_vcpu *crs_vcpu_get(struct kvm_vcpu *vcpu)
{
	struct crs_vcpu *v = __this_cpu_read(crs_last);

	if (likely(READ_ONCE(v->key) == vcpu))
		return v;
	return crs_vcpu_find(vcpu);
}

/**
 * crs_vcpu_running - the vCPU that the current thread has loaded
 *
 * KVM hangs the preempt notifier in struct kvm_vcpu on the thread between
 * vcpu_load() and vcpu_put() (virt/kvm/kvm_main.c, 5.10 to 7.3). Should some
 * other notifier be first, the result is no vCPU: the caller must have proof.
 *
 * Context: any context of the vCPU's thread.
 * Return: the vCPU, or NULL.
 */
static __always_inline struct kvm_vcpu *crs_vcpu_running(void)
{
	struct hlist_node *first = READ_ONCE(current->preempt_notifiers.first);

	if (!first)
		return NULL;
	return container_of(first, struct kvm_vcpu, preempt_notifier.link);
}

struct crs_vcpu *crs_vcpu_noroom(void);
void crs_vcpu_retire(struct kvm_vcpu *vcpu);
void crs_vcpu_reset(void);
void crs_vcpu_withdraw(void);
unsigned int crs_vcpu_rows(void);
bool crs_vcpu_read(unsigned int row, struct crs_stats *stats, bool tables);
int crs_vcpu_init(unsigned int max);
void crs_vcpu_exit(void);

#endif /* CRS_VCPU_H */
