/* SPDX-License-Identifier: GPL-2.0 */
/* Every difference between kernels, each with the version that made it. */
#ifndef CRS_COMPAT_H
#define CRS_COMPAT_H

#include <linux/ftrace.h>
#include <linux/version.h>
#include <uapi/asm/svm.h>

/* 5.14 (KVM_SET_SREGS2) split what both ioctls share out of __set_sregs(). */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 14, 0)
#define CRS_SET_SREGS "__set_sregs_common"
#else
#define CRS_SET_SREGS "__set_sregs"
#endif

/*
 * 5.11 (SEV-ES guests) brought vCPUs whose state is out of KVM's reach, and the
 * write traps; there is no cr_trap() before.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 11, 0)
#define SVM_EXIT_CR0_WRITE_TRAP 0x090
#define crs_protected(vcpu) false
#define CRS_TRAPS 0
#else
#define crs_protected(vcpu) ((vcpu)->arch.guest_state_protected)
#define CRS_TRAPS 1
#endif

/* 5.14 lets a nested guest's TSC have a scale of its own. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 14, 0)
#define l1_tsc_scaling_ratio tsc_scaling_ratio
#endif

/* 5.13 gave nested guests a VMCB of their own. */
#define CRS_ONE_VMCB (LINUX_VERSION_CODE < KERNEL_VERSION(5, 13, 0))

/*
 * 5.11 gave ftrace's callbacks a struct of its own. Where SAVE_REGS does not
 * ask for more it has the registers that hold arguments, and the stack pointer.
 * The recursion flag's meaning was turned round: before, callbacks that need no
 * lock against recursion had to say so. 6.2 hid the registers behind functions.
 */
#ifdef CONFIG_DYNAMIC_FTRACE_WITH_REGS
#define crs_ftrace_ops ftrace_ops
#else
struct crs_ftrace_ops {
};
#endif
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 11, 0)
#define crs_ftrace_regs pt_regs
#define crs_ftrace_arg(regs, n) regs_get_kernel_argument(regs, n)
#define crs_ftrace_sp(regs) ((regs)->sp)
#define CRS_FTRACE_FLAGS \
	(FTRACE_OPS_FL_SAVE_REGS | FTRACE_OPS_FL_RECURSION_SAFE)
#else
#define crs_ftrace_regs ftrace_regs
#define CRS_FTRACE_FLAGS 0
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
#define crs_ftrace_arg(fregs, n) regs_get_kernel_argument(&(fregs)->regs, n)
#define crs_ftrace_sp(fregs) ((fregs)->regs.sp)
#else
#define crs_ftrace_arg(fregs, n) ftrace_regs_get_argument(fregs, n)
#define crs_ftrace_sp(fregs) ftrace_regs_get_stack_pointer(fregs)
#endif
#endif

#endif /* CRS_COMPAT_H */
