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
#define RFLAGS_FIXED 2
#define CR4_LA57 0x1000

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
	expect_user(v, (uint8_t)(sregs->cr8 << 4));
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

/* A base below 4 GiB, whose sum with an offset is above. */
static void set_narrow(struct kvm_sregs *s, bool compat)
{
	s->cs.base = GUEST_CODE_BASE;
	s->cs.l = 0;
	s->cs.db = 1;
	if (compat)
		return;
	s->cr0 = CR0_PROTECTED;
	/* As in the boot of a 64-bit kernel, before paging. */
	s->efer = EFER_LME;
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

	v->run_size = (size_t)size;
	v->fd = ioctl(v->vm->fd, KVM_CREATE_VCPU, (unsigned long)v->id);
	if (v->fd < 0)
		err(STATUS_FAILED, "KVM_CREATE_VCPU %u", v->id);
	if (size < 0)
		err(STATUS_FAILED, "KVM_GET_VCPU_MMAP_SIZE");
	v->run = mmap(NULL, v->run_size, PROT_READ | PROT_WRITE, MAP_SHARED,
		      v->fd, 0);
	v->cycles = calloc(c->nr_steps, sizeof(*v->cycles));
	if (v->run == MAP_FAILED || !v->cycles)
		err(STATUS_FAILED, "vCPU %u", v->id);
	if (ioctl(v->fd, KVM_SET_CPUID2, c->cpuid))
		err(STATUS_FAILED, "KVM_SET_CPUID2");
	if (ioctl(v->fd, KVM_GET_SREGS, &v->sregs))
		err(STATUS_FAILED, "KVM_GET_SREGS");

	set_long_mode(&v->sregs);
	if (c->high == GUEST_HIGH_57)
		v->sregs.cr4 |= CR4_LA57;
	if (!c->user_apic) {
		set_apic_mode(&v->sregs, first_apic(c));
		if (ioctl(v->fd, KVM_SET_MP_STATE, &runnable))
			err(STATUS_FAILED, "KVM_SET_MP_STATE");
	}
}

/**
 * vcpu_destroy - the opposite of vcpu_create()
 * @v: vCPU
 */
void vcpu_destroy(struct vcpu *v)
{
	munmap(v->run, v->run_size);
	close(v->fd);
	free(v->cycles);
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
	     "%s: the guest died: vCPU %u of VM %s: exit reason %u%s, why %#" PRIx64
	     " at RIP %#llx",
	     op->name, v->id, v->vm->name, run->exit_reason,
	     run->exit_reason == KVM_EXIT_SHUTDOWN	 ? " (shutdown)" :
	     run->exit_reason == KVM_EXIT_FAIL_ENTRY	 ? " (failed entry)" :
	     run->exit_reason == KVM_EXIT_INTERNAL_ERROR ? " (internal error)" :
							   "",
	     run->exit_reason == KVM_EXIT_FAIL_ENTRY ?
		     (uint64_t)run->fail_entry.hardware_entry_failure_reason :
	     run->exit_reason == KVM_EXIT_INTERNAL_ERROR ?
		     run->internal.suberror :
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
	uint64_t cycles;
	struct kvm_regs regs = {
		.rip = guest_code(v->config, guest_call),
		.rflags = RFLAGS_FIXED,
		.rsp = block(v) + BLOCK_STACK,
		.rbx = guest_code(v->config, s->op->entry),
		.rdi = block(v),
		.rcx = s->count,
		.rsi = s->address,
		.r9 = s->address + s->nr_values * sizeof(*s->values),
		.r12 = v->model.reg[REG_CR0],
		/* The first touch may be a page fault of its own. */
		.r11 = v->config->check && s->op->apic == APIC_XAPIC ?
			       GUEST_APIC :
			       0,
	};

	if (ioctl(v->fd, KVM_GET_SREGS, &v->sregs))
		err(STATUS_FAILED, "KVM_GET_SREGS");
	sregs = v->sregs;
	if (real) {
		set_real_mode(&sregs, block(v));
		vcpu_set_sregs(v, &sregs);
		regs.rip = guest_address(s->op->entry) - GUEST_CODE;
		regs.rsp = 0;
	} else if (s->op->narrow) {
		set_narrow(&sregs, sites[s->op->first].mode == MODE_LONG);
		vcpu_set_sregs(v, &sregs);
		regs.rip = (uint32_t)(guest_address(s->op->entry) -
				      GUEST_CODE_BASE);
		regs.rbp = regs.r9;
		regs.rbx = ~(uint64_t)UINT32_MAX;
	} else if (s->op->l2) {
		nested_sregs(&sregs);
		vcpu_set_sregs(v, &sregs);
	} else if (s->op->apic >= APIC_XAPIC) {
		set_apic_mode(&sregs, s->op->apic);
		if (sregs.apic_base != v->sregs.apic_base)
			vcpu_set_sregs(v, &sregs);
	}
	if (s->op->l2)
		nested_prepare(v, s, &regs);
	if (ioctl(v->fd, KVM_SET_REGS, &regs))
		err(STATUS_FAILED, "KVM_SET_REGS");
	expect_run(v);
	run_until_done(v, s->op);
	take_counters(v);
	memcpy(&cycles, v->vm->mem + block(v) + BLOCK_CYCLES, sizeof(cycles));
	v->cycles[s - v->config->steps] += cycles;
}

static void run_ioctls(struct vcpu *v, const struct step *s)
{
	uint64_t start;

	if (ioctl(v->fd, KVM_GET_SREGS, &v->sregs))
		err(STATUS_FAILED, "KVM_GET_SREGS");
	start = __rdtsc();
	for (uint32_t i = 0; i < s->count; i++)
		s->op->ioctl(v);
	v->cycles[s - v->config->steps] += __rdtsc() - start;
}

/**
 * vcpu_start - set a vCPU up, in its own thread
 * @v: vCPU
 *
 * Here and not at creation: all that a vCPU does is its thread's.
 */
void vcpu_start(struct vcpu *v)
{
	v->tid = gettid();
	if (v->config->check)
		witness_open(&v->witness, v->config);
	v->expect.resets = v->config->check && !v->config->host->amd;
	/* Where creating it is seen, so is who did that, until KVM_RUN. */
	v->expect.tid = v->expect.resets ? getpid() : v->tid;
	vcpu_set_sregs(v, &v->sregs);
	if (v->config->nested)
		nested_enable(v);
}

/**
 * vcpu_step - do an operation, in the thread of the vCPU
 * @v: vCPU, started
 * @s: one of its configuration's
 */
void vcpu_step(struct vcpu *v, const struct step *s)
{
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
	if (s->op->entry)
		expect_exit(v);
	model_check(v, s->op);
	if (!s->op->real && !s->op->narrow && !s->op->l2)
		return;
	vcpu_set_sregs(v, &v->sregs);
	/* KVM writes CR8 before CR0 or after: what was armed then is known. */
	if (v->config->check)
		vcpu_set_sregs(v, &v->sregs);
}

/* The steps from the next one on; another thread does those behind "thread". */
static void *go_on(void *vcpu)
{
	struct vcpu *v = vcpu;
	const struct config *c = v->config;
	pthread_t thread;

	v->tid = gettid();
	while (!v->hand_over && v->step < c->nr_steps) {
		const struct step *s = &c->steps[v->step++];

		if (s->op->first == N_thread)
			v->hand_over = s->count;
		else
			vcpu_step(v, s);
	}
	if (!v->hand_over)
		return NULL;
	v->hand_over--;
	v->count[N_thread]++;
	errno = pthread_create(&thread, NULL, go_on, v);
	if (errno)
		err(STATUS_FAILED, "thread");
	pthread_join(thread, NULL);
	return NULL;
}

/**
 * vcpu_round - do all operations, in the thread of the vCPU
 * @v: vCPU, started
 */
void vcpu_round(struct vcpu *v)
{
	v->step = 0;
	go_on(v);
	v->rounds++;
}
