/* SPDX-License-Identifier: GPL-2.0 */
/* The call sites of the TPR functions, and the origin that each stands for. */
#ifndef CRS_CALLERS_H
#define CRS_CALLERS_H

#include <linux/hash.h>
#include <linux/percpu.h>
#include <linux/ptrace.h>
#include <linux/ptrace.h>

#include "event.h"
#include "probe.h"

struct seq_file;

#define CRS_CALLERS_BITS 6
#define CRS_NR_CALLERS BIT(CRS_CALLERS_BITS)

/**
 * struct crs_caller - what is known of a call site
 * @origin: &enum crs_origin
 * @entry: where the APIC is in userspace, the write was counted at the entry
 *	of the function that the site is in
 * @probe: the function called, &enum crs_probe_id
 */
struct crs_caller {
	u8 origin;
	bool entry;
	u8 probe;
};

/*
 * A hash by return address, 0 where an entry is free, with one entry more than
 * the hash has: for all sites that found no room.
 */
extern unsigned long crs_caller_address[CRS_NR_CALLERS + 1];
extern struct crs_caller crs_callers[CRS_NR_CALLERS + 1];
DECLARE_PER_CPU(u64[CRS_NR_CALLERS + 1], crs_calls);

unsigned int crs_caller_find(enum crs_probe_id probe, struct pt_regs *regs);

/**
 * crs_caller_count - count a call by its site
 * @probe: the function called
 * @regs: registers at its entry: the return address is on top of the stack
 *
 * Context: kprobe handler, preemption disabled.
 * Return: the call site, never NULL.
 */
static __always_inline const struct crs_caller *
crs_caller_count(enum crs_probe_id probe, struct pt_regs *regs)
{
	unsigned long address = *(unsigned long *)regs->sp;
	unsigned int i = hash_long(address, CRS_CALLERS_BITS);

	/* Pairs with the release in crs_caller_find(). */
	if (unlikely(smp_load_acquire(&crs_caller_address[i]) != address))
		i = crs_caller_find(probe, regs);
	__this_cpu_inc(crs_calls[i]);
	return &crs_callers[i];
}

void crs_callers_resolve(enum crs_module module);
void crs_callers_forget(enum crs_module module);
void crs_callers_reset(void);
void crs_callers_rows(struct seq_file *m);

#endif /* CRS_CALLERS_H */
