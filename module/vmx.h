/* SPDX-License-Identifier: GPL-2.0 */
/* What the VMCS says: Intel's source of truth. */
#ifndef CRS_VMX_H
#define CRS_VMX_H

#include <linux/kprobes.h>

struct crs_stats;

void crs_vmx_armed(struct crs_stats *s);
int crs_on_handle_cr(struct kprobe *kp, struct pt_regs *regs);
int crs_on_tpr_below_threshold(struct kprobe *kp, struct pt_regs *regs);

#endif /* CRS_VMX_H */
