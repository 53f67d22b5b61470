// SPDX-License-Identifier: GPL-2.0
/* The operations: a table, and what each wrote, for the model. */
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "crgen.h"

#define CR0_LMSW 0xeUL /* what LMSW sets and clears; PE it can only set */
#define APIC_ID 0x20
#define APIC_TASKPRI 0x80
#define TPR_BIT_3 8
#define APIC_INIT 5
#define APIC_STARTUP 6
#define MSI_ADDRESS 0xfee00000

static uint64_t listed(const struct step *s, uint64_t i)
{
	return s->values[i % s->nr_values];
}

static void replay_reads(struct vcpu *v, const struct step *s, uint64_t n)
{
	while (n--)
		model_access(v, s->op->first, 0);
}

/* One instruction, or several in turn. */
static void replay_values(struct vcpu *v, const struct step *s, uint64_t n)
{
	unsigned int sites = s->op->last - s->op->first + 1;

	for (uint64_t i = 0; i < n; i++)
		model_access(v, s->op->first + i % sites, listed(s, i));
}

static void replay_ts(struct vcpu *v, const struct step *s, uint64_t n)
{
	(void)s;
	while (n--)
		model_access(v, N_cr0_ts, v->model.reg[REG_CR0] ^ CR0_TS);
}

static void replay_clts(struct vcpu *v, const struct step *s, uint64_t n)
{
	uint64_t cr0 = v->model.reg[REG_CR0];

	(void)s;
	while (n--) {
		model_access(v, N_clts_set, cr0 | CR0_TS);
		model_access(v, N_clts, cr0 & ~(uint64_t)CR0_TS);
	}
}

static void replay_lmsw(struct vcpu *v, const struct step *s, uint64_t n)
{
	for (uint64_t i = 0; i < n; i++)
		model_access(v, N_lmsw,
			     (v->model.reg[REG_CR0] & ~CR0_LMSW) |
				     listed(s, i));
}

static void replay_pe(struct vcpu *v, const struct step *s, uint64_t n)
{
	(void)s;
	while (n--) {
		model_access(v, N_pe_enter, CR0_PROTECTED);
		model_access(v, N_pe_leave, CR0_REAL);
	}
}

static void replay_port(struct vcpu *v, const struct step *s, uint64_t n)
{
	for (uint64_t i = 0; i < n; i++) {
		if (s->op->reg != REG_NONE)
			model_access(v, s->op->first, listed(s, i));
		expect_exit(v);
	}
}

static void replay_masked(struct vcpu *v, const struct step *s, uint64_t n)
{
	expect_apic(v); /* SPIV */
	model_access(v, N_masked_raise, 15);
	expect_apic(v); /* ICR */
	expect_masked(v, true);
	replay_values(v, s, n);
	model_access(v, N_masked_lower, 0);
	expect_masked(v, false);
	expect_apic(v); /* EOI */
}

static void replay_irq(struct vcpu *v, const struct step *s, uint64_t n)
{
	(void)s;
	expect_apic(v); /* SPIV */
	while (n--) {
		model_access(v, N_irq_raise, 2);
		expect_apic(v); /* ICR */
		expect_apic(v); /* EOI */
		model_access(v, N_irq_lower, 0);
	}
}

/* L2 begins with the registers of the start; VMRUN and its end exit. */
static void replay_l2(struct vcpu *v, const struct step *s, uint64_t n)
{
	memcpy(v->model.l2_reg, reg_start, sizeof(v->model.l2_reg));
	expect_exit(v);
	for (uint64_t i = 0; i < n; i++)
		model_access(v, s->op->first, s->nr_values ? listed(s, i) : 0);
	expect_exit(v);
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
	expect_user(v, (uint8_t)(s.cr8 << 4));
#else
	(void)v; /* kvm_lacks() */
#endif
}

static void set_lapic(struct vcpu *v)
{
	struct kvm_lapic_state s;

	if (ioctl(v->fd, KVM_GET_LAPIC, &s))
		err(STATUS_FAILED, "KVM_GET_LAPIC");
	/*
	 * After x2APIC mode its id is still there, and KVM virtualizes no APIC
	 * of a VM any more where one's id is not the vCPU's.
	 */
	if (!(v->sregs.apic_base & APIC_BASE_X2APIC))
		s.regs[APIC_ID + 3] = (char)v->id;
	/* What KVM keeps of a TPR when it takes over CR8 lacks it. */
	s.regs[APIC_TASKPRI] ^= TPR_BIT_3;
	if (ioctl(v->fd, KVM_SET_LAPIC, &s))
		err(STATUS_FAILED, "KVM_SET_LAPIC");
	expect_user(v, (uint8_t)s.regs[APIC_TASKPRI]);
}

static void do_lapic(struct vcpu *v)
{
	set_lapic(v);
	v->count[N_lapic]++;
}

/* As the APIC takes it from others, without a KVM_RUN that acts on it. */
static void deliver(const struct vcpu *v, uint32_t mode)
{
	struct kvm_msi msi = { .address_lo = MSI_ADDRESS | v->id << 12,
			       .data = mode << 8 };
	struct kvm_mp_state state;

	if (ioctl(v->vm->fd, KVM_SIGNAL_MSI, &msi) <= 0 ||
	    ioctl(v->fd, KVM_GET_MP_STATE, &state))
		err(STATUS_FAILED, "KVM_SIGNAL_MSI");
}

static void do_init(struct vcpu *v)
{
	/* KVM finds the vCPU that was made last once its APIC was set. */
	set_lapic(v);
	deliver(v, APIC_INIT);
	/* All but the first wait for it. */
	if (v->id)
		deliver(v, APIC_STARTUP);
	v->count[N_init]++;
	expect_init(v);
	vcpu_set_sregs(v, &v->sregs);
	/* Again, for KVM was there before CD was cleared or after. */
	vcpu_set_sregs(v, &v->sregs);
}

/* Long mode without PAE. */
static void do_sregs_fail(struct vcpu *v)
{
	struct kvm_sregs s = v->sregs;

	s.cr4 = 0;
	if (!ioctl(v->fd, KVM_SET_SREGS, &s) || errno != EINVAL)
		errx(STATUS_FAILED, "KVM_SET_SREGS did not fail");
	v->count[N_sregs_fail]++;
}

/* A request that no KVM knows, then, where that is looked at, a CR8. */
static void do_run_fail(struct vcpu *v)
{
	uint64_t cr8 = v->run->cr8;
	__u64 *regs = v->count[N_run_fail] % 2 ? &v->run->kvm_valid_regs :
						 &v->run->kvm_dirty_regs;

	*regs = UINT64_C(1) << 63;
	if (!ioctl(v->fd, KVM_RUN, 0) || errno != EINVAL)
		errx(STATUS_FAILED, "KVM_RUN did not fail");
	*regs = 0;
	v->count[N_run_fail]++;
	expect_run(v);
	if (!v->config->user_apic)
		return;
	v->run->cr8 = 16;
	if (!ioctl(v->fd, KVM_RUN, 0) || errno != EINVAL)
		errx(STATUS_FAILED, "KVM_RUN took CR8");
	v->run->cr8 = cr8;
	v->count[N_run_bad_cr8]++;
}

static void do_stop(struct vcpu *v)
{
	v->count[N_stop]++;
	raise(SIGSTOP);
}

#define COUNTS(a) .first = N_##a, .last = N_##a

#define L2_READ(n)                                                     \
	{                                                              \
		"l2-cr" #n "-read", "a nested guest's MOV from CR" #n, \
			.entry = op_nested, .l2 = l2_cr##n##_read,     \
			COUNTS(l2_cr##n##_read), .replay = replay_l2   \
	}
#define L2_WRITE(n, values)                                            \
	{                                                              \
		"l2-cr" #n "-write", "a nested guest's MOV to CR" #n,  \
			.entry = op_nested, .l2 = l2_cr##n##_write,    \
			COUNTS(l2_cr##n##_write), .replay = replay_l2, \
			.reg = REG_CR##n, .defaults = values           \
	}

/* In the order of the report's columns. */
const struct op ops[] = {
	{ "cr0-read", "MOV from CR0", .entry = op_cr0_read, COUNTS(cr0_read),
	  .replay = replay_reads },
	{ "cr0-write", "MOV to CR0; as it is, toggles AM",
	  .entry = op_cr0_write, COUNTS(cr0_write), .replay = replay_values,
	  .reg = REG_CR0, .defaults = "80050031,80010031" },
	{ "cr0-ts", "MOV to CR0 that changes TS alone", .entry = op_cr0_ts,
	  COUNTS(cr0_ts), .replay = replay_ts },
	{ "clts", "MOV to CR0 that sets TS, then CLTS", .entry = op_clts,
	  COUNTS(clts), .replay = replay_clts },
	{ "lmsw", "LMSW; as it is, toggles EM", .entry = op_lmsw, COUNTS(lmsw),
	  .replay = replay_lmsw, .reg = REG_CR0, .defaults = "5,1" },
	{ "cr3-read", "MOV from CR3", .entry = op_cr3_read, COUNTS(cr3_read),
	  .replay = replay_reads },
	{ "cr3-write", "MOV to CR3", .entry = op_cr3_write, COUNTS(cr3_write),
	  .replay = replay_values, .reg = REG_CR3, .defaults = "distinct:2" },
	{ "cr4-read", "MOV from CR4", .entry = op_cr4_read, COUNTS(cr4_read),
	  .replay = replay_reads },
	{ "cr4-write", "MOV to CR4; as it is, toggles MCE",
	  .entry = op_cr4_write, COUNTS(cr4_write), .replay = replay_values,
	  .reg = REG_CR4, .defaults = "60,20" },
	{ "cr4-gpr", "MOV to CR4 from each general register in turn",
	  .entry = op_cr4_gpr, .first = N_cr4_rax, .last = N_cr4_r15,
	  .replay = replay_values, .reg = REG_CR4, .defaults = "60,20" },
	{ "cr4-32", "the same in 32-bit code, without paging",
	  .entry = op_cr4_32, COUNTS(cr4_32), .replay = replay_values,
	  .reg = REG_CR4, .defaults = "60,20", .narrow = true },
	{ "cr4-compat", "the same in 32-bit code in compatibility mode",
	  .entry = op_cr4_compat, COUNTS(cr4_compat), .replay = replay_values,
	  .reg = REG_CR4, .defaults = "60,20", .narrow = true },
	{ "cr8-read", "MOV from CR8", .entry = op_cr8_read, COUNTS(cr8_read),
	  .replay = replay_reads },
	{ "cr8-write", "MOV to CR8, no interrupt pending",
	  .entry = op_cr8_write, COUNTS(cr8_write), .replay = replay_values,
	  .reg = REG_CR8, .defaults = "1..f,0" },
	{ "cr8-masked",
	  "raise CR8 to 15, make an interrupt pending, MOV to CR8 COUNT times that keeps it masked, lower CR8 to 0, take it",
	  .entry = op_cr8_masked, COUNTS(masked), .replay = replay_masked,
	  .reg = REG_CR8, .defaults = "e..2", .apic = APIC_XAPIC },
	{ "cr8-port", "MOV to CR8, then OUT: an exit after each write",
	  .entry = op_cr8_port, COUNTS(cr8_port), .replay = replay_port,
	  .reg = REG_CR8, .defaults = "1..f,0" },
	{ "cr0-fault", "MOV to CR0 that fails: #GP", .entry = op_cr0_fault,
	  COUNTS(cr0_fault), .replay = replay_values, .reg = REG_CR0,
	  .defaults = "80010030,80050030" },
	{ "cr3-fault", "MOV to CR3 that fails", .entry = op_cr3_fault,
	  COUNTS(cr3_fault), .replay = replay_values, .reg = REG_CR3,
	  .defaults = "1000000000101000,1000000000102000" },
	{ "cr4-fault", "MOV to CR4 that fails", .entry = op_cr4_fault,
	  COUNTS(cr4_fault), .replay = replay_values, .reg = REG_CR4,
	  .defaults = "8020,8060" },
	{ "cr8-fault", "MOV to CR8 that fails, with --apic=user",
	  .entry = op_cr8_fault, COUNTS(cr8_fault), .replay = replay_values,
	  .reg = REG_CR8, .defaults = "10,1f", .apic = APIC_USER },
	{ "tpr-mmio", "write to TPR in the APIC page", .entry = op_tpr_mmio,
	  COUNTS(tpr_mmio), .replay = replay_values, .reg = REG_TPR,
	  .defaults = "10..f0/10,0", .apic = APIC_XAPIC },
	{ "tpr-msr", "write to TPR by its x2APIC MSR", .entry = op_tpr_msr,
	  COUNTS(tpr_msr), .replay = replay_values, .reg = REG_TPR,
	  .defaults = "10..f0/10,0", .apic = APIC_X2APIC },
	{ "tpr-hv", "write to TPR by Hyper-V's MSR", .entry = op_tpr_hv,
	  COUNTS(tpr_hv), .replay = replay_values, .reg = REG_TPR,
	  .defaults = "10..f0/10,0", .apic = APIC_KERNEL },
	{ "pe", "in real mode: CR0 from 10 to 11 and back", .entry = op_pe,
	  COUNTS(pe_leave), .replay = replay_pe, .real = true },
	{ "port", "OUT to a port that the program handles", .entry = op_port,
	  COUNTS(port), .replay = replay_port },
	{ "cpuid", "CPUID: an exit that KVM handles", .entry = op_cpuid,
	  COUNTS(cpuid), .replay = replay_port },
	{ "msr-fault", "WRMSR that fails: #GP", .entry = op_msr_fault,
	  COUNTS(msr_fault), .replay = replay_port },
	{ "irq", "raise CR8 to 2, take an interrupt, EOI, lower CR8 to 0",
	  .entry = op_irq, COUNTS(irq_lower), .replay = replay_irq,
	  .apic = APIC_XAPIC },
	{ "sregs", "KVM_SET_SREGS with the values that are there",
	  .ioctl = do_sregs, COUNTS(sregs) },
	{ "sregs2", "KVM_SET_SREGS2 with the values that are there",
	  .ioctl = do_sregs2, COUNTS(sregs2) },
	{ "lapic",
	  "KVM_SET_LAPIC with the state that is there, bit 3 of the TPR changed",
	  .ioctl = do_lapic, COUNTS(lapic), .apic = APIC_KERNEL },
	{ "init",
	  "KVM_SET_LAPIC, INIT, and SIPI where that makes the vCPU wait",
	  .ioctl = do_init, COUNTS(init), .apic = APIC_KERNEL },
	{ "sregs-fail", "KVM_SET_SREGS that fails", .ioctl = do_sregs_fail,
	  COUNTS(sregs_fail), .apic = APIC_KERNEL },
	{ "run-fail", "KVM_RUN that fails", .ioctl = do_run_fail,
	  COUNTS(run_fail) },
	L2_READ(0),
	L2_WRITE(0, "80050031,80010031"),
	{ "l2-cr0-fault",
	  "a nested guest's MOV to CR0 that fails: not with --check",
	  .entry = op_nested, .l2 = l2_cr0_fault, COUNTS(l2_cr0_fault),
	  .reg = REG_CR0, .defaults = "80010030,80050030" },
	L2_READ(3),
	L2_WRITE(3, "distinct:2"),
	L2_READ(4),
	L2_WRITE(4, "60,20"),
	L2_READ(8),
	L2_WRITE(8, "1..f,0"),
	{ "stop", "stop the program by SIGSTOP, until SIGCONT",
	  .ioctl = do_stop, COUNTS(stop) },
	{ "reset", "reset the module, all vCPUs at rest", .ioctl = do_reset,
	  COUNTS(reset) },
	{ "off", "have the module count nothing, all vCPUs at rest",
	  .ioctl = do_off, COUNTS(off) },
	{ "on", "have it count again", .ioctl = do_on, COUNTS(on) },
	{ "thread", "go on in another thread", COUNTS(thread) },
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
		printf("%-12s %s", ops[i].name, ops[i].help);
		if (ops[i].defaults)
			printf("\n%-12s values: %s", "", ops[i].defaults);
		putchar('\n');
	}
}
