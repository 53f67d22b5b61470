/* SPDX-License-Identifier: GPL-2.0 */
/* Writes to the task priority. */
#ifndef CRS_TPR_H
#define CRS_TPR_H

#include <linux/kprobes.h>

int crs_on_set_cr8(struct kprobe *kp, struct pt_regs *regs);
int crs_on_set_tpr(struct kprobe *kp, struct pt_regs *regs);
int crs_on_lapic_reg_write(struct kprobe *kp, struct pt_regs *regs);
int crs_on_set_lapic(struct kprobe *kp, struct pt_regs *regs);
int crs_on_set_sregs(struct kprobe *kp, struct pt_regs *regs);
int crs_on_vcpu_run(struct kprobe *kp, struct pt_regs *regs);

#endif /* CRS_TPR_H */
