// SPDX-License-Identifier: GPL-2.0
/* What intercepted accesses take, and how they end. */
#include <linux/bitops.h>
#include <linux/kvm_host.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/seq_file.h>

#include "count.h"
#include "probe.h"
#include "time.h"

DEFINE_STATIC_KEY_FALSE(crs_time_on);

/* Nanoseconds of a tick of the TSC, times 2^32. */
static u64 crs_time_mult;

/* When the set was switched on: what began before is none of it. */
static u64 crs_time_since;

/**
 * crs_time_end - what is timed ends here, if anything is
 * @v: the vCPU's record
 *
 * What the vCPUs without a record do is not timed.
 *
 * Context: the record's one writer, preemption disabled, outside of
 * crs_count_begin() and crs_count_end().
 */
void crs_time_end(struct crs_vcpu *v)
{
	unsigned int what = v->timed & CRS_TIMED_WHAT;
	enum crs_outcome outcome = CRS_DONE;
	unsigned int bucket = 0;
	struct crs_times *t;
	s64 ticks;
	u64 ns;

	if (!(v->timed & CRS_TIMED))
		return;
	/* A "noroom" record's vCPU may enter its guest on another CPU. */
	if (v->s.state == CRS_NOROOM ||
	    (s64)(v->start - READ_ONCE(crs_time_since)) < 0) {
		v->timed = 0;
		return;
	}
	if (v->timed & CRS_TIMED_FAULT)
		outcome = CRS_FAULTED;
	else if (v->timed & CRS_TIMED_USER)
		outcome = CRS_BY_USER;
	v->timed = 0;

	/* Another CPU's TSC may be behind. */
	ticks = max_t(s64, rdtsc() - v->start, 0);
	ns = mul_u64_u64_shr(ticks, READ_ONCE(crs_time_mult), 32);
	if (ns >> CRS_FIRST_BUCKET)
		bucket = min(__fls(ns) - CRS_FIRST_BUCKET + 1,
			     CRS_NR_BUCKETS - 1UL);

	t = v->times;
	crs_count_begin(v);
	t->count[what][outcome][bucket]++;
	t->total[what][outcome][bucket] += ns;
	if (ns > t->longest[what][outcome])
		t->longest[what][outcome] = ns;
	crs_count_end(v);
}

/**
 * crs_time_write - crs_time_tpr() while the set is on
 * @v: the vCPU's record of level 1
 * @vcpu: the vCPU
 *
 * An instruction that KVM repeats writes more than once in an exit: each takes
 * the time until the next.
 *
 * Context: as crs_time_end().
 */
void crs_time_write(struct crs_vcpu *v, const struct kvm_vcpu *vcpu)
{
	bool again = v->timed & CRS_TIMED && v->exits == vcpu->stat.exits;

	if (again)
		crs_time_end(v);
	v->start = again ? rdtsc() : crs_time_exit(vcpu);
	v->exits = vcpu->stat.exits;
	v->timed = CRS_TIMED | CRS_TIMED_TPR;
}

CRS_RARE(crs_time_write);

/* Something may be timed, or the CPU's last record is another one. */
static noinline void crs_time_ends(struct kvm_vcpu *vcpu)
{
	struct crs_vcpu *v = crs_vcpu_get(vcpu);
	u8 timed = v->timed;

	if (timed & CRS_TIMED_NESTED) {
		v->timed = 0;
		v = crs_vcpu_find(crs_vcpu_key(vcpu, 2));
		if (timed & CRS_TIMED_USER)
			crs_time_user(v);
	}
	crs_time_end(v);
}

static __always_inline void crs_time_entry(struct kvm_vcpu *vcpu)
{
	const struct crs_vcpu *v = __this_cpu_read(crs_last);

	if (unlikely(READ_ONCE(v->key) != (unsigned long)vcpu || v->timed))
		crs_time_ends(vcpu);
}

/*
 * kvm_amd's svm_vcpu_run(vcpu).
 *
 * The guest is entered. The time up to here has most of what the hooks cost.
 */
static __always_inline void crs_on_svm_run(const struct crs_call *call)
{
	crs_hit(svm_run);
	crs_time_entry((struct kvm_vcpu *)call->arg[0]);
}

/* kvm_intel's vmx_vcpu_run(vcpu). */
static __always_inline void crs_on_vmx_run(const struct crs_call *call)
{
	crs_hit(vmx_run);
	crs_time_entry((struct kvm_vcpu *)call->arg[0]);
}

CRS_PROBES_TIME(CRS_STUBS)

/**
 * crs_times_add - add what one record's accesses took to another's
 * @to: the record, in a write section of its seq
 * @from: whose; it has no writer
 */
void crs_times_add(struct crs_vcpu *to, const struct crs_vcpu *from)
{
	const struct crs_times *f = from->times;
	struct crs_times *t = to->times;
	unsigned int what, outcome, i;

	for (what = 0; f && what < CRS_NR_TIMED; what++) {
		for (outcome = 0; outcome < CRS_NR_OUTCOMES; outcome++) {
			for (i = 0; i < CRS_NR_BUCKETS; i++) {
				t->count[what][outcome][i] +=
					f->count[what][outcome][i];
				t->total[what][outcome][i] +=
					f->total[what][outcome][i];
			}
			t->longest[what][outcome] =
				max(t->longest[what][outcome],
				    f->longest[what][outcome]);
		}
	}
}

static void crs_times_row(struct seq_file *m, const char *id,
			  const struct crs_times *times, unsigned int what,
			  enum crs_outcome outcome, unsigned int bucket)
{
	static const char *const accesses[CRS_NR_TIMED] = {
		"cr0 read ", "cr0 write", "cr3 read ", "cr3 write", "cr4 read ",
		"cr4 write", "cr8 read ", "cr8 write", "tpr write",
	};
	static const char *const outcomes[] = {
		[CRS_DONE] = "done",
		[CRS_FAULTED] = "fault",
		[CRS_BY_USER] = "user",
	};
	u64 ns = bucket ? BIT_ULL(bucket + CRS_FIRST_BUCKET - 1) : 0;

	seq_printf(m, "%s %s %-7s %10llu %12llu %16llu %12llu\n", id,
		   accesses[what], outcomes[outcome], ns,
		   times->count[what][outcome][bucket],
		   times->total[what][outcome][bucket],
		   times->longest[what][outcome]);
}

/**
 * crs_times_rows - a vCPU's rows of the file "times"
 * @m: where to
 * @id: the first columns
 * @times: what to print; what did not happen has no row
 *
 * Context: process context.
 */
void crs_times_rows(struct seq_file *m, const char *id,
		    const struct crs_times *times)
{
	unsigned int what, outcome, i;

	for (what = 0; what < CRS_NR_TIMED; what++)
		for (outcome = 0; outcome < CRS_NR_OUTCOMES; outcome++)
			for (i = 0; i < CRS_NR_BUCKETS; i++)
				if (times->count[what][outcome][i])
					crs_times_row(m, id, times, what,
						      outcome, i);
}

/**
 * crs_time_switch - begin to time accesses, or stop
 * @on: which; the memory is there, and the ends are seen
 *
 * Context: process context, sleeps.
 */
void crs_time_switch(bool on)
{
	if (on == static_key_enabled(&crs_time_on))
		return;
	if (on) {
		WRITE_ONCE(crs_time_since, rdtsc());
		static_branch_enable(&crs_time_on);
	} else {
		static_branch_disable(&crs_time_on);
	}
}

/**
 * crs_time_init - find out how long a tick is
 *
 * Context: process context.
 * Return: 0; -EOPNOTSUPP where the frequency of the TSC is unknown.
 */
int crs_time_init(void)
{
	if (!tsc_khz)
		return -EOPNOTSUPP;
	WRITE_ONCE(crs_time_mult, div_u64((u64)USEC_PER_SEC << 32, tsc_khz));
	return 0;
}
