/* SPDX-License-Identifier: GPL-2.0 */
/* What the files of crgen share. */
#ifndef CRGEN_H
#define CRGEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
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
enum counter {
	GUEST_COUNTERS(COUNTER) NR_GUEST_COUNTERS,
	N_sregs = NR_GUEST_COUNTERS,
	N_sregs2,
	N_lapic,
	N_run,
	N_userspace_exits,
	N_set_tpr_exits,
	N_user_tpr,
	NR_COUNTERS
};
#undef COUNTER

/* Which local APIC an operation needs. */
enum apic { APIC_ANY, APIC_KERNEL, APIC_XAPIC, APIC_X2APIC };

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
	bool hold;
	bool values;
	bool sites;
	bool time;
	unsigned int timeout;
	struct kvm_cpuid2 *cpuid;
	struct step *steps;
	size_t nr_steps;
};

/* The registers as the guest's writes must have left them, and the sums. */
struct model {
	uint64_t reg[NR_REGS];
	void *values;
	uint64_t set[NR_REGS][64];
	uint64_t cleared[NR_REGS][64];
	uint64_t cr0_changed;
	uint64_t tpr_changed;
};

struct vm {
	int fd;
	char name[CRS_VM_LEN];
	uint8_t *mem;
	size_t size;
	struct vcpu *vcpus;
};

struct vcpu {
	struct vm *vm;
	const struct config *config;
	unsigned int id;
	int fd;
	int tid;
	struct kvm_run *run;
	struct kvm_sregs sregs;
	struct model model;
	uint64_t count[NR_COUNTERS];
	uint64_t *cycles;
};

/* The guest's code. */
extern const char guest_start[], guest_end[], guest_call[];
extern const char guest_interrupt[], guest_faults[];
extern const char op_cr0_read[], op_cr0_write[], op_cr0_ts[], op_clts[];
extern const char op_lmsw[], op_cr3_read[], op_cr3_write[], op_cr4_read[];
extern const char op_cr4_write[], op_cr4_gpr[], op_cr8_read[], op_cr8_write[];
extern const char op_cr8_port[], op_cr8_masked[], op_tpr_mmio[], op_tpr_msr[];
extern const char op_pe[], op_port[], op_cpuid[], op_irq[];

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

/* vm.c */
int kvm_open(void);
struct kvm_cpuid2 *kvm_cpuid(int kvm);
void kvm_check(int kvm, const struct config *c);
void vm_create(struct vm *vm, int kvm, const struct config *c);

/* vcpu.c */
void vcpu_create(struct vcpu *v, int kvm);
void vcpu_set_sregs(struct vcpu *v, struct kvm_sregs *sregs);
void vcpu_work(struct vcpu *v);

/* ops.c */
extern const struct op ops[];
extern const size_t nr_ops;
void step_parse(struct step *s, char *arg, const struct config *c);
void ops_list(void);
uint64_t op_count(const struct vcpu *v, const struct op *op);

/* values.c */
extern const uint64_t reg_start[NR_REGS];
void values_parse(struct step *s, const char *list, const struct config *c);

/* model.c */
void model_write(struct model *m, enum guest_reg reg, uint64_t value);
void model_check(const struct vcpu *v, const struct op *op);
void model_each_value(const struct model *m,
		      void (*each)(enum guest_reg reg, uint64_t value,
				   uint64_t count, void *arg),
		      void *arg);

/* report.c */
void report(const struct vm *vms, const struct config *c);

#endif /* CRGEN_H */
