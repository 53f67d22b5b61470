/* SPDX-License-Identifier: GPL-2.0 */
/* Part of guest.S: what runs in other modes than 64-bit. */
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
	addl	$1, N_pe_enter(%di)
	adcl	$0, N_pe_enter + 4(%di)
	entry	at_pe_leave
	mov	%ebx, %cr0
	addl	$1, N_pe_leave(%di)
	adcl	$0, N_pe_leave + 4(%di)
	dec	%ecx
	jnz	1b
	rdtsc
	sub	%esi, %eax
	sbb	%ebp, %edx
	mov	%eax, BLOCK_CYCLES(%di)
	mov	%edx, BLOCK_CYCLES + 4(%di)
	out	%al, $PORT_DONE

	/*
	 * With code segments whose base is so high that addresses wrap. esi and
	 * ebp are the list of values and its end, edi the block. The upper half
	 * of rbx, which no such code sees, stays until a value has 32 bits.
	 */
	.code32
	.macro	narrow_op name
	entry	op_\name
	mov	%esi, %edx
1:	mov	(%edx), %eax
	add	$8, %edx
	cmp	%ebp, %edx
	cmovae	%esi, %edx
	test	$0xffff0000, %eax
	jnz	2f
	mov	%ax, %bx
	jmp	3f
2:	mov	%eax, %ebx
3:
	entry	at_\name
	mov	%ebx, %cr4
	addl	$1, N_\name(%edi)
	adcl	$0, N_\name + 4(%edi)
	dec	%ecx
	jnz	1b
	out	%al, $PORT_DONE
	.endm

	narrow_op	cr4_32
	narrow_op	cr4_compat
