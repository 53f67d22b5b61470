// SPDX-License-Identifier: GPL-2.0
/* What counting needs once: the tracepoints, and what it takes for granted. */
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
 * crs_trace_access - report the access of a vCPU
 * @v: the vCPU's record
 * @known: its value is known
 *
 * Context: handler, preemption disabled.
 */
void crs_trace_access(const struct crs_vcpu *v, bool known)
{
	trace_cr_access(&v->s, &v->access, known);
}

CRS_RARE(crs_trace_access);

/**
 * crs_trace_tpr - report a write to the task priority, before it is counted
 * @v: the vCPU's record
 * @origin: where it came from, &enum crs_origin
 * @tpr: the TPR as written
 *
 * Context: handler, preemption disabled.
 */
void crs_trace_tpr(const struct crs_vcpu *v, u8 origin, u8 tpr)
{
	trace_tpr_write(&v->s, origin, tpr);
}

CRS_RARE(crs_trace_tpr);
