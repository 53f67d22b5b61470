// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <string.h>

#include "kvm_crstat.h"
#include "regs.h"

#define BIT_NAME(bit, name) [bit] = #name,

static const char *const cr0_bits[64] = { CRS_CR0_BITS(BIT_NAME) };
static const char *const cr4_bits[64] = { CRS_CR4_BITS(BIT_NAME) };

/**
 * reg_armed - whether an access to a register is intercepted
 * @armed: the column of this name
 * @access: 'r' for reads, 'w' for writes
 * @reg: 0, 3, 4 or 8
 *
 * Selective interception of CR0 writes counts as interception of them.
 *
 * Return: whether it is.
 */
bool reg_armed(const char *armed, char access, unsigned int reg)
{
	for (; *armed; armed += strcspn(armed, ","), armed += *armed == ',') {
		if (armed[0] == 's' && armed[1] == '0' && access == 'w' && !reg)
			return true;
		if (armed[0] == access && armed[1] == (char)('0' + reg))
			return true;
	}
	return false;
}

static void describe_bits(char *text, size_t size, const char *const names[64],
			  uint64_t value)
{
	size_t len = 0;

	*text = '\0';
	for (int bit = 63; bit >= 0; bit--) {
		const char *blank = len ? " " : "";

		if (!(value >> bit & 1))
			continue;
		if (names[bit])
			len += snprintf(text + len, size - len, "%s%s", blank,
					names[bit]);
		else
			len += snprintf(text + len, size - len, "%sb%d", blank,
					bit);
	}
}

/**
 * reg_describe - what a register's value means
 * @text: the answer, empty where there is none
 * @size: its size, at least REG_BITS_LEN
 * @reg: "cr0", "cr3", "cr4", "cr8" or "tpr"
 * @value: the value
 *
 * CR0 and CR4 are described by their set bits, the highest first; CR8 and
 * TPR by the priority class up to which they hold interrupts back.
 */
void reg_describe(char *text, size_t size, const char *reg, uint64_t value)
{
	*text = '\0';
	if (!strcmp(reg, "cr0"))
		describe_bits(text, size, cr0_bits, value);
	else if (!strcmp(reg, "cr4"))
		describe_bits(text, size, cr4_bits, value);
	else if (!strcmp(reg, "cr8"))
		snprintf(text, size, "priority class %d", (int)(value & 15));
	else if (!strcmp(reg, "tpr"))
		snprintf(text, size, "priority class %d",
			 (int)(value >> 4 & 15));
}
