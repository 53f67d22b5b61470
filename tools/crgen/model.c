// SPDX-License-Identifier: GPL-2.0
/*
 * The model of a vCPU's registers: told every write in order, it knows what
 * each write changed, and at the end of an operation KVM must agree with it.
 */
#include <err.h>
#include <inttypes.h>
#include <search.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#include "crgen.h"

#define SITE(name, reg, dir, mode) extern const char at_##name[];
GUEST_COUNTERS(SITE)
#undef SITE

/* The guest's instructions of interest, by counter. */
const struct site sites[NR_GUEST_COUNTERS] = {
#define SITE(name, reg, dir, mode) \
	{ at_##name, REG_##reg, DIR_##dir, MODE_##mode },
	GUEST_COUNTERS(SITE)
#undef SITE
};

struct value {
	enum guest_reg reg;
	uint64_t value;
	uint64_t count;
};

static int compare(const void *a, const void *b)
{
	const struct value *x = a, *y = b;

	if (x->reg != y->reg)
		return x->reg < y->reg ? -1 : 1;
	if (x->value != y->value)
		return x->value < y->value ? -1 : 1;
	return 0;
}

/**
 * tables_value - count a value written, and no bits
 * @t: tables
 * @reg: register
 * @value: value
 */
void tables_value(struct tables *t, enum guest_reg reg, uint64_t value)
{
	struct value key = { .reg = reg, .value = value };
	struct value **found = tfind(&key, &t->values, compare);
	struct value *new;

	if (found) {
		(*found)->count++;
		return;
	}
	key.count = 1;
	new = malloc(sizeof(*new));
	if (!new)
		err(STATUS_FAILED, "values");
	*new = key;
	if (!tsearch(new, &t->values, compare))
		err(STATUS_FAILED, "values");
}

static void count_bits(struct tables *t, enum guest_reg reg, uint64_t old,
		       uint64_t now)
{
	for (unsigned int bit = 0; bit < 64; bit++) {
		if (!((old ^ now) >> bit & 1))
			continue;
		if (now >> bit & 1)
			t->set[reg][bit]++;
		else
			t->cleared[reg][bit]++;
	}
}

/**
 * tables_count - how often a value was written
 * @t: tables
 * @reg: register
 * @value: value
 *
 * Return: the number.
 */
uint64_t tables_count(const struct tables *t, enum guest_reg reg,
		      uint64_t value)
{
	struct value key = { .reg = reg, .value = value };
	struct value **found = tfind(&key, &t->values, compare);

	return found ? (*found)->count : 0;
}

/**
 * tables_write - a register was written
 * @t: tables that it is added to
 * @reg: register
 * @old: what it held
 * @value: value written
 */
void tables_write(struct tables *t, enum guest_reg reg, uint64_t old,
		  uint64_t value)
{
	tables_value(t, reg, value);
	if (reg == REG_CR0)
		value = (value & CR0_DEFINED) | CR0_ET;
	count_bits(t, reg, old, value);
}

/**
 * model_access - the guest accessed a register
 * @v: vCPU
 * @c: the instruction's counter
 * @value: what it wrote; CR8 is the upper half of the TPR
 */
void model_access(struct vcpu *v, enum counter c, uint64_t value)
{
	struct model *m = &v->model;
	enum guest_reg reg = sites[c].reg;
	enum guest_reg kept = reg == REG_CR8 ? REG_TPR : reg;
	uint64_t now = reg == REG_CR8 ? value << 4 :
		       reg == REG_CR0 ? (value & CR0_DEFINED) | CR0_ET :
		       reg == REG_CR3 ? value & ~CR3_NOFLUSH :
					value;
	uint64_t changed = m->reg[kept] ^ now;

	if (v->config->check)
		expect_access(v, c, value);
	if (sites[c].dir == DIR_READ)
		return;
	if (IS_FAULT(c)) {
		tables_value(&m->did, reg, value);
		return;
	}
	if (IS_L2(c)) {
		tables_write(&m->l2_did, reg, m->l2_reg[reg], value);
		m->l2_reg[reg] = value;
		/* One TPR for both, unless L1 keeps L2's for itself. */
		if (reg == REG_CR8 && !v->config->l1_intercepts)
			m->reg[kept] = now;
		return;
	}
	tables_write(&m->did, reg, m->reg[reg], value);
	if (reg == REG_CR0 && changed & CR0_SELECTIVE)
		m->cr0_changed++;
	if (kept == REG_TPR && changed & TPR_CLASS)
		m->tpr_changed++;
	m->reg[kept] = now;
}

/**
 * model_check - leave if KVM has other values than the model
 * @v: vCPU, not running
 * @op: operation just done
 */
void model_check(const struct vcpu *v, const struct op *op)
{
	const uint64_t *reg = v->model.reg;
	struct kvm_sregs s;

	if (ioctl(v->fd, KVM_GET_SREGS, &s))
		err(STATUS_FAILED, "KVM_GET_SREGS");
	if (s.cr0 == reg[REG_CR0] && s.cr3 == reg[REG_CR3] &&
	    s.cr4 == reg[REG_CR4] && s.cr8 == reg[REG_TPR] >> 4)
		return;
	errx(STATUS_GUEST,
	     "%s: vCPU %u of VM %s has CR0, CR3, CR4, CR8 %llx %llx %llx %llx, not %" PRIx64
	     " %" PRIx64 " %" PRIx64 " %" PRIx64,
	     op->name, v->id, v->vm->name, s.cr0, s.cr3, s.cr4, s.cr8,
	     reg[REG_CR0], reg[REG_CR3], reg[REG_CR4], reg[REG_TPR] >> 4);
}

struct walk {
	void (*each)(enum guest_reg reg, uint64_t value, uint64_t count,
		     void *arg);
	void *arg;
};

static void visit(const void *node, VISIT order, void *closure)
{
	const struct value *v = *(const struct value *const *)node;
	const struct walk *w = closure;

	if (order == postorder || order == leaf)
		w->each(v->reg, v->value, v->count, w->arg);
}

/**
 * tables_each_value - go through the values written, by register and value
 * @t: tables
 * @each: called for each
 * @arg: its last argument
 */
void tables_each_value(const struct tables *t,
		       void (*each)(enum guest_reg reg, uint64_t value,
				    uint64_t count, void *arg),
		       void *arg)
{
	struct walk w = { .each = each, .arg = arg };

	twalk_r(t->values, visit, &w);
}
