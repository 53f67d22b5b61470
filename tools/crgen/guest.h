/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the guest's code and the program agree on: where things lie in the
 * guest's memory, the ports and vectors, and the counters that the guest keeps.
 * Assembler and C both include this.
 */
#ifndef CRGEN_GUEST_H
#define CRGEN_GUEST_H

/*
 * Guest memory. Code and blocks lie below 1 MiB at multiples of 16, so that
 * real mode reaches them with a selector that is the base shifted by four,
 * the only kind of segment that VMX without unrestricted guest can run.
 */
#define GUEST_GDT 0x1000
#define GUEST_IDT 0x2000
#define GUEST_CODE 0x8000
#define GUEST_PDPT 0x11000
#define GUEST_PD 0x12000
#define GUEST_BLOCKS 0x20000
#define GUEST_BLOCK_SIZE 0x1000
#define GUEST_MAX_VCPUS 224
#define GUEST_PML4 0x100000
#define GUEST_NR_PML4 256
#define GUEST_VALUES 0x200000
#define GUEST_APIC 0xfee00000

/* A vCPU's block: the counters, the cycles of the last operation, the stack. */
#define BLOCK_CYCLES 0x800
#define BLOCK_STACK 0x1000

/* Ports that no device has: each OUT ends KVM_RUN. */
#define PORT_DONE 0xf4
#define PORT_IDLE 0xf5
#define PORT_FAULT 0xf6

/* The first one's class is above the TPR of "irq", the other can be masked. */
#define VECTOR_HIGH 0xd0
#define VECTOR_LOW 0x21

#define CR0_TS 0x8
#define CR0_REAL 0x10
#define CR0_PROTECTED 0x11

/*
 * A counter for each guest instruction of interest, raised right after it ran:
 * X(name, register, direction, mode). The instruction is at label at_<name>.
 */
#define GUEST_COUNTERS(X)                  \
	X(cr0_read, CR0, READ, LONG)       \
	X(cr0_write, CR0, WRITE, LONG)     \
	X(cr0_ts, CR0, WRITE, LONG)        \
	X(clts_set, CR0, WRITE, LONG)      \
	X(clts, CR0, WRITE, LONG)          \
	X(lmsw, CR0, WRITE, LONG)          \
	X(pe_enter, CR0, WRITE, REAL)      \
	X(pe_leave, CR0, WRITE, PROTECTED) \
	X(cr3_read, CR3, READ, LONG)       \
	X(cr3_write, CR3, WRITE, LONG)     \
	X(cr4_read, CR4, READ, LONG)       \
	X(cr4_write, CR4, WRITE, LONG)     \
	X(cr4_rax, CR4, WRITE, LONG)       \
	X(cr4_rcx, CR4, WRITE, LONG)       \
	X(cr4_rdx, CR4, WRITE, LONG)       \
	X(cr4_rbx, CR4, WRITE, LONG)       \
	X(cr4_rsp, CR4, WRITE, LONG)       \
	X(cr4_rbp, CR4, WRITE, LONG)       \
	X(cr4_rsi, CR4, WRITE, LONG)       \
	X(cr4_rdi, CR4, WRITE, LONG)       \
	X(cr4_r8, CR4, WRITE, LONG)        \
	X(cr4_r9, CR4, WRITE, LONG)        \
	X(cr4_r10, CR4, WRITE, LONG)       \
	X(cr4_r11, CR4, WRITE, LONG)       \
	X(cr4_r12, CR4, WRITE, LONG)       \
	X(cr4_r13, CR4, WRITE, LONG)       \
	X(cr4_r14, CR4, WRITE, LONG)       \
	X(cr4_r15, CR4, WRITE, LONG)       \
	X(cr8_read, CR8, READ, LONG)       \
	X(cr8_write, CR8, WRITE, LONG)     \
	X(cr8_port, CR8, WRITE, LONG)      \
	X(masked_raise, CR8, WRITE, LONG)  \
	X(masked, CR8, WRITE, LONG)        \
	X(masked_lower, CR8, WRITE, LONG)  \
	X(irq_raise, CR8, WRITE, LONG)     \
	X(irq_lower, CR8, WRITE, LONG)     \
	X(tpr_mmio, TPR, WRITE, LONG)      \
	X(tpr_msr, TPR, WRITE, LONG)       \
	X(port, NONE, WRITE, LONG)         \
	X(port_cr8, NONE, WRITE, LONG)     \
	X(cpuid, NONE, READ, LONG)         \
	X(eoi, NONE, WRITE, LONG)

#endif /* CRGEN_GUEST_H */
