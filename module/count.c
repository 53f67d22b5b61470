// SPDX-License-Identifier: GPL-2.0
/*
 * Events into counters, value tables, bit tables and tracepoints. All in the
 * vCPU's own thread, preemption disabled, between crs_count_begin() and
 * crs_count_end(): one writer, so no atomics.
 */
#include <linux/bitops.h>
#include <linux/build_bug.h>
#include <linux/sched.h>

#include "count.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

/* An access's counter follows from its register and direction. */
static_assert(CRS_cr0_write == CRS_cr0_read + 1);
static_assert(CRS_cr3_read == CRS_cr0_read + 2 * CRS_CR3);
static_assert(CRS_cr4_read == CRS_cr0_read + 2 * CRS_CR4);
static_assert(CRS_cr8_read == CRS_cr0_read + 2 * CRS_CR8);

/* A TPR write's counter follows from its origin. */
static_assert(CRS_tpr_apic == CRS_tpr_guest + CRS_APIC);
static_assert(CRS_tpr_sync == CRS_tpr_guest + CRS_SYNC);
static_assert(CRS_tpr_user == CRS_tpr_guest + CRS_USER);
static_assert(CRS_tpr_other == CRS_tpr_guest + CRS_OTHER);

/* What V_TPR and CR8 hold of the TPR. APM vol. 2 15.21.4, SDM vol. 3A 10.8.6 */
#define CRS_TPR_CLASS 0xf0

static void crs_count_bits(struct crs_bits *bits, u64 old, u64 new)
{
	u64 changed = old ^ new;
	unsigned int bit;

	for (; changed; changed &= changed - 1) {
		bit = __ffs(changed);
		if (new & BIT_ULL(bit))
			bits->set[bit]++;
		else
			bits->cleared[bit]++;
	}
}

static void crs_count_known(struct crs_vcpu *v, const struct crs_access *access)
{
	struct crs_values *values = &v->s.tables.values[access->reg];

	if (access->reg == CRS_CR0)
		crs_count_bits(&v->s.tables.cr0, access->old, access->value);
	else if (access->reg == CRS_CR4)
		crs_count_bits(&v->s.tables.cr4, access->old, access->value);
	else if (access->reg == CRS_CR8 && access->value > CRS_CR8_MAX)
		return;

	crs_topk_add(values->slot, &values->used, CRS_NR_VALUES,
		     access->value);
}

/**
 * crs_count_abandon - the value that a write waits for will not come
 * @v: the vCPU's record
 *
 * The write stays counted, its value stays unknown: the emulator gave up, for
 * instance because the guest's code page went away.
 *
 * Context: kprobe handler, preemption disabled.
 */
void crs_count_abandon(struct crs_vcpu *v)
{
	if (!v->waiting)
		return;
	v->waiting = false;
	trace_cr_access(&v->s, &v->pending);
}

/**
 * crs_count_access - count an intercepted access to a control register
 * @v: the vCPU's record
 * @access: the access; where a write's value is not known yet,
 *	crs_count_value() may follow
 *
 * Context: between crs_count_begin() and crs_count_end().
 */
void crs_count_access(struct crs_vcpu *v, const struct crs_access *access)
{
	struct crs_sites *sites = &v->s.tables.sites;
	struct crs_stats *s = &v->s;

	crs_count_abandon(v);

	s->tid = current->pid;
	s->count[CRS_cr0_read + 2 * access->reg + access->write]++;
	if (access->address != CRS_NO_ADDRESS)
		crs_topk_add(sites->slot, &sites->used, CRS_NR_SITES,
			     crs_site_key(access));

	if (access->write && !access->known) {
		v->pending = *access;
		v->waiting = true;
		return;
	}

	if (access->write)
		crs_count_known(v, access);
	trace_cr_access(s, access);
}

/**
 * crs_count_value - the value of the write that waits for it
 * @v: the vCPU's record; a write is waiting
 * @value: the value
 *
 * Context: between crs_count_begin() and crs_count_end().
 */
void crs_count_value(struct crs_vcpu *v, u64 value)
{
	v->waiting = false;
	v->pending.value = value;
	v->pending.known = true;
	crs_count_known(v, &v->pending);
	trace_cr_access(&v->s, &v->pending);
}

/**
 * crs_count_other - count a CR intercept that could not be decoded
 * @v: the vCPU's record
 *
 * Context: between crs_count_begin() and crs_count_end().
 */
void crs_count_other(struct crs_vcpu *v)
{
	v->s.tid = current->pid;
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
void crs_count_tpr(struct crs_vcpu *v, enum crs_origin origin, u8 tpr)
{
	struct crs_values *values = &v->s.tables.values[CRS_TPR];
	struct crs_stats *s = &v->s;
	u8 differs = s->tpr ^ tpr;

	if (origin > CRS_OTHER)
		origin = CRS_OTHER;
	if (origin == CRS_SYNC)
		differs &= CRS_TPR_CLASS;
	else if (origin == CRS_APIC)
		crs_topk_add(values->slot, &values->used, CRS_NR_VALUES, tpr);

	trace_tpr_write(s, origin, tpr);
	s->tid = current->pid;
	s->count[CRS_tpr_guest + origin]++;
	if (differs && s->tpr != CRS_TPR_NONE)
		s->count[CRS_tpr_change]++;
	s->tpr = tpr;
}
