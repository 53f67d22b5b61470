/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What an intercepted access takes: from KVM's own look at the TSC right after
 * the exit to the vCPU's next entry. Nothing is done where the set is off, but
 * for a no-op each.
 */
#ifndef CRS_TIME_H
#define CRS_TIME_H

#include <linux/jump_label.h>
#include <linux/kvm_host.h>
#include <linux/string.h>
#include <asm/tsc.h>

#include "compat.h"
#include "event.h"
#include "rare.h"
#include "vcpu.h"

struct seq_file;

/*
 * What is timed, &struct crs_vcpu.timed: CRS_WHAT_COUNTER(), or 8 for a TPR
 * write by other means than CR8; and what is known of its end.
 */
#define CRS_TIMED_TPR 8
#define CRS_TIMED_WHAT GENMASK(3, 0)
#define CRS_TIMED_NESTED BIT(4) /* nothing, but maybe at level 2 */
#define CRS_TIMED_FAULT BIT(5)
#define CRS_TIMED_USER BIT(6)
#define CRS_TIMED BIT(7)
#define CRS_NR_TIMED (CRS_TIMED_TPR + 1)

enum crs_outcome { CRS_DONE, CRS_FAULTED, CRS_BY_USER, CRS_NR_OUTCOMES };

/* The first is for less than 2^8 ns, the last for 2^31 ns and more. */
#define CRS_FIRST_BUCKET 8
#define CRS_NR_BUCKETS 25

/**
 * struct crs_times - what a vCPU's accesses took
 * @count: by register and direction, outcome, power of two: how many
 * @total: nanoseconds that these took together
 * @longest: nanoseconds, whatever power of two
 */
struct crs_times {
	u64 count[CRS_NR_TIMED][CRS_NR_OUTCOMES][CRS_NR_BUCKETS];
	u64 total[CRS_NR_TIMED][CRS_NR_OUTCOMES][CRS_NR_BUCKETS];
	u64 longest[CRS_NR_TIMED][CRS_NR_OUTCOMES];
};

DECLARE_STATIC_KEY_FALSE(crs_time_on);

/**
 * crs_time_exit - when a vCPU left its guest
 * @vcpu: the vCPU
 *
 * KVM keeps the guest's TSC of that moment (vcpu_enter_guest(), 5.10 to 7.3).
 * Where that runs at another rate than the host's it is now, which is later.
 *
 * Context: handler in the vCPU's thread.
 * Return: ticks of the host's TSC.
 */
static __always_inline u64 crs_time_exit(const struct kvm_vcpu *vcpu)
{
	u64 scale = vcpu->arch.l1_tsc_scaling_ratio;

	/* One is 32.32 on AMD, 16.48 on Intel, 1 where there is no scaling. */
	if (unlikely(scale != 1 && scale != BIT_ULL(32) &&
		     scale != BIT_ULL(48)))
		return rdtsc();
	return vcpu->arch.last_guest_tsc - vcpu->arch.l1_tsc_offset;
}

/**
 * crs_time_start - an access has been counted: it takes time from its exit on
 * @v: the vCPU's record
 * @vcpu: the vCPU
 * @what: see %CRS_TIMED_WHAT
 *
 * Context: handler in the vCPU's thread, the first such call for an exit.
 */
static __always_inline void crs_time_start(struct crs_vcpu *v,
					   const struct kvm_vcpu *vcpu,
					   unsigned int what)
{
	if (static_branch_unlikely(&crs_time_on)) {
		v->start = crs_time_exit(vcpu);
		v->timed = CRS_TIMED | what;
	}
}

void crs_time_write(struct crs_vcpu *v, const struct kvm_vcpu *vcpu);

/**
 * crs_time_tpr - a TPR write by other means than CR8 has been counted
 * @v: the vCPU's record of level 1
 * @vcpu: the vCPU
 *
 * Context: as crs_time_start(), but an exit may have several.
 */
static __always_inline void crs_time_tpr(struct crs_vcpu *v,
					 const struct kvm_vcpu *vcpu)
{
	if (static_branch_unlikely(&crs_time_on))
		crs_rarely(crs_time_write, v, vcpu, 0, 0);
}

/**
 * crs_time_nested - what is timed may be an access of level 2
 * @v: the vCPU's record of level 1
 *
 * Context: handler in the vCPU's thread.
 */
static inline void crs_time_nested(struct crs_vcpu *v)
{
	if (static_branch_unlikely(&crs_time_on))
		v->timed = CRS_TIMED_NESTED;
}

/**
 * crs_time_user - what is timed, if anything, has to do with the VMM
 * @v: the vCPU's record of level 1
 *
 * Context: handler in the vCPU's thread.
 */
static __always_inline void crs_time_user(struct crs_vcpu *v)
{
	if (unlikely(v->timed))
		v->timed |= CRS_TIMED_USER;
}

/**
 * crs_time_fault - what is timed, if anything, failed
 * @v: the record of the access
 *
 * Context: handler in the vCPU's thread.
 */
static inline void crs_time_fault(struct crs_vcpu *v)
{
	if (v->timed)
		v->timed |= CRS_TIMED_FAULT;
}

void crs_time_end(struct crs_vcpu *v);

static inline void crs_times_clear(struct crs_vcpu *v)
{
	struct crs_times *times = READ_ONCE(v->times);

	if (times)
		memset(times, 0, sizeof(*times));
}

static inline void crs_times_copy(struct crs_times *to,
				  const struct crs_vcpu *v)
{
	const struct crs_times *times = READ_ONCE(v->times);

	if (times)
		memcpy(to, times, sizeof(*to));
	else
		memset(to, 0, sizeof(*to));
}

void crs_times_add(struct crs_vcpu *to, const struct crs_vcpu *from);
void crs_times_rows(struct seq_file *m, const char *id,
		    const struct crs_times *times);
void crs_time_switch(bool on);
int crs_time_init(void);

#endif /* CRS_TIME_H */
