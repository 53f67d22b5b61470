/* SPDX-License-Identifier: GPL-2.0 */
/* Which intercepts a vCPU has armed, whichever vendor's they are. */
#ifndef CRS_ARMED_H
#define CRS_ARMED_H

#include "svm.h"
#include "vcpu.h"

/**
 * crs_armed_svm - note which intercepts a vCPU of kvm_amd has armed
 * @v: the vCPU's record, open for writing
 * @vcpu: the vCPU
 *
 * Context: handler in the vCPU's thread.
 */
static __always_inline void crs_armed_svm(struct crs_vcpu *v,
					  const struct kvm_vcpu *vcpu)
{
	const struct vmcb *vmcb;

	if (crs_svm_vmcb(&vmcb, v, vcpu))
		crs_svm_armed(&v->s, vmcb);
}

void crs_armed(struct crs_vcpu *v, const struct kvm_vcpu *vcpu);

#endif /* CRS_ARMED_H */
