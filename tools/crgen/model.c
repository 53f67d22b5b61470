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

#define CR0_SELECTIVE (~0xaUL) /* all but TS and MP */

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

static void count_value(struct model *m, enum guest_reg reg, uint64_t value)
{
	struct value key = { .reg = reg, .value = value };
	struct value **found = tfind(&key, &m->values, compare);
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
	if (!tsearch(new, &m->values, compare))
		err(STATUS_FAILED, "values");
}

/**
 * model_write - the guest wrote a register
 * @m: model
 * @reg: register; CR8 is the upper half of the TPR
 * @value: value written
 */
void model_write(struct model *m, enum guest_reg reg, uint64_t value)
{
	enum guest_reg kept = reg == REG_CR8 ? REG_TPR : reg;
	uint64_t now = reg == REG_CR8 ? value << 4 : value;
	uint64_t changed = m->reg[kept] ^ now;

	count_value(m, reg, value);
	if (reg == REG_CR0 && changed & CR0_SELECTIVE)
		m->cr0_changed++;
	if (kept == REG_TPR && changed & 0xf0)
		m->tpr_changed++;
	for (unsigned int bit = 0; changed >> bit; bit++) {
		if (!(changed >> bit & 1))
			continue;
		if (now >> bit & 1)
			m->set[kept][bit]++;
		else
			m->cleared[kept][bit]++;
		if (bit == 63)
			break;
	}
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
 * model_each_value - go through the values written, by register and value
 * @m: model
 * @each: called for each
 * @arg: its last argument
 */
void model_each_value(const struct model *m,
		      void (*each)(enum guest_reg reg, uint64_t value,
				   uint64_t count, void *arg),
		      void *arg)
{
	struct walk w = { .each = each, .arg = arg };

	twalk_r(m->values, visit, &w);
}
