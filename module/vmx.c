// SPDX-License-Identifier: GPL-2.0
/*
 * Intel: control-register exits from the VMCS, read by VMREAD. KVM keeps the
 * VMCS of the vCPU that a thread has loaded current on its CPU, nested guests'
 * too (vmx_vcpu_load(), 5.10 to 7.3). Exit qualification: SDM vol. 3C table
 * 28-3; controls: 25.6.
 *
 * Where KVM runs on Hyper-V with an enlightened VMCS there is none to read:
 * all is counted as cr_other then.
 */
#include <linux/kvm_host.h>
#include <linux/mm.h>
#include <asm/apicdef.h>
#include <asm/asm.h>
#include <asm/vmx.h>

#include "count.h"
#include "probe.h"
#include "vmx.h"

/* CONTROL_REG_ACCESS_NUM lacks the bit that tells CR8 from CR0. */
#define CRS_VMX_CR GENMASK_ULL(3, 0)

/* Kinds of accesses, CONTROL_REG_ACCESS_TYPE of the exit qualification. */
enum crs_vmx_kind {
	CRS_VMX_MOV_TO,
	CRS_VMX_MOV_FROM,
	CRS_VMX_CLTS,
	CRS_VMX_LMSW,
};

/* LMSW loads bits 3:0 of CR0, but can't clear PE. SDM vol. 2A, LMSW */
#define CRS_LMSW_LOADS (X86_CR0_PE | X86_CR0_MP | X86_CR0_EM | X86_CR0_TS)
#define CRS_LMSW_CLEARS (CRS_LMSW_LOADS & ~X86_CR0_PE)

/*
 * False where the field or a current VMCS is missing. Outside of VMX operation
 * the instruction faults; nothing here runs there, but if it did, a count would
 * be lost rather than the machine.
 */
static __always_inline bool crs_vmread(unsigned long field, u64 *value)
{
	bool ok = false;

	asm volatile("1: vmread %[field], %[value]\n"
		     "   seta %[ok]\n"
		     "2:\n" _ASM_EXTABLE(1b, 2b)
		     : [value] "+r"(*value), [ok] "+q"(ok)
		     : [field] "r"(field)
		     : "cc");
	return likely(ok);
}

/* The TPR shadow alone is for CR8; these are for the APIC's ways. */
static bool crs_vmx_virtual(u64 primary)
{
	u64 secondary = 0;

	return primary & CPU_BASED_TPR_SHADOW &&
	       primary & CPU_BASED_ACTIVATE_SECONDARY_CONTROLS &&
	       crs_vmread(SECONDARY_VM_EXEC_CONTROL, &secondary) &&
	       secondary & (SECONDARY_EXEC_VIRTUALIZE_APIC_ACCESSES |
			    SECONDARY_EXEC_VIRTUALIZE_X2APIC_MODE);
}

/**
 * crs_vmx_armed - note which accesses of the loaded vCPU exit
 * @s: the vCPU's record, open for writing
 * @vcpu: the vCPU
 *
 * Writes of CR0 and CR4 exit that change a bit which the guest does not own;
 * reads never do. Of CR4 KVM knows the bits; a VMREAD of that mask,
 * which no shadow VMCS holds (arch/x86/kvm/vmx/vmcs_shadow_fields.h), exits to
 * the outer hypervisor where the host is a guest. So do the secondary controls,
 * which are read once for each KVM_RUN.
 *
 * Context: handler in the thread that has the vCPU loaded.
 */
void crs_vmx_armed(struct crs_stats *s, const struct kvm_vcpu *vcpu)
{
	u64 cr0 = 0, primary = 0;
	u32 armed = 0;

	if (!crs_vmread(CR0_GUEST_HOST_MASK, &cr0) ||
	    !crs_vmread(CPU_BASED_VM_EXEC_CONTROL, &primary))
		return;
	if (cr0)
		armed |= CRS_ARMED_WRITE(0);
	if (~vcpu->arch.cr4_guest_owned_bits)
		armed |= CRS_ARMED_WRITE(4);
	if (primary & CPU_BASED_CR3_LOAD_EXITING)
		armed |= CRS_ARMED_WRITE(3);
	if (primary & CPU_BASED_CR3_STORE_EXITING)
		armed |= CRS_ARMED_READ(3);
	if (primary & CPU_BASED_CR8_LOAD_EXITING)
		armed |= CRS_ARMED_WRITE(8);
	if (primary & CPU_BASED_CR8_STORE_EXITING)
		armed |= CRS_ARMED_READ(8);
	s->armed = armed;
	s->armed_more = CRS_ARMED_KNOWN;
	s->cr0_owned |= ~cr0;
	s->cr4_owned |= vcpu->arch.cr4_guest_owned_bits;
	if (~cr0)
		armed &= ~CRS_ARMED_WRITE(0);
	if (vcpu->arch.cr4_guest_owned_bits)
		armed &= ~CRS_ARMED_WRITE(4);
	s->partial = ~armed;
	s->whole &= armed;

	if (s->tpr_virtual_old && crs_vmx_virtual(primary))
		s->tpr_virtual = true;
	s->tpr_virtual_old = false;
}

/*
 * KVM reads what the guest owns of CR0 and CR4 when it needs to. Of the rest a
 * nested guest has what the read shadow says, where its hypervisor cares.
 */
static bool crs_vmx_old(u64 *old, const struct kvm_vcpu *vcpu, enum crs_reg reg,
			int tpr)
{
	u64 owned, guest = 0;

	switch (reg) {
	case CRS_CR0:
		owned = vcpu->arch.cr0_guest_owned_bits;
		*old = vcpu->arch.cr0;
		if (crs_nested(vcpu) && !crs_vmread(CR0_READ_SHADOW, old))
			return false;
		if (!crs_vmread(GUEST_CR0, &guest))
			return false;
		break;
	case CRS_CR4:
		owned = vcpu->arch.cr4_guest_owned_bits;
		*old = vcpu->arch.cr4;
		if (crs_nested(vcpu) && !crs_vmread(CR4_READ_SHADOW, old))
			return false;
		if (!crs_vmread(GUEST_CR4, &guest))
			return false;
		break;
	case CRS_CR3:
		/* That of the VMCS is KVM's while accesses exit. */
		*old = vcpu->arch.cr3;
		return true;
	default:
		*old = tpr == CRS_TPR_NONE ? 0 : tpr >> 4;
		return true;
	}
	*old = (*old & ~owned) | (guest & owned);
	return true;
}

/* KVM reads RSP from the VMCS when it needs to: not yet, at an exit. */
static bool crs_vmx_gpr(u64 *value, const struct kvm_vcpu *vcpu,
			unsigned int gpr)
{
	if (gpr == VCPU_REGS_RSP)
		return crs_vmread(GUEST_RSP, value);
	*value = vcpu->arch.regs[gpr];
	return true;
}

/* Linear address and mode; whether operands have 64 bits. SDM vol. 3A 3.4 */
static bool crs_vmx_where(struct crs_access *access, bool *wide,
			  const struct kvm_vcpu *vcpu)
{
	u64 rip = 0, base = 0, rights = 0;

	if (!crs_vmread(GUEST_RIP, &rip) ||
	    !crs_vmread(GUEST_CS_AR_BYTES, &rights))
		return false;
	*wide = false;
	if (vcpu->arch.efer & EFER_LMA) {
		access->what |= CRS_WHAT(0, 0, CRS_LONG);
		*wide = rights & VMX_AR_L_MASK;
	} else if (vcpu->arch.cr0 & X86_CR0_PE) {
		access->what |= CRS_WHAT(0, 0, CRS_PROTECTED);
	}
	access->address = rip;
	if (*wide)
		return true;
	/* No shadow VMCS holds the base, which 64-bit code does without. */
	if (!crs_vmread(GUEST_CS_BASE, &base))
		return false;
	access->address = (u32)(base + rip);
	return true;
}

/**
 * crs_vmx_at - whether the guest is at the instruction of its last access
 * @v: the vCPU's record of the level that runs
 * @vcpu: the vCPU
 *
 * Context: handler in the thread that has the vCPU loaded.
 */
bool crs_vmx_at(struct crs_vcpu *v, const struct kvm_vcpu *vcpu)
{
	struct crs_access here = {};
	bool wide;

	return crs_vmx_where(&here, &wide, vcpu) &&
	       here.address == v->access.address;
}

static bool crs_vmx_decode(struct crs_access *access,
			   const struct kvm_vcpu *vcpu, int tpr)
{
	enum crs_reg reg = CRS_CR0;
	unsigned int kind, gpr;
	u64 qual = 0;
	bool wide;

	if (!crs_vmread(EXIT_QUALIFICATION, &qual))
		return false;
	kind = (qual & CONTROL_REG_ACCESS_TYPE) >> 4;
	gpr = (qual & CONTROL_REG_ACCESS_REG) >> 8;
	if (kind == CRS_VMX_MOV_TO || kind == CRS_VMX_MOV_FROM)
		reg = crs_reg_of(qual & CRS_VMX_CR);
	if (reg == CRS_NO_REG)
		return false;
	access->what = CRS_WHAT(reg, kind != CRS_VMX_MOV_FROM, CRS_REAL);
	if (!crs_vmx_where(access, &wide, vcpu) ||
	    !crs_vmx_old(&access->old, vcpu, reg, tpr))
		return false;

	switch (kind) {
	case CRS_VMX_MOV_TO:
		if (!crs_vmx_gpr(&access->value, vcpu, gpr))
			return false;
		if (!wide)
			access->value = (u32)access->value;
		break;
	case CRS_VMX_CLTS:
		access->value = access->old & ~X86_CR0_TS;
		break;
	case CRS_VMX_LMSW:
		access->value =
			(access->old & ~CRS_LMSW_CLEARS) |
			(qual >> LMSW_SOURCE_DATA_SHIFT & CRS_LMSW_LOADS);
		break;
	}
	return true;
}

/* Between crs_count_begin() and crs_count_end(). */
static __always_inline void crs_vmx_access(struct crs_vcpu *v,
					   const struct kvm_vcpu *vcpu)
{
	crs_vmx_armed(&v->s, vcpu);
	if (likely(crs_vmx_decode(crs_count_new(v), vcpu, v->s.tpr)))
		crs_count_access(v, vcpu, true);
	else
		crs_count_other(v);
}

/**
 * crs_vmx_nested - count an access of a nested guest
 * @vcpu: the vCPU, in guest mode, at such an exit
 * @reflected: it goes to the guest's own hypervisor
 *
 * Context: handler in the thread that has the vCPU loaded.
 */
static __used void crs_vmx_nested(struct kvm_vcpu *vcpu, bool reflected)
{
	struct crs_vcpu *v = crs_vcpu_nested(vcpu);

	crs_count_begin(v);
	crs_vmx_access(v, vcpu);
	if (reflected)
		crs_count_reflected(v);
	crs_count_end(v);
}

CRS_RARE(crs_vmx_nested);

/*
 * kvm_intel's handle_cr(vcpu).
 *
 * Called for MOV to CR0, CR3, CR4 and CR8, MOV from CR3 and CR8, and LMSW. A
 * CPU without unrestricted guest executes real mode as virtual-8086 mode,
 * where such instructions fault instead: KVM emulates them then, and they are
 * not counted.
 */
static __always_inline void crs_on_handle_cr(const struct crs_call *call)
{
	struct kvm_vcpu *vcpu = (struct kvm_vcpu *)call->arg[0];
	struct crs_vcpu *v;

	crs_hit(handle_cr);
	if (unlikely(crs_nested(vcpu))) {
		crs_rarely(crs_vmx_nested, vcpu, false, 0, 0);
		return;
	}
	v = crs_vcpu_get(vcpu);
	crs_count_begin(v);
	crs_vmx_access(v, vcpu);
	crs_count_end(v);
}

/*
 * kvm_intel's nested_vmx_vmexit(vcpu, reason, ...).
 *
 * A nested guest ends for its hypervisor to go on, for whatever reason.
 */
static __always_inline void
crs_on_nested_vmx_vmexit(const struct crs_call *call)
{
	struct kvm_vcpu *vcpu = (struct kvm_vcpu *)call->arg[0];

	crs_hit(nested_vmx_vmexit);
	if (crs_nested(vcpu) && (u32)call->arg[1] == EXIT_REASON_CR_ACCESS)
		crs_rarely(crs_vmx_nested, vcpu, true, 0, 0);
}

/*
 * kvm_intel's handle_tpr_below_threshold(vcpu).
 *
 * The guest has lowered its TPR, in the TPR shadow, so far that an interrupt
 * is let in: the only exit that such a write has. The shadow is the APIC's own
 * page, and holds the new value.
 */
static __always_inline void
crs_on_tpr_below_threshold(const struct crs_call *call)
{
	const struct kvm_vcpu *vcpu = (struct kvm_vcpu *)call->arg[0];
	struct crs_vcpu *v = crs_vcpu_get((struct kvm_vcpu *)call->arg[0]);
	u64 page = 0;
	u8 tpr;

	crs_hit(tpr_below_threshold);
	crs_count_begin(v);
	if (likely(!crs_nested(vcpu)))
		crs_vmx_armed(&v->s, vcpu);
	if (likely(crs_vmread(VIRTUAL_APIC_PAGE_ADDR, &page) &&
		   pfn_valid(PHYS_PFN(page)))) {
		tpr = READ_ONCE(*((u8 *)phys_to_virt(page) + APIC_TASKPRI));
		crs_count_tpr(v, CRS_GUEST, tpr);
		crs_time_start(v, vcpu, CRS_TIMED_TPR);
	} else {
		crs_count_other(v);
	}
	crs_count_end(v);
}

CRS_PROBES_VMX(CRS_STUBS)
