// SPDX-License-Identifier: GPL-2.0
/*
 * The emulator as a source of values: where the hardware does not decode an
 * intercepted instruction, KVM emulates it, and the value that is written
 * first appears in emulator_set_cr(ctxt, cr, val) (arch/x86/kvm/x86.c).
 */
#include <linux/kvm_host.h>

#include "count.h"
#include "probe.h"

/**
 * crs_emulator_nested - the value of a nested guest's write, if one waits
 * @vcpu: the vCPU, in guest mode
 * @cr: n of CRn
 * @value: the value
 *
 * Context: handler in the vCPU's thread.
 */
static __used void crs_emulator_nested(struct kvm_vcpu *vcpu, unsigned int cr,
				       u64 value)
{
	struct crs_vcpu *v = crs_vcpu_nested(vcpu);

	if (v->waiting != cr)
		return;
	crs_count_begin(v);
	crs_count_value(v, value);
	crs_count_end(v);
}

CRS_RARE(crs_emulator_nested);

/*
 * kvm's emulator_set_cr(ctxt, cr, val).
 *
 * Completes the intercepted write that waits for its value. Writes that were
 * not intercepted as such (a task switch, an instruction emulated for another
 * reason) are none of ours.
 *
 * With the APIC in userspace this is also where a guest's write of CR8 is
 * seen: kvm_set_cr8() may be inlined here, and nothing else follows. The TPR is
 * the vCPU's own, whichever guest runs.
 */
static __always_inline void crs_on_emulator_set_cr(const struct crs_call *call)
{
	/* The context's first member (arch/x86/kvm/kvm_emulate.h, 5.10-7.3). */
	struct kvm_vcpu *vcpu = *(struct kvm_vcpu **)call->arg[0];
	struct crs_vcpu *v = __this_cpu_read(crs_last);
	unsigned int cr = call->arg[1];
	u64 value = call->arg[2];

	crs_hit(emulator_set_cr);

	/* The proof that it is one: the CPU's last vCPU, or the one loaded. */
	if (unlikely(READ_ONCE(v->key) != (unsigned long)vcpu)) {
		if (!vcpu || crs_vcpu_running() != vcpu)
			return;
		v = crs_vcpu_find((unsigned long)vcpu);
	}
	if (unlikely(crs_nested(vcpu))) {
		crs_rarely(crs_emulator_nested, vcpu, cr, value, 0);
	} else if (likely(v->waiting == cr)) {
		crs_count_begin(v);
		crs_count_value(v, value);
		crs_count_end(v);
	}
	if (cr == 8 && !vcpu->arch.apic && crs_set_on(CRS_SET_TPR) &&
	    !(value & ~CRS_CR8_MAX)) {
		crs_count_begin(v);
		v->entered = vcpu->stat.exits + 1;
		crs_count_tpr(v, CRS_GUEST, value << 4);
		crs_count_end(v);
	}
}

CRS_PROBES_EMULATOR(CRS_STUBS)
