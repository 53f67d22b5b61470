/* SPDX-License-Identifier: GPL-2.0 */
/* What KVM's instruction emulator finds. */
#ifndef CRS_EMULATOR_H
#define CRS_EMULATOR_H

#include <linux/kprobes.h>

int crs_on_emulator_set_cr(struct kprobe *kp, struct pt_regs *regs);

#endif /* CRS_EMULATOR_H */
