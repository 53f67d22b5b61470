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
#include "rare.h"
#include "topk.h"

#define CRS_X(name, kind, help) CRS_##name,
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
 * @faults: writes that failed, by &enum crs_reg
 * @values: values written, by the same
 * @sites: guest instructions, see crs_site_key()
 */
struct crs_tables {
	struct crs_bits cr0;
	struct crs_bits cr4;
	u64 faults[CRS_NR_REGS];
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
#define CRS_ARMED_WRITES GENMASK(31, 16)
#define CRS_ARMED_CR0_SEL BIT(5)
#define CRS_ARMED_KNOWN BIT(31)

/**
 * struct crs_stats - all that the files show of a vCPU
 * @vm: "<pid>-<fd>", KVM's own name for the VM
 * @pid: creator of the VM
 * @tid: thread that ran the vCPU last
 * @vcpu: vCPU id
 * @level: 1, or 2 for what the vCPU did while a nested guest ran
 * @state: &enum crs_state
 * @lapic: the local APIC is in the kernel
 * @tpr_virtual: the processor takes writes of the TPR through the APIC, or did
 * @tpr_virtual_old: and that was found before the last KVM_RUN began (VMX)
 * @tpr: last TPR seen, or %CRS_TPR_NONE
 * @armed: intercepts as of the last event
 * @whole: of those what made each access exit, as of all events since the
 *	reset: a count of 0 means that there was none
 * @partial: the others, as of the last event alone, where one that tells can be
 *	long in coming (VMX)
 * @armed_more: %CRS_ARMED_CR0_SEL, and some other bit where @armed is known
 * @cr0_owned: bits that the guest could change without an exit, in all its life
 *	(VMX)
 * @cr4_owned: likewise
 * @count: the counters
 * @tables: the details; last, so that a copy can do without
 */
struct crs_stats {
	char vm[CRS_VM_LEN];
	pid_t pid;
	pid_t tid;
	int vcpu;
	u8 level;
	u8 state;
	bool lapic;
	bool tpr_virtual;
	bool tpr_virtual_old;
	s16 tpr;
	u32 armed;
	u32 armed_more;
	u32 whole;
	u32 partial;
	u64 cr0_owned;
	u64 cr4_owned;
	u64 count[CRS_NR_COUNTERS];
	struct crs_tables tables;
};

#define CRS_NOT_WAITING 255

struct crs_times;

/**
 * struct crs_vcpu - the record of a vCPU
 * @key: the vCPU and level whose events this record takes without further
 *	questions on a CPU where it is crs_last, see crs_vcpu_key(); 0 sends
 *	them through crs_vcpu_find()
 * @seq: odd while the vCPU's own thread writes @s; readers retry
 * @generation: the last reset or switching off that its writer knows of
 * @origin: where the kvm_set_cr8() call under way came from, else %CRS_OTHER
 * @entered: where the APIC is in userspace, the vCPU's exits, plus one, when a
 *	write was last counted at the entry of what may call kvm_set_cr8()
 * @waiting: n of CRn where @access is a write whose value the emulator has yet
 *	to find, else %CRS_NOT_WAITING
 * @access: the last intercepted access, of which a write is none any more once
 *	it is known to have failed
 * @vmcb: where the VMCB was found to be one, see crs_svm_plausible()
 * @exits: level 2: the vCPU's exits as of the last access, of one exit each
 * @timed: an access that has not ended, see crs_time_start(), or 0
 * @start: and when it began, in ticks of the TSC
 * @times: what accesses took; written as @s is, NULL until that is asked for
 * @owner: as @key, 0 once the vCPU is gone
 * @hash: by @owner; protected by the table's lock
 * @list: free or gone; protected by the table's lock
 * @s: written by the vCPU's thread alone, serialised by vcpu->mutex
 *
 * Records are never freed while a probe is armed, so that a stale pointer to
 * one is harmless: its @key tells.
 */
struct crs_vcpu {
	unsigned long key;
	seqcount_t seq;
	unsigned int generation;
	u8 origin;
	u8 waiting;
	u8 timed;
	struct crs_access access;
	const void *vmcb;
	u64 exits;
	u64 entered;
	u64 start;
	struct crs_times *times;
	unsigned long owner;
	struct hlist_node hash;
	struct list_head list;
	struct crs_stats s;
} ____cacheline_aligned;

DECLARE_PER_CPU(struct crs_vcpu *, crs_last);

/**
 * crs_vcpu_key - a vCPU at a level, as one number
 * @vcpu: the vCPU
 * @level: 1 or 2
 */
static inline unsigned long crs_vcpu_key(const struct kvm_vcpu *vcpu,
					 unsigned int level)
{
	return (unsigned long)vcpu | (level - 1);
}

/**
 * crs_nested - whether a vCPU runs a nested guest, as kvm_cache_regs.h has it
 * @vcpu: the vCPU
 *
 * Context: the vCPU's thread.
 */
static inline bool crs_nested(const struct kvm_vcpu *vcpu)
{
	return vcpu->arch.hflags & HF_GUEST_MASK;
}

struct crs_vcpu *crs_vcpu_lookup(unsigned long key);
struct crs_vcpu *crs_vcpu_find(unsigned long key);

/**
 * crs_vcpu_get - the record of the vCPU that an event of level 1 belongs to
 * @vcpu: the vCPU, alive, and serialised by its mutex
 *
 * Context: handler, preemption disabled.
 * Return: never NULL; the CPU's "noroom" record where the table is full.
 */
static __always_inline struct crs_vcpu *crs_vcpu_get(struct kvm_vcpu *vcpu)
{
	struct crs_vcpu *v = __this_cpu_read(crs_last);

	if (likely(READ_ONCE(v->key) == (unsigned long)vcpu))
		return v;
	return (struct crs_vcpu *)crs_rarely(crs_vcpu_find, vcpu, 0, 0, 0);
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

void crs_record_renew(struct crs_vcpu *v);
void crs_record_abandon(struct crs_vcpu *v);
struct crs_vcpu *crs_vcpu_noroom(unsigned long key);
struct crs_vcpu *crs_vcpu_nested(struct kvm_vcpu *vcpu);

#endif /* CRS_VCPU_H */
