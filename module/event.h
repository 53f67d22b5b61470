/* SPDX-License-Identifier: GPL-2.0 */
/* What a probe hit says once it is decoded. */
#ifndef CRS_EVENT_H
#define CRS_EVENT_H

#include <linux/bitops.h>
#include <linux/bits.h>
#include <linux/types.h>

/*
 * In the order of the counters crN_read and crN_write. CRS_TPR has values,
 * too: those that the guest wrote through its APIC.
 */
enum crs_reg {
	CRS_CR0,
	CRS_CR3,
	CRS_CR4,
	CRS_CR8,
	CRS_TPR,
	CRS_NR_REGS,
	CRS_NO_REG = CRS_NR_REGS,
};

/* CR8 has four bits; KVM injects #GP for others (kvm_set_cr8(), 5.10-7.3). */
#define CRS_CR8_MAX 15

/**
 * crs_reg_number - n of CRn
 * @reg: the register, not %CRS_TPR
 */
static inline unsigned int crs_reg_number(enum crs_reg reg)
{
	static const u8 number[] = {
		[CRS_CR0] = 0,
		[CRS_CR3] = 3,
		[CRS_CR4] = 4,
		[CRS_CR8] = 8,
	};

	return number[reg];
}

/**
 * crs_reg_of - the register that a number names
 * @n: n of CRn
 *
 * Return: the register, or %CRS_NO_REG for one that KVM does not intercept.
 */
static inline enum crs_reg crs_reg_of(unsigned int n)
{
	switch (n) {
	case 0:
		return CRS_CR0;
	case 3:
		return CRS_CR3;
	case 4:
		return CRS_CR4;
	case 8:
		return CRS_CR8;
	default:
		return CRS_NO_REG;
	}
}

enum crs_mode {
	CRS_REAL,
	CRS_PROTECTED,
	CRS_LONG,
};

/* The instruction cannot be seen: the guest's state is encrypted. */
#define CRS_NO_ADDRESS 0

/*
 * Register, direction and mode of an access in one number, which is also what
 * tells sites at one address apart and what the counters go by:
 * bit 0 a write, bits 2:1 &enum crs_reg, bits 4:3 &enum crs_mode.
 */
#define CRS_WHAT_WRITE 1
#define CRS_WHAT_REG(what) ((what) >> 1 & 3)
#define CRS_WHAT_MODE(what) ((what) >> 3)
/* Without the mode: the counters' order, from cr0_read on. */
#define CRS_WHAT_COUNTER(what) ((what) % 8)
#define CRS_WHAT(reg, write, mode) ((mode) << 3 | (reg) << 1 | (write))

/**
 * struct crs_access - an intercepted access to a control register
 * @address: linear address of the instruction, or %CRS_NO_ADDRESS
 * @old: the register's value as the guest last set it
 * @value: the value written, once it is known
 * @what: see CRS_WHAT(); the register is not %CRS_TPR
 */
struct crs_access {
	u64 address;
	u64 old;
	u64 value;
	u8 what;
};

/*
 * The origins of a write to the task priority, in the order of the counters
 * tpr_guest to tpr_other. CRS_VIA is a call site whose own caller decides.
 */
enum crs_origin {
	CRS_GUEST,
	CRS_APIC,
	CRS_SYNC,
	CRS_USER,
	CRS_OTHER,
	CRS_VIA,
};

/*
 * A site as one key: bits 57:0 of the linear address; the bits above, which
 * repeat bit 57 (with 5-level paging, too), are inverted where what was
 * accessed has ones.
 */
#define CRS_SITE_ADDRESS_BITS 58

/**
 * crs_site_key - what distinguishes a site, as one number
 * @access: the access
 */
static inline u64 crs_site_key(const struct crs_access *access)
{
	return access->address ^ (u64)access->what << CRS_SITE_ADDRESS_BITS;
}

/**
 * crs_site_address - the linear address in a key
 * @key: of crs_site_key()
 */
static inline u64 crs_site_address(u64 key)
{
	return sign_extend64(key, CRS_SITE_ADDRESS_BITS - 1);
}

/**
 * crs_site_what - what was accessed there
 * @key: of crs_site_key()
 */
static inline u8 crs_site_what(u64 key)
{
	return (key ^ crs_site_address(key)) >> CRS_SITE_ADDRESS_BITS;
}

#endif /* CRS_EVENT_H */
