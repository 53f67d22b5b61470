/* SPDX-License-Identifier: GPL-2.0 */
/* The memory of records: rooms, generations, rows. */
#ifndef CRS_RECORD_H
#define CRS_RECORD_H

#include <linux/percpu.h>
#include <linux/spinlock.h>

#include "vcpu.h"

extern raw_spinlock_t crs_table_lock;
extern unsigned int crs_room;
extern unsigned int crs_generation;
extern struct crs_vcpu __percpu *crs_noroom;

struct crs_vcpu *crs_record_take(void);
void crs_record_give(struct crs_vcpu *v);
void crs_record_reset(void);
void crs_record_withdraw(void);
unsigned int crs_record_rows(void);
bool crs_record_read(unsigned int row, struct crs_stats *stats, bool tables,
		     struct crs_times *times);
int crs_record_times(void);
int crs_record_init(unsigned int max);
void crs_record_exit(void);

#endif /* CRS_RECORD_H */
