// SPDX-License-Identifier: GPL-2.0
/* --check of the counters: what each must be, by what a vCPU did. */
#include <string.h>

#include "check.h"

/* Those of CR8 that end in kvm_set_cr8(), a nested guest's too. */
static uint64_t cr8_writes(const struct vcpu *v)
{
	uint64_t n = guest_sum(v->expect.exits, REG_CR8, DIR_WRITE);

	return v->config->l1_intercepts ? n :
					  n + v->expect.exits[N_l2_cr8_write];
}

static uint64_t user(const struct vcpu *v)
{
	return v->expect.user + v->expect.resets +
	       (v->config->user_apic ? since(v, N_run) : 0);
}

/* KVM copies V_TPR back after each exit for which no CR8 write is armed. */
static uint64_t sync_exits(const struct vcpu *v)
{
	uint64_t n = witness_exits(&v->witness, EXITS_ALL);

	if (!v->config->host->amd || v->config->user_apic)
		return 0;
	if (v->config->host->masked)
		n -= witness_exits(&v->witness, EXITS_MASKED);
	/* That of a nested guest is its own then. */
	if (v->config->l1_intercepts)
		n -= witness_exits(&v->witness, EXITS_NESTED);
	return n;
}

/**
 * check_calls - read who calls kvm_set_cr8() from the module's file "callers"
 *
 * Return: the callers.
 */
struct calls check_calls(void)
{
	struct calls calls = { 0 };

	for_each_row(row, file_read(FILE_callers)) {
		const char *site = cell_word(&row[CALLERS_site]);

		if (!cell_is(&row[CALLERS_function], "kvm_set_cr8"))
			continue;
		if (cell_is(&row[CALLERS_origin], "guest"))
			calls.guest = true;
		else if (cell_is(&row[CALLERS_origin], "sync"))
			calls.sync = true;
		else if (strstr(site, "ioctl_run"))
			calls.run = true;
		else if (strstr(site, "reset"))
			calls.reset = true;
		else
			calls.sregs = true;
	}
	return calls;
}

static uint64_t set_cr8(const struct vcpu *v, const struct calls *calls)
{
	uint64_t n = 0;

	if (calls->guest)
		n += cr8_writes(v);
	if (calls->sync)
		n += sync_exits(v);
	if (calls->sregs)
		n += since(v, N_user_tpr);
	if (calls->run && v->config->user_apic)
		n += since(v, N_run) + since(v, N_run_bad_cr8);
	if (calls->reset)
		n += v->expect.resets;
	return n;
}

/* With the APIC in KVM all that writes CR8 ends there. */
static uint64_t set_tpr(const struct vcpu *v)
{
	if (v->config->user_apic)
		return 0;
	return cr8_writes(v) + sync_exits(v) + since(v, N_user_tpr) +
	       v->expect.resets;
}

static void set_exits(struct line *l, const struct vcpu *v, enum guest_reg reg,
		      enum dir dir)
{
	l->did = guest_sum(v->count, reg, dir) - guest_sum(v->base, reg, dir);
	if (dir == DIR_WRITE)
		l->did -= v->expect.refused[reg];
	l->want = guest_sum(v->expect.exits, reg, dir);
	l->why = host_why(v, reg, dir);
	l->blind = host_blind(v, reg, dir);
}

/**
 * check_wanted - what a counter of a vCPU must be
 * @column: counter, of "vcpus"
 * @v: vCPU, at rest
 * @calls: of check_calls()
 *
 * Return: a row with all but what was counted.
 */
struct line check_wanted(unsigned int column, const struct vcpu *v,
			 const struct calls *calls)
{
	const struct expect *x = &v->expect;
	struct line l = { 0 };

	switch (column) {
	case VCPUS_cr0_read ... VCPUS_cr8_write:
		column -= VCPUS_cr0_read;
		set_exits(&l, v, REG_CR0 + column / 2,
			  column % 2 ? DIR_WRITE : DIR_READ);
		return l;
	case VCPUS_set_cr8:
		l.want = set_cr8(v, calls);
		break;
	case VCPUS_set_tpr:
		l.want = set_tpr(v);
		break;
	case VCPUS_tpr_guest:
		set_exits(&l, v, REG_CR8, DIR_WRITE);
		l.did += since(v, N_l2_cr8_write) - since(v, N_cr8_fault);
		l.want = x->guest;
		return l;
	case VCPUS_tpr_apic:
		set_exits(&l, v, REG_TPR, DIR_WRITE);
		l.want = x->apic;
		return l;
	case VCPUS_tpr_sync:
		l.want = sync_exits(v);
		break;
	case VCPUS_tpr_user:
		l.want = user(v);
		break;
	case VCPUS_tpr_change:
		l.want = x->change;
		l.skip = x->sampled;
		l.why = "an exit sees the last of several writes";
		break;
	default:
		break;
	}
	l.did = l.want;
	return l;
}
