// SPDX-License-Identifier: GPL-2.0
/*
 * The nested guest under SVM: its VMCB. AMD APM vol. 2 chapter 15, appendix B.
 */
#include <string.h>

#include "nested.h"

#define MSR_HSAVE_PA 0xc0010117

#define INTERCEPT_ALL_CR 0x01190119 /* reads and writes of CR0, 3, 4, 8 */
#define INTERCEPT_CR0_WRITE 0x10000
#define INTERCEPT_CR0_SEL_WRITE 0x20
#define INTERCEPT_CPUID 0x40000
#define INTERCEPT_VMRUN 1

#define EFER_LONG_SVME 0x1500UL
#define ATTRIBUTES_CODE 0xa9b
#define ATTRIBUTES_DATA 0xc93
#define DR6_START 0xffff0ff0UL
#define DR7_START 0x400UL
#define PAT_START 0x0007040600070406UL

struct segment {
	uint16_t selector;
	uint16_t attributes;
	uint32_t limit;
	uint64_t base;
};

/* In the VMCB's order. */
enum { ES, CS, SS, DS, FS, GS, GDTR, LDTR, IDTR };

/**
 * svm_enable - let a vCPU use VMRUN
 * @v: vCPU, whose EFER has SVME
 */
void svm_enable(const struct vcpu *v)
{
	nested_set_msr(v, MSR_HSAVE_PA, nested_page(v, 1));
}

static void put32(uint8_t *vmcb, unsigned int at, uint32_t value)
{
	memcpy(vmcb + at, &value, sizeof(value));
}

static void put64(uint8_t *vmcb, unsigned int at, uint64_t value)
{
	memcpy(vmcb + at, &value, sizeof(value));
}

static void put_segments(uint8_t *vmcb)
{
	static const struct segment data = { 16, ATTRIBUTES_DATA, ~0U, 0 };
	const struct segment segments[] = {
		[ES] = data,
		[CS] = { 8, ATTRIBUTES_CODE, ~0U, 0 },
		[SS] = data,
		[DS] = data,
		[FS] = data,
		[GS] = data,
		[GDTR] = { .limit = 3 * 8 - 1, .base = GUEST_GDT },
		[IDTR] = { .limit = 256 * 16 - 1, .base = GUEST_IDT },
	};

	memcpy(vmcb + VMCB_SEGMENTS, segments, sizeof(segments));
}

/* Where the VMCB has L2's register. */
static uint64_t field(enum guest_reg reg)
{
	switch (reg) {
	case REG_CR0:
		return VMCB_CR0;
	case REG_CR3:
		return VMCB_CR3;
	case REG_CR4:
		return VMCB_CR4;
	default:
		return VMCB_CR8;
	}
}

/**
 * svm_prepare - see nested_prepare()
 * @v: vCPU
 * @s: step
 * @regs: registers
 */
void svm_prepare(const struct vcpu *v, const struct step *s,
		 struct kvm_regs *regs)
{
	uint8_t *vmcb = nested_memory(v, 0);
	uint32_t cr = INTERCEPT_ALL_CR, other = INTERCEPT_CPUID;

	memset(vmcb, 0, NESTED_PAGE);
	if (v->config->l1_selective) {
		cr &= ~INTERCEPT_CR0_WRITE;
		other |= INTERCEPT_CR0_SEL_WRITE;
	}
	if (v->config->l1_intercepts)
		put32(vmcb, VMCB_INTERCEPT_CR, cr);
	put32(vmcb, VMCB_INTERCEPTS, other);
	put32(vmcb, VMCB_INTERCEPTS + 4, INTERCEPT_VMRUN);
	put32(vmcb, VMCB_ASID, 1);
	put_segments(vmcb);
	put64(vmcb, VMCB_EFER, EFER_LONG_SVME);
	put64(vmcb, VMCB_CR0, reg_start[REG_CR0]);
	put64(vmcb, VMCB_CR3, reg_start[REG_CR3]);
	put64(vmcb, VMCB_CR4, reg_start[REG_CR4]);
	put64(vmcb, VMCB_DR6, DR6_START);
	put64(vmcb, VMCB_DR7, DR7_START);
	put64(vmcb, VMCB_PAT, PAT_START);
	put64(vmcb, VMCB_RFLAGS, regs->rflags);
	put64(vmcb, VMCB_RIP, guest_address(s->op->l2));
	put64(vmcb, VMCB_RSP, regs->rsp - NESTED_STACK);
	regs->r13 = nested_page(v, 0);
	regs->r14 = field(sites[s->op->first].reg);
}
