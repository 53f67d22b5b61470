// SPDX-License-Identifier: GPL-2.0
/* The operations: a table, and what each wrote, for the model. */
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "crgen.h"

#define CR0_LMSW 0xeUL /* what LMSW sets and clears; PE it can only set */
#define DEFAULT_COUNT 100

static uint64_t listed(const struct step *s, uint64_t i)
{
	return s->values[i % s->nr_values];
}

static void replay_values(struct vcpu *v, const struct step *s, uint64_t n)
{
	for (uint64_t i = 0; i < n; i++)
		model_write(&v->model, s->op->reg, listed(s, i));
}

static void replay_ts(struct vcpu *v, const struct step *s, uint64_t n)
{
	(void)s;
	while (n--)
		model_write(&v->model, REG_CR0, v->model.reg[REG_CR0] ^ CR0_TS);
}

static void replay_clts(struct vcpu *v, const struct step *s, uint64_t n)
{
	uint64_t cr0 = v->model.reg[REG_CR0];

	(void)s;
	while (n--) {
		model_write(&v->model, REG_CR0, cr0 | CR0_TS);
		model_write(&v->model, REG_CR0, cr0 & ~(uint64_t)CR0_TS);
	}
}

static void replay_lmsw(struct vcpu *v, const struct step *s, uint64_t n)
{
	for (uint64_t i = 0; i < n; i++)
		model_write(&v->model, REG_CR0,
			    (v->model.reg[REG_CR0] & ~CR0_LMSW) | listed(s, i));
}

static void replay_pe(struct vcpu *v, const struct step *s, uint64_t n)
{
	(void)s;
	while (n--) {
		model_write(&v->model, REG_CR0, CR0_PROTECTED);
		model_write(&v->model, REG_CR0, CR0_REAL);
	}
}

static void replay_masked(struct vcpu *v, const struct step *s, uint64_t n)
{
	model_write(&v->model, REG_CR8, 15);
	replay_values(v, s, n);
	model_write(&v->model, REG_CR8, 0);
}

static void replay_irq(struct vcpu *v, const struct step *s, uint64_t n)
{
	(void)s;
	while (n--) {
		model_write(&v->model, REG_CR8, 2);
		model_write(&v->model, REG_CR8, 0);
	}
}

static void do_sregs(struct vcpu *v)
{
	vcpu_set_sregs(v, &v->sregs);
	v->count[N_sregs]++;
}

static void do_sregs2(struct vcpu *v)
{
#ifdef KVM_SET_SREGS2
	struct kvm_sregs2 s;

	if (ioctl(v->fd, KVM_GET_SREGS2, &s) ||
	    ioctl(v->fd, KVM_SET_SREGS2, &s))
		err(STATUS_FAILED, "KVM_SET_SREGS2");
	v->count[N_sregs2]++;
	v->count[N_user_tpr]++;
#else
	(void)v;
	errx(STATUS_UNSUPPORTED, "built without KVM_SET_SREGS2 (Linux 5.14)");
#endif
}

static void do_lapic(struct vcpu *v)
{
	struct kvm_lapic_state s;

	if (ioctl(v->fd, KVM_GET_LAPIC, &s) || ioctl(v->fd, KVM_SET_LAPIC, &s))
		err(STATUS_FAILED, "KVM_SET_LAPIC");
	v->count[N_lapic]++;
}

#define COUNTS(a) .first = N_##a, .last = N_##a

/* In the order of the report's columns. */
const struct op ops[] = {
	{ "cr0-read", "MOV from CR0", .entry = op_cr0_read, COUNTS(cr0_read) },
	{ "cr0-write", "MOV to CR0; as it is, toggles AM",
	  .entry = op_cr0_write, COUNTS(cr0_write), .replay = replay_values,
	  .reg = REG_CR0, .defaults = "80050031,80010031" },
	{ "cr0-ts", "MOV to CR0 that changes TS alone", .entry = op_cr0_ts,
	  COUNTS(cr0_ts), .replay = replay_ts },
	{ "clts", "MOV to CR0 that sets TS, then CLTS", .entry = op_clts,
	  COUNTS(clts), .replay = replay_clts },
	{ "lmsw", "LMSW; as it is, toggles EM", .entry = op_lmsw, COUNTS(lmsw),
	  .replay = replay_lmsw, .reg = REG_CR0, .defaults = "5,1" },
	{ "cr3-read", "MOV from CR3", .entry = op_cr3_read, COUNTS(cr3_read) },
	{ "cr3-write", "MOV to CR3", .entry = op_cr3_write, COUNTS(cr3_write),
	  .replay = replay_values, .reg = REG_CR3, .defaults = "distinct:2" },
	{ "cr4-read", "MOV from CR4", .entry = op_cr4_read, COUNTS(cr4_read) },
	{ "cr4-write", "MOV to CR4; as it is, toggles MCE",
	  .entry = op_cr4_write, COUNTS(cr4_write), .replay = replay_values,
	  .reg = REG_CR4, .defaults = "60,20" },
	{ "cr4-gpr", "MOV to CR4 from each general register in turn",
	  .entry = op_cr4_gpr, .first = N_cr4_rax, .last = N_cr4_r15,
	  .replay = replay_values, .reg = REG_CR4, .defaults = "60,20" },
	{ "cr8-read", "MOV from CR8", .entry = op_cr8_read, COUNTS(cr8_read) },
	{ "cr8-write", "MOV to CR8, no interrupt pending",
	  .entry = op_cr8_write, COUNTS(cr8_write), .replay = replay_values,
	  .reg = REG_CR8, .defaults = "1..f,0" },
	{ "cr8-masked",
	  "raise CR8 to 15, make an interrupt pending, MOV to CR8 COUNT times that keeps it masked, lower CR8 to 0, take it",
	  .entry = op_cr8_masked, COUNTS(masked), .replay = replay_masked,
	  .reg = REG_CR8, .defaults = "e..2", .apic = APIC_XAPIC },
	{ "cr8-port", "MOV to CR8, then OUT: an exit after each write",
	  .entry = op_cr8_port, COUNTS(cr8_port), .replay = replay_values,
	  .reg = REG_CR8, .defaults = "1..f,0" },
	{ "tpr-mmio", "write to TPR in the APIC page", .entry = op_tpr_mmio,
	  COUNTS(tpr_mmio), .replay = replay_values, .reg = REG_TPR,
	  .defaults = "10..f0/10,0", .apic = APIC_XAPIC },
	{ "tpr-msr", "write to TPR by its x2APIC MSR", .entry = op_tpr_msr,
	  COUNTS(tpr_msr), .replay = replay_values, .reg = REG_TPR,
	  .defaults = "10..f0/10,0", .apic = APIC_X2APIC },
	{ "pe", "in real mode: CR0 from 10 to 11 and back", .entry = op_pe,
	  COUNTS(pe_leave), .replay = replay_pe, .real = true },
	{ "port", "OUT to a port that the program handles", .entry = op_port,
	  COUNTS(port) },
	{ "cpuid", "CPUID: an exit that KVM handles", .entry = op_cpuid,
	  COUNTS(cpuid) },
	{ "irq", "raise CR8 to 2, take an interrupt, EOI, lower CR8 to 0",
	  .entry = op_irq, COUNTS(irq_lower), .replay = replay_irq,
	  .apic = APIC_XAPIC },
	{ "sregs", "KVM_SET_SREGS with the values that are there",
	  .ioctl = do_sregs, COUNTS(sregs) },
	{ "sregs2", "KVM_SET_SREGS2 with the values that are there",
	  .ioctl = do_sregs2, COUNTS(sregs2) },
	{ "lapic", "KVM_SET_LAPIC with the state that is there",
	  .ioctl = do_lapic, COUNTS(lapic), .apic = APIC_KERNEL },
};

const size_t nr_ops = ARRAY_SIZE(ops);

/**
 * op_count - how often an operation was done
 * @v: vCPU
 * @op: operation
 *
 * Return: the number.
 */
uint64_t op_count(const struct vcpu *v, const struct op *op)
{
	uint64_t sum = 0;

	for (int c = (int)op->first; c <= (int)op->last; c++)
		sum += v->count[c];
	return sum;
}

/**
 * ops_list - print all operations for the user
 */
void ops_list(void)
{
	for (size_t i = 0; i < nr_ops; i++) {
		printf("%-11s %s", ops[i].name, ops[i].help);
		if (ops[i].defaults)
			printf("\n%-11s values: %s", "", ops[i].defaults);
		putchar('\n');
	}
}

static const struct op *find(const char *name)
{
	for (size_t i = 0; i < nr_ops; i++)
		if (!strcmp(ops[i].name, name))
			return &ops[i];
	errx(STATUS_USAGE, "no operation \"%s\": see --list", name);
}

/**
 * step_parse - read an operation of the command line
 * @s: where, all zero
 * @arg: OP[=COUNT[,VALUE...]], cut up
 * @c: configuration, for what values are legal
 */
void step_parse(struct step *s, char *arg, const struct config *c)
{
	char *count = strchr(arg, '=');
	char *values = NULL, *end;
	unsigned long n = DEFAULT_COUNT;

	if (count) {
		*count++ = '\0';
		values = strchr(count, ',');
		if (values)
			*values++ = '\0';
		errno = 0;
		n = strtoul(count, &end, 10);
		if (errno || end == count || *end || *count == '-' || !n ||
		    n > UINT32_MAX)
			errx(STATUS_USAGE, "%s: \"%s\" is not a count", arg,
			     count);
	}
	s->op = find(arg);
	s->count = (uint32_t)n;
	if (values)
		values_parse(s, values, c);
	else if (s->op->defaults)
		values_parse(s, s->op->defaults, c);
}
