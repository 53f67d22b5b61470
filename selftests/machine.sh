#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What happens to the machine meanwhile: CPUs that go offline and come back, and
# threads that are sent from one to the other.
. "$(dirname "$0")/lib.sh"

require
readonly CPU=/sys/devices/system/cpu/cpu1/online
[[ -w $CPU ]] || skip_all "needs a second CPU that can be offline"
at_exit+=("echo 1 >$CPU")

# What the CPU has counted.
counts() {
	cells probes 1 "called, hits"
	sed 1,2d $CRSTAT/callers
	grep " noroom " $CRSTAT/vcpus
}

load_kvm
load max_vcpus=1
begin "a CPU goes offline, and what was counted there stays"
hold port=1
taskset 2 crgen cr4-write=50 cr4-read=10 cr8-port=5 >/dev/null
expect "the status of the guest" $? 0
expect "some had no room" $(($(rows noroom) > 0)) 1
before=$(counts)
echo 0 >$CPU
expect "hits, calls and rows without room" "$(counts)" "$before"
let_go
begin "a reset while it is offline"
echo reset >$CRSTAT/control
checks cr4-write=20 cr8-port=5
echo 1 >$CPU
expect "hits of cr_interception and handle_cr" $(($(probe cr_interception hits) +
	$(probe handle_cr hits))) "$(total "$ACCESSES")"
taskset 2 crgen cr4-write=20 >/dev/null
expect "writes of CR4" "$(total cr4_write)" 40

begin "a reset while the CPU is offline that a vCPU comes back to"
load
taskset 2 crgen --timeout=600 cr4-write=5 stop=1 cr4-write=7 >"$scratch/crgen" &
guest=$!
guest_stopped
echo 0 >$CPU
echo reset >$CRSTAT/control
echo 1 >$CPU
for task in /proc/"$guest"/task/*; do
	taskset -p 2 "${task##*/}" >/dev/null
done
guest_end
expect "writes of CR4" "$(total cr4_write)" 7

load
begin "CPUs come and go, threads are sent about"
crgen --forever=0 --check --timeout=300 --vcpus=3 cr4-write=50 cr0-write=20 \
	tpr-msr=20 lapic=2 -- sleep 12 >"$scratch/check" 2>"$scratch/wrong" &
guest=$!
for n in {1..8}; do
	for task in /proc/"$guest"/task/*; do
		taskset -p $((1 + n % 2)) "${task##*/}" >/dev/null 2>&1
	done
	echo 0 >$CPU
	sleep 0.3
	echo 1 >$CPU
	for task in /proc/"$guest"/task/*; do
		taskset -p 3 "${task##*/}" >/dev/null 2>&1
	done
	sleep 0.3
done
guest_end
sed 's/^/# /' "$scratch/wrong"
finish
