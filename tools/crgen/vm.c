// SPDX-License-Identifier: GPL-2.0
/* /dev/kvm and a VM: its memory, page tables, descriptor tables and code. */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "crgen.h"

#define DEVICE "/dev/kvm"

/* VMX needs these pages for itself, above all memory and below the firmware. */
#define IDENTITY_MAP 0xfffbc000
#define TSS 0xfffbd000

#define PTE_TABLE 0x23UL /* present, writable, accessed */
#define PTE_LARGE 0xe3UL /* the same, dirty, 2 MiB */
#define PTE_UNCACHED 0x18UL
#define LARGE_PAGE 0x200000UL

#define GDT_CODE 0x00af9b000000ffffUL
#define GDT_DATA 0x00cf93000000ffffUL
#define GATE_INTERRUPT 0x8e00UL

#define IOAPIC_PINS 24

/* Hyper-V TLFS 2.2 to 2.4 */
#define CPUID_HV_VENDOR 0x40000000
#define CPUID_HV_INTERFACE 0x40000001

/**
 * kvm_open - open /dev/kvm, or leave with what is wrong
 *
 * Return: the file descriptor.
 */
int kvm_open(void)
{
	int version, kvm = open(DEVICE, O_RDWR | O_CLOEXEC);

	if (kvm < 0 && (errno == EACCES || errno == EPERM))
		errx(STATUS_NO_PERMISSION,
		     "no permission to use " DEVICE
		     ": be root or a member of its group");
	if (kvm < 0)
		err(STATUS_NO_KVM, DEVICE ": is kvm_amd or kvm_intel loaded?");
	version = ioctl(kvm, KVM_GET_API_VERSION, 0);
	if (version != KVM_API_VERSION)
		errx(STATUS_UNSUPPORTED, "KVM's API version is %d, not %d",
		     version, KVM_API_VERSION);
	return kvm;
}

/**
 * kvm_cpuid - the CPUID that KVM can give to a guest
 * @kvm: /dev/kvm
 *
 * Return: the table, never freed.
 */
struct kvm_cpuid2 *kvm_cpuid(int kvm)
{
	const unsigned int max = 256;
	struct kvm_cpuid2 *cpuid;

	cpuid = calloc(1, sizeof(*cpuid) + max * sizeof(cpuid->entries[0]));
	if (!cpuid)
		err(STATUS_FAILED, "CPUID");
	cpuid->nent = max;
	if (ioctl(kvm, KVM_GET_SUPPORTED_CPUID, cpuid))
		err(STATUS_UNSUPPORTED, "KVM_GET_SUPPORTED_CPUID");
	return cpuid;
}

/* What ECX of a leaf of the guest's CPUID says, and of its first subleaf. */
static uint32_t cpuid_ecx(const struct kvm_cpuid2 *cpuid, uint32_t function)
{
	for (unsigned int i = 0; i < cpuid->nent; i++)
		if (cpuid->entries[i].function == function &&
		    !cpuid->entries[i].index)
			return cpuid->entries[i].ecx;
	return 0;
}

/**
 * kvm_has_x2apic - whether a guest can have an APIC in x2APIC mode
 * @cpuid: the guest's
 *
 * Return: whether it can.
 */
bool kvm_has_x2apic(const struct kvm_cpuid2 *cpuid)
{
	return cpuid_ecx(cpuid, 1) & 1 << 21;
}

/* Whether a guest can be a hypervisor: SVM and VMX of CPUID. */
static bool has_nested(const struct kvm_cpuid2 *cpuid)
{
	return cpu_is_amd() ? cpuid_ecx(cpuid, 0x80000001) & 1 << 2 :
			      cpuid_ecx(cpuid, 1) & 1 << 5;
}

static bool has_la57(const struct kvm_cpuid2 *cpuid)
{
	return cpuid_ecx(cpuid, 7) & 1 << 16;
}

/**
 * kvm_lacks - what an operation needs and KVM has not
 * @kvm: /dev/kvm
 * @c: where the APIC is, and the guest's CPUID
 * @op: operation
 *
 * Return: a text for the user, or NULL.
 */
const char *kvm_lacks(int kvm, const struct config *c, const struct op *op)
{
	if (op->l2 && !has_nested(c->cpuid))
		return "KVM has no nested guests here: see its parameter nested";
	if (c->high == GUEST_HIGH_57 && !has_la57(c->cpuid))
		return "KVM has no page tables of five levels here";
	if (c->high == GUEST_HIGH_57 &&
	    (op->reg == REG_CR4 || op->real || op->narrow || op->l2))
		return "not with --high=57: CR4 keeps LA57 in long mode";
	if (op->first == N_tpr_hv &&
	    ioctl(kvm, KVM_CHECK_EXTENSION, KVM_CAP_HYPERV) <= 0)
		return "this KVM knows nothing of Hyper-V";
	if (op->apic == APIC_X2APIC && !kvm_has_x2apic(c->cpuid))
		return "KVM has no x2APIC here";
#ifdef KVM_CAP_SREGS2
	if (op->first == N_sregs2 &&
	    ioctl(kvm, KVM_CHECK_EXTENSION, KVM_CAP_SREGS2) <= 0)
		return "this KVM has no KVM_SET_SREGS2 (Linux 5.14)";
#else
	(void)kvm;
	if (op->first == N_sregs2)
		return "built without KVM_SET_SREGS2 (Linux 5.14)";
#endif
	return NULL;
}

/* The leaves that say KVM say Hyper-V, whose MSRs there are only then. */
static void cpuid_hyperv(struct kvm_cpuid2 *cpuid)
{
	for (unsigned int i = 0; i < cpuid->nent; i++) {
		struct kvm_cpuid_entry2 *e = &cpuid->entries[i];

		if (e->function == CPUID_HV_VENDOR) {
			e->eax = CPUID_HV_INTERFACE;
			memcpy(&e->ebx, "Microsoft Hv", 12);
		} else if (e->function == CPUID_HV_INTERFACE) {
			memcpy(&e->eax, "Hv#1", 4);
		}
	}
}

/**
 * kvm_check - leave if KVM can't do what is asked for
 * @kvm: /dev/kvm
 * @c: what is asked for
 */
void kvm_check(int kvm, const struct config *c)
{
	for (size_t i = 0; i < c->nr_steps; i++) {
		const struct op *op = c->steps[i].op;
		const char *lacks = kvm_lacks(kvm, c, op);

		if (lacks)
			errx(STATUS_UNSUPPORTED, "%s: %s", op->name, lacks);
		if (op->first == N_tpr_hv)
			cpuid_hyperv(c->cpuid);
		values_check(&c->steps[i], c->cpuid);
	}
}

static void put64(const struct vm *vm, uint64_t address, uint64_t value)
{
	memcpy(vm->mem + address, &value, sizeof(value));
}

/*
 * 4 GiB at their own addresses and at the high ones. Every PML4, or PML5,
 * points at the same tables, so that a guest can load any of them. Accessed and
 * dirty are set from the start, so that nothing has to write to the tables.
 */
static void fill_page_tables(const struct vm *vm, const struct config *c)
{
	const uint64_t per_table = 512;
	uint64_t high = GUEST_HIGH >> 39 & (per_table - 1);
	uint64_t below = GUEST_PDPT | PTE_TABLE;

	if (c->high == GUEST_HIGH_57) {
		put64(vm, GUEST_LOWER_PML4, below);
		high = GUEST_HIGH_57 >> 48 & (per_table - 1);
		below = GUEST_LOWER_PML4 | PTE_TABLE;
	}
	for (uint64_t i = 0; i < GUEST_NR_PML4; i++) {
		put64(vm, GUEST_PML4 + i * 0x1000, below);
		put64(vm, GUEST_PML4 + i * 0x1000 + high * 8, below);
	}
	for (uint64_t i = 0; i < 4; i++)
		put64(vm, GUEST_PDPT + i * 8,
		      (GUEST_PD + i * 0x1000) | PTE_TABLE);
	for (uint64_t i = 0; i < 4 * per_table; i++) {
		uint64_t address = i * LARGE_PAGE;

		if (address == (GUEST_APIC & ~(LARGE_PAGE - 1)))
			address |= PTE_UNCACHED;
		put64(vm, GUEST_PD + i * 8, address | PTE_LARGE);
	}
}

static void fill_gate(const struct vm *vm, unsigned int vector, uint64_t to)
{
	uint64_t gate = GUEST_IDT + vector * 16;

	put64(vm, gate,
	      (to & 0xffff) | 8UL << 16 | GATE_INTERRUPT << 32 |
		      (to & 0xffff0000) << 32);
	put64(vm, gate + 8, to >> 32);
}

static void fill(const struct vm *vm, const struct config *c)
{
	uint64_t faults = guest_address(guest_faults);

	memcpy(vm->mem + GUEST_CODE, guest_start,
	       (size_t)(guest_end - guest_start));
	fill_page_tables(vm, c);
	put64(vm, GUEST_GDT + 8, GDT_CODE);
	put64(vm, GUEST_GDT + 16, GDT_DATA);
	for (unsigned int i = 0; i < 32; i++)
		fill_gate(vm, i, faults + i * FAULT_STUB_SIZE);
	fill_gate(vm, GP_VECTOR, guest_address(guest_gp));
	fill_gate(vm, VECTOR_LOW, guest_address(guest_interrupt));
	fill_gate(vm, VECTOR_HIGH, guest_address(guest_interrupt));
	for (size_t i = 0; i < c->nr_steps; i++) {
		const struct step *s = &c->steps[i];

		if (s->nr_values)
			memcpy(vm->mem + s->address, s->values,
			       s->nr_values * sizeof(*s->values));
	}
}

static size_t memory_size(const struct config *c)
{
	uint64_t end = GUEST_VALUES;

	for (size_t i = 0; i < c->nr_steps; i++)
		end += c->steps[i].nr_values * sizeof(uint64_t);
	return (end + nested_size(c) + LARGE_PAGE) & ~(LARGE_PAGE - 1);
}

/**
 * vm_create - create a VM with its memory filled and its vCPUs
 * @vm: where
 * @kvm: /dev/kvm
 * @c: how many vCPUs, which APIC, which operations
 */
void vm_create(struct vm *vm, int kvm, const struct config *c)
{
	struct kvm_userspace_memory_region region = { 0 };
	struct kvm_enable_cap split = { .cap = KVM_CAP_SPLIT_IRQCHIP,
					.args = { IOAPIC_PINS } };
	uint64_t identity_map = IDENTITY_MAP;

	vm->fd = ioctl(kvm, KVM_CREATE_VM, 0);
	if (vm->fd < 0)
		err(STATUS_FAILED, "KVM_CREATE_VM");
	snprintf(vm->name, sizeof(vm->name), "%d-%d", getpid(), vm->fd);

	if (ioctl(vm->fd, KVM_SET_TSS_ADDR, TSS))
		err(STATUS_FAILED, "KVM_SET_TSS_ADDR");
	if (ioctl(vm->fd, KVM_SET_IDENTITY_MAP_ADDR, &identity_map))
		err(STATUS_FAILED, "KVM_SET_IDENTITY_MAP_ADDR");
	if (c->split_apic && ioctl(vm->fd, KVM_ENABLE_CAP, &split))
		err(STATUS_FAILED, "KVM_CAP_SPLIT_IRQCHIP");
	if (!c->user_apic && !c->split_apic &&
	    ioctl(vm->fd, KVM_CREATE_IRQCHIP, 0))
		err(STATUS_FAILED, "KVM_CREATE_IRQCHIP");

	vm->size = memory_size(c);
	/* Under the end, which is far enough from the values. */
	vm->nested = vm->size - nested_size(c);
	vm->mem = mmap(NULL, vm->size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (vm->mem == MAP_FAILED)
		err(STATUS_FAILED, "guest memory");
	fill(vm, c);
	region.memory_size = vm->size;
	region.userspace_addr = (uintptr_t)vm->mem;
	if (ioctl(vm->fd, KVM_SET_USER_MEMORY_REGION, &region))
		err(STATUS_FAILED, "KVM_SET_USER_MEMORY_REGION");

	vm->vcpus = calloc(c->vcpus, sizeof(*vm->vcpus));
	if (!vm->vcpus)
		err(STATUS_FAILED, "vCPUs");
	/* From the last on, so that an id is no index. */
	for (unsigned int i = c->vcpus; i--;) {
		struct vcpu *v = &vm->vcpus[i];

		v->vm = vm;
		v->config = c;
		v->id = i;
		vcpu_create(v, kvm);
	}
}

/**
 * vm_destroy - the opposite of vm_create()
 * @vm: the VM, at rest
 * @c: how many vCPUs
 */
void vm_destroy(struct vm *vm, const struct config *c)
{
	for (unsigned int i = 0; i < c->vcpus; i++)
		vcpu_destroy(&vm->vcpus[i]);
	close(vm->fd);
	munmap(vm->mem, vm->size);
	free(vm->vcpus);
}
