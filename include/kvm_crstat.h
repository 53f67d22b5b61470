/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The contract between the module kvm_crstat, its readers and its tests: the
 * files in debugfs, their format version, and every column with its help line.
 *
 * A list is an X-macro X(name, help); a column's position in the list is its
 * position in the file. A reader goes by the names, so that columns can be
 * added. This header includes nothing, so that both sides can include it.
 */
#ifndef KVM_CRSTAT_H
#define KVM_CRSTAT_H

/* The folder below debugfs and the first word of every file. */
#define CRS_NAME "kvm_crstat"

/* Of module, tools and packages; the Makefile reads it from here. */
#define CRS_VERSION "1.0"

/* Raised when a name's meaning changes, not when a column or file is added. */
#define CRS_FORMAT 1

/* Length of a VM's name, "<pid>-<fd>" as KVM names its debugfs folder. */
#define CRS_VM_LEN 24

/* Entries of the bounded tables: one vCPU, one register; one vCPU's sites. */
#define CRS_NR_VALUES 32
#define CRS_NR_SITES 64

/*
 * What identifies a vCPU's row. The state is live (the vCPU exists), gone (it
 * was destroyed), dropped (the sum of gone rows given up for room) or noroom
 * (what vCPUs did for which there was no record).
 */
#define CRS_ID_COLUMNS(X)                                       \
	X(vm, "VM as KVM names its debugfs folder: <pid>-<fd>") \
	X(pid, "process that created the VM")                   \
	X(tid, "thread that ran the vCPU last")                 \
	X(vcpu, "vCPU id as given to KVM_CREATE_VCPU")          \
	X(state, "live, gone, dropped (rows given up) or noroom (no record)")

/* The counters of a vCPU. */
#define CRS_COUNTERS(X)                                                 \
	X(cr0_read, "intercepted reads of CR0")                         \
	X(cr0_write, "intercepted writes of CR0, CLTS and LMSW too")    \
	X(cr3_read, "intercepted reads of CR3")                         \
	X(cr3_write, "intercepted writes of CR3")                       \
	X(cr4_read, "intercepted reads of CR4")                         \
	X(cr4_write, "intercepted writes of CR4")                       \
	X(cr8_read, "intercepted reads of CR8")                         \
	X(cr8_write, "intercepted writes of CR8")                       \
	X(cr_other, "CR intercepts that could not be decoded")          \
	X(set_cr8, "raw hits of kvm_set_cr8")                           \
	X(set_tpr, "raw hits of kvm_lapic_set_tpr")                     \
	X(tpr_guest, "TPR writes: MOV to CR8 that exited")              \
	X(tpr_apic, "TPR writes: APIC page or x2APIC MSR that exited")  \
	X(tpr_sync, "TPR writes: KVM copying V_TPR back after an exit") \
	X(tpr_user, "TPR writes: an ioctl of the VMM")                  \
	X(tpr_other, "TPR writes: anything else, see callers")          \
	X(tpr_change, "TPR writes that found another value than the last seen")

/*
 * What a vCPU's row says besides. armed lists intercepts as r<N> and w<N> for
 * reads and writes of CRN, s0 for selective writes of CR0, none where no CR
 * intercept is armed; it is as of the vCPU's last event.
 */
#define CRS_STATE_COLUMNS(X)                 \
	X(tpr, "last TPR seen, hexadecimal") \
	X(armed, "CR intercepts armed, as r0,w0,s0,w8")

#define CRS_VCPUS_COLUMNS(X) \
	CRS_ID_COLUMNS(X)    \
	CRS_COUNTERS(X)      \
	CRS_STATE_COLUMNS(X)

#define CRS_VALUES_COLUMNS(X)                                  \
	CRS_ID_COLUMNS(X)                                      \
	X(reg, "cr0, cr3, cr4, cr8 or tpr (through the APIC)") \
	X(value, "value written, hexadecimal, or unknown")     \
	X(count, "writes of it")                               \
	X(error, "how many of them may have been other values")

#define CRS_BITS_COLUMNS(X)           \
	CRS_ID_COLUMNS(X)             \
	X(reg, "cr0 or cr4")          \
	X(bit, "bit number")          \
	X(name, "architectural name") \
	X(set, "writes that set it")  \
	X(cleared, "writes that cleared it")

#define CRS_SITES_COLUMNS(X)                            \
	CRS_ID_COLUMNS(X)                               \
	X(address, "linear address of the instruction") \
	X(mode, "real, protected or long")              \
	X(reg, "cr0, cr3, cr4 or cr8")                  \
	X(dir, "read or write")                         \
	X(count, "accesses with an exit")               \
	X(error, "how many of them may have come from elsewhere")

/*
 * The origin is guest, apic, sync, user or other as in the counters, or via:
 * kvm_set_cr8 calls kvm_lapic_set_tpr, and the origin is its own caller's.
 */
#define CRS_CALLERS_COLUMNS(X)                                   \
	X(function, "probed function")                           \
	X(site, "return address as symbol+offset")               \
	X(module, "module of the site, - for the kernel itself") \
	X(origin, "what a TPR write from there counts as")       \
	X(count, "calls")

#define CRS_PROBES_COLUMNS(X)                                      \
	X(function, "probed function")                             \
	X(module, "module that it belongs to, - where built in")   \
	X(set, "probe set: cr, tpr, cr+tpr or vcpu")               \
	X(state, "armed, off, waiting (for its module) or absent") \
	X(hits, "calls seen")                                      \
	X(missed, "calls that the kernel could not report")

/* Files that can be read: X(name, columns, help). */
#define CRS_FILES(X)                                                       \
	X(vcpus, CRS_VCPUS_COLUMNS, "counters of each vCPU")               \
	X(values, CRS_VALUES_COLUMNS, "values written to a register")      \
	X(bits, CRS_BITS_COLUMNS, "bits of CR0 and CR4 that changed")      \
	X(sites, CRS_SITES_COLUMNS, "guest instructions that exited")      \
	X(callers, CRS_CALLERS_COLUMNS, "call sites of the TPR functions") \
	X(probes, CRS_PROBES_COLUMNS, "the probes themselves")

/* Commands of the write-only file "control": X(command, help). */
#define CRS_COMMANDS(X)                                            \
	X(reset, "start every count from zero, forget gone vCPUs") \
	X(on, "arm all probe sets, or the one named: cr, tpr")     \
	X(off, "disarm all probe sets, or the one named: cr, tpr")

/* Defined bits: X(bit, name). Intel SDM vol. 3A 2.5, AMD APM vol. 2 3.1. */
#define CRS_CR0_BITS(X) \
	X(0, PE)        \
	X(1, MP)        \
	X(2, EM)        \
	X(3, TS)        \
	X(4, ET)        \
	X(5, NE)        \
	X(16, WP)       \
	X(18, AM)       \
	X(29, NW)       \
	X(30, CD)       \
	X(31, PG)

#define CRS_CR4_BITS(X)   \
	X(0, VME)         \
	X(1, PVI)         \
	X(2, TSD)         \
	X(3, DE)          \
	X(4, PSE)         \
	X(5, PAE)         \
	X(6, MCE)         \
	X(7, PGE)         \
	X(8, PCE)         \
	X(9, OSFXSR)      \
	X(10, OSXMMEXCPT) \
	X(11, UMIP)       \
	X(12, LA57)       \
	X(13, VMXE)       \
	X(14, SMXE)       \
	X(16, FSGSBASE)   \
	X(17, PCIDE)      \
	X(18, OSXSAVE)    \
	X(19, KL)         \
	X(20, SMEP)       \
	X(21, SMAP)       \
	X(22, PKE)        \
	X(23, CET)        \
	X(24, PKS)        \
	X(25, UINTR)      \
	X(28, LAM_SUP)    \
	X(32, FRED)

#endif /* KVM_CRSTAT_H */
