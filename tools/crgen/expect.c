// SPDX-License-Identifier: GPL-2.0
/*
 * What the module must have seen of a vCPU: told in order what the guest and
 * the program did, it knows which of it reaches the host. Which CR accesses
 * exit: AMD APM vol. 2 15.9 and svm_set_cr0(), SDM vol. 3C 26.1.3; which
 * calls there are: arch/x86/kvm/svm/svm.c, vmx/vmx.c and x86.c, 5.10 to 7.3.
 */
#include "crgen.h"

#define CR0_PG 0x80000000UL
#define CR0_CD 0x40000000UL
#define CR0_NW 0x20000000UL
#define CR0_WP 0x10000UL

/*
 * KVM on AMD intercepts all of CR0 where the guest's differs from the real one,
 * which never has CD and NW, and without nested paging always has PG and WP.
 */
static bool svm_all_of_cr0(const struct host *host, uint64_t cr0)
{
	return cr0 & (CR0_CD | CR0_NW) ||
	       (!host->nested_paging && ~cr0 & (CR0_PG | CR0_WP));
}

static bool svm_exits(const struct vcpu *v, enum counter c, uint64_t cr0,
		      uint64_t changed)
{
	const struct host *host = v->config->host;
	bool write = sites[c].dir == DIR_WRITE;

	switch (sites[c].reg) {
	case REG_CR0:
		return svm_all_of_cr0(host, cr0) ||
		       (write && changed & CR0_SELECTIVE) ||
		       (c == N_lmsw && host->lmsw);
	case REG_CR3:
		return !host->nested_paging && (write || host->reads);
	case REG_CR4:
		return write || host->reads;
	case REG_CR8:
		return write && (v->config->user_apic || v->expect.masked);
	default:
		return false;
	}
}

static bool vmx_exits(const struct vcpu *v, enum counter c, uint64_t changed)
{
	const struct host *host = v->config->host;
	enum guest_reg reg = sites[c].reg;

	/* Real mode that is emulated is no exit of the processor's. */
	if (c == N_pe_enter && !host->unrestricted)
		return false;
	switch (reg) {
	case REG_CR0:
	case REG_CR4:
		return sites[c].dir == DIR_WRITE && changed & ~host->owned[reg];
	case REG_CR3:
		return !host->nested_paging;
	case REG_CR8:
		return v->config->user_apic || host->cr8;
	default:
		return false;
	}
}

static bool access_exits(const struct vcpu *v, enum counter c, uint64_t changed)
{
	if (IS_FAULT(c))
		return v->config->host->faults[sites[c].reg];
	return v->config->host->amd ?
		       svm_exits(v, c, v->model.reg[REG_CR0], changed) :
		       vmx_exits(v, c, changed);
}

static bool syncs(const struct vcpu *v)
{
	return v->config->host->amd && !v->config->user_apic &&
	       !v->expect.masked;
}

/* As the module counts: a sync has the upper half of the TPR alone. */
static void tpr_write(struct expect *x, uint8_t tpr, bool sync)
{
	uint8_t differs = x->last_tpr ^ tpr;

	if (sync)
		differs &= TPR_CLASS;
	if (differs)
		x->change++;
	x->last_tpr = tpr;
	x->tpr = tpr;
	x->unseen = 0;
}

static void tpr_unseen(struct expect *x, uint8_t tpr)
{
	if ((x->tpr ^ tpr) & TPR_CLASS)
		x->unseen++;
	x->tpr = tpr;
}

static void armed(struct vcpu *v)
{
	const struct host *host = v->config->host;
	uint64_t cr0 = v->model.reg[REG_CR0];

	v->expect.armed = true;
	v->expect.armed_cr0 = host->amd && svm_all_of_cr0(host, cr0);
	v->expect.armed_cr3 =
		!host->nested_paging ||
		(!host->amd && !host->unrestricted && ~cr0 & CR0_PG);
}

/**
 * expect_clear - the module counts from zero
 * @x: what it must have seen; what it knows besides counts it still knows
 */
void expect_clear(struct expect *x)
{
	*x = (struct expect){
		.tid = x->tid,
		.last_tpr = x->last_tpr,
		.tpr = x->tpr,
		.unseen = x->unseen,
		.masked = x->masked,
		.armed = x->armed,
		.armed_cr0 = x->armed_cr0,
		.armed_cr3 = x->armed_cr3,
	};
}

/**
 * expect_exit - the guest exits for some other reason than an access
 * @v: vCPU
 */
void expect_exit(struct vcpu *v)
{
	struct expect *x = &v->expect;

	if (!v->config->check || !syncs(v))
		return;
	armed(v);
	if (x->unseen > 1)
		x->sampled = true;
	tpr_write(x, x->tpr & TPR_CLASS, true);
}

/**
 * expect_apic - the guest writes a register in the APIC page
 * @v: vCPU
 */
void expect_apic(struct vcpu *v)
{
	if (v->config->check && v->config->host->mmio)
		expect_exit(v);
}

/**
 * expect_masked - an interrupt is pending and masked, or no more
 * @v: vCPU
 * @masked: which of both
 */
void expect_masked(struct vcpu *v, bool masked)
{
	struct expect *x = &v->expect;

	if (!v->config->check || !v->config->host->masked)
		return;
	if (v->config->host->amd) {
		x->masked = masked;
	} else if (!masked && !v->config->host->cr8) {
		/* It was lowered below the threshold. */
		armed(v);
		x->guest++;
		tpr_write(x, x->tpr, false);
	}
}

/**
 * expect_user - an ioctl writes the TPR
 * @v: vCPU, before its other registers change
 * @tpr: the value
 */
void expect_user(struct vcpu *v, uint8_t tpr)
{
	if (!v->config->check)
		return;
	if (v->expect.armed)
		armed(v);
	v->expect.user++;
	tpr_write(&v->expect, tpr, false);
}

/**
 * expect_init - KVM resets the vCPU, its TPR with it
 * @v: vCPU
 */
void expect_init(struct vcpu *v)
{
	if (!v->config->check)
		return;
	if (v->config->host->amd) {
		tpr_unseen(&v->expect, 0);
		return;
	}
	v->expect.resets++;
	tpr_write(&v->expect, 0, false);
}

/**
 * expect_run - KVM_RUN is called, which writes CR8 without an APIC in KVM
 * @v: vCPU
 */
void expect_run(struct vcpu *v)
{
	if (!v->config->check)
		return;
	v->expect.tid = v->tid;
	if (v->config->host->amd || v->config->user_apic)
		armed(v);
}

static void expect_tpr(struct vcpu *v, enum counter c, uint8_t tpr)
{
	const struct host *host = v->config->host;
	struct expect *x = &v->expect;

	if (c == N_tpr_mmio ? !host->mmio : c == N_tpr_msr && !host->msr) {
		tpr_unseen(x, tpr);
		return;
	}
	expect_exit(v);
	x->apic++;
	tables_write(&x->seen, REG_TPR, 0, tpr);
	tpr_write(x, tpr, false);
}

/* Where L1 has all bits of CR0 and CR4 in its masks. */
static bool vmx_l1_exits(enum counter c, uint64_t changed)
{
	enum guest_reg reg = sites[c].reg;

	if (reg == REG_CR0 || reg == REG_CR4)
		return sites[c].dir == DIR_WRITE && changed;
	return true;
}

/* L1 has no TPR shadow for L2, so KVM has none either. */
static bool vmx_l2_exits(const struct vcpu *v, enum counter c, uint64_t changed)
{
	return sites[c].reg == REG_CR8 || vmx_exits(v, c, changed);
}

/* What L1 takes undecoded: on any CPU a selective write of CR0. */
static bool svm_undecoded(const struct vcpu *v, enum counter c)
{
	const struct config *config = v->config;
	uint64_t cr0 = v->model.l2_reg[REG_CR0];

	return config->host->amd &&
	       (!config->host->decodes ||
		(sites[c].reg == REG_CR0 && config->l1_selective &&
		 !svm_all_of_cr0(config->host, cr0)));
}

/*
 * A nested guest's access exits where L1 or KVM for itself intercepts it; L1
 * gets those that it does. The TPR is the vCPU's own.
 */
static void expect_l2(struct vcpu *v, enum counter c, uint64_t value)
{
	const uint64_t *l2 = v->model.l2_reg;
	enum guest_reg reg = sites[c].reg;
	struct expect *x = &v->expect;
	uint64_t changed = l2[reg] ^ value;
	bool cr8_write = c == N_l2_cr8_write;
	bool l1 = v->config->l1_intercepts &&
		  (v->config->host->amd || vmx_l1_exits(c, changed));

	if (!l1 &&
	    (v->config->host->amd ? !svm_exits(v, c, l2[REG_CR0], changed) :
				    !vmx_l2_exits(v, c, changed))) {
		if (cr8_write)
			tpr_unseen(x, (uint8_t)(value << 4));
		return;
	}
	if (!v->config->l1_intercepts)
		expect_exit(v);
	x->exits[c]++;
	x->reflected += l1;
	if (sites[c].dir == DIR_WRITE && l1 && svm_undecoded(v, c))
		x->l2_unknown[reg]++;
	else if (sites[c].dir == DIR_WRITE)
		tables_write(&x->l2_seen, reg, l2[reg], value);
	if (cr8_write && !l1) {
		x->guest++;
		tpr_write(x, (uint8_t)(value << 4), false);
	}
}

/**
 * expect_access - the guest accesses a register
 * @v: vCPU, before the model knows of it
 * @c: the instruction's counter
 * @value: what it writes
 */
void expect_access(struct vcpu *v, enum counter c, uint64_t value)
{
	enum guest_reg reg = sites[c].reg;
	struct expect *x = &v->expect;
	uint64_t old = v->model.reg[reg];
	uint64_t changed = old ^ value;

	if (reg == REG_NONE)
		return;
	if (IS_L2(c)) {
		expect_l2(v, c, value);
		return;
	}
	if (reg == REG_TPR) {
		expect_tpr(v, c, (uint8_t)value);
		return;
	}
	if (!access_exits(v, c, changed)) {
		if (IS_FAULT(c))
			x->refused[reg]++;
		else if (reg == REG_CR8 && sites[c].dir == DIR_WRITE)
			tpr_unseen(x, (uint8_t)(value << 4));
		return;
	}
	armed(v);
	expect_exit(v);
	x->exits[c]++;
	if (sites[c].dir == DIR_READ)
		return;
	if (IS_FAULT(c)) {
		tables_value(&x->seen, reg, value);
		tables_value(&x->faults, reg, value);
		return;
	}
	tables_write(&x->seen, reg, old, value);
	if (reg != REG_CR8)
		return;
	x->guest++;
	tpr_write(x, (uint8_t)(value << 4), false);
}
