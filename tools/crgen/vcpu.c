// SPDX-License-Identifier: GPL-2.0
/* A vCPU: its state at the start, and running it through the operations. */
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <x86intrin.h>

#include "crgen.h"

#define EFER_LME 0x100
#define EFER_LMA 0x400
#define APIC_BASE_X2APIC 0x400
#define RFLAGS_FIXED 2

static uint64_t block(const struct vcpu *v)
{
	return GUEST_BLOCKS + (uint64_t)v->id * GUEST_BLOCK_SIZE;
}

/**
 * vcpu_set_sregs - KVM_SET_SREGS, counted, and told to the model
 * @v: vCPU
 * @sregs: the registers
 */
void vcpu_set_sregs(struct vcpu *v, struct kvm_sregs *sregs)
{
	if (ioctl(v->fd, KVM_SET_SREGS, sregs))
		err(STATUS_FAILED, "KVM_SET_SREGS");
	v->count[N_user_tpr]++;
	v->model.reg[REG_CR0] = sregs->cr0;
	v->model.reg[REG_CR3] = sregs->cr3;
	v->model.reg[REG_CR4] = sregs->cr4;
	v->model.reg[REG_TPR] = sregs->cr8 << 4;
}

static void set_segments(struct kvm_sregs *s, struct kvm_segment code,
			 struct kvm_segment data)
{
	s->cs = code;
	s->ds = data;
	s->es = data;
	s->fs = data;
	s->gs = data;
	s->ss = data;
}

static void set_long_mode(struct kvm_sregs *s)
{
	struct kvm_segment code = { .limit = ~0U,
				    .selector = 8,
				    .type = 11,
				    .present = 1,
				    .s = 1,
				    .l = 1,
				    .g = 1 };
	struct kvm_segment data = { .limit = ~0U,
				    .selector = 16,
				    .type = 3,
				    .present = 1,
				    .s = 1,
				    .db = 1,
				    .g = 1 };
	struct kvm_segment tss = { .limit = 0x67, .type = 11, .present = 1 };
	struct kvm_segment ldt = { .unusable = 1 };

	set_segments(s, code, data);
	s->tr = tss;
	s->ldt = ldt;
	s->gdt.base = GUEST_GDT;
	s->gdt.limit = 3 * 8 - 1;
	s->idt.base = GUEST_IDT;
	s->idt.limit = 256 * 16 - 1;
	s->cr0 = reg_start[REG_CR0];
	s->cr3 = reg_start[REG_CR3];
	s->cr4 = reg_start[REG_CR4];
	s->cr8 = reg_start[REG_CR8];
	s->efer = EFER_LME | EFER_LMA;
}

static void set_real_mode(struct kvm_sregs *s, uint64_t data_base)
{
	struct kvm_segment code = { .base = GUEST_CODE,
				    .limit = 0xffff,
				    .selector = GUEST_CODE >> 4,
				    .type = 11,
				    .present = 1,
				    .s = 1 };
	struct kvm_segment data = { .base = data_base,
				    .limit = 0xffff,
				    .selector = (uint16_t)(data_base >> 4),
				    .type = 3,
				    .present = 1,
				    .s = 1 };

	set_segments(s, code, data);
	s->cr0 = CR0_REAL;
	s->efer = 0;
}

/* The local APIC starts in the mode that the first operation needs. */
static enum apic first_apic(const struct config *c)
{
	for (size_t i = 0; i < c->nr_steps; i++)
		if (c->steps[i].op->apic >= APIC_XAPIC)
			return c->steps[i].op->apic;
	return APIC_XAPIC;
}

static void set_apic_mode(struct kvm_sregs *s, enum apic apic)
{
	s->apic_base &= ~(uint64_t)APIC_BASE_X2APIC;
	if (apic == APIC_X2APIC)
		s->apic_base |= APIC_BASE_X2APIC;
}

/**
 * vcpu_create - create a vCPU in long mode
 * @v: where, with VM, configuration and id set
 * @kvm: /dev/kvm
 */
void vcpu_create(struct vcpu *v, int kvm)
{
	struct kvm_mp_state runnable = { .mp_state = KVM_MP_STATE_RUNNABLE };
	const struct config *c = v->config;
	int size = ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0);

	v->fd = ioctl(v->vm->fd, KVM_CREATE_VCPU, (unsigned long)v->id);
	if (v->fd < 0)
		err(STATUS_FAILED, "KVM_CREATE_VCPU %u", v->id);
	if (size < 0)
		err(STATUS_FAILED, "KVM_GET_VCPU_MMAP_SIZE");
	v->run = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED,
		      v->fd, 0);
	v->cycles = calloc(c->nr_steps, sizeof(*v->cycles));
	if (v->run == MAP_FAILED || !v->cycles)
		err(STATUS_FAILED, "vCPU %u", v->id);
	if (ioctl(v->fd, KVM_SET_CPUID2, c->cpuid))
		err(STATUS_FAILED, "KVM_SET_CPUID2");
	if (ioctl(v->fd, KVM_GET_SREGS, &v->sregs))
		err(STATUS_FAILED, "KVM_GET_SREGS");

	set_long_mode(&v->sregs);
	if (!c->user_apic) {
		set_apic_mode(&v->sregs, first_apic(c));
		if (ioctl(v->fd, KVM_SET_MP_STATE, &runnable))
			err(STATUS_FAILED, "KVM_SET_MP_STATE");
	}
}

static _Noreturn void die(const struct vcpu *v, const struct op *op)
{
	const struct kvm_run *run = v->run;
	struct kvm_regs regs = { 0 };
	uint64_t frame[3];

	ioctl(v->fd, KVM_GET_REGS, &regs);
	if (run->exit_reason == KVM_EXIT_IO &&
	    regs.rsp < v->vm->size - sizeof(frame)) {
		memcpy(frame, v->vm->mem + regs.rsp, sizeof(frame));
		errx(STATUS_GUEST,
		     "%s: the guest died: vCPU %u of VM %s: exception %" PRIu64
		     " (error code %#" PRIx64 ") at RIP %#" PRIx64,
		     op->name, v->id, v->vm->name, frame[0], frame[1],
		     frame[2]);
	}
	errx(STATUS_GUEST,
	     "%s: the guest died: vCPU %u of VM %s: exit reason %u%s, hardware %#" PRIx64
	     " at RIP %#llx",
	     op->name, v->id, v->vm->name, run->exit_reason,
	     run->exit_reason == KVM_EXIT_SHUTDOWN	 ? " (shutdown)" :
	     run->exit_reason == KVM_EXIT_FAIL_ENTRY	 ? " (failed entry)" :
	     run->exit_reason == KVM_EXIT_INTERNAL_ERROR ? " (internal error)" :
							   "",
	     run->exit_reason == KVM_EXIT_FAIL_ENTRY ?
		     (uint64_t)run->fail_entry.hardware_entry_failure_reason :
		     0,
	     regs.rip);
}

static void run_until_done(struct vcpu *v, const struct op *op)
{
	const struct kvm_run *run = v->run;

	for (;;) {
		int ret = ioctl(v->fd, KVM_RUN, 0);

		v->count[N_run]++;
		if (ret && (errno == EINTR || errno == EAGAIN))
			continue;
		if (ret)
			err(STATUS_GUEST, "%s: KVM_RUN", op->name);
		v->count[N_userspace_exits]++;
		if (run->exit_reason == KVM_EXIT_SET_TPR)
			v->count[N_set_tpr_exits]++;
		else if (run->exit_reason != KVM_EXIT_IO ||
			 run->io.port == PORT_FAULT)
			die(v, op);
		else if (run->io.port == PORT_DONE)
			return;
	}
}

static void take_counters(struct vcpu *v)
{
	memcpy(v->count, v->vm->mem + block(v),
	       NR_GUEST_COUNTERS * sizeof(v->count[0]));
}

static void run_guest(struct vcpu *v, const struct step *s)
{
	bool real = s->op->real;
	struct kvm_sregs sregs;
	struct kvm_regs regs = {
		.rip = guest_address(guest_call),
		.rflags = RFLAGS_FIXED,
		.rsp = block(v) + BLOCK_STACK,
		.rbx = guest_address(s->op->entry),
		.rdi = block(v),
		.rcx = s->count,
		.rsi = s->address,
		.r9 = s->address + s->nr_values * sizeof(*s->values),
		.r12 = v->model.reg[REG_CR0],
	};

	if (ioctl(v->fd, KVM_GET_SREGS, &v->sregs))
		err(STATUS_FAILED, "KVM_GET_SREGS");
	sregs = v->sregs;
	if (real) {
		set_real_mode(&sregs, block(v));
		vcpu_set_sregs(v, &sregs);
		regs.rip = regs.rbx - GUEST_CODE;
		regs.rsp = 0;
	} else if (s->op->apic >= APIC_XAPIC) {
		set_apic_mode(&sregs, s->op->apic);
		if (sregs.apic_base != v->sregs.apic_base)
			vcpu_set_sregs(v, &sregs);
	}
	if (ioctl(v->fd, KVM_SET_REGS, &regs))
		err(STATUS_FAILED, "KVM_SET_REGS");
	run_until_done(v, s->op);
	take_counters(v);
	memcpy(&v->cycles[s - v->config->steps],
	       v->vm->mem + block(v) + BLOCK_CYCLES, sizeof(*v->cycles));
}

static void run_ioctls(struct vcpu *v, const struct step *s)
{
	uint64_t start;

	if (ioctl(v->fd, KVM_GET_SREGS, &v->sregs))
		err(STATUS_FAILED, "KVM_GET_SREGS");
	start = __rdtsc();
	for (uint32_t i = 0; i < s->count; i++)
		s->op->ioctl(v);
	v->cycles[s - v->config->steps] = __rdtsc() - start;
}

/**
 * vcpu_work - do all operations, in the thread of the vCPU
 * @v: vCPU
 */
void vcpu_work(struct vcpu *v)
{
	const struct config *c = v->config;

	v->tid = gettid();
	/* Here and not at creation: all that a vCPU does is its thread's. */
	vcpu_set_sregs(v, &v->sregs);
	for (size_t i = 0; i < c->nr_steps; i++) {
		const struct step *s = &c->steps[i];
		uint64_t done = op_count(v, s->op);

		if (s->op->entry)
			run_guest(v, s);
		else
			run_ioctls(v, s);
		done = op_count(v, s->op) - done;
		if (done != s->count)
			errx(STATUS_GUEST,
			     "%s: vCPU %u of VM %s did %" PRIu64 " of %" PRIu32,
			     s->op->name, v->id, v->vm->name, done, s->count);
		if (s->op->replay)
			s->op->replay(v, s, done);
		model_check(v, s->op);
		if (s->op->real)
			vcpu_set_sregs(v, &v->sregs);
	}
}
