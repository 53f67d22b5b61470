// SPDX-License-Identifier: GPL-2.0
/*
 * Makes other exits of SVM of some, before KVM dispatches them:
 *
 * - Intercepted MOVs to CR0, CR4 and CR8 become SEV-ES' write traps, so that
 *   KVM's cr_trap() runs with a real guest. The VMCB then says of a write what
 *   it says of a trap: the exit code, the new value in EXITINFO1, and that
 *   traps are armed. A trap comes after the instruction; KVM skips it all the
 *   same, which for an SEV-ES guest does nothing, and here what is due. APM
 *   vol. 2 15.35.4.
 * - Or, with avic=1, the VMCB says that AVIC is on, which the CPU ignores.
 *   APM vol. 2 15.29.
 * - Or, with decode=1, selective writes of CR0 name their general register. The
 *   CPU has to have DecodeAssists, or KVM does not look. APM vol. 2 15.8.1.
 * - Or, with lost=N, CPUID exits as a write of CRn does, which KVM's emulator
 *   then does not find, and a write of CR4 as INVLPG does, so that the emulator
 *   finds one that was not intercepted. The CPU has to have no DecodeAssists.
 * - Or, with miss=1, kvm_set_cr8() is called at each exit, from where a kprobe
 *   on it is not: from the handler of one that is no ftrace site.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/ftrace.h>
#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <linux/kvm_host.h>
#include <linux/module.h>
#include <linux/spinlock.h>
#include <linux/uaccess.h>
#include <asm/svm.h>

/* APM vol. 2 appendix C, and B for the intercepts. */
#define EXIT_WRITE_CR(n) (0x10 + (n))
#define EXIT_CR0_SEL_WRITE 0x65
#define EXIT_CPUID 0x72
#define EXIT_INVLPG 0x79
#define EXIT_TRAP_CR(n) (0x90 + (n))
#define TRAP_WORD 4
#define TRAP_CR(n) BIT(16 + (n))
#define CR_VALID BIT_ULL(63)

/* The head of KVM's own, as in module/svm.h. */
struct vcpu_svm {
	struct kvm_vcpu vcpu;
	struct vmcb *vmcb;
};

static bool decode;
module_param(decode, bool, 0444);
MODULE_PARM_DESC(decode, "decode selective writes of CR0 instead of traps");

static bool avic;
module_param(avic, bool, 0444);
MODULE_PARM_DESC(avic, "say that AVIC is on instead of traps");

static unsigned int lost;
module_param(lost, uint, 0444);
MODULE_PARM_DESC(lost, "of which register CPUID is a write, instead of traps");

static bool miss;
module_param(miss, bool, 0444);
MODULE_PARM_DESC(miss, "have calls missed by kprobes instead of traps");

static unsigned long changed[16];
module_param_array(changed, ulong, NULL, 0444);
MODULE_PARM_DESC(changed, "by register: exits that were changed");

static unsigned long passed;
module_param(passed, ulong, 0444);
MODULE_PARM_DESC(passed, "writes that were left alone: not by MOV");

/* Protects both counts against the vCPUs of other CPUs. */
static DEFINE_RAW_SPINLOCK(lock);

/* The guest's memory is one slot from address 0, and linear is physical. */
static bool fetch(u8 *code, size_t size, const struct kvm_vcpu *vcpu,
		  const struct vmcb_save_area *save)
{
	struct kvm_memory_slot *slot =
		id_to_memslot(kvm_memslots(vcpu->kvm), 0);
	u64 address = save->rip;

	if (!(save->cs.attrib & SVM_SELECTOR_L_MASK))
		address = (u32)(save->cs.base + address);
	if (!slot || address + size > (u64)slot->npages << PAGE_SHIFT)
		return false;
	return !copy_from_user_nofault(
		code, (void __user *)(slot->userspace_addr + address), size);
}

/* The general register of a MOV to CR @n, or -1. APM vol. 3 "MOV CRn". */
static int mov_gpr(const u8 *code, unsigned int n)
{
	u8 rex = 0;

	if ((*code & 0xf0) == 0x40)
		rex = *code++;
	if (code[0] != 0x0f || code[1] != 0x22 ||
	    (code[2] >> 3 & 7) + (rex & 4) * 2 != n)
		return -1;
	return (code[2] & 7) + (rex & 1) * 8;
}

/* kvm's kvm_set_cr8(), whoever may link to it. */
static int (*set_cr8)(struct kvm_vcpu *vcpu, unsigned long cr8);

static int on_handle_exit(struct kprobe *kp, struct pt_regs *regs)
{
	struct kvm_vcpu *vcpu = (struct kvm_vcpu *)regs->di;
	struct vmcb *vmcb = container_of(vcpu, struct vcpu_svm, vcpu)->vmcb;
	struct vmcb_control_area *control = &vmcb->control;
	unsigned int n = control->exit_code - EXIT_WRITE_CR(0);
	unsigned long *count = &passed;
	u8 code[4];
	int gpr = -1;

	if (miss) {
		set_cr8(vcpu, control->int_ctl & V_TPR_MASK);
		return 0;
	}
	if (avic) {
		control->int_ctl |= AVIC_ENABLE_MASK;
		return 0;
	}
	if (lost) {
		if (control->exit_code == EXIT_CPUID)
			control->exit_code = EXIT_WRITE_CR(lost);
		else if (n == 4)
			control->exit_code = EXIT_INVLPG;
		return 0;
	}
	if (!decode)
		control->intercepts[TRAP_WORD] |= TRAP_CR(0) | TRAP_CR(4) |
						  TRAP_CR(8);
	if (control->exit_code == EXIT_CR0_SEL_WRITE)
		n = 0;
	else if (decode || (n != 0 && n != 4 && n != 8))
		return 0;
	if (fetch(code, sizeof(code), vcpu, &vmcb->save))
		gpr = mov_gpr(code, n);
	if (gpr >= 0) {
		count = &changed[n];
		control->exit_info_1 = CR_VALID | gpr;
		if (!decode) {
			control->exit_code = EXIT_TRAP_CR(n);
			control->exit_info_1 = vcpu->arch.regs[gpr];
		}
	}
	raw_spin_lock(&lock);
	++*count;
	raw_spin_unlock(&lock);
	return 0;
}

static struct kprobe probe = {
	.symbol_name = "kvm_amd:svm_handle_exit",
	.pre_handler = on_handle_exit,
};

/* Behind what ftrace has at a function's entry, a kprobe is a plain one. */
static int register_behind(void)
{
	struct kprobe lookup = {
		.symbol_name = "kvm:kvm_set_cr8",
		.flags = KPROBE_FLAG_DISABLED,
	};
	kprobe_opcode_t *entry = probe.addr;
	int ret = register_kprobe(&lookup);

	unregister_kprobe(&probe);
	if (ret)
		return ret;
	unregister_kprobe(&lookup);
	set_cr8 = (void *)lookup.addr;
	probe = (struct kprobe){
		.addr = entry + MCOUNT_INSN_SIZE,
		.pre_handler = on_handle_exit,
	};
	return register_kprobe(&probe);
}

static int __init svm_exits_init(void)
{
	int ret = register_kprobe(&probe);

	if (!ret && miss)
		ret = register_behind();
	if (ret)
		pr_err("cannot probe svm_handle_exit: error %d\n", ret);
	return ret;
}

static void __exit svm_exits_exit(void)
{
	unregister_kprobe(&probe);
}

module_init(svm_exits_init);
module_exit(svm_exits_exit);

MODULE_DESCRIPTION("CR write exits of SVM as on CPUs that nobody emulates");
MODULE_AUTHOR("The kvm_crstat authors");
MODULE_LICENSE("GPL");
