// SPDX-License-Identifier: GPL-2.0
/*
 * Writes to the task priority, each counted once.
 *
 * With the local APIC in the kernel every write by way of CR8 ends in
 * kvm_lapic_set_tpr(), whatever was inlined before it; its call site, or that
 * of the kvm_set_cr8() around it, says where it came from. Writes to the APIC
 * itself go through kvm_lapic_reg_write().
 *
 * With the APIC in userspace kvm_set_cr8() is the end, and may be inlined. The
 * writes are counted at the entry of the functions that call it, and at
 * kvm_set_cr8() for callers of another module, which cannot inline it.
 *
 * Function bodies and names: arch/x86/kvm/x86.c and lapic.c, 5.10 to 7.3.
 */
#include <linux/kvm_host.h>
#include <asm/apicdef.h>

#include "callers.h"
#include "count.h"
#include "probe.h"
#include "svm.h"
#include "tpr.h"
#include "vmx.h"

static __always_inline void crs_armed_svm(struct crs_vcpu *v,
					  const struct kvm_vcpu *vcpu)
{
	const struct vmcb *vmcb;

	if (crs_svm_vmcb(&vmcb, v, vcpu))
		crs_svm_armed(&v->s, vmcb);
}

/* What a VMCS says is the vCPU's only while that is loaded, and not a TD. */
static void crs_armed(struct crs_vcpu *v, const struct kvm_vcpu *vcpu)
{
	if (crs_module_present(CRS_KVM_AMD))
		crs_armed_svm(v, vcpu);
	else if (crs_module_present(CRS_KVM_INTEL) &&
		 crs_vcpu_running() == vcpu && !crs_protected(vcpu))
		crs_vmx_armed(&v->s);
}

/**
 * crs_on_set_cr8 - kprobe on kvm's kvm_set_cr8(vcpu, cr8)
 * @kp: the probe
 * @regs: registers at the function's entry
 */
int crs_on_set_cr8(struct kprobe *kp, struct pt_regs *regs)
{
	struct kvm_vcpu *vcpu = (struct kvm_vcpu *)regs->di;
	struct crs_vcpu *v = crs_vcpu_get(vcpu);
	const struct crs_caller *c;
	enum crs_origin origin;

	crs_hit(set_cr8);
	c = crs_caller_count(CRS_PROBE_set_cr8, regs);
	crs_count_begin(v);
	v->s.count[CRS_set_cr8]++;
	origin = c->origin;
	if (likely(origin == CRS_SYNC))
		crs_armed_svm(v, vcpu);
	else if (origin == CRS_USER)
		crs_armed(v, vcpu);
	if (likely(vcpu->arch.apic))
		v->origin = origin;
	else if (!c->entry && !(regs->si & ~CRS_CR8_MAX))
		crs_count_tpr(v, origin, regs->si << 4);
	crs_count_end(v);
	return 0;
}

/**
 * crs_on_set_tpr - kprobe on kvm's kvm_lapic_set_tpr(vcpu, cr8)
 * @kp: the probe
 * @regs: registers at the function's entry
 */
int crs_on_set_tpr(struct kprobe *kp, struct pt_regs *regs)
{
	struct kvm_vcpu *vcpu = (struct kvm_vcpu *)regs->di;
	struct crs_vcpu *v = crs_vcpu_get(vcpu);
	const struct crs_caller *c;
	enum crs_origin origin;

	crs_hit(set_tpr);
	c = crs_caller_count(CRS_PROBE_set_tpr, regs);
	crs_count_begin(v);
	v->s.count[CRS_set_tpr]++;
	origin = c->origin;
	if (likely(origin == CRS_VIA))
		origin = v->origin;
	else if (origin == CRS_USER)
		crs_armed(v, vcpu);
	crs_count_tpr(v, origin, regs->si << 4);
	crs_count_end(v);
	return 0;
}

/**
 * crs_on_lapic_reg_write - kprobe on kvm's kvm_lapic_reg_write(apic, reg, val)
 * @kp: the probe
 * @regs: registers at the function's entry
 *
 * The guest's writes through the APIC page, the x2APIC MSR and Hyper-V's MSR.
 * struct kvm_lapic is private; that the loaded vCPU has this very APIC is the
 * proof that it is the one.
 */
int crs_on_lapic_reg_write(struct kprobe *kp, struct pt_regs *regs)
{
	struct kvm_vcpu *vcpu;
	struct crs_vcpu *v;

	crs_hit(reg_write);
	if ((u32)regs->si != APIC_TASKPRI)
		return 0;
	vcpu = crs_vcpu_running();
	if (likely(vcpu && (unsigned long)vcpu->arch.apic == regs->di))
		v = crs_vcpu_get(vcpu);
	else
		v = crs_vcpu_noroom();
	crs_count_begin(v);
	crs_count_tpr(v, CRS_APIC, regs->dx);
	crs_count_end(v);
	return 0;
}

static void crs_count_user(struct kvm_vcpu *vcpu, u8 tpr)
{
	struct crs_vcpu *v = crs_vcpu_get(vcpu);

	crs_count_begin(v);
	crs_armed(v, vcpu);
	crs_count_tpr(v, CRS_USER, tpr);
	crs_count_end(v);
}

/**
 * crs_on_set_lapic - kprobe on kvm's kvm_apic_set_state(vcpu, state)
 * @kp: the probe
 * @regs: registers at the function's entry
 *
 * KVM_SET_LAPIC replaces all registers of the APIC, the TPR among them.
 */
int crs_on_set_lapic(struct kprobe *kp, struct pt_regs *regs)
{
	const struct kvm_lapic_state *state = (const void *)regs->si;

	crs_hit(set_lapic);
	crs_count_user((struct kvm_vcpu *)regs->di, state->regs[APIC_TASKPRI]);
	return 0;
}

/**
 * crs_on_set_sregs - kprobe on what KVM_SET_SREGS and KVM_SET_SREGS2 share
 * @kp: the probe
 * @regs: registers at the function's entry: vcpu, sregs
 */
int crs_on_set_sregs(struct kprobe *kp, struct pt_regs *regs)
{
	struct kvm_vcpu *vcpu = (struct kvm_vcpu *)regs->di;
	const struct kvm_sregs *sregs = (const void *)regs->si;

	crs_hit(set_sregs);
	if (!vcpu->arch.apic && sregs->cr8 <= CRS_CR8_MAX)
		crs_count_user(vcpu, sregs->cr8 << 4);
	return 0;
}

/**
 * crs_on_vcpu_run - kprobe on kvm's kvm_arch_vcpu_ioctl_run(vcpu)
 * @kp: the probe
 * @regs: registers at the function's entry
 *
 * Where the thread that runs a vCPU may change. With the APIC in userspace
 * KVM_RUN also takes CR8 from struct kvm_run, unless it returns before for one
 * of the reasons checked here.
 */
int crs_on_vcpu_run(struct kprobe *kp, struct pt_regs *regs)
{
	struct kvm_vcpu *vcpu = (struct kvm_vcpu *)regs->di;
	const struct kvm_run *run = vcpu->run;
	struct crs_vcpu *v = crs_vcpu_get(vcpu);

	crs_hit(vcpu_run);
	crs_count_begin(v);
	v->s.tid = current->pid;
	crs_count_end(v);
	if (likely(vcpu->arch.apic) || !crs_set_on(CRS_SET_TPR))
		return 0;
	if (vcpu->arch.mp_state == KVM_MP_STATE_UNINITIALIZED ||
	    (run->kvm_valid_regs | run->kvm_dirty_regs) &
		    ~KVM_SYNC_X86_VALID_FIELDS ||
	    run->cr8 > CRS_CR8_MAX)
		return 0;
	crs_count_user(vcpu, run->cr8 << 4);
	return 0;
}
