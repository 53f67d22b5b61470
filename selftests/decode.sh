#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# AMD's DecodeAssists: the CPU names the general register of a MOV to or from a
# control register, and KVM needs no emulator. Both shapes of a selective write
# of CR0: without the register, as CPUs have it, and with, as a module of the
# tests makes it.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib-exits.sh"

require
grep -qw decodeassists /proc/cpuinfo || skip_all "needs AMD's DecodeAssists"
require_exits

# decoded NAME EMULATED ARGUMENT...: all is right, and so many accesses were
# emulated.
decoded() {
	begin "$1"
	echo reset >$CRSTAT/control
	checks "${@:3}"
	expect "hits of emulator_set_cr" "$(probe emulator_set_cr hits)" "$2"
}

load_both npt=0
decoded "CR3 and CR4 are decoded" 0 cr3-read=20 cr3-write=300,distinct:30 \
	cr4-read=21 cr4-write=200,distinct:20 cr4-gpr=64

reload_kvm npt=1
decoded "a selective write of CR0 without its register" 144 \
	cr0-write=100,distinct:20 lmsw=44

load_exits decode=1
decoded "a selective write of CR0 with its register; LMSW has none" 44 \
	cr0-write=100,distinct:20 lmsw=44
read_exits
begin "what the module of the tests changed"
expect "selective writes" "${changed[0]}" 100
# shellcheck disable=SC2154 # read_exits
expect "LMSW" "$passed" 44
decoded "the same in real mode and protected mode" 0 pe=50
unload_exits

# With CD set KVM intercepts every access to CR0 (svm_set_cr0(), 5.10 to 7.3).
decoded "every write of CR0; CLTS and LMSW have no register" $((1 + 33 + 44)) \
	cr0-write=1,c0050031 cr0-read=22 cr0-ts=55 clts=33 lmsw=44
decoded "CR8 with the APIC in userspace" 0 --apic=user cr8-write=99 cr8-read=5
finish
