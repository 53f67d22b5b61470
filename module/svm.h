/* SPDX-License-Identifier: GPL-2.0 */
/* What the VMCB says: AMD's source of truth. */
#ifndef CRS_SVM_H
#define CRS_SVM_H

#include <linux/build_bug.h>
#include <linux/kvm_host.h>
#include <linux/mm.h>
#include <asm/svm.h>

#include "compat.h"
#include "rare.h"
#include "vcpu.h"

/*
 * All that is assumed of KVM's private struct vcpu_svm: the pointer to the
 * VMCB follows the vCPU (arch/x86/kvm/svm/svm.h, 5.10 to 7.3).
 */
struct crs_vcpu_svm {
	struct kvm_vcpu vcpu;
	struct vmcb *vmcb;
};

bool crs_svm_at(struct crs_vcpu *v, const struct kvm_vcpu *vcpu);
bool crs_svm_plausible(struct crs_vcpu *v, const struct vmcb *vmcb,
		       const struct kvm_vcpu *vcpu);

/* Whether the VMCB in use is that of the level which the record is of. */
static inline bool crs_svm_level(const struct crs_vcpu *v,
				 const struct kvm_vcpu *vcpu)
{
	return v->s.level == 1 + crs_nested(vcpu);
}

/**
 * crs_svm_vmcb - the VMCB of a vCPU at the level of a record
 * @vmcb: where to put it
 * @v: the vCPU's record
 * @vcpu: a vCPU of kvm_amd
 *
 * Context: handler in the vCPU's thread.
 * Return: false where what is there can't be a VMCB, or is the other level's.
 */
static __always_inline bool crs_svm_vmcb(const struct vmcb **vmcb,
					 struct crs_vcpu *v,
					 const struct kvm_vcpu *vcpu)
{
	*vmcb = container_of(vcpu, struct crs_vcpu_svm, vcpu)->vmcb;
	if (likely(*vmcb == v->vmcb) &&
	    (!CRS_ONE_VMCB || likely(crs_svm_level(v, vcpu))))
		return true;
	return (u8)crs_rarely(crs_svm_plausible, v, *vmcb, vcpu, 0);
}

/**
 * crs_svm_armed - note which intercepts a vCPU has armed
 * @s: the vCPU's record, open for writing
 * @vmcb: its VMCB
 *
 * Context: handler in the vCPU's thread.
 */
static __always_inline void crs_svm_armed(struct crs_stats *s,
					  const struct vmcb *vmcb)
{
	/* An SEV-ES guest has none but the traps of writes: bit 16+n of CRn. */
	u32 armed =
		vmcb->control.intercepts[INTERCEPT_CR] |
		(vmcb->control.intercepts[INTERCEPT_WORD4] & CRS_ARMED_WRITES);

	s->armed = armed;
	s->whole &= armed;
	/* Never 0: KVM intercepts interrupts and more (init_vmcb()). */
	s->armed_more = vmcb->control.intercepts[INTERCEPT_WORD3];
}

/**
 * crs_svm_virtual - note whether the processor takes writes of the TPR
 * @s: the vCPU's record, open for writing
 * @vmcb: its VMCB
 *
 * With AVIC it does, through the APIC page, and in x2AVIC mode through the MSR.
 * KVM may turn AVIC on and off at any time, but the APIC's mode is the guest's.
 *
 * Context: handler in the vCPU's thread.
 */
static inline void crs_svm_virtual(struct crs_stats *s, const struct vmcb *vmcb)
{
	if (vmcb->control.int_ctl & AVIC_ENABLE_MASK)
		s->tpr_virtual = true;
}

static_assert(CRS_ARMED_CR0_SEL == BIT(INTERCEPT_SELECTIVE_CR0 % 32));
static_assert(INTERCEPT_SELECTIVE_CR0 / 32 == INTERCEPT_WORD3);

#endif /* CRS_SVM_H */
