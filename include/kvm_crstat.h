/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The contract between the module kvm_crstat, its readers and its tests: the
 * files in debugfs, their format version, and every column with its help line.
 *
 * A list of columns is an X-macro X(name, kind, help); a column's position in
 * the list is its position in the file. A reader goes by the names and takes
 * what it does with a column from the kind, so that columns and files can be
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
 * Kinds of columns. A field is a word, or where the kind says so a decimal
 * number or hexadecimal with 0x. Hexadecimal can also be the word unknown, and
 * any field "-": does not apply.
 */
#define CRS_KINDS(X)                                                         \
	X(KEY, "a word that tells the rows of a file apart")                 \
	X(KEY_NUMBER, "the same, a number")                                  \
	X(KEY_HEX, "the same, hexadecimal")                                  \
	X(LIFE, "a word; rows that differ in it alone are lives of one key") \
	X(COUNT, "events since the last reset: a number to sum, subtract")   \
	X(PART, "the same, of events that another column of the row counts") \
	X(BOUND, "how many of the row's events may belong to other rows")    \
	X(MOST, "the largest number until now; a sum has that of its rows")  \
	X(LAST, "a word as last seen, which can be another at any time")     \
	X(LAST_NUMBER, "the same, a number")                                 \
	X(LAST_HEX, "the same, hexadecimal")

/*
 * What identifies a vCPU's row. A vCPU whose guest is a hypervisor has a second
 * one, of level 2, for what that one's guest did. The state is live (the vCPU
 * exists), gone (it was destroyed), dropped (the sum of gone rows given up for
 * room) or noroom (what vCPUs did for which there was no record).
 */
#define CRS_ID_COLUMNS(X)                                             \
	X(vm, KEY, "VM as KVM names its debugfs folder: <pid>-<fd>")  \
	X(pid, KEY_NUMBER, "process that created the VM")             \
	X(tid, LAST_NUMBER, "thread that ran the vCPU last")          \
	X(vcpu, KEY_NUMBER, "vCPU id as given to KVM_CREATE_VCPU")    \
	X(level, KEY_NUMBER, "1, or 2 for what its nested guest did") \
	X(state, LIFE,                                                \
	  "live, gone, dropped (rows given up) or noroom (no record)")

/*
 * The counters of a vCPU. "-" instead of 0 where it may have been done
 * uncounted: as far as is known not each such access has exited since the
 * reset, or a probe that sees it was off, silenced, not there or missed a call.
 */
#define CRS_COUNTERS(X)                                                        \
	X(cr0_read, COUNT, "intercepted reads of CR0")                         \
	X(cr0_write, COUNT, "intercepted writes of CR0, CLTS and LMSW too")    \
	X(cr3_read, COUNT, "intercepted reads of CR3")                         \
	X(cr3_write, COUNT, "intercepted writes of CR3")                       \
	X(cr4_read, COUNT, "intercepted reads of CR4")                         \
	X(cr4_write, COUNT, "intercepted writes of CR4")                       \
	X(cr8_read, COUNT, "intercepted reads of CR8")                         \
	X(cr8_write, COUNT, "intercepted writes of CR8")                       \
	X(cr_other, COUNT, "CR intercepts that could not be decoded")          \
	X(cr_reflected, PART, "those of a nested guest that went to its KVM")  \
	X(set_cr8, COUNT, "raw hits of kvm_set_cr8")                           \
	X(set_tpr, COUNT, "raw hits of kvm_lapic_set_tpr")                     \
	X(tpr_guest, COUNT,                                                    \
	  "TPR writes: MOV to CR8 that exited; Intel: below threshold, too")   \
	X(tpr_apic, COUNT, "TPR writes: APIC page or x2APIC MSR that exited")  \
	X(tpr_sync, COUNT, "TPR writes: KVM copying V_TPR back after an exit") \
	X(tpr_user, COUNT, "TPR writes: an ioctl of the VMM")                  \
	X(tpr_other, COUNT, "TPR writes: anything else, see callers")          \
	X(tpr_change, COUNT,                                                   \
	  "TPR writes that found another value than the last seen")

/*
 * What a vCPU's row says besides. armed lists intercepts as r<N> and w<N> for
 * reads and writes of CRN, s<N> where only writes that change certain bits do
 * exit, none where no CR intercept is armed; it is as of the vCPU's last event.
 */
#define CRS_STATE_COLUMNS(X)                           \
	X(tpr, LAST_HEX, "last TPR seen, hexadecimal") \
	X(armed, LAST, "CR intercepts armed: r4, w0, s0 for some writes")

#define CRS_VCPUS_COLUMNS(X) \
	CRS_ID_COLUMNS(X)    \
	CRS_COUNTERS(X)      \
	CRS_STATE_COLUMNS(X)

#define CRS_VALUES_COLUMNS(X)                                          \
	CRS_ID_COLUMNS(X)                                              \
	X(reg, KEY, "cr0, cr3, cr4, cr8 or tpr (through the APIC)")    \
	X(value, KEY_HEX, "value written, hexadecimal, or unknown")    \
	X(count, COUNT, "writes of it")                                \
	X(error, BOUND, "how many of them may have been other values") \
	X(faults, PART, "how many of them failed: the guest got a #GP")

/* "-" instead of 0 where a bit could have changed without being counted. */
#define CRS_BITS_COLUMNS(X)                                            \
	CRS_ID_COLUMNS(X)                                              \
	X(reg, KEY, "cr0 or cr4")                                      \
	X(bit, KEY_NUMBER, "bit number")                               \
	X(name, KEY, "architectural name")                             \
	X(set, COUNT, "writes that set it, but for those that failed") \
	X(cleared, COUNT, "writes that cleared it, likewise")

#define CRS_SITES_COLUMNS(X)                                             \
	CRS_ID_COLUMNS(X)                                                \
	X(address, KEY_HEX, "linear address of the instruction")         \
	X(mode, KEY, "real, protected or long")                          \
	X(reg, KEY, "cr0, cr3, cr4 or cr8")                              \
	X(dir, KEY, "read or write")                                     \
	X(count, COUNT, "accesses with an exit")                         \
	X(error, BOUND, "how many of them may have come from elsewhere") \
	X(faults, PART, "how many of them failed: the guest got a #GP")

/*
 * A time is from KVM's first look at the clock after the exit to the vCPU's
 * next entry, with what the VMM did in between. Of the same VM exit, TPR writes
 * share the time one after the other. The outcome is done, fault (the guest got
 * an exception, the register is as it was) or user (the VMM had to act).
 */
#define CRS_TIMES_COLUMNS(X)                                               \
	CRS_ID_COLUMNS(X)                                                  \
	X(reg, KEY, "cr0, cr3, cr4, cr8 or tpr (writes, not by MOV CR8)")  \
	X(dir, KEY, "read or write")                                       \
	X(outcome, KEY, "done, fault or user")                             \
	X(ns, KEY_NUMBER, "nanoseconds at least, a power of two or 0")     \
	X(count, COUNT, "accesses that took so long, but not the next ns") \
	X(total, PART, "nanoseconds that these took together")             \
	X(longest, MOST, "nanoseconds of the longest, whatever its ns")

/*
 * The origin is guest, apic, sync, user or other as in the counters, or via:
 * kvm_set_cr8 calls kvm_lapic_set_tpr, and the origin is its own caller's.
 */
#define CRS_CALLERS_COLUMNS(X)                                        \
	X(function, KEY, "probed function")                           \
	X(site, KEY, "return address as symbol+offset")               \
	X(module, KEY, "module of the site, - for the kernel itself") \
	X(origin, KEY, "what a TPR write from there counts as")       \
	X(count, COUNT, "calls")

/*
 * The state is armed (a call is counted), silenced (armed, but a switch of the
 * kernel's keeps calls away), off (its set is), waiting (for its module, or on
 * a CPU of the other vendor), absent (there is no such function), cloned (of
 * the function there are but variants by the compiler, whose arguments can't be
 * told), nested=0 (KVM's parameter keeps its guests from having guests) or
 * error:-N (why it can't be armed).
 */
#define CRS_PROBES_COLUMNS(X)                                                  \
	X(function, KEY, "probed function")                                    \
	X(module, KEY, "module that it belongs to, - where built in")          \
	X(set, KEY, "probe set: cr, tpr, cr+tpr, time or vcpu")                \
	X(state, LAST,                                                         \
	  "armed, silenced, off, waiting, absent, cloned, nested=0, error:-N") \
	X(hits, COUNT, "calls seen")                                           \
	X(missed, COUNT, "calls that the kernel could not report")             \
	X(hook, LAST, "how it is hooked: kprobe, ftrace or - (not)")

/* Files that can be read: X(name, columns, help). */
#define CRS_FILES(X)                                                          \
	X(vcpus, CRS_VCPUS_COLUMNS, "counters of each vCPU")                  \
	X(values, CRS_VALUES_COLUMNS, "values written to a register")         \
	X(bits, CRS_BITS_COLUMNS, "bits of CR0 and CR4 that changed")         \
	X(sites, CRS_SITES_COLUMNS, "guest instructions that exited")         \
	X(times, CRS_TIMES_COLUMNS, "what accesses took, and how they ended") \
	X(callers, CRS_CALLERS_COLUMNS, "call sites of the TPR functions")    \
	X(probes, CRS_PROBES_COLUMNS, "the probes themselves")

/* Commands of the write-only file "control": X(command, help). */
#define CRS_COMMANDS(X)                                            \
	X(reset, "start every count from zero, forget gone vCPUs") \
	X(on, "arm cr and tpr, or the set named: cr, tpr, time")   \
	X(off, "disarm all probe sets, or the one named")

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
