/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The guest. The program copies it to GUEST_CODE and enters it at guest_call
 * once for each operation, or at op_pe in real mode.
 *
 * Registers at entry: rbx the operation, rdi the vCPU's block, rcx how many
 * accesses, rsi and r9 the list of values and its end, r12 the value of CR0,
 * which the guest must not read for itself: that would be an access.
 *
 * A counter is raised after its instruction, so it never says more than was
 * done. Nothing here touches a control register or the TPR uncounted.
 */
#include "guest.h"

#define APIC_EOI 0xb0
#define APIC_SPIV 0xf0
#define APIC_ICR 0x300
#define APIC_TPR 0x80
#define APIC_ENABLE 0x1ff
#define ICR_SELF 0x40000
#define X2APIC_TPR 0x808

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

	.section .rodata
	.balign	16
	.code64

	entry	guest_start
	entry	guest_call
	mov	%rsi, %r8
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

	entry	op_tpr_msr
	mov	%rcx, %r10
	mov	$X2APIC_TPR, %ecx
	xor	%edx, %edx
1:	next_value
	access	tpr_msr, wrmsr
	dec	%r10
	jnz	1b
	ret

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

	entry	guest_interrupt
	access	eoi, movl $0, APIC_EOI(%r11)
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

	/*
	 * Real mode, DS is the block. Without a far jump CS keeps its real-mode
	 * base in protected mode, which is all that this needs.
	 */
	.code16
	entry	op_pe
	rdtsc
	mov	%eax, %esi
	mov	%edx, %ebp
	mov	$CR0_PROTECTED, %eax
	mov	$CR0_REAL, %ebx
	xor	%di, %di
1:
	entry	at_pe_enter
	mov	%eax, %cr0
	incl	N_pe_enter(%di)
	entry	at_pe_leave
	mov	%ebx, %cr0
	incl	N_pe_leave(%di)
	dec	%ecx
	jnz	1b
	rdtsc
	sub	%esi, %eax
	sbb	%ebp, %edx
	mov	%eax, BLOCK_CYCLES(%di)
	mov	%edx, BLOCK_CYCLES + 4(%di)
	out	%al, $PORT_DONE

	entry	guest_end

	.section .note.GNU-stack, "", @progbits
