/* SPDX-License-Identifier: GPL-2.0 */
/* Every difference between kernels, each with the version that made it. */
#ifndef CRS_COMPAT_H
#define CRS_COMPAT_H

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
#else
#define crs_protected(vcpu) ((vcpu)->arch.guest_state_protected)
#endif

#endif /* CRS_COMPAT_H */
