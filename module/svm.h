/* SPDX-License-Identifier: GPL-2.0 */
/* What the VMCB says: AMD's source of truth. */
#ifndef CRS_SVM_H
#define CRS_SVM_H

#include <linux/build_bug.h>
#include <linux/kprobes.h>
#include <linux/kvm_host.h>
#include <linux/mm.h>
#include <asm/svm.h>

#include "vcpu.h"

/*
 * All that is assumed of KVM's private struct vcpu_svm: the pointer to the
 * VMCB follows the vCPU (arch/x86/kvm/svm/svm.h, 5.10 to 7.3).
 */
struct crs_vcpu_svm {
	struct kvm_vcpu vcpu;
	struct vmcb *vmcb;
};

bool crs_svm_plausible(struct crs_vcpu *v, const struct vmcb *vmcb);

/**
 * crs_svm_vmcb - the VMCB of a vCPU
 * @vmcb: where to put it
 * @v: the vCPU's record
 * @vcpu: a vCPU of kvm_amd
 *
 * Context: kprobe handler in the vCPU's thread.
 * Return: false where what is there can't be a VMCB.
 */
static __always_inline bool crs_svm_vmcb(const struct vmcb **vmcb,
					 struct crs_vcpu *v,
					 const struct kvm_vcpu *vcpu)
{
	*vmcb = container_of(vcpu, struct crs_vcpu_svm, vcpu)->vmcb;
	return likely(*vmcb == v->vmcb) || crs_svm_plausible(v, *vmcb);
}

/**
 * crs_svm_armed - note which intercepts a vCPU has armed
 * @s: the vCPU's record, open for writing
 * @vmcb: its VMCB
 *
 * Context: kprobe handler in the vCPU's thread.
 */
static __always_inline void crs_svm_armed(struct crs_stats *s,
					  const struct vmcb *vmcb)
{
	s->armed = vmcb->control.intercepts[INTERCEPT_CR];
	/* Never 0: KVM intercepts interrupts and more (init_vmcb()). */
	s->armed_more = vmcb->control.intercepts[INTERCEPT_WORD3];
}

static_assert(CRS_ARMED_CR0_SEL == BIT(INTERCEPT_SELECTIVE_CR0 % 32));
static_assert(INTERCEPT_SELECTIVE_CR0 / 32 == INTERCEPT_WORD3);

int crs_on_cr_interception(struct kprobe *kp, struct pt_regs *regs);
int crs_on_cr_trap(struct kprobe *kp, struct pt_regs *regs);

#endif /* CRS_SVM_H */
