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
#define GUEST_CODE_BASE 0xffff0000 /* of 32-bit segments */
#define GUEST_PDPT 0x11000
#define GUEST_PD 0x12000
#define GUEST_LOWER_PML4 0x16000
#define GUEST_BLOCKS 0x20000
#define GUEST_BLOCK_SIZE 0x1000
#define GUEST_MAX_VCPUS 224
#define GUEST_PML4 0x100000
#define GUEST_NR_PML4 256
#define GUEST_VALUES 0x200000
#define GUEST_APIC 0xfee00000

/*
 * Where everything is once more: the last entry of each PML4 or, where each is
 * a PML5 above the lower PML4, the first of the upper half.
 */
#define GUEST_HIGH 0xffffff8000000000
#define GUEST_HIGH_57 0xff00000000000000

/* A vCPU's block: the counters, the cycles of the last operation, the stack. */
#define BLOCK_CYCLES 0x800
#define BLOCK_STACK 0x1000

/* Each fault's stub. */
#define FAULT_STUB_SIZE 16
#define GP_VECTOR 13

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
 * The VMCB that L1 gives to VMRUN: AMD APM vol. 2 appendix B. The last is for
 * software; what L2 sees of a CR8 that L1 intercepts is kept there.
 */
#define VMCB_INTERCEPT_CR 0x0
#define VMCB_INTERCEPTS 0xc
#define VMCB_ASID 0x58
#define VMCB_EXITCODE 0x70
#define VMCB_CR8 0x3e0
#define VMCB_SEGMENTS 0x400
#define VMCB_EFER 0x4d0
#define VMCB_CR4 0x548
#define VMCB_CR3 0x550
#define VMCB_CR0 0x558
#define VMCB_DR7 0x560
#define VMCB_DR6 0x568
#define VMCB_RFLAGS 0x570
#define VMCB_RIP 0x578
#define VMCB_RSP 0x5d8
#define VMCB_RAX 0x5f8
#define VMCB_PAT 0x668
#define SVM_EXIT_CPUID 0x72
#define SVM_EXIT_CR_WRITE 0x10
#define SVM_EXIT_CR0_SEL_WRITE 0x65

/* Of a VMCS: SDM vol. 3D appendix B; exit reasons: appendix C. */
#define VMCS_EXIT_REASON 0x4402
#define VMCS_EXIT_QUALIFICATION 0x6400
#define VMCS_GUEST_RIP 0x681e
#define VMX_EXIT_CPUID 10
#define VMX_EXIT_CR 28
#define VMX_CR_READ 0x10

/* L2's stack is so far below L1's. */
#define NESTED_STACK 0x100

/*
 * A counter for each guest instruction of interest, raised right after it ran:
 * X(name, register, direction, mode). The instruction is at label at_<name>.
 * Those of the nested guest, and how often its hypervisor saw one, come last.
 */
#define GUEST_L2_COUNTERS(X)              \
	X(l2_cr0_read, CR0, READ, LONG)   \
	X(l2_cr0_write, CR0, WRITE, LONG) \
	X(l2_cr3_read, CR3, READ, LONG)   \
	X(l2_cr3_write, CR3, WRITE, LONG) \
	X(l2_cr4_read, CR4, READ, LONG)   \
	X(l2_cr4_write, CR4, WRITE, LONG) \
	X(l2_cr8_read, CR8, READ, LONG)   \
	X(l2_cr8_write, CR8, WRITE, LONG)

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
	X(cr4_32, CR4, WRITE, PROTECTED)   \
	X(cr4_compat, CR4, WRITE, LONG)    \
	X(cr8_read, CR8, READ, LONG)       \
	X(cr8_write, CR8, WRITE, LONG)     \
	X(cr8_port, CR8, WRITE, LONG)      \
	X(masked_raise, CR8, WRITE, LONG)  \
	X(masked, CR8, WRITE, LONG)        \
	X(masked_lower, CR8, WRITE, LONG)  \
	X(irq_raise, CR8, WRITE, LONG)     \
	X(irq_lower, CR8, WRITE, LONG)     \
	X(cr0_fault, CR0, WRITE, LONG)     \
	X(cr3_fault, CR3, WRITE, LONG)     \
	X(cr4_fault, CR4, WRITE, LONG)     \
	X(cr8_fault, CR8, WRITE, LONG)     \
	X(tpr_mmio, TPR, WRITE, LONG)      \
	X(tpr_msr, TPR, WRITE, LONG)       \
	X(tpr_hv, TPR, WRITE, LONG)        \
	X(port, NONE, WRITE, LONG)         \
	X(port_cr8, NONE, WRITE, LONG)     \
	X(cpuid, NONE, READ, LONG)         \
	X(msr_fault, NONE, WRITE, LONG)    \
	X(eoi, NONE, WRITE, LONG)          \
	X(l1_exit, NONE, READ, LONG)       \
	X(l2_cr0_fault, NONE, WRITE, LONG) \
	GUEST_L2_COUNTERS(X)

#endif /* CRGEN_GUEST_H */
