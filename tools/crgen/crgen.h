/* SPDX-License-Identifier: GPL-2.0 */
/* What the files of crgen share. */
#ifndef CRGEN_H
#define CRGEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <pthread.h>
#include <stdio.h>
#include <linux/kvm.h>

#include "guest.h"
#include "kvm_crstat.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* Exit statuses; listed in the man page. */
enum status {
	STATUS_FAILED = 1,
	STATUS_USAGE = 2,
	STATUS_NO_KVM = 3,
	STATUS_NO_PERMISSION = 4,
	STATUS_UNSUPPORTED = 5,
	STATUS_GUEST = 6,
	STATUS_TIMEOUT = 7,
	STATUS_DIFFERS = 8,
	STATUS_NO_MODULE = 9,
};

enum guest_reg {
	REG_NONE,
	REG_CR0,
	REG_CR3,
	REG_CR4,
	REG_CR8,
	REG_TPR,
	NR_REGS
};
enum dir { DIR_READ, DIR_WRITE };
enum mode { MODE_REAL, MODE_PROTECTED, MODE_LONG };

/* The guest's counters, then those that the program keeps of itself. */
#define COUNTER(name, reg, dir, mode) N_##name,
#define IS_FAULT(c) \
	(((c) >= N_cr0_fault && (c) <= N_cr8_fault) || (c) == N_l2_cr0_fault)
#define IS_L2(c) ((c) >= N_l2_cr0_read && (c) <= N_l2_cr8_write)
enum counter {
	GUEST_COUNTERS(COUNTER) NR_GUEST_COUNTERS,
	N_sregs = NR_GUEST_COUNTERS,
	N_sregs2,
	N_lapic,
	N_init,
	N_sregs_fail,
	N_stop,
	N_reset,
	N_off,
	N_on,
	N_thread,
	N_run_fail,
	N_run_bad_cr8,
	N_run,
	N_userspace_exits,
	N_set_tpr_exits,
	N_user_tpr,
	NR_COUNTERS
};
#undef COUNTER

/* Which local APIC an operation needs. */
enum apic { APIC_ANY, APIC_USER, APIC_KERNEL, APIC_XAPIC, APIC_X2APIC };

struct vcpu;
struct step;

/**
 * struct op - an operation
 * @name: as given by the user; the column's name has "_" for "-"
 * @help: one line
 * @entry: guest code, NULL if @ioctl does it
 * @ioctl: one round of an operation that the program does
 * @replay: tells the model what @n rounds wrote
 * @first: first counter that says how often it was done
 * @last: last such counter
 * @reg: register whose values can be given, REG_NONE if none can
 * @defaults: the values where none are given
 * @apic: local APIC that it needs
 * @real: entered in real mode
 * @narrow: 32-bit code, in compatibility mode where the site's mode is long
 * @l2: code of a nested guest, whose hypervisor @entry is
 */
struct op {
	const char *name;
	const char *help;
	const char *entry;
	void (*ioctl)(struct vcpu *v);
	void (*replay)(struct vcpu *v, const struct step *s, uint64_t n);
	enum counter first;
	enum counter last;
	enum guest_reg reg;
	const char *defaults;
	enum apic apic;
	bool real;
	bool narrow;
	const char *l2;
};

/* An operation on the command line. */
struct step {
	const struct op *op;
	uint32_t count;
	uint64_t *values;
	size_t nr_values;
	uint64_t address; /* of the values in the guest's memory */
};

struct config {
	unsigned int vms;
	unsigned int vcpus;
	bool user_apic;
	bool split_apic;
	uint64_t high; /* GUEST_HIGH, GUEST_HIGH_57 or 0 */
	bool l1_intercepts;
	bool l1_selective;
	bool nested;
	bool forever;
	bool check;
	const char *check_list;
	bool values;
	bool sites;
	bool time;
	double pause;
	unsigned int timeout;
	struct kvm_cpuid2 *cpuid;
	const struct host *host; /* of --check */
	struct step *steps;
	size_t nr_steps;
	pthread_barrier_t *all; /* vCPUs */
};

/**
 * struct hold - what the VMs are kept for
 * @command: program and arguments, or NULL
 * @seconds: how long without one, 0 for ever
 * @input: the end of standard input is the end, too
 */
struct hold {
	char **command;
	unsigned int seconds;
	bool input;
};

#define CR0_ET 0x10UL /* is always set */
#define CR0_DEFINED 0xe005003fUL /* the rest is ignored */
#define CR0_SELECTIVE (~0xaUL) /* all but TS and MP */
#define CR3_NOFLUSH (UINT64_C(1) << 63) /* of a write, where CR4 has PCIDE */
#define APIC_BASE_X2APIC 0x400UL
#define TPR_CLASS 0xf0 /* what CR8 has of the TPR */

/* An instruction of the guest. */
struct site {
	const char *at;
	enum guest_reg reg;
	enum dir dir;
	enum mode mode;
};

/* Values written, and bits set and cleared, by register. */
struct tables {
	void *values;
	uint64_t set[NR_REGS][64];
	uint64_t cleared[NR_REGS][64];
};

/* The registers as the guest's writes must have left them, and the sums. */
struct model {
	uint64_t reg[NR_REGS];
	uint64_t l2_reg[NR_REGS];
	struct tables did;
	struct tables l2_did;
	uint64_t cr0_changed;
	uint64_t tpr_changed;
};

/**
 * struct host - what is known of the machine and its KVM
 * @amd: SVM, else VMX
 * @nested_paging: NPT or EPT
 * @unrestricted: VMX runs real mode as it is
 * @avic: AMD, the processor has the APIC
 * @lmsw: AMD, LMSW exits though it changes no bit that MOV would exit for
 * @cr8: Intel, CR8 exits even with the APIC in the kernel: no TPR shadow
 * @masked: what a masked interrupt does: on AMD CR8 writes exit, on Intel
 *	lowering the TPR does
 * @reads: AMD, reads of CR3 and CR4 can exit; not under QEMU 9 and later, which
 *	asks for the intercept of CR0 instead
 * @decodes: AMD, the processor decodes MOV to control registers
 * @faults: writes that fail exit; else the processor refuses them before
 * @mmio: writes to the APIC page exit
 * @msr: writes to x2APIC MSRs exit
 * @owned: bits that the guest owns: writes that change no other don't exit
 */
struct host {
	bool amd;
	bool nested_paging;
	bool unrestricted;
	bool avic;
	bool lmsw;
	bool cr8;
	bool masked;
	bool reads;
	bool decodes;
	bool faults[NR_REGS];
	bool mmio;
	bool msr;
	uint64_t owned[NR_REGS];
};

/**
 * struct expect - what the module must have seen of a vCPU
 * @refused: by register: writes that the processor refused without an exit
 * @exits: by the guest's instruction: accesses that exited
 * @seen: values and bits of those that exited
 * @faults: values of those that failed
 * @l2_seen: as @seen, of the nested guest
 * @l2_unknown: by register: writes of it whose values nobody sees
 * @resets: TPR writes of KVM_CREATE_VCPU and INIT
 * @tid: the thread that ran it last
 * @reflected: exits of the nested guest that went to L1
 * @guest: TPR writes by MOV to CR8
 * @apic: TPR writes through the APIC
 * @user: TPR writes by an ioctl
 * @change: those that found another TPR
 * @last_tpr: TPR as seen last
 * @tpr: TPR as KVM has it, its low half, too
 * @unseen: changes of the TPR since the last exit
 * @sampled: there were several: whether an exit saw each is chance
 * @masked: AMD, CR8 writes are intercepted for now
 * @armed: it ran: until then KVM intercepts more (init_vmcb(), svm.c)
 * @armed_cr0: AMD, all of CR0 was intercepted at the last event
 * @armed_cr3: Intel, CR3 was
 */
struct expect {
	uint64_t refused[NR_REGS];
	uint64_t exits[NR_GUEST_COUNTERS];
	struct tables seen;
	struct tables faults;
	struct tables l2_seen;
	uint64_t l2_unknown[NR_REGS];
	uint64_t resets;
	int tid;
	uint64_t reflected;
	uint64_t guest;
	uint64_t apic;
	uint64_t user;
	uint64_t change;
	uint8_t last_tpr;
	uint8_t tpr;
	unsigned int unseen;
	bool sampled;
	bool masked;
	bool armed;
	bool armed_cr0;
	bool armed_cr3;
};

/*
 * The kernel's own count of a thread's VM exits. EXITS_MASKED: on AMD while CR8
 * writes are intercepted, on Intel TPR below threshold. EXITS_NESTED: of nested
 * guests.
 */
enum exits {
	EXITS_ALL,
	EXITS_CR,
	EXITS_MASKED,
	EXITS_APIC,
	EXITS_NESTED,
	NR_EXITS
};

struct witness {
	int fd[NR_EXITS];
	uint64_t base[NR_EXITS]; /* what is not to be counted */
};

struct vm {
	int fd;
	char name[CRS_VM_LEN];
	uint8_t *mem;
	size_t size;
	uint64_t nested; /* address of what nested.c keeps there */
	struct vcpu *vcpus;
};

struct vcpu {
	struct vm *vm;
	const struct config *config;
	unsigned int id;
	int fd;
	int tid;
	struct kvm_run *run;
	size_t run_size;
	struct kvm_sregs sregs;
	struct model model;
	struct expect expect;
	struct witness witness;
	uint64_t count[NR_COUNTERS];
	uint64_t base[NR_COUNTERS]; /* what the module must not have counted */
	bool off; /* the module counts nothing since then */
	struct expect kept;
	uint64_t kept_count[NR_COUNTERS];
	uint64_t kept_exits[NR_EXITS];
	size_t step; /* the next one */
	uint32_t hand_over; /* to so many threads, one after the other */
	uint64_t rounds;
	uint64_t *cycles;
};

/* The guest's code. */
extern const char guest_start[], guest_end[], guest_call[];
extern const char guest_interrupt[], guest_faults[], guest_gp[];
extern const char masked_armed[];
extern const char at_masked_lower[], at_tpr_mmio[], at_tpr_msr[], at_tpr_hv[];
extern const char op_cr0_read[], op_cr0_write[], op_cr0_ts[], op_clts[];
extern const char op_lmsw[], op_cr3_read[], op_cr3_write[], op_cr4_read[];
extern const char op_cr4_write[], op_cr4_gpr[], op_cr8_read[], op_cr8_write[];
extern const char op_cr0_fault[], op_cr3_fault[], op_cr4_fault[];
extern const char op_cr8_fault[];
extern const char op_cr8_port[], op_cr8_masked[], op_tpr_mmio[], op_tpr_msr[];
extern const char op_tpr_hv[], op_cr4_32[];
extern const char op_cr4_compat[];
extern const char op_pe[], op_port[], op_cpuid[], op_irq[], op_nested[];
extern const char op_msr_fault[], l2_cr0_fault[];
extern const char op_nested_vmx[], l1_vmx_exit[];
extern const char l2_cr0_read[], l2_cr0_write[], l2_cr3_read[], l2_cr3_write[];
extern const char l2_cr4_read[], l2_cr4_write[], l2_cr8_read[], l2_cr8_write[];

/**
 * guest_address - the guest's linear address of a label of its code
 * @label: the label
 *
 * Return: the address.
 */
static inline uint64_t guest_address(const char *label)
{
	return GUEST_CODE + (uint64_t)(label - guest_start);
}

/**
 * guest_code - the same for code of 64 bits that is no nested guest's
 * @c: whether it runs at the high address
 * @label: the label
 *
 * Return: the address.
 */
static inline uint64_t guest_code(const struct config *c, const char *label)
{
	return guest_address(label) + c->high;
}

/**
 * since - how often something was done that the module must have counted
 * @v: vCPU
 * @c: counter
 *
 * Return: the number.
 */
static inline uint64_t since(const struct vcpu *v, int c)
{
	return v->count[c] - v->base[c];
}

/* vm.c */
int kvm_open(void);
struct kvm_cpuid2 *kvm_cpuid(int kvm);
const char *kvm_lacks(int kvm, const struct config *c, const struct op *op);
bool kvm_has_x2apic(const struct kvm_cpuid2 *cpuid);
void kvm_check(int kvm, const struct config *c);
void vm_create(struct vm *vm, int kvm, const struct config *c);
void vm_destroy(struct vm *vm, const struct config *c);

/* vcpu.c */
void vcpu_create(struct vcpu *v, int kvm);
void vcpu_destroy(struct vcpu *v);
void vcpu_set_sregs(struct vcpu *v, struct kvm_sregs *sregs);
void vcpu_start(struct vcpu *v);
void vcpu_step(struct vcpu *v, const struct step *s);
void vcpu_round(struct vcpu *v);

/* switch.c */
void do_reset(struct vcpu *v);
void do_off(struct vcpu *v);
void do_on(struct vcpu *v);

/* random.c */
void random_steps(struct config *c, int kvm, uint64_t seed);

/* ops.c */
extern const struct op ops[];
extern const size_t nr_ops;
void ops_list(void);
uint64_t op_count(const struct vcpu *v, const struct op *op);

/* steps.c */
void step_add(struct config *c, char *arg);
bool step_fits(const struct config *c, int kvm, const char *arg);
void steps_default(struct config *c, int kvm);
void steps_check(const struct config *c);

/* values.c */
#define CR0_ALONE 0x4005002eUL /* bits of CR0 that can change alone */
extern const uint64_t reg_start[NR_REGS];
uint64_t cr4_legal(const struct kvm_cpuid2 *cpuid);
void values_parse(struct step *s, const char *list);
void values_check(const struct step *s, const struct kvm_cpuid2 *cpuid);

/* model.c */
extern const struct site sites[];
void tables_write(struct tables *t, enum guest_reg reg, uint64_t old,
		  uint64_t value);
void tables_value(struct tables *t, enum guest_reg reg, uint64_t value);
uint64_t tables_count(const struct tables *t, enum guest_reg reg,
		      uint64_t value);
void tables_each_value(const struct tables *t,
		       void (*each)(enum guest_reg reg, uint64_t value,
				    uint64_t count, void *arg),
		       void *arg);
void model_access(struct vcpu *v, enum counter c, uint64_t value);
void model_check(const struct vcpu *v, const struct op *op);

/* expect.c */
void expect_access(struct vcpu *v, enum counter c, uint64_t value);
void expect_clear(struct expect *x);
void expect_exit(struct vcpu *v);
void expect_apic(struct vcpu *v);
void expect_masked(struct vcpu *v, bool masked);
void expect_user(struct vcpu *v, uint8_t tpr);
void expect_init(struct vcpu *v);
void expect_run(struct vcpu *v);

/* host.c */
bool cpu_is_amd(void);
void host_find(struct host *host, int kvm, const struct config *c);
bool host_blind(const struct vcpu *v, enum guest_reg reg, enum dir dir);
const char *host_why(const struct vcpu *v, enum guest_reg reg, enum dir dir);

/* witness.c */
void witness_open(struct witness *w, const struct config *c);
uint64_t witness_exits(const struct witness *w, enum exits which);

/* files.c */
void files_check(bool nested);

/* check.c */
const char *check_unknown(const char *list);
bool check(const struct vm *vms, const struct config *c);

/* hold.c */
void hold_signals(void);
int hold(const struct hold *h);

/* nested.c */
size_t nested_size(const struct config *c);
void nested_enable(const struct vcpu *v);
void nested_sregs(struct kvm_sregs *sregs);
void nested_prepare(const struct vcpu *v, const struct step *s,
		    struct kvm_regs *regs);

/* report.c */
extern const char *const reg_name[NR_REGS];
extern const char *const dir_name[];
extern const char *const mode_name[];
uint64_t guest_sum(const uint64_t count[NR_GUEST_COUNTERS], enum guest_reg reg,
		   enum dir dir);
void report(const struct vm *vms, const struct config *c);

#endif /* CRGEN_H */
