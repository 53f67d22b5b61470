#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The records of vCPUs: found at the first hit, retired at destruction, not
# mixed up when an address is used again, and no count lost when the table is
# full, whether gone vCPUs can give way or not.
. "$(dirname "$0")/lib.sh"

require

total() { # COLUMN: over all rows
	awk -v name="$1" 'NR == 2 { for (i = 1; i <= NF; i++) if ($i == name) c = i }
		NR > 2 { sum += $c } END { print sum + 0 }' $CRSTAT/vcpus
}

rows() { # STATE
	awk -v state="$1" 'NR > 2 && $5 == state' $CRSTAT/vcpus | wc -l
}

load_kvm
load

begin "a vCPU's row stays as gone"
run cr4-write=5
expect state "${T[saw ${vcpus[0]% *} state]}" gone
expect rows "$(rows gone)" 1
end

begin "addresses used again belong to new vCPUs"
echo reset >$CRSTAT/control
for n in {1..20}; do
	crgen --vcpus=2 cr4-write="$n" >/dev/null
done
expect "rows" "$(rows gone)" 40
expect "counts" "$(awk 'NR > 2 { print $11 }' $CRSTAT/vcpus | sort -n | paste -sd ' ')" \
	"$(for n in {1..20}; do echo "$n $n"; done | paste -sd ' ')"
end
rmmod kvm_crstat

load max_vcpus=4
begin "gone rows give way, oldest first, and their counts are kept"
for n in {1..10}; do
	crgen cr4-write="$n" cr4-read=1 >/dev/null
done
expect "gone rows" "$(rows gone)" 4
expect "dropped rows" "$(rows dropped)" 1
expect "sum of writes" "$(total cr4_write)" 55
# On Intel reads do not exit.
expect "sum of reads" "$(total cr4_read)" "$([[ $VENDOR == amd ]] && echo 10 || echo 0)"
expect "the newest stay" "$(awk '$5 == "gone" { print $11 }' $CRSTAT/vcpus | sort -n | paste -sd ' ')" "7 8 9 10"
expect "values sum to the writes" \
	"$(awk '$6 == "cr4" { sum += $8 } END { print sum }' $CRSTAT/values)" 55
end

begin "more vCPUs than there is room for"
run --vcpus=8 cr4-write=100 port=10
expect "noroom rows" "$(($(rows noroom) > 0))" 1
expect "sum of writes" "$(total cr4_write)" 800
sets=0
for vcpu in "${vcpus[@]}"; do
	((sets += ${T[did ${vcpu% *} user_tpr]} + CREATED))
done
expect "sum of tpr_user" "$(total tpr_user)" $sets
expect "sum of set_cr8 against the probe" "$(total set_cr8)" \
	"$(awk '$1 == "kvm_set_cr8" { print $5 }' $CRSTAT/probes)"
end

begin "room that appears is used"
echo reset >$CRSTAT/control
run --vcpus=4 cr4-write=100
expect "noroom rows" "$(rows noroom)" 0
for vcpu in "${vcpus[@]}"; do
	expect "$vcpu" "${T[saw ${vcpu% *} cr4_write]}" 100
done
end
finish
