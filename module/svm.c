// SPDX-License-Identifier: GPL-2.0
/*
 * AMD: control-register intercepts from the VMCB. Exit codes: AMD APM vol. 2
 * appendix C; EXITINFO1 of CR intercepts: 15.8.1.
 */
#include <linux/kvm_host.h>
#include <linux/uaccess.h>

#include "count.h"
#include "probe.h"
#include "svm.h"

/* EXITINFO1: a MOV, whose general register bits 3:0 name; DecodeAssists. */
#define CRS_SVM_CR_VALID BIT_ULL(63)
#define CRS_SVM_CR_GPR GENMASK_ULL(3, 0)

/*
 * What an exit code means: 0x00+n is a read of CRn, 0x10+n a write. The mode is
 * yet to come. No entry is 0, which a read of CR0 would be, so all have bit 7.
 */
#define CRS_SVM_WHAT BIT(7)
#define CRS_SVM_CR(n, reg)                                               \
	[SVM_EXIT_READ_CR0 + (n)] = CRS_SVM_WHAT | CRS_WHAT(reg, 0, 0),  \
			     [SVM_EXIT_WRITE_CR0 + (n)] = CRS_SVM_WHAT | \
							  CRS_WHAT(reg, 1, 0)

static const u8 crs_svm_what[] = {
	[SVM_EXIT_CR0_SEL_WRITE] = CRS_SVM_WHAT | CRS_WHAT(CRS_CR0, 1, 0),
	CRS_SVM_CR(0, CRS_CR0),
	CRS_SVM_CR(3, CRS_CR3),
	CRS_SVM_CR(4, CRS_CR4),
	CRS_SVM_CR(8, CRS_CR8),
};

/*
 * False: not a page in the direct map, or one without the VMRUN intercept,
 * which no VMCB may lack (APM vol. 2 15.5.1). The direct map has holes.
 */
static bool crs_svm_is_vmcb(const struct vmcb *vmcb)
{
	u32 word;

	if (!vmcb || !PAGE_ALIGNED(vmcb) || (void *)vmcb >= high_memory ||
	    (unsigned long)vmcb < PAGE_OFFSET)
		return false;
	__get_kernel_nofault(&word,
			     &vmcb->control.intercepts[INTERCEPT_VMRUN / 32],
			     u32, hole);
	return word & BIT(INTERCEPT_VMRUN % 32);
hole:
	return false;
}

/**
 * crs_svm_plausible - whether a pointer leads to a VMCB
 * @v: the vCPU's record, which then remembers it
 * @vmcb: what struct vcpu_svm is believed to hold
 * @vcpu: the vCPU
 *
 * It is the record's own at the record's level alone.
 *
 * Context: handler in the vCPU's thread.
 */
bool crs_svm_plausible(struct crs_vcpu *v, const struct vmcb *vmcb,
		       const struct kvm_vcpu *vcpu)
{
	if (!crs_svm_level(v, vcpu) || !crs_svm_is_vmcb(vmcb))
		return false;
	v->vmcb = vmcb;
	return true;
}

CRS_RARE(crs_svm_plausible);

static u64 crs_svm_old(const struct kvm_vcpu *vcpu, enum crs_reg reg, int tpr)
{
	if (reg == CRS_CR4)
		return vcpu->arch.cr4;
	if (reg == CRS_CR0)
		return vcpu->arch.cr0;
	if (reg == CRS_CR3)
		return vcpu->arch.cr3;
	return tpr == CRS_TPR_NONE ? 0 : tpr >> 4;
}

/* Linear address and mode of the instruction. APM vol. 2 1.3, 4.5, 4.7.2 */
static void crs_svm_where(struct crs_access *access,
			  const struct kvm_vcpu *vcpu, const struct vmcb *vmcb)
{
	const struct vmcb_seg *cs = &vmcb->save.cs;

	access->address = vmcb->save.rip;
	if (vcpu->arch.efer & EFER_LMA) {
		access->what |= CRS_WHAT(0, 0, CRS_LONG);
		if (likely(cs->attrib & SVM_SELECTOR_L_MASK))
			return;
	} else if (vcpu->arch.cr0 & X86_CR0_PE) {
		access->what |= CRS_WHAT(0, 0, CRS_PROTECTED);
	}
	access->address = (u32)(cs->base + access->address);
}

/**
 * crs_svm_at - whether the guest is at the instruction of its last access
 * @v: the vCPU's record of the level that runs
 * @vcpu: the vCPU
 *
 * Context: handler in the vCPU's thread, before its next VMRUN.
 */
bool crs_svm_at(struct crs_vcpu *v, const struct kvm_vcpu *vcpu)
{
	struct crs_access here = {};
	const struct vmcb *vmcb;

	if (!crs_svm_vmcb(&vmcb, v, vcpu))
		return false;
	crs_svm_where(&here, vcpu, vmcb);
	return here.address == v->access.address;
}

/* The value of a MOV to CRn; false where DecodeAssists did not decode one. */
static bool crs_svm_value(struct crs_access *access,
			  const struct kvm_vcpu *vcpu, const struct vmcb *vmcb)
{
	u64 info = vmcb->control.exit_info_1;

	if (!(info & CRS_SVM_CR_VALID))
		return false;
	access->value = vcpu->arch.regs[info & CRS_SVM_CR_GPR];
	if (CRS_WHAT_MODE(access->what) != CRS_LONG ||
	    !(vmcb->save.cs.attrib & SVM_SELECTOR_L_MASK))
		access->value = (u32)access->value;
	return true;
}

/* What an exit code says, or 0 where it is none of an access. */
static u8 crs_svm_what_of(const struct vmcb *vmcb)
{
	u64 code = vmcb->control.exit_code;

	return likely(code < ARRAY_SIZE(crs_svm_what)) ? crs_svm_what[code] : 0;
}

/* Between crs_count_begin() and crs_count_end(). */
static __always_inline void crs_svm_access(struct crs_vcpu *v,
					   const struct kvm_vcpu *vcpu)
{
	const struct vmcb *vmcb;
	struct crs_access *access;
	u8 what;

	if (unlikely(!crs_svm_vmcb(&vmcb, v, vcpu)))
		goto other;

	crs_svm_armed(&v->s, vmcb);
	what = crs_svm_what_of(vmcb);
	if (unlikely(!what))
		goto other;

	access = crs_count_new(v);
	access->what = what & ~CRS_SVM_WHAT;
	access->old = crs_svm_old(vcpu, CRS_WHAT_REG(access->what), v->s.tpr);
	crs_svm_where(access, vcpu, vmcb);
	crs_count_access(v, vcpu,
			 cpu_feature_enabled(X86_FEATURE_DECODEASSISTS) &&
				 crs_svm_value(access, vcpu, vmcb));
	return;
other:
	crs_count_other(v);
}

/**
 * crs_svm_nested - count an access of a nested guest, once
 * @vcpu: the vCPU, in guest mode, at such an exit
 * @reflected: it goes to the guest's own hypervisor
 *
 * KVM may find only while it handles an access itself that the other is to have
 * it: a selective write of CR0 (check_selective_cr0_intercepted(),
 * svm_check_intercept(), arch/x86/kvm/svm/svm.c, 5.10 to 7.3).
 *
 * Context: handler in the vCPU's thread.
 */
static __used void crs_svm_nested(struct kvm_vcpu *vcpu, bool reflected)
{
	struct crs_vcpu *v = crs_vcpu_nested(vcpu);

	crs_count_begin(v);
	if (v->exits != vcpu->stat.exits)
		crs_svm_access(v, vcpu);
	v->exits = vcpu->stat.exits;
	if (reflected)
		crs_count_reflected(v);
	crs_count_end(v);
}

CRS_RARE(crs_svm_nested);

/*
 * kvm_amd's cr_interception(vcpu).
 *
 * Called for MOV to and from CR0, CR3, CR4 and CR8, CLTS and LMSW, selective
 * writes of CR0 included.
 */
static __always_inline void crs_on_cr_interception(const struct crs_call *call)
{
	struct kvm_vcpu *vcpu = (struct kvm_vcpu *)call->arg[0];
	struct crs_vcpu *v;

	crs_hit(cr_interception);
	if (unlikely(crs_nested(vcpu))) {
		crs_rarely(crs_svm_nested, vcpu, false, 0, 0);
		return;
	}
	v = crs_vcpu_get(vcpu);
	crs_count_begin(v);
	crs_svm_access(v, vcpu);
	crs_count_end(v);
}

/*
 * kvm_amd's nested_svm_vmexit(svm), a struct vcpu_svm.
 *
 * A nested guest ends for its hypervisor to go on, for whatever reason.
 */
static __always_inline void
crs_on_nested_svm_vmexit(const struct crs_call *call)
{
	struct kvm_vcpu *vcpu = &((struct crs_vcpu_svm *)call->arg[0])->vcpu;
	const struct vmcb *vmcb = ((struct crs_vcpu_svm *)call->arg[0])->vmcb;

	crs_hit(nested_svm_vmexit);
	if (crs_nested(vcpu) && crs_svm_is_vmcb(vmcb) && crs_svm_what_of(vmcb))
		crs_rarely(crs_svm_nested, vcpu, true, 0, 0);
}

/*
 * kvm_amd's cr_trap(vcpu).
 *
 * An SEV-ES guest has written a control register already; EXITINFO1 is the new
 * value, and the instruction's address is encrypted. APM vol. 2 15.35.
 */
static __always_inline void crs_on_cr_trap(const struct crs_call *call)
{
	struct kvm_vcpu *vcpu = (struct kvm_vcpu *)call->arg[0];
	struct crs_vcpu *v = crs_vcpu_get(vcpu);
	enum crs_reg reg = CRS_NO_REG;
	const struct vmcb *vmcb;
	u64 code;

	crs_hit(cr_trap);
	crs_count_begin(v);
	if (likely(crs_svm_vmcb(&vmcb, v, vcpu))) {
		crs_svm_armed(&v->s, vmcb);
		code = vmcb->control.exit_code - SVM_EXIT_CR0_WRITE_TRAP;
		if (code <= 0xf)
			reg = crs_reg_of(code);
	}
	if (likely(reg != CRS_NO_REG)) {
		*crs_count_new(v) = (struct crs_access){
			.address = CRS_NO_ADDRESS,
			.old = crs_svm_old(vcpu, reg, v->s.tpr),
			.value = vmcb->control.exit_info_1,
			.what = CRS_WHAT(reg, 1, CRS_REAL),
		};
		crs_count_access(v, vcpu, true);
	} else {
		crs_count_other(v);
	}
	crs_count_end(v);
}

CRS_PROBES_SVM(CRS_STUBS)
