#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Writes whose value never comes, since KVM's emulator gives up, and values of
# writes that were not intercepted: a module of the tests makes both.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib-exits.sh"

require amd "AMD's intercepts"
! grep -qw decodeassists /proc/cpuinfo || skip_all "a processor without DecodeAssists"
require_exits

# "REG unknown COUNT FAULTS of ALL": the values that are not known, of all.
values() {
	cells values 'value == "unknown"' "reg, value, count, faults"
	echo "of $(total count values)"
}

# lost NAME N ACCESSES VALUES ARGUMENT...: CPUID is a write of CRn.
lost() {
	begin "$1"
	unload_exits
	load_exits lost="$2"
	guest "${@:5}"
	expect "CR accesses" "$(probe cr_interception hits)" "$3"
	expect "values" "$(values | xargs)" "$4"
}

load_kvm npt=0 nested=1
grep -qw svm_handle_exit /proc/kallsyms || skip_all "no such function before Linux 5.11"
load
lost "writes whose value never comes" 4 30 "cr4 unknown 30 0 of 30" cpuid=30
lost "some that do not come, some that do" 3 25 "cr3 unknown 5 0 of 25" cpuid=5 \
	cr3-write=20
lost "a value that comes after a read is no earlier write's" 4 2 "cr4 unknown 1 0 of 1" \
	cpuid=1 cr4-read=1 cr4-write=1
lost "a value of another register is no waiting write's" 3 1 "cr3 unknown 1 0 of 1" \
	cpuid=1 cr4-write=1
lost "the same of a nested guest" 3 2 "cr3 unknown 2 0 of 2" l2-cr4-write=1 \
	l2-cr4-write=1
lost "those that fail are others" 8 25 "cr8 unknown 5 0 of 25" --apic=user cpuid=5 \
	cr8-fault=20
lost "a write that waits, and a reset" 4 0 "of 0" cpuid=1 reset=1 cr4-write=1
lost "a write that waits, off and on" 4 1 "cr4 unknown 1 - of 1" cpuid=1 off=1 on=1 \
	cr4-write=1

begin "a write that waits, and another, a reset or the vCPU's end: an event"
readonly EVENT=$TRACING/events/kvm_crstat/cr_access/enable
: >$TRACING/trace
echo 1 >$EVENT
guest cr3-write=2 cpuid=1 cr3-write=1 cpuid=1 reset=1 cr3-write=1 cpuid=1
echo 0 >$EVENT
expect "events" "$(grep -c 'cr_access: .* write cr4 .* unknown 0x0 ' \
	$TRACING/trace)" 3

begin "a write that waits, and another vCPU without room"
unload_exits
load max_vcpus=1
load_exits lost=4
hold port=1
echo 1 >$EVENT
taskset 1 crgen --timeout=600 cpuid=1 stop=1 >"$scratch/crgen" &
guest=$!
guest_stopped
: >$TRACING/trace
taskset 1 crgen cr4-write=1 >/dev/null
expect "the event" "$(grep -o 'write cr4 .* unknown 0x0' $TRACING/trace | wc -l)" 1
expect "values" "$(values | xargs)" "cr4 unknown 1 0 of 1"
guest_end
let_go
begin "a row that is given up is no event"
echo reset >$CRSTAT/control
: >$TRACING/trace
crgen port=1 >/dev/null
crgen port=1 >/dev/null
echo 0 >$EVENT
expect "events" "$(grep -c cr_access: $TRACING/trace)" 0

begin "calls that kprobes missed"
unload_exits
load hook=kprobe
hold port=1
echo reset >$CRSTAT/control
[[ " $(zeros) " == *" tpr_other "* ]]
expect "that a zero is one" $? 0
load_exits miss=1
crgen cpuid=10 >/dev/null
expect "that calls were missed" $(($(probe kvm_set_cr8 missed) > 0)) 1
expect "zeros of the TPR's" "$(zeros | grep -o '[a-z]*_tpr\|tpr_[a-z]*')" tpr_apic
crgen --apic=user port=1 >/dev/null
expect "zeros of CR8's writes" "$(kinds vcpus 'cr8_write == 0' 1)" ""
unload_exits
missed=$(probe kvm_set_cr8 missed)
control off on
expect "missed, off and on again" "$(probe kvm_set_cr8 missed)" "$missed"
echo reset >$CRSTAT/control
expect "missed since a reset" "$(probe kvm_set_cr8 missed)" 0
[[ " $(zeros) " == *" tpr_other "* ]]
expect "that it is one after a reset" $? 0
let_go

begin "calls from elsewhere, which ftrace does see"
load hook=ftrace
load_exits miss=1
readonly TPR_EVENT=$TRACING/events/kvm_crstat/tpr_write/enable
: >$TRACING/trace
echo 1 >$TPR_EVENT
guest cpuid=5
echo 0 >$TPR_EVENT
others=$(total tpr_other)
expect "some" $((others > 0)) 1
expect "events" "$(grep -c 'tpr_write: .* origin other$' $TRACING/trace)" "$others"
finish
