// SPDX-License-Identifier: GPL-2.0
/*
 * The nested guest: the guest is a hypervisor then, and runs a guest of its own
 * (L2) that does the accesses. Both share page tables, descriptor tables, code
 * and general registers.
 */
#include <err.h>
#include <sys/ioctl.h>

#include "nested.h"

#define EFER_SVME 0x1000UL
#define CR4_VMXE 0x2000UL

/**
 * nested_size - what a VM's memory needs besides
 * @c: configuration
 *
 * Return: bytes, none without nested guests.
 */
size_t nested_size(const struct config *c)
{
	return c->nested ? c->vcpus * NESTED_PAGES * NESTED_PAGE : 0;
}

/**
 * nested_page - the guest's address of a page of a vCPU's
 * @v: vCPU
 * @n: less than NESTED_PAGES
 *
 * Return: the address.
 */
uint64_t nested_page(const struct vcpu *v, unsigned int n)
{
	return v->vm->nested + (v->id * NESTED_PAGES + n) * NESTED_PAGE;
}

/**
 * nested_memory - the same as the program has it
 * @v: vCPU
 * @n: less than NESTED_PAGES
 *
 * Return: the page.
 */
void *nested_memory(const struct vcpu *v, unsigned int n)
{
	return v->vm->mem + nested_page(v, n);
}

/**
 * nested_set_msr - set an MSR of a vCPU
 * @v: vCPU
 * @msr: which
 * @value: to what
 */
void nested_set_msr(const struct vcpu *v, uint32_t msr, uint64_t value)
{
	struct {
		struct kvm_msrs head;
		struct kvm_msr_entry entry;
	} msrs = { .head.nmsrs = 1, .entry = { .index = msr, .data = value } };

	if (ioctl(v->fd, KVM_SET_MSRS, &msrs) != 1)
		err(STATUS_FAILED, "KVM_SET_MSRS of %#x", msr);
}

/**
 * nested_enable - let a vCPU be a hypervisor
 * @v: vCPU, at rest
 */
void nested_enable(const struct vcpu *v)
{
	if (cpu_is_amd())
		svm_enable(v);
	else
		vmx_enable(v);
}

/**
 * nested_sregs - what the hypervisor needs besides
 * @sregs: registers of a vCPU, to change
 */
void nested_sregs(struct kvm_sregs *sregs)
{
	if (cpu_is_amd())
		sregs->efer |= EFER_SVME;
	else
		sregs->cr4 |= CR4_VMXE;
}

/**
 * nested_prepare - get a vCPU's nested guest ready for a step
 * @v: vCPU, at rest
 * @s: step, whose operation has a nested guest
 * @regs: registers of the hypervisor; those are set that its code expects
 */
void nested_prepare(const struct vcpu *v, const struct step *s,
		    struct kvm_regs *regs)
{
	/* MOV between RAX and a control register; CR8 takes a prefix. */
	regs->r15 = sites[s->op->first].reg == REG_CR8 ? 4 : 3;
	if (cpu_is_amd())
		svm_prepare(v, s, regs);
	else
		vmx_prepare(v, s, regs);
}
