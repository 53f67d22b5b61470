#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What crgen did, what the kernel's own counters saw and what the files say are
# the same, to the unit, for each vCPU: 1, 2 and 8 of them, and two VMs. What
# exits on AMD, and what does not.
. "$(dirname "$0")/lib-witness.sh"

require amd "AMD's intercepts"

load_both npt=1
reads=$(cr4_reads 1)
witness_start

everything=(cr0-read=31 cr0-write=37 cr0-ts=41 clts=13 lmsw=14 cr3-read=17
	cr3-write=19 cr4-read=43 cr4-write=47 cr4-gpr=32 cr8-read=23 cr8-write=29
	cr8-masked=53 cr8-port=11 port=59 cpuid=61 irq=7 pe=67)
for n in 1 2 8; do
	check "$n vCPUs" "cr4_read=$((43 * reads * n)),cr4_write=$((79 * n))" \
		--vcpus=$n "${everything[@]}"
	check "$n vCPUs, APIC in userspace" "cr8_write=$((29 * n))" \
		--vcpus=$n --apic=user cr0-write=37 cr4-read=43 cr4-write=47 \
		cr8-read=23 cr8-write=29 port=59
done
check "2 VMs of 2 vCPUs" cr4_write=316 --vms=2 --vcpus=2 "${everything[@]}"
check "all that crgen can do" -

check "CR0 writes that change more than TS and MP" cr0_write=100 cr0-write=100
check "CR0 writes that change TS alone do not exit" cr0_write=- \
	cr0-ts=100 clts=100
check "reads do not exit, but for CR4" \
	cr0_read=-,cr3_read=-,cr4_read=$((9 * reads)),cr8_read=- \
	cr0-read=9 cr3-read=9 cr4-read=9 cr8-read=9
check "what would exit and was not done is 0" cr4_read=0,cr4_write=0,cr_other=0 \
	port=9
check "with the APIC in userspace so is CR8" cr8_write=0,tpr_guest=0 --apic=user \
	port=9
check "with CD set all of CR0 exits" cr0_read=22,cr0_write=166 \
	cr0-write=1,c0050031 cr0-read=22 cr0-ts=55 clts=33 lmsw=44
begin "a bit that changes without an exit has no zero"
checks cr0-ts=100 clts=100
expect "such bits" "$(hidden)" "cr0.MP cr0.TS"
expect "the last of CR4" "$(kinds bits 'reg == "cr4" && bit > 30' name)" FRED
check "what was read before CD was set is not known" cr0_read=- cr0-read=9 \
	cr0-write=1,c0050031
check "real mode to protected mode and back" cr0_write=200 pe=100
check "with nested paging CR3 does not exit" cr3_read=-,cr3_write=- \
	cr3-read=100 cr3-write=100

# Without nested paging KVM has to see CR3, and CR0 while WP is clear.
reload_kvm npt=0
for n in 1 2; do
	check "$n vCPUs without nested paging" \
		"cr3_read=$((71 * reads * n)),cr3_write=$((73 * n))" \
		--vcpus=$n cr3-read=71 cr3-write=73 cr4-read=43 cr4-write=47
done
check "without nested paging, WP clear" cr0_read=5,cr0_write=21 \
	cr0-write=1,80040031 cr0-read=5 cr0-ts=20
check "all that crgen can do without nested paging" -
check "all that crgen can do without nested paging or APIC" - --apic=user
finish
