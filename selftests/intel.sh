#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Intel: crgen, the kernel's own hist of exits by exit qualification, and the
# module's files say the same, with and without EPT, with the APIC in the kernel,
# in userspace and, where the CPU has APICv, in the processor.
. "$(dirname "$0")/lib-witness.sh"

require intel "needs a CPU with VMX"

# What exits with and without EPT alike. Writes of CR4 come in even numbers: one
# that found no bit changed would not exit.
common() { # WITH
	local n

	for n in 1 2; do
		check "$1: $n vCPUs" cr4_write=$((80 * n)) --vcpus=$n \
			cr0-read=31 cr0-write=37 cr0-ts=41 clts=13 cr4-read=43 \
			cr4-write=48 cr4-gpr=32 port=59 cpuid=61 irq=7
	done
	check "$1: 2 VMs of 2 vCPUs" cr4_write=256 --vms=2 --vcpus=2 \
		cr4-write=48 cr4-gpr=16 sregs=5 lapic=6 port=7
	check "$1: TS and reads of CR0 and CR4 do not exit" \
		cr0_read=-,cr0_write=-,cr4_read=- \
		cr0-ts=100 clts=100 cr0-read=100 cr4-read=100
	begin "$1: a bit that the guest owns has no zero"
	checks cr0-ts=100 port=9
	expect "those of TS, PE, DE and SMEP" "$(hidden | tr ' ' '\n' |
		grep -E '^(cr0.(TS|PE)|cr4.(DE|SMEP))' | xargs)" "cr0.TS cr4.DE"
	check "$1: CR0, LMSW and CR4" cr0_write=544,cr4_write=264 \
		cr0-write=500,distinct:30 lmsw=44 cr4-write=200,distinct:20 \
		cr4-gpr=64
	check "$1: CR0 and CR4, bits that the guest may own" - \
		cr0-write=100,80040031,80050031,80050033,80050037 lmsw=30,2,0,8 \
		cr4-write=100,20,a0,30,24,6a0
	check "$1: CR8 does not exit" cr8_read=-,cr8_write=-,tpr_guest=- \
		cr8-write=100 cr8-read=100
	# It was raised and lowered between two writes that were seen.
	check "$1: CR8 that lets an interrupt in" tpr_guest=1,tpr_change=- \
		cr8-masked=50
	check "$1: what would exit and was not done is 0" tpr_apic=0,cr_other=0 \
		port=9
	check "$1: with the APIC in userspace so is CR8" \
		cr8_read=0,cr8_write=0,tpr_guest=0 --apic=user port=9
	check "$1: TPR writes through the APIC page" tpr_apic=64 tpr-mmio=64
	check "$1: TPR writes through the x2APIC MSR" - tpr-msr=64
	check "$1: APIC in userspace" cr8_read=46,cr8_write=198 --apic=user \
		--vcpus=2 cr8-write=99 cr8-read=23 cr0-write=10 cr4-write=11
	check "$1: all that crgen can do" -
	check "$1: all that crgen can do without APIC" - --apic=user
}

# flexpriority lets the CPU take TPR writes through the APIC page, apicv more.
load_both ept=1 flexpriority=0 enable_apicv=0
witness_start
common EPT
check "EPT: CR3 does not exit" cr3_read=-,cr3_write=- cr3-read=71 cr3-write=73
check "EPT: real mode to protected mode and back" cr0_write=100 pe=50

reload_kvm ept=1 unrestricted_guest=0 enable_apicv=0
check "no unrestricted guest, flexpriority: all that crgen can do" -

reload_kvm ept=0 flexpriority=0 enable_apicv=0
common "no EPT"
check "no EPT: CR3 that was not touched is 0" cr3_read=0,cr3_write=0 port=9
check "no EPT: CR3" cr3_read=71,cr3_write=300 cr3-read=71 \
	cr3-write=300,distinct:30
check "no EPT: CR3 with PCIDs, and with bit 63" cr3_write=60,values=9 \
	cr4-write=1,20020 cr3-write=56,100001,8000000000101002,101000 \
	cr3-write=4,8000000000100fff,800000000010201a,103003,8000000000100000 \
	cr4-write=1,20
check "no EPT: from real mode to protected mode KVM emulates" cr0_write=50 pe=50

# The processor keeps the TPR and delivers interrupts: no write of it exits.
reload_kvm ept=1 flexpriority=1 enable_apicv=1
if [[ $(</sys/module/kvm_intel/parameters/enable_apicv) == N ]]; then
	skip APICv "the CPU has none"
	finish
fi
everything=(cr0-read=31 cr0-write=37 cr0-ts=41 clts=13 cr4-read=43 cr4-write=48
	cr4-gpr=32 cr8-read=23 cr8-write=29 cr8-masked=53 cr8-port=11 port=59
	cpuid=61 irq=7 tpr-mmio=67 pe=20)
for n in 1 2; do
	check "APICv: $n vCPUs" cr4_write=$((80 * n)),tpr_guest=- --vcpus=$n \
		"${everything[@]}"
done
check "APICv: 2 VMs of 2 vCPUs" cr4_write=320 --vms=2 --vcpus=2 \
	"${everything[@]}" sregs=5 lapic=6
check "APICv: CR0, LMSW and CR4" cr0_write=544,cr4_write=264 \
	cr0-write=500,distinct:30 lmsw=44 cr4-write=200,distinct:20 cr4-gpr=64
for op in cr8-write cr8-masked tpr-mmio tpr-msr irq; do
	begin "APICv: $op: the TPR is not seen"
	checks $op=100
	expect "TPR writes" "$(counted tpr_guest) $(counted tpr_apic)" "- -"
	# crgen has tried it before; what it tries makes no exit either.
	for reason in 32 43 44; do
		expect "exits for $reason" "$(witness_count kvm_exit $reason)" 0
	done
	expect "rows of values" "$(counted values)" 0
done
check "APICv, but the APIC in userspace" cr8_read=46,cr8_write=198 --apic=user \
	--vcpus=2 cr8-write=99 cr8-read=23 cr0-write=10 cr4-write=11
finish
