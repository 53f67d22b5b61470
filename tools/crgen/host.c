// SPDX-License-Identifier: GPL-2.0
/*
 * The machine and its KVM: what of a guest's accesses exits, and why not. What
 * parameters and CPUID don't say is tried on a VM of its own, and the kernel
 * says which of it were exits.
 */
#include <cpuid.h>
#include <err.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "crgen.h"

#define TRIES 32
#define MASKED_TRIES 4
#define CPUID_SVM 4 /* 80000001, ECX */
#define CPUID_VMX 0x20 /* 1, ECX */
#define CPUID_SVM_FEATURES 0x8000000a
#define CPUID_DECODES 0x80 /* that, EDX */
#define CPUID_HYPERVISOR 0x40000000

/* A parameter of KVM's module; what it is where there is none. */
static bool parameter(const char *module, const char *name, bool without)
{
	char path[128], value[2] = { 0 };
	FILE *file;

	snprintf(path, sizeof(path), "/sys/module/%s/parameters/%s", module,
		 name);
	file = fopen(path, "re");
	if (!file)
		return without;
	if (!fgets(value, sizeof(value), file))
		value[0] = without ? 'Y' : 'N';
	fclose(file);
	return value[0] == 'Y' || value[0] == '1';
}

/**
 * cpu_is_amd - which of both kinds of virtualization the CPU has
 *
 * Return: true for SVM, false for VMX; leaves where it has none.
 */
bool cpu_is_amd(void)
{
	unsigned int a, b, c, d;

	if (__get_cpuid(0x80000001, &a, &b, &c, &d) && c & CPUID_SVM)
		return true;
	if (__get_cpuid(1, &a, &b, &c, &d) && c & CPUID_VMX)
		return false;
	errx(STATUS_UNSUPPORTED, "--check: the CPU has neither SVM nor VMX");
}

/* DecodeAssists. APM vol. 3 appendix E.4.9 */
static bool cpu_decodes(void)
{
	unsigned int a, b, c, d;

	return __get_cpuid(CPUID_SVM_FEATURES, &a, &b, &c, &d) &&
	       d & CPUID_DECODES;
}

/* Whether QEMU emulates the CPU. */
static bool cpu_is_tcg(void)
{
	unsigned int a, name[3];

	__cpuid(CPUID_HYPERVISOR, a, name[0], name[1], name[2]);
	return !memcmp(name, "TCGTCGTCGTCG", sizeof(name));
}

/* What is tried: a step, and how many exits it makes if it makes any. */
struct
try {
	char step[48];
	enum exits which;
	uint64_t exits;
	bool *found;
	uint64_t *owned;
	uint64_t bit;
};

struct tries {
	struct try try[80];
	size_t nr;
	struct config config;
};

static struct try *add(struct tries *t, enum exits which, uint64_t exits)
{
	struct try *try = &t->try[t->nr++];

	try->which = which;
	try->exits = exits;
	return try;
}

static void try_found(struct tries *t, bool *found, const char *step,
		      enum exits which, uint64_t exits)
{
	struct try *try = add(t, which, exits);

	snprintf(try->step, sizeof(try->step), "%s", step);
	try->found = found;
}

/* Which bits the guest owns: toggling one that it does is no exit. */
static void try_owned(struct tries *t, struct host *host, enum guest_reg reg,
		      uint64_t bits)
{
	for (unsigned int bit = 0; bit < 64; bit++) {
		uint64_t mask = UINT64_C(1) << bit;
		struct try *try;

		if (!(bits & mask))
			continue;
		try = add(t, EXITS_CR, TRIES);
		snprintf(try->step, sizeof(try->step),
			 "%s-write=%d,%" PRIx64 ",%" PRIx64, reg_name[reg],
			 TRIES, reg_start[reg] ^ mask, reg_start[reg]);
		try->owned = &host->owned[reg];
		try->bit = mask;
	}
}

/* One of CR8 exits wherever the other writes do, with the APIC in userspace. */
static void try_faults(struct tries *t, struct host *host)
{
	try_found(t, &host->faults[REG_CR0], "cr0-fault=32", EXITS_CR, TRIES);
	if (!host->nested_paging)
		try_found(t, &host->faults[REG_CR3], "cr3-fault=32", EXITS_CR,
			  TRIES);
	try_found(t, &host->faults[REG_CR4], "cr4-fault=32", EXITS_CR, TRIES);
	host->faults[REG_CR8] = true;
}

static bool has_faults(const struct config *c)
{
	for (size_t i = 0; i < c->nr_steps; i++)
		if (IS_FAULT(c->steps[i].op->first))
			return true;
	return false;
}

static void try_apic(struct tries *t, struct host *host, uint64_t masked)
{
	char step[32];

	snprintf(step, sizeof(step), "cr8-masked=%d", MASKED_TRIES);
	try_found(t, &host->masked, step, host->amd ? EXITS_CR : EXITS_MASKED,
		  masked);
	try_found(t, &host->mmio, "tpr-mmio=32", EXITS_APIC, TRIES);
	if (kvm_has_x2apic(t->config.cpuid))
		try_found(t, &host->msr, "tpr-msr=32", EXITS_APIC, TRIES);
}

static void run(struct tries *t, int kvm)
{
	struct config *c = &t->config;
	struct vcpu *v;
	struct vm vm = { 0 };

	for (size_t i = 0; i < t->nr; i++)
		step_add(c, t->try[i].step);
	vm_create(&vm, kvm, c);
	v = vm.vcpus;
	vcpu_start(v);
	for (size_t i = 0; i < t->nr; i++) {
		const struct try *try = &t->try[i];
		uint64_t n = witness_exits(&v->witness, try->which);

		vcpu_step(v, &c->steps[i]);
		n = witness_exits(&v->witness, try->which) - n;
		if (n && n != try->exits)
			errx(STATUS_FAILED,
			     "--check: %s made %" PRIu64
			     " exits, neither 0 nor %" PRIu64,
			     c->steps[i].op->name, n, try->exits);
		if (try->found)
			*try->found = n;
		else if (!n)
			*try->owned |= try->bit;
	}
	vm_destroy(&vm, c);
}

/*
 * Whether there may be LMSW that change nothing which MOV would exit for: the
 * manual says that they exit all the same, emulators don't. By themselves they
 * toggle EM in pairs.
 */
static bool odd_lmsw(const struct config *c)
{
	const uint64_t em = 4;

	for (size_t i = 0; i < c->nr_steps; i++) {
		const struct step *s = &c->steps[i];

		if (s->op->first == N_lmsw &&
		    (s->count % 2 || s->nr_values % 2))
			return true;
		if (s->op->first == N_cr0_write || s->op->first == N_lmsw)
			for (size_t n = 0; n < s->nr_values; n++)
				if (!(s->values[n] & em) !=
				    (s->op->first == N_cr0_write || n % 2))
					return true;
	}
	return false;
}

/**
 * host_find - find out what exits here
 * @host: where
 * @kvm: /dev/kvm
 * @c: what is going to be done
 */
void host_find(struct host *host, int kvm, const struct config *c)
{
	struct tries *t = calloc(1, sizeof(*t));

	if (!t)
		err(STATUS_FAILED, "host");
	t->config = (struct config){ .vms = 1,
				     .vcpus = 1,
				     .check = true,
				     .cpuid = c->cpuid,
				     .host = host };
	host->amd = cpu_is_amd();
	if (host->amd) {
		host->nested_paging = parameter("kvm_amd", "npt", true);
		host->unrestricted = true;
		host->avic = parameter("kvm_amd", "avic", false);
		host->masked = true;
		host->mmio = true;
		host->msr = true;
		host->reads = true;
		host->decodes = cpu_decodes();
		if (cpu_is_tcg())
			try_found(t, &host->reads, "cr4-read=32", EXITS_CR,
				  TRIES);
		if (odd_lmsw(c))
			try_found(t, &host->lmsw, "lmsw=32,1", EXITS_CR, TRIES);
		if (host->avic)
			try_apic(t, host, MASKED_TRIES + 1);
	} else {
		host->nested_paging = parameter("kvm_intel", "ept", true);
		host->unrestricted =
			parameter("kvm_intel", "unrestricted_guest", true);
		try_owned(t, host, REG_CR0, CR0_ALONE);
		try_owned(t, host, REG_CR4,
			  cr4_legal(c->cpuid) & ~reg_start[REG_CR4]);
		try_found(t, &host->cr8, "cr8-write=32,1,0", EXITS_CR, TRIES);
		try_apic(t, host, 1);
	}
	if (has_faults(c))
		try_faults(t, host);
	if (t->nr)
		run(t, kvm);
	free(t);
}

/**
 * host_blind - whether an exit that KVM asks for is left out by the machine
 * @v: vCPU
 * @reg: register
 * @dir: read or write
 *
 * Return: whether that can be; the module can't know then.
 */
bool host_blind(const struct vcpu *v, enum guest_reg reg, enum dir dir)
{
	return v->config->host->amd && !v->config->host->reads &&
	       dir == DIR_READ && (reg == REG_CR3 || reg == REG_CR4);
}

static const char *why_amd(const struct vcpu *v, enum guest_reg reg,
			   enum dir dir)
{
	static const char tcg[] = "this QEMU leaves out the exit";
	const struct host *host = v->config->host;

	switch (reg) {
	case REG_CR0:
		if (dir == DIR_WRITE)
			return "changes TS and MP alone";
		return host->nested_paging ? "CD is clear" :
					     "CD is clear, WP set";
	case REG_CR3:
		return host->nested_paging ? "nested paging" : tcg;
	case REG_CR4:
		return tcg;
	case REG_CR8:
		if (dir == DIR_READ)
			return "KVM leaves reads of CR8 to the processor";
		return host->avic ? "AVIC" : "no interrupt is masked: V_TPR";
	default:
		return "AVIC";
	}
}

static const char *why_intel(const struct vcpu *v, enum guest_reg reg,
			     enum dir dir)
{
	switch (reg) {
	case REG_CR0:
		if (dir == DIR_READ)
			return "a shadow answers reads";
		return v->config->host->unrestricted ?
			       "changes only bits that the guest owns" :
			       "changes only what the guest owns, or KVM emulates real mode";
	case REG_CR4:
		return dir == DIR_READ ?
			       "a shadow answers reads" :
			       "changes only bits that the guest owns";
	case REG_CR3:
		return "EPT";
	case REG_CR8:
		return "TPR shadow";
	default:
		return "the processor virtualizes the APIC";
	}
}

/**
 * host_why - why accesses that the guest did have made no exit
 * @v: vCPU
 * @reg: register
 * @dir: read or write
 *
 * Return: a text for the user.
 */
const char *host_why(const struct vcpu *v, enum guest_reg reg, enum dir dir)
{
	return v->config->host->amd ? why_amd(v, reg, dir) :
				      why_intel(v, reg, dir);
}
