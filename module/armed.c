// SPDX-License-Identifier: GPL-2.0
/* Which intercepts a vCPU has armed: the vendor is known here. */
#include <linux/kvm_host.h>

#include "armed.h"
#include "compat.h"
#include "kvm.h"
#include "rare.h"
#include "vmx.h"

/**
 * crs_armed - note which intercepts a vCPU has armed, and whether the processor
 *	takes writes of the TPR
 * @v: the vCPU's record, open for writing
 * @vcpu: the vCPU
 *
 * What a VMCS says is the vCPU's only while that is loaded, and not a TD, and
 * level 1's while no nested guest runs.
 *
 * Context: handler in the vCPU's thread.
 */
void crs_armed(struct crs_vcpu *v, const struct kvm_vcpu *vcpu)
{
	const struct vmcb *vmcb;

	if (crs_kvm_runs(CRS_KVM_AMD)) {
		if (!crs_svm_vmcb(&vmcb, v, vcpu))
			return;
		crs_svm_armed(&v->s, vmcb);
		crs_svm_virtual(&v->s, vmcb);
	} else if (crs_kvm_runs(CRS_KVM_INTEL) && crs_vcpu_running() == vcpu &&
		   !crs_protected(vcpu) && !crs_nested(vcpu)) {
		/* For an ioctl, which may have changed the APIC's mode. */
		v->s.tpr_virtual_old = true;
		crs_vmx_armed(&v->s, vcpu);
	}
}

CRS_RARE(crs_armed);
