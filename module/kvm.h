/* SPDX-License-Identifier: GPL-2.0 */
/* What is known of KVM: its modules, which of them this CPU runs, symbols. */
#ifndef CRS_KVM_H
#define CRS_KVM_H

#include <linux/types.h>
#include <asm/cpufeature.h>

enum crs_module {
	CRS_KVM,
	CRS_KVM_AMD,
	CRS_KVM_INTEL,
	CRS_NR_MODULES,
};

/* A function of KVM with its module: "kvm_amd:cr_interception". */
#define CRS_SYMBOL_LEN 64

/**
 * crs_kvm_runs - whether KVM uses a module on this CPU
 * @module: the module
 *
 * By what the CPU has: both vendors' modules may be built in, or the other one
 * be loaded in vain.
 *
 * Context: any.
 */
static __always_inline bool crs_kvm_runs(enum crs_module module)
{
	switch (module) {
	case CRS_KVM_AMD:
		return cpu_feature_enabled(X86_FEATURE_SVM);
	case CRS_KVM_INTEL:
		return cpu_feature_enabled(X86_FEATURE_VMX);
	default:
		return true;
	}
}

const char *crs_kvm_name(enum crs_module module);
bool crs_kvm_here(enum crs_module module);
bool crs_kvm_nests(enum crs_module module);
void crs_kvm_find(enum crs_module module, const char *const names[],
		  unsigned long addresses[], unsigned int n);
int crs_kvm_init(int (*changed)(enum crs_module module, bool here));
void crs_kvm_exit(void);

#endif /* CRS_KVM_H */
