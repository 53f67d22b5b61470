// SPDX-License-Identifier: GPL-2.0
/*
 * The nested guest under VMX: L1 gets a list of what to write into its VMCS.
 * SDM vol. 3C chapters 25 to 28, appendix A for the MSRs, B for the fields.
 */
#include <err.h>
#include <string.h>
#include <sys/ioctl.h>

#include "nested.h"

#define MSR_FEATURE_CONTROL 0x3a
#define FEATURE_LOCKED_VMXON 5
#define MSR_VMX_BASIC 0x480
#define MSR_TRUE_PIN 0x48d
#define MSR_TRUE_CPU 0x48e
#define MSR_TRUE_EXIT 0x48f
#define MSR_TRUE_ENTRY 0x490
#define VMCS_REVISION 0x7fffffffU

#define CR3_EXITING 0x18000U
#define CR8_EXITING 0x180000U
#define EXIT_LONG_MODE 0x200U
#define ENTRY_LONG_MODE 0x200U

#define CR4_VMXE 0x2000UL

#define PIN_CONTROLS 0x4000
#define CPU_CONTROLS 0x4002
#define EXIT_CONTROLS 0x400c
#define ENTRY_CONTROLS 0x4012
#define LINK_POINTER 0x2800
#define CR0_MASK 0x6000
#define CR4_MASK 0x6002
#define CR0_SHADOW 0x6004
#define CR4_SHADOW 0x6006
#define GUEST_SELECTOR 0x800 /* ES CS SS DS FS GS LDTR TR, in steps of 2 */
#define GUEST_LIMIT 0x4800
#define GUEST_RIGHTS 0x4814
#define GUEST_GDTR_LIMIT 0x4810
#define GUEST_IDTR_LIMIT 0x4812
#define GUEST_GDTR_BASE 0x6816
#define GUEST_IDTR_BASE 0x6818
#define GUEST_CR0_FIELD 0x6800
#define GUEST_CR3_FIELD 0x6802
#define GUEST_CR4_FIELD 0x6804
#define GUEST_DR7 0x681a
#define GUEST_RSP 0x681c
#define GUEST_RFLAGS 0x6820
#define HOST_SELECTOR 0xc00 /* ES CS SS DS FS GS TR */
#define HOST_CR0 0x6c00
#define HOST_CR3 0x6c02
#define HOST_CR4 0x6c04
#define HOST_GDTR_BASE 0x6c0c
#define HOST_IDTR_BASE 0x6c0e
#define HOST_RSP 0x6c14
#define HOST_RIP 0x6c16

#define RIGHTS_CODE 0xa09b
#define RIGHTS_DATA 0xc093
#define RIGHTS_TSS 0x8b
#define RIGHTS_UNUSABLE 0x10000
#define DR7_START 0x400

/**
 * vmx_enable - let a vCPU use VMXON
 * @v: vCPU
 */
void vmx_enable(const struct vcpu *v)
{
	nested_set_msr(v, MSR_FEATURE_CONTROL, FEATURE_LOCKED_VMXON);
}

static uint64_t msr(const struct vcpu *v, uint32_t index)
{
	struct {
		struct kvm_msrs head;
		struct kvm_msr_entry entry;
	} msrs = { .head.nmsrs = 1, .entry.index = index };

	if (ioctl(v->fd, KVM_GET_MSRS, &msrs) != 1)
		err(STATUS_FAILED, "KVM_GET_MSRS of %#x", index);
	return msrs.entry.data;
}

/* The low half of the MSR has what must be set. */
static uint64_t controls(const struct vcpu *v, uint32_t index, uint32_t wanted)
{
	return (uint32_t)msr(v, index) | wanted;
}

/* The list: addresses of both regions, then field and value, up to ~0. */
struct list {
	uint64_t *next;
};

static void put(struct list *l, uint64_t field, uint64_t value)
{
	*l->next++ = field;
	*l->next++ = value;
}

static void put_controls(struct list *l, const struct vcpu *v)
{
	bool l1 = v->config->l1_intercepts;

	put(l, PIN_CONTROLS, controls(v, MSR_TRUE_PIN, 0));
	put(l, CPU_CONTROLS,
	    controls(v, MSR_TRUE_CPU, l1 ? CR3_EXITING | CR8_EXITING : 0));
	put(l, EXIT_CONTROLS, controls(v, MSR_TRUE_EXIT, EXIT_LONG_MODE));
	put(l, ENTRY_CONTROLS, controls(v, MSR_TRUE_ENTRY, ENTRY_LONG_MODE));
	put(l, LINK_POINTER, ~UINT64_C(0));
	/* VMX needs CR4.VMXE set, which L2 is not to see. */
	put(l, CR0_MASK, l1 ? ~UINT64_C(0) : 0);
	put(l, CR4_MASK, l1 ? ~UINT64_C(0) : CR4_VMXE);
	put(l, CR0_SHADOW, reg_start[REG_CR0]);
	put(l, CR4_SHADOW, reg_start[REG_CR4]);
}

static void put_guest(struct list *l, const struct step *s,
		      const struct kvm_regs *regs)
{
	static const struct {
		uint16_t selector;
		uint32_t rights;
	} segments[] = {
		{ 16, RIGHTS_DATA },	{ 8, RIGHTS_CODE },
		{ 16, RIGHTS_DATA },	{ 16, RIGHTS_DATA },
		{ 16, RIGHTS_DATA },	{ 16, RIGHTS_DATA },
		{ 0, RIGHTS_UNUSABLE }, { 0, RIGHTS_TSS },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(segments); i++) {
		put(l, GUEST_SELECTOR + 2 * i, segments[i].selector);
		put(l, GUEST_RIGHTS + 2 * i, segments[i].rights);
		put(l, GUEST_LIMIT + 2 * i,
		    segments[i].rights == RIGHTS_TSS ? 0x67 : ~0U);
	}
	put(l, GUEST_GDTR_BASE, GUEST_GDT);
	put(l, GUEST_GDTR_LIMIT, 3 * 8 - 1);
	put(l, GUEST_IDTR_BASE, GUEST_IDT);
	put(l, GUEST_IDTR_LIMIT, 256 * 16 - 1);
	put(l, GUEST_CR0_FIELD, reg_start[REG_CR0]);
	put(l, GUEST_CR3_FIELD, reg_start[REG_CR3]);
	put(l, GUEST_CR4_FIELD, reg_start[REG_CR4] | CR4_VMXE);
	put(l, GUEST_DR7, DR7_START);
	put(l, GUEST_RFLAGS, regs->rflags);
	put(l, VMCS_GUEST_RIP, guest_address(s->op->l2));
	put(l, GUEST_RSP, regs->rsp - NESTED_STACK);
}

static void put_host(struct list *l, const struct vcpu *v,
		     const struct kvm_regs *regs)
{
	/* TR may be anything but 0. */
	static const uint16_t selectors[] = { 16, 8, 16, 16, 16, 16, 24 };

	for (unsigned int i = 0; i < ARRAY_SIZE(selectors); i++)
		put(l, HOST_SELECTOR + 2 * i, selectors[i]);
	put(l, HOST_GDTR_BASE, GUEST_GDT);
	put(l, HOST_IDTR_BASE, GUEST_IDT);
	put(l, HOST_CR0, v->sregs.cr0);
	put(l, HOST_CR3, v->sregs.cr3);
	put(l, HOST_CR4, v->sregs.cr4 | CR4_VMXE);
	/* As at the operation's entry, with two words on the stack. */
	put(l, HOST_RSP, regs->rsp - 2 * sizeof(uint64_t));
	put(l, HOST_RIP, guest_address(l1_vmx_exit));
}

/* r14 is where L2's register is, r12 its read shadow, r10 what L2 can't see. */
static void describe(const struct step *s, struct kvm_regs *regs)
{
	regs->r14 = 0;
	regs->r12 = 0;
	regs->r10 = 0;
	switch (sites[s->op->first].reg) {
	case REG_CR0:
		regs->r14 = GUEST_CR0_FIELD;
		regs->r12 = CR0_SHADOW;
		break;
	case REG_CR3:
		regs->r14 = GUEST_CR3_FIELD;
		break;
	case REG_CR4:
		regs->r14 = GUEST_CR4_FIELD;
		regs->r12 = CR4_SHADOW;
		regs->r10 = CR4_VMXE;
		break;
	default:
		break;
	}
}

/**
 * vmx_prepare - see nested_prepare()
 * @v: vCPU
 * @s: step
 * @regs: registers
 */
void vmx_prepare(const struct vcpu *v, const struct step *s,
		 struct kvm_regs *regs)
{
	uint32_t revision = (uint32_t)msr(v, MSR_VMX_BASIC) & VMCS_REVISION;
	uint64_t *page = nested_memory(v, 2);
	struct list list = { .next = page + 2 };

	for (unsigned int n = 0; n < 2; n++) {
		memset(nested_memory(v, n), 0, NESTED_PAGE);
		memcpy(nested_memory(v, n), &revision, sizeof(revision));
		page[n] = nested_page(v, n);
	}
	put_controls(&list, v);
	put_guest(&list, s, regs);
	put_host(&list, v, regs);
	*list.next = ~UINT64_C(0);
	regs->r13 = nested_page(v, 2);
	regs->rbx = guest_address(op_nested_vmx);
	describe(s, regs);
}
