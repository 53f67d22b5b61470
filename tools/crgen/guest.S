/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The guest. The program copies it to GUEST_CODE and enters it at guest_call
 * once for each operation, or at op_pe in real mode.
 *
 * Registers at entry: rbx the operation, rdi the vCPU's block, rcx how many
 * accesses, rsi and r9 the list of values and its end, r12 the value of CR0,
 * which the guest must not read for itself: that would be an access; r11 the
 * APIC page where that is to be touched once, before what is counted, or 0.
 *
 * A counter is raised after its instruction, so it never says more than was
 * done. Nothing here touches a control register or the TPR uncounted.
 */
#include "guest.h"

#define APIC_ID 0x20
#define APIC_EOI 0xb0
#define APIC_SPIV 0xf0
#define APIC_ICR 0x300
#define APIC_TPR 0x80
#define APIC_ENABLE 0x1ff
#define ICR_SELF 0x40000
#define X2APIC_TPR 0x808
#define HYPERV_TPR 0x40000072

	.set	nr, 0
#define NUMBER(name, reg, dir, mode) .set N_##name, 8 * nr; .set nr, nr + 1;
	GUEST_COUNTERS(NUMBER)

	.macro	access name, insn:vararg
	.globl	at_\name
at_\name:
	\insn
	incq	N_\name(%rdi)
	.endm

	.macro	entry name
	.globl	\name
\name:
	.endm

	.macro	next_value
	mov	(%r8), %rax
	add	$8, %r8
	cmp	%r9, %r8
	cmovae	%rsi, %r8
	.endm

	.macro	again label
	dec	%rcx
	jnz	\label
	ret
	.endm

	.macro	cycles
	rdtsc
	shl	$32, %rdx
	or	%rdx, %rax
	.endm

	.macro	read_op name, reg
	entry	op_\name
1:	access	\name, mov %\reg, %rax
	again	1b
	.endm

	.macro	write_op name, reg
	entry	op_\name
1:	next_value
	access	\name, mov %rax, %\reg
	again	1b
	.endm

	/* The #GP goes on at rbp; a write that is done is the fault here. */
	.macro	fault_op reg
	entry	op_\reg\()_fault
	lea	2f(%rip), %rbp
1:	next_value
	.globl	at_\reg\()_fault
at_\reg\()_fault:
	mov	%rax, %\reg
	out	%al, $PORT_FAULT
2:	incq	N_\reg\()_fault(%rdi)
	dec	%rcx
	jnz	1b
	xor	%ebp, %ebp
	ret
	.endm

	.section .rodata
	.balign	16
	.code64

	entry	guest_start
	entry	guest_call
	test	%r11, %r11
	jz	1f
	mov	APIC_ID(%r11), %eax
1:	mov	%rsi, %r8
	cycles
	push	%rax
	call	*%rbx
	cycles
	pop	%rdx
	sub	%rdx, %rax
	mov	%rax, BLOCK_CYCLES(%rdi)
	out	%al, $PORT_DONE

	read_op		cr0_read, cr0
	read_op		cr3_read, cr3
	read_op		cr4_read, cr4
	read_op		cr8_read, cr8
	write_op	cr0_write, cr0
	write_op	cr3_write, cr3
	write_op	cr4_write, cr4
	write_op	cr8_write, cr8

	fault_op	cr0
	fault_op	cr3
	fault_op	cr4
	fault_op	cr8

	entry	op_cr0_ts
1:	xor	$CR0_TS, %r12
	access	cr0_ts, mov %r12, %cr0
	again	1b

	/* Intel has no exit for a CLTS that finds TS clear, so set it first. */
	entry	op_clts
	or	$CR0_TS, %r12
1:	access	clts_set, mov %r12, %cr0
	access	clts, clts
	again	1b

	entry	op_lmsw
1:	next_value
	access	lmsw, lmsw %ax
	again	1b

	/* Each general register in turn, the stack pointer too: IF is clear. */
	entry	op_cr4_gpr
1:
	.irp	reg, rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15
	next_value
	xchg	%rax, %\reg
	.globl	at_cr4_\reg
at_cr4_\reg:
	mov	%\reg, %cr4
	xchg	%rax, %\reg
	incq	N_cr4_\reg(%rdi)
	dec	%rcx
	jz	2f
	.endr
	jmp	1b
2:	ret

	entry	op_cr8_port
1:	next_value
	access	cr8_port, mov %rax, %cr8
	access	port_cr8, out %al, $PORT_IDLE
	again	1b

	entry	op_cr8_masked
	mov	$GUEST_APIC, %r11d
	movl	$APIC_ENABLE, APIC_SPIV(%r11)
	mov	N_eoi(%rdi), %r10
	sti
	mov	$15, %eax
	access	masked_raise, mov %rax, %cr8
	movl	$(ICR_SELF | VECTOR_LOW), APIC_ICR(%r11)
	entry	masked_armed
1:	next_value
	access	masked, mov %rax, %cr8
	dec	%rcx
	jnz	1b
	xor	%eax, %eax
	access	masked_lower, mov %rax, %cr8
2:	cmp	%r10, N_eoi(%rdi)
	je	2b
	cli
	ret

	entry	op_irq
	mov	$GUEST_APIC, %r11d
	movl	$APIC_ENABLE, APIC_SPIV(%r11)
	sti
1:	mov	$2, %eax
	access	irq_raise, mov %rax, %cr8
	mov	N_eoi(%rdi), %r10
	movl	$(ICR_SELF | VECTOR_HIGH), APIC_ICR(%r11)
2:	cmp	%r10, N_eoi(%rdi)
	je	2b
	xor	%eax, %eax
	access	irq_lower, mov %rax, %cr8
	dec	%rcx
	jnz	1b
	cli
	ret

	entry	op_tpr_mmio
	mov	$GUEST_APIC, %r11d
1:	next_value
	access	tpr_mmio, movl %eax, APIC_TPR(%r11)
	again	1b

	.macro	msr_op name, msr
	entry	op_\name
	mov	%rcx, %r10
	mov	$\msr, %ecx
	xor	%edx, %edx
1:	next_value
	access	\name, wrmsr
	dec	%r10
	jnz	1b
	ret
	.endm

	msr_op	tpr_msr, X2APIC_TPR
	msr_op	tpr_hv, HYPERV_TPR

	entry	op_port
1:	access	port, out %al, $PORT_IDLE
	again	1b

	entry	op_cpuid
	mov	%rcx, %r10
1:	xor	%eax, %eax
	access	cpuid, cpuid
	dec	%r10
	jnz	1b
	ret

	/* To an MSR that no processor has. */
	entry	op_msr_fault
	mov	%rcx, %r10
	mov	$-1, %ecx
	lea	2f(%rip), %rbp
	.globl	at_msr_fault
at_msr_fault:
	wrmsr
	out	%al, $PORT_FAULT
2:	incq	N_msr_fault(%rdi)
	dec	%r10
	jnz	at_msr_fault
	xor	%ebp, %ebp
	ret

	/*
	 * The nested guest. L1 is a hypervisor, which does on L2's behalf what
	 * it intercepts. L2 shares all general registers with it but for rsp,
	 * and on AMD rax, and ends by CPUID. r15 is the length of L2's
	 * instruction.
	 *
	 * AMD: r13 is the VMCB, r14 where that has L2's register.
	 */
	entry	op_nested
1:	mov	%r13, %rax
	vmrun	%rax
	mov	VMCB_EXITCODE(%r13), %eax
	cmp	$SVM_EXIT_CPUID, %eax
	je	3f
	access	l1_exit, add %r15, VMCB_RIP(%r13)
	cmp	$SVM_EXIT_CR0_SEL_WRITE, %eax
	je	4f
	test	$SVM_EXIT_CR_WRITE, %al
	jz	2f
4:	mov	VMCB_RAX(%r13), %rdx
	mov	%rdx, (%r13,%r14)
	jmp	1b
2:	mov	(%r13,%r14), %rdx
	mov	%rdx, VMCB_RAX(%r13)
	jmp	1b
3:	stgi
	ret

	/*
	 * Intel: r13 is a list of what to write into the VMCS, after the
	 * addresses of the regions; then L2's register is kept there. r14 is
	 * its field, r12 that of its read shadow, r10 bits that L2 can't see.
	 */
	entry	op_nested_vmx
	vmxon	(%r13)
	jbe	9f
	vmclear	8(%r13)
	vmptrld	8(%r13)
	lea	16(%r13), %rdx
1:	mov	(%rdx), %rax
	cmp	$-1, %rax
	je	2f
	mov	8(%rdx), %rbx
	vmwrite	%rbx, %rax
	jbe	9f
	add	$16, %rdx
	jmp	1b
2:	vmlaunch
	jmp	9f
	entry	l1_vmx_exit
	push	%rax
	mov	$VMCS_EXIT_REASON, %edx
	vmread	%rdx, %rax
	cmp	$VMX_EXIT_CPUID, %eax
	je	8f
	cmp	$VMX_EXIT_CR, %eax
	jne	9f
	mov	$VMCS_GUEST_RIP, %edx
	vmread	%rdx, %rax
	add	%r15, %rax
	vmwrite	%rax, %rdx
	incq	N_l1_exit(%rdi)
	mov	$VMCS_EXIT_QUALIFICATION, %edx
	vmread	%rdx, %rax
	test	$VMX_CR_READ, %al
	pop	%rax
	jz	3f
	mov	(%r13), %rax
	jmp	5f
3:	mov	%rax, (%r13)
	test	%r12, %r12
	jz	4f
	vmwrite	%rax, %r12
4:	test	%r14, %r14
	jz	5f
	or	%r10, %rax
	vmwrite	%rax, %r14
5:	vmresume
9:	ud2
8:	pop	%rax
	vmxoff
	ret

	/* L2 has L1's handler of #GP. */
	entry	l2_cr0_fault
	lea	2f(%rip), %rbp
1:	next_value
	.globl	at_l2_cr0_fault
at_l2_cr0_fault:
	mov	%rax, %cr0
	out	%al, $PORT_FAULT
2:	incq	N_l2_cr0_fault(%rdi)
	dec	%rcx
	jnz	1b
	xor	%ebp, %ebp
	cpuid

	.macro	l2_ops reg
	entry	l2_\reg\()_read
1:	access	l2_\reg\()_read, mov %\reg, %rax
	dec	%rcx
	jnz	1b
	cpuid
	entry	l2_\reg\()_write
1:	next_value
	access	l2_\reg\()_write, mov %rax, %\reg
	dec	%rcx
	jnz	1b
	cpuid
	.endm

	l2_ops	cr0
	l2_ops	cr3
	l2_ops	cr4
	l2_ops	cr8

	entry	guest_interrupt
	access	eoi, movl $0, APIC_EOI(%r11)
	iretq

	entry	guest_gp
	test	%rbp, %rbp
	jz	guest_faults + GP_VECTOR * FAULT_STUB_SIZE
	add	$8, %rsp
	mov	%rbp, (%rsp)
	iretq

	/* A fault leaves vector, error code and the CPU's frame on the stack. */
	.balign	16
	entry	guest_faults
	.set	vector, 0
	.rept	32
	.balign	16
	.if	(vector == 8) || (vector >= 10 && vector <= 14) || (vector == 17)
	.else
	push	$0
	.endif
	push	$vector
	jmp	fault
	.set	vector, vector + 1
	.endr
fault:	out	%al, $PORT_FAULT
	jmp	fault

#include "modes.S"

	entry	guest_end

	.section .note.GNU-stack, "", @progbits
