#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The records of vCPUs: found at the first hit, retired at destruction, not
# mixed up when an address is used again, and no count lost when the table is
# full, whether gone vCPUs can give way or not.
. "$(dirname "$0")/lib.sh"

require

# cr4_write of the rows in a state, in order.
writes() { # STATE
	cells vcpus "state == \"$1\"" cr4_write | sort -n | xargs
}

load_both

begin "a vCPU's row is live, and stays as gone"
hold --vcpus=2 cr4-write=5
expect "live rows' writes" "$(writes live)" "5 5"
let_go
expect "gone rows' writes" "$(writes gone)" "5 5"
expect "live rows" "$(rows live)" 0

begin "addresses used again belong to new vCPUs"
echo reset >$CRSTAT/control
for n in {1..20}; do
	crgen --vcpus=2 cr4-write="$n" >/dev/null
done
expect "counts" "$(writes gone)" "$(for n in {1..20}; do echo "$n $n"; done | xargs)"

load max_vcpus=4
reads=$(cr4_reads 10)
echo reset >$CRSTAT/control
begin "gone rows give way, oldest first, and their counts are kept"
for n in {1..10}; do
	crgen cr4-write="$n" cr4-read=1 >/dev/null
done
expect "the newest stay" "$(writes gone)" "7 8 9 10"
expect "dropped writes" "$(writes dropped)" 21
expect "sum of reads" "$(total cr4_read)" "$reads"
expect "values sum to the writes" "$(total count values)" 55

begin "more vCPUs than there is room for"
guest --vcpus=8 cr4-write=100 port=10
expect "noroom rows" "$(($(rows noroom) > 0))" 1
expect "sum of writes" "$(total cr4_write)" 800
expect "sum of tpr_user" "$(total tpr_user)" $((8 * (1 + CREATED)))
expect "sum of set_cr8 against the probe" "$(total set_cr8)" \
	"$(probe kvm_set_cr8 hits)"

begin "room that appears is used"
echo reset >$CRSTAT/control
# crgen tries on a vCPU of its own what Intel's processors do.
checks --vcpus=3 cr4-write=100
expect "noroom rows" "$(rows noroom)" 0
finish
