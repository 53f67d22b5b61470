// SPDX-License-Identifier: GPL-2.0
/*
 * Programs made from a number: any operation that this KVM can do, with values
 * legal and not, and between them threads that hand their vCPU over, a reset,
 * or a while without the module. What is made is printed as a command line.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crgen.h"

#define MAX_STEPS 12
#define MAX_COUNT 60
#define MAX_VALUES 40

static uint64_t state;

/* splitmix64: the same everywhere. */
static uint64_t any(uint64_t below)
{
	uint64_t z = state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return (z ^ z >> 31) % below;
}

static uint64_t value(const struct op *op)
{
	uint64_t bits = any(UINT64_C(1) << 32);

	switch (op->reg) {
	case REG_CR0:
		if (op->first == N_cr0_fault)
			return (bits & CR0_ALONE) | 0x80000000;
		/* NW needs CD, and so it is left out. */
		return (bits & CR0_ALONE) | (any(3) ? 0x80000011 : 0x80000001) |
		       (any(4) ? 0 : bits & 0x1ff80fc0);
	case REG_CR3:
		return GUEST_PML4 + bits % GUEST_NR_PML4 * 0x1000 +
		       (bits >> 9 & 0x18);
	case REG_CR4:
		return (bits & 0x7df) | 0x20 |
		       (op->first == N_cr4_fault ? 0x8000 : 0);
	case REG_CR8:
		return op->first == N_cr8_fault ? 0x10 + bits % 0xf0 :
		       op->first == N_masked	? 2 + bits % 14 :
						  bits % 16;
	default:
		return bits % 256;
	}
}

/* Of writes of CR8 that no exit follows the module sees the last alone. */
static unsigned int most(const struct op *op)
{
	return op->first == N_cr8_write || op->first == N_irq_lower ||
			       op->first == N_l2_cr8_write ?
		       1 :
		       MAX_COUNT;
}

static char *step(const struct op *op)
{
	size_t room = 64 + MAX_VALUES * 18, length;
	char *text = malloc(room);
	uint64_t values = op->reg && op->first != N_lmsw ? any(MAX_VALUES) : 0;

	if (!text)
		exit(STATUS_FAILED);
	length = (size_t)snprintf(text, room, "%s=%" PRIu64, op->name,
				  1 + any(most(op)));
	for (uint64_t i = 0; i < values; i++)
		length += (size_t)snprintf(text + length, room - length,
					   ",%" PRIx64, value(op));
	return text;
}

static void add(struct config *c, const char *text)
{
	printf(" %s", text);
	step_add(c, strdup(text));
}

/**
 * random_steps - make a program
 * @c: configuration; its VMs, vCPUs and APIC are chosen, too
 * @kvm: /dev/kvm
 * @seed: what it is made from
 */
void random_steps(struct config *c, int kvm, uint64_t seed)
{
	static const char *const apics[] = { "kernel", "split", "user" };
	uint64_t apic, steps;
	bool off = false;

	state = seed;
	c->vms = 1 + (unsigned int)any(3);
	c->vcpus = 1 + (unsigned int)any(4);
	apic = any(3);
	c->split_apic = apic == 1;
	c->user_apic = apic == 2;
	c->high = any(2) ? GUEST_HIGH : 0;
	printf("# seed %" PRIu64
	       ": crgen --check --vms=%u --vcpus=%u --apic=%s%s",
	       seed, c->vms, c->vcpus, apics[apic], c->high ? " --high" : "");
	for (steps = 2 + any(MAX_STEPS); steps;) {
		const struct op *op = &ops[any(nr_ops)];
		uint64_t what = any(16);

		if (what < 2)
			add(c, "thread=1");
		else if (what == 2)
			add(c, "reset=1");
		/* A userspace APIC's TPR of meanwhile is not in the model. */
		else if (what == 3 && !c->user_apic)
			add(c, (off = !off) ? "off=1" : "on=1");
		if (op->first >= N_stop && op->first <= N_thread)
			continue;
		/*
		 * Not all kernels from 6.12 on refuse the first at once. After
		 * INIT and another mode of the APIC a guest may wait in vain
		 * for its interrupt, without the module, too. QEMU's processor
		 * ends a guest of nested paging by the last.
		 */
		if (op->first == N_run_fail || op->first == N_init ||
		    op->first == N_cr3_fault)
			continue;
		if (op->l2 || !step_fits(c, kvm, op->name))
			continue;
		add(c, step(op));
		steps--;
	}
	if (off)
		add(c, "on=1");
	putchar('\n');
	fflush(stdout);
}
