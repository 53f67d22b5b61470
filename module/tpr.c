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
 * kvm_set_cr8() for callers of another module, which cannot inline it: there an
 * exit came since the last of those entries.
 *
 * Function bodies and names: arch/x86/kvm/x86.c and lapic.c, 5.10 to 7.3.
 */
#include <linux/kvm_host.h>
#include <asm/apicdef.h>

#include "armed.h"
#include "callers.h"
#include "count.h"
#include "probe.h"

/*
 * kvm's kvm_set_cr8(vcpu, cr8).
 */
static __always_inline void crs_on_set_cr8(const struct crs_call *call)
{
	struct kvm_vcpu *vcpu = (struct kvm_vcpu *)call->arg[0];
	struct crs_vcpu *v = crs_vcpu_get(vcpu);
	const struct crs_caller *c;
	enum crs_origin origin;

	crs_hit(set_cr8);
	c = crs_caller_count(CRS_PROBE_set_cr8, call);
	crs_count_begin(v);
	v->s.count[CRS_set_cr8]++;
	origin = c->origin;
	if (likely(origin == CRS_SYNC))
		crs_armed_svm(v, vcpu);
	else if (origin == CRS_USER)
		crs_rarely(crs_armed, v, vcpu, 0, 0);
	if (likely(vcpu->arch.apic))
		v->origin = origin;
	else if (v->entered != vcpu->stat.exits + 1 &&
		 !(call->arg[1] & ~CRS_CR8_MAX))
		crs_count_tpr(v, origin, call->arg[1] << 4);
	crs_count_end(v);
}

/*
 * kvm's kvm_lapic_set_tpr(vcpu, cr8).
 */
static __always_inline void crs_on_set_tpr(const struct crs_call *call)
{
	struct kvm_vcpu *vcpu = (struct kvm_vcpu *)call->arg[0];
	struct crs_vcpu *v = crs_vcpu_get(vcpu);
	const struct crs_caller *c;
	enum crs_origin origin;

	crs_hit(set_tpr);
	c = crs_caller_count(CRS_PROBE_set_tpr, call);
	crs_count_begin(v);
	v->s.count[CRS_set_tpr]++;
	origin = c->origin;
	if (likely(origin == CRS_VIA)) {
		origin = v->origin;
		v->origin = CRS_OTHER;
		if (unlikely(origin == CRS_OTHER))
			origin =
				crs_rarely(crs_caller_outer, call->sp, 0, 0, 0);
	} else if (origin == CRS_USER) {
		crs_rarely(crs_armed, v, vcpu, 0, 0);
	}
	crs_count_tpr(v, origin, call->arg[1] << 4);
	crs_count_end(v);
}

/*
 * kvm's kvm_lapic_reg_write(apic, reg, val).
 *
 * The guest's writes through the APIC page, the x2APIC MSR and Hyper-V's MSR.
 * struct kvm_lapic is private; that the loaded vCPU has this very APIC is the
 * proof that it is the one.
 */
static __always_inline void crs_on_reg_write(const struct crs_call *call)
{
	struct kvm_vcpu *vcpu;
	struct crs_vcpu *v;

	crs_hit(reg_write);
	if ((u32)call->arg[1] != APIC_TASKPRI)
		return;
	vcpu = crs_vcpu_running();
	if (likely(vcpu && (unsigned long)vcpu->arch.apic == call->arg[0])) {
		v = crs_vcpu_get(vcpu);
		crs_time_tpr(v, vcpu);
	} else {
		v = crs_vcpu_noroom(0);
	}
	crs_count_begin(v);
	crs_count_tpr(v, CRS_APIC, call->arg[2]);
	crs_count_end(v);
}

static void crs_count_user(struct kvm_vcpu *vcpu, u8 tpr)
{
	struct crs_vcpu *v = crs_vcpu_get(vcpu);

	crs_count_begin(v);
	crs_armed(v, vcpu);
	v->entered = vcpu->stat.exits + 1;
	crs_count_tpr(v, CRS_USER, tpr);
	crs_count_end(v);
}

/*
 * kvm's kvm_apic_set_state(vcpu, state).
 *
 * KVM_SET_LAPIC replaces all registers of the APIC, the TPR among them.
 */
static __always_inline void crs_on_set_lapic(const struct crs_call *call)
{
	const struct kvm_lapic_state *state = (const void *)call->arg[1];

	crs_hit(set_lapic);
	crs_count_user((struct kvm_vcpu *)call->arg[0],
		       state->regs[APIC_TASKPRI]);
}

/*
 * What KVM_SET_SREGS and KVM_SET_SREGS2 share, with the arguments vcpu, sregs.
 * They are those where the thread has that vCPU loaded, as in each of the
 * ioctls, and @sregs is memory that they allocated.
 */
static __always_inline void crs_on_set_sregs(const struct crs_call *call)
{
	struct kvm_vcpu *vcpu = (struct kvm_vcpu *)call->arg[0];
	const struct kvm_sregs *sregs = (const void *)call->arg[1];

	crs_hit(set_sregs);
	if (crs_vcpu_running() != vcpu || !virt_addr_valid(sregs)) {
		crs_probe_refuse(CRS_PROBE_set_sregs);
		return;
	}
	if (!vcpu->arch.apic && sregs->cr8 <= CRS_CR8_MAX)
		crs_count_user(vcpu, sregs->cr8 << 4);
}

/*
 * kvm's kvm_arch_vcpu_ioctl_run(vcpu).
 *
 * Where the thread that runs a vCPU may change. With the APIC in userspace
 * KVM_RUN also takes CR8 from struct kvm_run, unless it returns before for one
 * of the reasons checked here.
 */
static __always_inline void crs_on_vcpu_run(const struct crs_call *call)
{
	struct kvm_vcpu *vcpu = (struct kvm_vcpu *)call->arg[0];
	const struct kvm_run *run = vcpu->run;
	struct crs_vcpu *v = crs_vcpu_get(vcpu);

	crs_hit(vcpu_run);
	/* Not where a signal, which is somebody's, was all that there was. */
	if (run->exit_reason != KVM_EXIT_INTR)
		crs_time_user(v);
	crs_count_begin(v);
	v->s.tid = current->pid;
	/* On Intel a VMREAD, maybe an exit of its own: at the next event. */
	v->s.tpr_virtual_old = true;
	if (crs_kvm_runs(CRS_KVM_AMD))
		crs_armed(v, vcpu);
	crs_count_end(v);
	if (likely(vcpu->arch.apic) || !crs_set_on(CRS_SET_TPR))
		return;
	if ((run->kvm_valid_regs | run->kvm_dirty_regs) &
		    ~KVM_SYNC_X86_VALID_FIELDS ||
	    run->cr8 > CRS_CR8_MAX)
		return;
	crs_count_user(vcpu, run->cr8 << 4);
}

CRS_PROBES_TPR(CRS_STUBS)
