/* SPDX-License-Identifier: GPL-2.0 */
/* What the architecture says about the registers. */
#ifndef CRSTAT_REGS_H
#define CRSTAT_REGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The bits of a value by name: all 64 of CR4 set fit. */
#define REG_BITS_LEN 512

bool reg_armed(const char *armed, char access, unsigned int reg);
void reg_describe(char *text, size_t size, const char *reg, uint64_t value);

#endif /* CRSTAT_REGS_H */
