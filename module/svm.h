/* SPDX-License-Identifier: GPL-2.0 */
/* What the VMCB says: AMD's source of truth. */
#ifndef CRS_SVM_H
#define CRS_SVM_H

#include <linux/kprobes.h>

struct crs_stats;
struct kvm_vcpu;

void crs_svm_armed(struct crs_stats *s, const struct kvm_vcpu *vcpu);
int crs_on_cr_interception(struct kprobe *kp, struct pt_regs *regs);
int crs_on_cr_trap(struct kprobe *kp, struct pt_regs *regs);

#endif /* CRS_SVM_H */
