// SPDX-License-Identifier: GPL-2.0
/* What counting needs once: the tracepoints, and what happens rarely. */
#include <linux/build_bug.h>

#define CREATE_TRACE_POINTS
#include "count.h"

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

/**
 * crs_count_abandon - the value that a write waits for will not come
 * @v: the vCPU's record, with a write that waits
 *
 * The write stays counted, its value stays unknown: the emulator gave up, for
 * instance because the guest's code page went away.
 *
 * Context: kprobe handler, preemption disabled.
 */
void crs_count_abandon(struct crs_vcpu *v)
{
	v->waiting = CRS_NOT_WAITING;
	trace_cr_access(&v->s, &v->access, false);
}
