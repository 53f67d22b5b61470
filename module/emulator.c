// SPDX-License-Identifier: GPL-2.0
/*
 * The emulator as a source of values: where the hardware does not decode an
 * intercepted instruction, KVM emulates it, and the value that is written
 * first appears in emulator_set_cr(ctxt, cr, val) (arch/x86/kvm/x86.c).
 */
#include <linux/kvm_host.h>

#include "count.h"
#include "emulator.h"
#include "probe.h"

/**
 * crs_on_emulator_set_cr - kprobe on kvm's emulator_set_cr(ctxt, cr, val)
 * @kp: the probe
 * @regs: registers at the function's entry
 *
 * Completes the intercepted write that waits for its value. Writes that were
 * not intercepted as such (a task switch, an instruction emulated for another
 * reason) are none of ours.
 *
 * With the APIC in userspace this is also where a guest's write of CR8 is
 * seen: kvm_set_cr8() may be inlined here, and nothing else follows.
 */
int crs_on_emulator_set_cr(struct kprobe *kp, struct pt_regs *regs)
{
	/* The context's first member (arch/x86/kvm/kvm_emulate.h, 5.10-7.3). */
	struct kvm_vcpu *vcpu = *(struct kvm_vcpu **)regs->di;
	struct crs_vcpu *v = __this_cpu_read(crs_last);
	unsigned int cr = regs->si;

	crs_hit(emulator_set_cr);

	/* The proof that it is one: the CPU's last vCPU, or the one loaded. */
	if (unlikely(READ_ONCE(v->key) != vcpu)) {
		if (!vcpu || crs_vcpu_running() != vcpu)
			return 0;
		v = crs_vcpu_find(vcpu);
	}
	crs_count_begin(v);
	if (likely(v->waiting == cr))
		crs_count_value(v, regs->dx);
	if (cr == 8 && !vcpu->arch.apic && crs_set_on(CRS_SET_TPR) &&
	    !(regs->dx & ~CRS_CR8_MAX))
		crs_count_tpr(v, CRS_GUEST, regs->dx << 4);
	crs_count_end(v);
	return 0;
}
