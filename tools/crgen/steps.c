// SPDX-License-Identifier: GPL-2.0
/* The operations of the command line, or all of them. */
#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "crgen.h"

#define DEFAULT_COUNT 100

static const struct op *find(const char *name)
{
	for (size_t i = 0; i < nr_ops; i++)
		if (!strcmp(ops[i].name, name))
			return &ops[i];
	errx(STATUS_USAGE, "no operation \"%s\": see --list", name);
}

static void step_parse(struct step *s, char *arg)
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
		values_parse(s, values);
	else if (s->op->defaults)
		values_parse(s, s->op->defaults);
}

static bool apic_fits(const struct config *c, const struct op *op)
{
	return op->apic == APIC_ANY || (op->apic == APIC_USER) == c->user_apic;
}

/**
 * step_add - read an operation of the command line
 * @c: configuration that it is added to
 * @arg: OP[=COUNT[,VALUE...]], cut up
 *
 * Leaves with a message if it is none, or can't be done with that APIC.
 */
void step_add(struct config *c, char *arg)
{
	uint64_t address = GUEST_VALUES;
	struct step *s;

	c->steps = reallocarray(c->steps, c->nr_steps + 1, sizeof(*c->steps));
	if (!c->steps)
		err(STATUS_FAILED, "operations");
	s = &c->steps[c->nr_steps++];
	if (c->nr_steps > 1)
		address =
			s[-1].address + s[-1].nr_values * sizeof(*s[-1].values);
	*s = (struct step){ .address = address };
	step_parse(s, arg);
	c->nested |= !!s->op->l2;
	if (!apic_fits(c, s->op))
		errx(STATUS_USAGE, "%s needs --apic=%s", s->op->name,
		     c->user_apic ? "kernel" : "user");
}

/**
 * step_fits - whether an operation can be done here
 * @c: where the APIC is
 * @kvm: /dev/kvm
 * @arg: OP[=...]
 *
 * Return: whether it can.
 */
bool step_fits(const struct config *c, int kvm, const char *arg)
{
	char *name = strndup(arg, strcspn(arg, "="));
	const struct op *op;

	if (!name)
		err(STATUS_FAILED, "operations");
	op = find(name);
	free(name);
	return apic_fits(c, op) && !kvm_lacks(kvm, c, op);
}

/**
 * steps_check - leave where the operations don't go together
 * @c: configuration
 */
void steps_check(const struct config *c)
{
	bool off = false, shared = false;

	for (size_t i = 0; i < c->nr_steps; i++) {
		enum counter first = c->steps[i].op->first;

		if (first == N_l2_cr0_fault && c->check)
			errx(STATUS_USAGE, "%s does not go with --check",
			     c->steps[i].op->name);
		shared |= first >= N_reset && first <= N_on;
		if (first != N_off && first != N_on)
			continue;
		if ((off ? N_on : N_off) != first || c->steps[i].count != 1)
			errx(STATUS_USAGE, "off and on take turns, once each");
		off = !off;
	}
	if (off)
		errx(STATUS_USAGE, "off without on");
	if (shared && c->forever)
		errx(STATUS_USAGE, "reset, off and on don't go with --forever");
}

/*
 * All operations, as --check compares them to the unit: CR8 writes that no exit
 * follows find the value that is there, and CD is set for a while, for KVM on
 * AMD then intercepts all of CR0.
 */
static const char *const defaults[] = {
	"cr0-read",    "cr0-write", "cr0-ts",
	"clts",	       "lmsw",	    "cr3-read",
	"cr3-write",   "cr4-read",  "cr4-write",
	"cr4-gpr",     "cr8-read",  "cr8-write=100,0",
	"cr8-masked",  "cr8-port",  "tpr-mmio",
	"tpr-msr",     "pe",	    "port",
	"cpuid",       "irq=1",	    "cr0-fault",
	"cr4-fault",   "cr8-fault", "sregs",
	"sregs2",      "lapic",	    "cr0-write=1,c0050031",
	"cr0-read=10", "cr0-ts=10", "cr0-write=1",
};

/**
 * steps_default - add all operations that KVM can do here
 * @c: configuration without any
 * @kvm: /dev/kvm
 */
void steps_default(struct config *c, int kvm)
{
	for (size_t i = 0; i < ARRAY_SIZE(defaults); i++) {
		char *step;

		if (!step_fits(c, kvm, defaults[i]))
			continue;
		step = strdup(defaults[i]);
		if (!step)
			err(STATUS_FAILED, "operations");
		step_add(c, step);
		free(step);
	}
}
