// SPDX-License-Identifier: GPL-2.0
/*
 * Writes that failed: what KVM refuses ends in a #GP for the guest, at the
 * instruction, and the register stays as it was.
 */
#include <linux/kvm_host.h>
#include <asm/trapnr.h>

#include "compat.h"
#include "count.h"
#include "probe.h"
#include "svm.h"
#include "vmx.h"

static bool crs_fault_at(struct crs_vcpu *v, const struct kvm_vcpu *vcpu)
{
	if (crs_kvm_runs(CRS_KVM_AMD))
		return crs_svm_at(v, vcpu);
	return crs_kvm_runs(CRS_KVM_INTEL) && crs_vmx_at(v, vcpu);
}

static void crs_fault_slot(struct crs_slot *slot, unsigned int max, u64 key)
{
	unsigned int i;

	for (i = 0; i < max; i++) {
		if (slot[i].key == key && slot[i].count) {
			slot[i].faults++;
			return;
		}
	}
}

/**
 * crs_fault - the vCPU's last write failed, if it is where the guest is
 * @vcpu: the vCPU, which gets a #GP
 *
 * A write that still waits for its value was refused before the emulator called
 * emulator_set_cr(): the value stays unknown.
 *
 * Context: handler in the thread that has the vCPU loaded.
 */
static __used void crs_fault(struct kvm_vcpu *vcpu)
{
	unsigned long key = crs_vcpu_key(vcpu, 1 + crs_nested(vcpu));
	struct crs_vcpu *v = __this_cpu_read(crs_last);
	const struct crs_access *access;
	struct crs_tables *tables;
	enum crs_reg reg;

	if (READ_ONCE(v->key) != key)
		v = crs_vcpu_lookup(key);
	if (!v)
		return;
	crs_record_renew(v);
	access = &v->access;
	if (!(access->what & CRS_WHAT_WRITE) || crs_protected(vcpu) ||
	    !crs_fault_at(v, vcpu))
		return;

	tables = &v->s.tables;
	reg = CRS_WHAT_REG(access->what);
	crs_count_begin(v);
	tables->faults[reg]++;
	crs_fault_slot(tables->sites, CRS_NR_SITES, crs_site_key(access));
	if (v->waiting != CRS_NOT_WAITING) {
		crs_record_abandon(v);
	} else {
		crs_fault_slot(tables->values[reg], CRS_NR_VALUES,
			       access->value);
		crs_count_changed(tables, access, -1);
	}
	v->access.what &= ~CRS_WHAT_WRITE;
	crs_time_fault(v);
	crs_count_end(v);
}

CRS_RARE(crs_fault);

/*
 * kvm's kvm_multiple_exception(vcpu, nr, ...), which all exceptions that KVM
 * gives to a guest go through (arch/x86/kvm/x86.c, 5.10 to 7.3).
 */
static __always_inline void crs_on_exception(const struct crs_call *call)
{
	crs_hit(exception);
	if ((u32)call->arg[1] == X86_TRAP_GP)
		crs_rarely(crs_fault, call->arg[0], 0, 0, 0);
}

CRS_PROBES_FAULT(CRS_STUBS)
