// SPDX-License-Identifier: GPL-2.0
/*
 * AMD: control-register intercepts from the VMCB. Exit codes: AMD APM vol. 2
 * appendix C; EXITINFO1 of CR intercepts: 15.8.1.
 */
#include <linux/kvm_host.h>
#include <linux/mm.h>
#include <asm/svm.h>

#include "count.h"
#include "probe.h"
#include "svm.h"

/*
 * All that is assumed of KVM's private struct vcpu_svm: the pointer to the
 * VMCB follows the vCPU (arch/x86/kvm/svm/svm.h, 5.10 to 7.3).
 */
struct crs_vcpu_svm {
	struct kvm_vcpu vcpu;
	struct vmcb *vmcb;
};

/* EXITINFO1: a MOV, whose general register bits 3:0 name; DecodeAssists. */
#define CRS_SVM_CR_VALID BIT_ULL(63)
#define CRS_SVM_CR_GPR GENMASK_ULL(3, 0)

/* Exit codes 0x00-0x0f are reads of CRn, 0x10-0x1f writes. */
#define CRS_SVM_CR_WRITE 0x10

/*
 * The VMCB, or NULL where what is there can't be one: not a page in the
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

static void crs_svm_armed_vmcb(struct crs_stats *s, const struct vmcb *vmcb)
{
	u64 armed = vmcb->control.intercepts[INTERCEPT_CR];

	if (vmcb->control.intercepts[INTERCEPT_SELECTIVE_CR0 / 32] &
	    BIT(INTERCEPT_SELECTIVE_CR0 % 32))
		armed |= CRS_ARMED_CR0_SEL;
	s->armed = armed | CRS_ARMED_KNOWN;
}

/**
 * crs_svm_armed - note which intercepts a vCPU has armed
 * @s: the vCPU's record, open for writing
 * @vcpu: a vCPU of kvm_amd
 *
 * Context: kprobe handler in the vCPU's thread.
 */
void crs_svm_armed(struct crs_stats *s, const struct kvm_vcpu *vcpu)
{
	const struct vmcb *vmcb = crs_svm_vmcb(vcpu);

	if (likely(vmcb))
		crs_svm_armed_vmcb(s, vmcb);
}

static u64 crs_svm_old(const struct kvm_vcpu *vcpu, enum crs_reg reg, int tpr)
{
	switch (reg) {
	case CRS_CR0:
		return vcpu->arch.cr0;
	case CRS_CR3:
		return vcpu->arch.cr3;
	case CRS_CR4:
		return vcpu->arch.cr4;
	default:
		return tpr == CRS_TPR_NONE ? 0 : tpr >> 4;
	}
}

/* Linear address and mode of the instruction. APM vol. 2 1.3, 4.5, 4.7.2 */
static void crs_svm_where(struct crs_access *access,
			  const struct kvm_vcpu *vcpu, const struct vmcb *vmcb)
{
	const struct vmcb_seg *cs = &vmcb->save.cs;

	access->address = vmcb->save.rip;
	if (vcpu->arch.efer & EFER_LMA) {
		access->mode = CRS_LONG;
		if (likely(cs->attrib & SVM_SELECTOR_L_MASK))
			return;
	} else {
		access->mode = vcpu->arch.cr0 & X86_CR0_PE ? CRS_PROTECTED :
							     CRS_REAL;
	}
	access->address = (u32)(cs->base + access->address);
}

/* The value of a MOV to CRn that DecodeAssists has decoded. */
static void crs_svm_value(struct crs_access *access,
			  const struct kvm_vcpu *vcpu, const struct vmcb *vmcb)
{
	u64 info = vmcb->control.exit_info_1;

	if (!boot_cpu_has(X86_FEATURE_DECODEASSISTS) ||
	    !(info & CRS_SVM_CR_VALID))
		return;
	access->known = true;
	access->value = vcpu->arch.regs[info & CRS_SVM_CR_GPR];
	if (!(vmcb->save.cs.attrib & SVM_SELECTOR_L_MASK &&
	      access->mode == CRS_LONG))
		access->value = (u32)access->value;
}

/**
 * crs_on_cr_interception - kprobe on kvm_amd's cr_interception(vcpu)
 * @kp: the probe
 * @regs: registers at the function's entry
 *
 * Called for MOV to and from CR0, CR3, CR4 and CR8, CLTS and LMSW, selective
 * writes of CR0 included.
 */
int crs_on_cr_interception(struct kprobe *kp, struct pt_regs *regs)
{
	struct kvm_vcpu *vcpu = (struct kvm_vcpu *)regs->di;
	const struct vmcb *vmcb = crs_svm_vmcb(vcpu);
	struct crs_vcpu *v = crs_vcpu_get(vcpu);
	struct crs_access access = {};
	u64 code;

	crs_hit(cr_interception);
	crs_count_begin(v);
	if (unlikely(!vmcb))
		goto other;

	crs_svm_armed_vmcb(&v->s, vmcb);
	code = vmcb->control.exit_code;
	if (code == SVM_EXIT_CR0_SEL_WRITE)
		code = SVM_EXIT_WRITE_CR0;
	if (unlikely(code > SVM_EXIT_READ_CR0 + 0x1f))
		goto other;
	access.reg = crs_reg_of(code & 0xf);
	access.write = code & CRS_SVM_CR_WRITE;
	if (unlikely(access.reg == CRS_NO_REG))
		goto other;

	access.old = crs_svm_old(vcpu, access.reg, v->s.tpr);
	crs_svm_where(&access, vcpu, vmcb);
	if (access.write)
		crs_svm_value(&access, vcpu, vmcb);
	crs_count_access(v, &access);
	crs_count_end(v);
	return 0;
other:
	crs_count_other(v);
	crs_count_end(v);
	return 0;
}

/**
 * crs_on_cr_trap - kprobe on kvm_amd's cr_trap(vcpu)
 * @kp: the probe
 * @regs: registers at the function's entry
 *
 * An SEV-ES guest has written a control register already; EXITINFO1 is the new
 * value, and the instruction's address is encrypted. APM vol. 2 15.35.
 */
int crs_on_cr_trap(struct kprobe *kp, struct pt_regs *regs)
{
	struct kvm_vcpu *vcpu = (struct kvm_vcpu *)regs->di;
	const struct vmcb *vmcb = crs_svm_vmcb(vcpu);
	struct crs_vcpu *v = crs_vcpu_get(vcpu);
	struct crs_access access = {
		.address = CRS_NO_ADDRESS,
		.reg = CRS_NO_REG,
		.write = true,
		.known = true,
	};
	u64 code;

	crs_hit(cr_trap);
	crs_count_begin(v);
	if (likely(vmcb)) {
		crs_svm_armed_vmcb(&v->s, vmcb);
		code = vmcb->control.exit_code - SVM_EXIT_CR0_WRITE_TRAP;
		access.reg = code <= 0xf ? crs_reg_of(code) : CRS_NO_REG;
		access.value = vmcb->control.exit_info_1;
	}
	if (likely(access.reg != CRS_NO_REG)) {
		access.old = crs_svm_old(vcpu, access.reg, v->s.tpr);
		crs_count_access(v, &access);
	} else {
		crs_count_other(v);
	}
	crs_count_end(v);
	return 0;
}
