/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Events into counters, value tables, bit tables and tracepoints. All in the
 * vCPU's own thread, preemption disabled, between crs_count_begin() and
 * crs_count_end(): one writer, so no atomics. Inline, for a call and its
 * return thunk cost as much as the counting.
 */
#ifndef CRS_COUNT_H
#define CRS_COUNT_H

#include <linux/bitops.h>
#include <linux/seqlock.h>

#include "event.h"
#include "rare.h"
#include "time.h"
#include "trace.h"
#include "vcpu.h"

/* What V_TPR and CR8 hold of the TPR. APM vol. 2 15.21.4, SDM vol. 3A 10.8.6 */
#define CRS_TPR_CLASS 0xf0

/*
 * Bits of CR0 that can be set. KVM leaves others alone, as hardware does, and
 * forces ET to 1 (kvm_set_cr0(), 5.10 to 7.3). SDM vol. 3A 2.5
 */
#define CRS_OR_BIT(bit, name) BIT_ULL(bit) |
#define CRS_CR0_DEFINED (CRS_CR0_BITS(CRS_OR_BIT) 0)

/* Those above are refused, or left out: mk_cr_64() of KVM's emulator. */
#define CRS_CR4_USED GENMASK_ULL(32, 0)

/**
 * crs_count_begin - open a record for writing
 * @v: the record of the vCPU whose thread runs here
 *
 * Pairs with the retry loop of crs_record_read().
 *
 * Context: handler, preemption disabled.
 */
static __always_inline void crs_count_begin(struct crs_vcpu *v)
{
	raw_write_seqcount_begin(&v->seq);
}

/**
 * crs_count_end - close what crs_count_begin() opened
 * @v: the record
 */
static __always_inline void crs_count_end(struct crs_vcpu *v)
{
	raw_write_seqcount_end(&v->seq);
}

void crs_trace_access(const struct crs_vcpu *v, bool known);
void crs_trace_tpr(const struct crs_vcpu *v, u8 origin, u8 tpr);

static __always_inline void crs_count_bits(struct crs_bits *bits, u64 old,
					   u64 value, int by)
{
	u64 changed = old ^ value;
	unsigned int bit;

	for (; changed; changed &= changed - 1) {
		bit = __ffs(changed);
		if (value & BIT_ULL(bit))
			bits->set[bit] += by;
		else
			bits->cleared[bit] += by;
	}
}

/* The bits that a write changes, or, with -1, did not change after all. */
static __always_inline void crs_count_changed(struct crs_tables *tables,
					      const struct crs_access *access,
					      int by)
{
	enum crs_reg reg = CRS_WHAT_REG(access->what);

	if (reg == CRS_CR0)
		crs_count_bits(&tables->cr0, access->old,
			       (access->value & CRS_CR0_DEFINED) | X86_CR0_ET,
			       by);
	else if (reg == CRS_CR4)
		crs_count_bits(&tables->cr4, access->old,
			       access->value & CRS_CR4_USED, by);
}

static __always_inline void crs_count_known(struct crs_vcpu *v)
{
	const struct crs_access *access = &v->access;
	struct crs_tables *tables = &v->s.tables;

	crs_count_changed(tables, access, 1);
	crs_topk_add(tables->values[CRS_WHAT_REG(access->what)], CRS_NR_VALUES,
		     access->value);
}

/**
 * crs_count_new - where to decode an intercepted access to
 * @v: the vCPU's record
 *
 * Context: between crs_count_begin() and crs_count_end().
 * Return: the access, for crs_count_access(); its content is undefined.
 */
static __always_inline struct crs_access *crs_count_new(struct crs_vcpu *v)
{
	/* Only the tracepoint needs to know that no value came. */
	if (trace_cr_access_enabled() && v->waiting != CRS_NOT_WAITING)
		crs_rarely(crs_record_abandon, v, 0, 0, 0);
	return &v->access;
}

/**
 * crs_count_access - count the access that crs_count_new() gave out
 * @v: the vCPU's record
 * @vcpu: the vCPU
 * @known: for a write: the value is in the access; else crs_count_value() may
 *	follow
 *
 * Context: between crs_count_begin() and crs_count_end().
 */
static __always_inline void
crs_count_access(struct crs_vcpu *v, const struct kvm_vcpu *vcpu, bool known)
{
	const struct crs_access *access = &v->access;
	struct crs_stats *s = &v->s;
	bool write = access->what & CRS_WHAT_WRITE;

	s->count[CRS_cr0_read + CRS_WHAT_COUNTER(access->what)]++;
	crs_time_start(v, vcpu, CRS_WHAT_COUNTER(access->what));
	if (likely(access->address != CRS_NO_ADDRESS))
		crs_topk_add(s->tables.sites, CRS_NR_SITES,
			     crs_site_key(access));

	if (write && !known) {
		v->waiting = crs_reg_number(CRS_WHAT_REG(access->what));
		return;
	}
	v->waiting = CRS_NOT_WAITING;
	if (write)
		crs_count_known(v);
	if (trace_cr_access_enabled())
		crs_rarely(crs_trace_access, v, write, 0, 0);
}

/**
 * crs_count_value - the value of the write that waits for it
 * @v: the vCPU's record; a write is waiting
 * @value: the value
 *
 * Context: between crs_count_begin() and crs_count_end().
 */
static __always_inline void crs_count_value(struct crs_vcpu *v, u64 value)
{
	v->waiting = CRS_NOT_WAITING;
	v->access.value = value;
	crs_count_known(v);
	if (trace_cr_access_enabled())
		crs_rarely(crs_trace_access, v, true, 0, 0);
}

/**
 * crs_count_reflected - the last access went to the guest's own hypervisor
 * @v: the record of level 2
 *
 * Who has a value to find is that one.
 *
 * Context: between crs_count_begin() and crs_count_end().
 */
static inline void crs_count_reflected(struct crs_vcpu *v)
{
	v->s.count[CRS_cr_reflected]++;
	if (v->waiting != CRS_NOT_WAITING)
		crs_record_abandon(v);
}

/**
 * crs_count_other - count a CR intercept that could not be decoded
 * @v: the vCPU's record
 *
 * Context: between crs_count_begin() and crs_count_end().
 */
static __always_inline void crs_count_other(struct crs_vcpu *v)
{
	v->s.count[CRS_cr_other]++;
}

/**
 * crs_count_tpr - count a write to the task priority
 * @v: the vCPU's record
 * @origin: where it came from; anything but the known ones is %CRS_OTHER
 * @tpr: the TPR as written
 *
 * A sync carries V_TPR, which holds the priority class alone: where the class
 * is that of the last TPR seen, it found no new value.
 *
 * Context: between crs_count_begin() and crs_count_end().
 */
static __always_inline void crs_count_tpr(struct crs_vcpu *v,
					  enum crs_origin origin, u8 tpr)
{
	struct crs_stats *s = &v->s;
	u8 differs = s->tpr ^ tpr;

	if (likely(origin == CRS_SYNC))
		differs &= CRS_TPR_CLASS;
	else if (origin == CRS_APIC)
		crs_topk_add(s->tables.values[CRS_TPR], CRS_NR_VALUES, tpr);
	else if (unlikely(origin > CRS_OTHER))
		origin = CRS_OTHER;

	if (trace_tpr_write_enabled())
		crs_rarely(crs_trace_tpr, v, origin, tpr, 0);
	s->count[CRS_tpr_guest + origin]++;
	if (unlikely(differs && s->tpr != CRS_TPR_NONE))
		s->count[CRS_tpr_change]++;
	s->tpr = tpr;
}

#endif /* CRS_COUNT_H */
