/* SPDX-License-Identifier: GPL-2.0 */
/* What the VMCS says: Intel's source of truth. */
#ifndef CRS_VMX_H
#define CRS_VMX_H

#include <linux/types.h>

struct crs_stats;
struct crs_vcpu;
struct kvm_vcpu;

bool crs_vmx_at(struct crs_vcpu *v, const struct kvm_vcpu *vcpu);
void crs_vmx_armed(struct crs_stats *s, const struct kvm_vcpu *vcpu);

#endif /* CRS_VMX_H */
