/* SPDX-License-Identifier: GPL-2.0 */
/* The call sites of the TPR functions, and the origin that each stands for. */
#ifndef CRS_CALLERS_H
#define CRS_CALLERS_H

#include <linux/hash.h>
#include <linux/percpu.h>

#include "event.h"
#include "probe.h"
#include "rare.h"

struct seq_file;

#define CRS_CALLERS_BITS 6
#define CRS_NR_CALLERS BIT(CRS_CALLERS_BITS)

/**
 * struct crs_caller - what is known of a call site
 * @origin: &enum crs_origin
 * @row: where its calls are counted
 */
struct crs_caller {
	u8 origin;
	u8 row;
} __aligned(4);

/*
 * A hash by return address, 0 where an entry is free, with one entry more than
 * the hash has: for all sites that found no room.
 */
extern unsigned long crs_caller_address[CRS_NR_CALLERS + 1];
extern struct crs_caller crs_callers[CRS_NR_CALLERS + 1];

/* By row; a row is a site's name, which outlives its address. */
DECLARE_PER_CPU(u64[CRS_NR_CALLERS + 1], crs_calls);

unsigned long crs_caller_find(enum crs_probe_id probe, unsigned long site,
			      unsigned long sp);
unsigned long crs_caller_outer(unsigned long sp);

/**
 * crs_caller_count - count a call by its site
 * @probe: the function called
 * @call: the call
 *
 * Context: handler, preemption disabled.
 * Return: the call site, never NULL.
 */
static __always_inline const struct crs_caller *
crs_caller_count(enum crs_probe_id probe, const struct crs_call *call)
{
	unsigned long i = hash_long(call->site, CRS_CALLERS_BITS);
	const struct crs_caller *c;

	/* Pairs with the release in crs_caller_add(). */
	if (unlikely(smp_load_acquire(&crs_caller_address[i]) != call->site))
		i = crs_rarely(crs_caller_find, probe, call->site, call->sp, 0);
	c = &crs_callers[i];
	__this_cpu_inc(crs_calls[c->row]);
	return c;
}

void crs_callers_forget(void);
void crs_callers_reset(void);
void crs_callers_rows(struct seq_file *m);

#endif /* CRS_CALLERS_H */
