/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Calls that are rarely made by code that runs often.
 *
 * Who calls a function keeps what it needs afterwards in registers that must be
 * saved first, on every path: a dozen instructions for a call that is not made.
 * Called through a thunk that saves all registers, the caller is a leaf to the
 * compiler. The kernel does the same for preempt_schedule_notrace()
 * (arch/x86/entry/thunk_64.S) and with PV_CALLEE_SAVE_REGS_THUNK().
 */
#ifndef CRS_RARE_H
#define CRS_RARE_H

#include <linux/linkage.h>
#include <asm/asm.h>
#include <asm/frame.h>

/**
 * CRS_RARE - make the thunk for a function, beside the function
 * @fn: the function, __used where it is static, with at most four arguments,
 *	which are integers or pointers, as is what it returns
 */
#define CRS_RARE(fn)                                                     \
	asm(".pushsection .text\n"                                       \
	    ".globl crs_rare_" #fn "\n"                                  \
	    ".type crs_rare_" #fn ", @function\n"                        \
	    "crs_rare_" #fn ":\n" FRAME_BEGIN                            \
	    "push %rdi; push %rsi; push %rdx; push %rcx\n"               \
	    "push %r8; push %r9; push %r10; push %r11\n"                 \
	    "call " #fn "\n"                                             \
	    "pop %r11; pop %r10; pop %r9; pop %r8\n"                     \
	    "pop %rcx; pop %rdx; pop %rsi; pop %rdi\n" FRAME_END ASM_RET \
	    ".size crs_rare_" #fn ", . - crs_rare_" #fn "\n"             \
	    ".popsection")

/**
 * crs_rarely - call a function that has a thunk
 * @fn: the function
 * @a: its first argument; 0 for those that it doesn't have
 * @b: its second
 * @c: its third
 * @d: its fourth
 *
 * Return: what the function returns, as unsigned long; undefined for void.
 */
#define crs_rarely(fn, a, b, c, d)                              \
	({                                                      \
		unsigned long __ret;                            \
		asm volatile("call crs_rare_" #fn               \
			     : "=a"(__ret), ASM_CALL_CONSTRAINT \
			     : "D"((unsigned long)(a)),         \
			       "S"((unsigned long)(b)),         \
			       "d"((unsigned long)(c)),         \
			       "c"((unsigned long)(d))          \
			     : "memory", "cc");                 \
		__ret;                                          \
	})

#endif /* CRS_RARE_H */
