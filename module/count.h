/* SPDX-License-Identifier: GPL-2.0 */
/* Events into counters. */
#ifndef CRS_COUNT_H
#define CRS_COUNT_H

#include <linux/seqlock.h>

#include "event.h"
#include "vcpu.h"

/**
 * crs_count_begin - open a record for writing
 * @v: the record of the vCPU whose thread runs here
 *
 * Pairs with the retry loop of crs_vcpu_read().
 *
 * Context: kprobe handler, preemption disabled.
 */
static inline void crs_count_begin(struct crs_vcpu *v)
{
	raw_write_seqcount_begin(&v->seq);
}

/**
 * crs_count_end - close what crs_count_begin() opened
 * @v: the record
 */
static inline void crs_count_end(struct crs_vcpu *v)
{
	raw_write_seqcount_end(&v->seq);
}

void crs_count_access(struct crs_vcpu *v, const struct crs_access *access);
void crs_count_value(struct crs_vcpu *v, u64 value);
void crs_count_other(struct crs_vcpu *v);
void crs_count_tpr(struct crs_vcpu *v, enum crs_origin origin, u8 tpr);
void crs_count_abandon(struct crs_vcpu *v);

#endif /* CRS_COUNT_H */
