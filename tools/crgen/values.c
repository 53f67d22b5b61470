// SPDX-License-Identifier: GPL-2.0
/* Lists of values for a register: reading them, making them, checking them. */
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "crgen.h"

#define CR0_FIXED 0x80000011UL /* PG, ET, PE: long mode needs them */
#define CR0_FREE 0x6005002eUL /* CD, NW, AM, WP, NE, TS, EM, MP */
#define CR0_PE 0x1UL
#define CR0_PG 0x80000000UL
#define CR0_CD 0x40000000UL
#define CR0_NW 0x20000000UL
#define CR3_LOW 0xfffUL /* PCD and PWT, or a PCID */
#define CR4_FIXED 0x20UL /* PAE */
#define CR4_BIT_15 0x8000UL /* reserved */
#define CR4_FREE 0x7dfUL /* bits 0 to 10 but PAE: no CPUID bit to ask for */

/* What a vCPU's registers hold at the start. */
const uint64_t reg_start[NR_REGS] = {
	[REG_CR0] = CR0_FIXED | 0x10020, /* WP, NE */
	[REG_CR3] = GUEST_PML4,
	[REG_CR4] = CR4_FIXED,
};

#define WORD(reg) offsetof(struct kvm_cpuid_entry2, reg)

/* CR4 bits that are legal where CPUID has a feature. */
static const struct {
	uint64_t cr4;
	uint32_t leaf;
	size_t word;
	unsigned int bit;
} features[] = {
	{ 1 << 11, 7, WORD(ecx), 2 }, /* UMIP */
	{ 1 << 16, 7, WORD(ebx), 0 }, /* FSGSBASE */
	{ 1 << 17, 1, WORD(ecx), 17 }, /* PCIDE */
	{ 1 << 18, 1, WORD(ecx), 26 }, /* OSXSAVE */
	{ 1 << 20, 7, WORD(ebx), 7 }, /* SMEP */
	{ 1 << 21, 7, WORD(ebx), 20 }, /* SMAP */
	{ 1 << 22, 7, WORD(ecx), 3 }, /* PKE */
};

static uint64_t cr4_possible(void)
{
	uint64_t possible = CR4_FIXED | CR4_FREE;

	for (size_t f = 0; f < ARRAY_SIZE(features); f++)
		possible |= features[f].cr4;
	return possible;
}

/**
 * cr4_legal - the bits of CR4 that a guest can set
 * @cpuid: the guest's
 *
 * Return: the bits, of those that crgen knows.
 */
uint64_t cr4_legal(const struct kvm_cpuid2 *cpuid)
{
	uint64_t legal = CR4_FIXED | CR4_FREE;

	for (size_t f = 0; f < ARRAY_SIZE(features); f++) {
		for (unsigned int i = 0; i < cpuid->nent; i++) {
			const struct kvm_cpuid_entry2 *e = &cpuid->entries[i];
			uint32_t word;

			memcpy(&word, (const char *)e + features[f].word,
			       sizeof(word));
			if (e->function == features[f].leaf && !e->index &&
			    word >> features[f].bit & 1)
				legal |= features[f].cr4;
		}
	}
	return legal;
}

/*
 * Whether every KVM refuses it: kvm_set_cr0(), kvm_set_cr4(), kvm_set_cr8().
 * The emulator forgets the upper half of CR0 and CR4: mk_cr_64(), x86.c. All
 * values of a register are alike, for the processor may refuse them itself.
 */
static bool fails(enum guest_reg reg, uint64_t v)
{
	switch (reg) {
	case REG_CR0:
		return !(v >> 32) && (v & (CR0_PG | CR0_PE)) == CR0_PG &&
		       (v & (CR0_NW | CR0_CD)) != CR0_NW;
	case REG_CR3:
		return v >> 60 & 1;
	case REG_CR4:
		return v & CR4_BIT_15 || !(v & CR4_FIXED);
	default:
		return v > 0xf;
	}
}

static const char *illegal(const struct op *op, uint64_t v)
{
	uint64_t table = (v & ~(CR3_LOW | CR3_NOFLUSH)) - GUEST_PML4;
	uint64_t cr0 = (v & CR0_DEFINED) | CR0_ET;

	if (op->first == N_lmsw)
		return v > 0xf ? "only the bits 0 to 3 can be given" : NULL;
	if (op->first == N_masked && v < VECTOR_LOW >> 4)
		return "less than 2 would let the interrupt through";
	if (IS_FAULT(op->first) && fails(op->reg, v))
		return NULL;
	if (IS_FAULT(op->first))
		return "must be CR0 with PG (80000000) and no PE (1), CR3 with bit 60, CR4 with bit 15 or no PAE (20), CR8 above f";
	switch (op->reg) {
	case REG_CR0:
		if (v >> 32 || (cr0 & ~CR0_FREE) != CR0_FIXED)
			return "CR0 must have 80000001";
		if (v & CR0_NW && !(v & CR0_CD))
			return "CR0 can't have NW without CD";
		return NULL;
	case REG_CR3:
		if (table / 0x1000 >= GUEST_NR_PML4)
			return "CR3 must be 100000 to 1fffff, and bit 63 or not";
		return NULL;
	case REG_CR4:
		if (!(v & CR4_FIXED))
			return "CR4 must have PAE (20)";
		if (v & ~cr4_possible())
			return "CR4 has a bit that no guest of crgen can set";
		return NULL;
	case REG_CR8:
		return v > 0xf ? "CR8 is 0 to f" : NULL;
	case REG_TPR:
		return v > 0xff ? "TPR is 0 to ff" : NULL;
	default:
		return "no values can be given";
	}
}

/*
 * Flips the first bit with every value, so that each write of such a sequence
 * changes a bit which AMD's selective intercept of CR0 and Intel's guest/host
 * masks see, whatever the others do. CD comes last: KVM on AMD intercepts all
 * of CR0 while it is set.
 */
static uint64_t combine(uint64_t start, const uint8_t *bits, size_t nr,
			uint64_t i)
{
	uint64_t v = start;

	i ^= 1;
	for (size_t b = 0; b < nr; b++)
		v ^= (i >> b & 1) << bits[b];
	return v;
}

static uint64_t distinct(enum guest_reg reg, uint64_t i)
{
	/* AM NE WP EM MP TS CD */
	static const uint8_t cr0[] = { 18, 5, 16, 2, 1, 3, 30 };
	/* MCE PSE VME PVI TSD DE PGE PCE OSFXSR OSXMMEXCPT */
	static const uint8_t cr4[] = { 6, 4, 0, 1, 2, 3, 7, 8, 9, 10 };

	switch (reg) {
	case REG_CR0:
		return combine(reg_start[reg], cr0, sizeof(cr0), i);
	case REG_CR4:
		return combine(reg_start[reg], cr4, sizeof(cr4), i);
	case REG_CR3:
		return GUEST_PML4 + (i + 1) % GUEST_NR_PML4 * 0x1000;
	default:
		return i;
	}
}

static uint64_t max_distinct(const struct op *op)
{
	static const uint64_t max[NR_REGS] = {
		[REG_CR0] = 128, [REG_CR3] = GUEST_NR_PML4, [REG_CR4] = 1024,
		[REG_CR8] = 16,	 [REG_TPR] = 256,
	};

	return op->first == N_lmsw || op->first == N_masked ||
			       IS_FAULT(op->first) ?
		       0 :
		       max[op->reg];
}

static void add(struct step *s, uint64_t v)
{
	const char *why = illegal(s->op, v);

	if (why)
		errx(STATUS_USAGE, "%s: value %" PRIx64 ": %s", s->op->name, v,
		     why);
	s->values =
		reallocarray(s->values, s->nr_values + 1, sizeof(*s->values));
	if (!s->values)
		err(STATUS_FAILED, "values");
	s->values[s->nr_values++] = v;
}

static uint64_t number(const char **p, int base, const struct step *s,
		       const char *item)
{
	uint64_t v;
	char *end;

	errno = 0;
	v = strtoull(*p, &end, base);
	if (end == *p || **p == '-' || errno)
		errx(STATUS_USAGE, "%s: \"%s\" is not a list of values",
		     s->op->name, item);
	*p = end;
	return v;
}

static void add_range(struct step *s, const char **p, uint64_t first,
		      const char *item)
{
	uint64_t last = number(p, 16, s, item);
	uint64_t step = 1;
	bool down = last < first;

	if (**p == '/') {
		(*p)++;
		step = number(p, 16, s, item);
	}
	if (!step)
		errx(STATUS_USAGE, "%s: \"%s\": a step of 0", s->op->name,
		     item);
	for (uint64_t n = 0; n <= (down ? first - last : last - first) / step;
	     n++)
		add(s, down ? first - n * step : first + n * step);
}

/**
 * values_parse - add a list of values to a step
 * @s: step
 * @list: values between commas
 *
 * Leaves with a message if one can't be loaded by any guest.
 */
void values_parse(struct step *s, const char *list)
{
	static const char word[] = "distinct:";
	const char *p = list;

	for (;; p++) {
		if (!strncmp(p, word, strlen(word))) {
			uint64_t n;

			p += strlen(word);
			n = number(&p, 10, s, list);
			if (n > max_distinct(s->op))
				errx(STATUS_USAGE,
				     "%s: at most %" PRIu64 " distinct values",
				     s->op->name, max_distinct(s->op));
			for (uint64_t i = 0; i < n; i++)
				add(s, distinct(s->op->reg, i));
		} else {
			uint64_t v = number(&p, 16, s, list);

			if (!strncmp(p, "..", 2)) {
				p += 2;
				add_range(s, &p, v, list);
			} else {
				add(s, v);
			}
		}
		if (*p != ',')
			break;
	}
	if (*p)
		errx(STATUS_USAGE, "%s: \"%s\" is not a list of values",
		     s->op->name, list);
}

/**
 * values_check - leave if a step has values that this guest can't load
 * @s: step
 * @cpuid: the guest's
 */
void values_check(const struct step *s, const struct kvm_cpuid2 *cpuid)
{
	uint64_t legal = cr4_legal(cpuid);

	for (size_t i = 0; i < s->nr_values; i++)
		if (s->op->reg == REG_CR4 && s->values[i] & ~legal &&
		    !IS_FAULT(s->op->first))
			errx(STATUS_UNSUPPORTED,
			     "%s: value %" PRIx64
			     ": CR4 has a bit that this guest's CPUID does not allow",
			     s->op->name, s->values[i]);
}
