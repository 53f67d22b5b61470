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

/**
 * crs_svm_vmcb - the VMCB of a vCPU
 * @vcpu: a vCPU of kvm_amd
 *
 * Context: kprobe handler in the vCPU's thread.
 * Return: the VMCB, or NULL where what is there can't be one: not a page in the
 * direct map, or one without the VMRUN intercept, which no VMCB may lack (APM
 * vol. 2 15.5.1).
 */
static __always_inline const struct vmcb *
crs_svm_vmcb(const struct kvm_vcpu *vcpu)
{
	const struct vmcb *vmcb;

	vmcb = container_of(vcpu, struct crs_vcpu_svm, vcpu)->vmcb;
	if (unlikely(!PAGE_ALIGNED(vmcb) || (void *)vmcb >= high_memory ||
		     (unsigned long)vmcb < PAGE_OFFSET))
		return NULL;
	if (unlikely(!(vmcb->control.intercepts[INTERCEPT_VMRUN / 32] &
		       BIT(INTERCEPT_VMRUN % 32))))
		return NULL;
	return vmcb;
}

/**
 * crs_svm_armed - note which intercepts a vCPU has armed
 * @s: the vCPU's record, open for writing
 * @vmcb: its VMCB, or NULL
 *
 * Context: kprobe handler in the vCPU's thread.
 */
static __always_inline void crs_svm_armed(struct crs_stats *s,
					  const struct vmcb *vmcb)
{
	if (unlikely(!vmcb))
		return;
	s->armed = vmcb->control.intercepts[INTERCEPT_CR];
	/* Never 0: KVM intercepts interrupts and more (init_vmcb()). */
	s->armed_more = vmcb->control.intercepts[INTERCEPT_WORD3];
}

static_assert(CRS_ARMED_CR0_SEL == BIT(INTERCEPT_SELECTIVE_CR0 % 32));
static_assert(INTERCEPT_SELECTIVE_CR0 / 32 == INTERCEPT_WORD3);

int crs_on_cr_interception(struct kprobe *kp, struct pt_regs *regs);
int crs_on_cr_trap(struct kprobe *kp, struct pt_regs *regs);

#endif /* CRS_SVM_H */
