#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The tracepoints as a user's tool sees them: trace-cmd records one cr_access for
# each access that the files count, and one tpr_write for each TPR write.
. "$(dirname "$0")/lib.sh"

require
type trace-cmd >/dev/null 2>&1 || skip_all "trace-cmd is not in PATH"

reported() { # EVENT PATTERN
	grep "$1:" "$scratch/report" | grep -c -- "$2"
}

load_kvm
load
echo reset >$CRSTAT/control
trace-cmd record -q -b 20000 -o "$scratch/trace.dat" -e kvm_crstat \
	crgen --vms=2 cr0-write=50 cr4-read=20 cr4-write=60 cr8-masked=40 \
	tpr-mmio=30 sregs=10 >"$scratch/crgen" 2>"$scratch/record"
result $? "trace-cmd records"
table saw $CRSTAT/vcpus
trace-cmd report -i "$scratch/trace.dat" >"$scratch/report" 2>/dev/null
result $? "trace-cmd reports"
sed -n 's/.*CPU.*dropped.*/&/p' "$scratch/report" | sed 's/^/# /'

for vcpu in "${vcpus[@]}"; do
	read -r vm id _ <<<"$vcpu"
	begin "$vm $id: events are what the files count"
	for reg in cr0 cr3 cr4 cr8; do
		for dir in read write; do
			expect "$dir of $reg" \
				"$(reported cr_access "vm $vm vcpu $id $dir $reg ")" \
				"${T[saw $vm $id ${reg}_$dir]}"
		done
	done
	for origin in guest apic sync user other; do
		expect "tpr_$origin" \
			"$(reported tpr_write "vm $vm vcpu $id .* origin $origin")" \
			"${T[saw $vm $id tpr_$origin]}"
	done
	while read -r name value count; do
		expect "$name written with $value" \
			"$(reported cr_access "vm $vm vcpu $id write $name .*value $value address")" \
			"$count"
	done < <(awk -v vm="$vm" -v id="$id" '$1 == vm && $4 == id &&
		$6 ~ /^cr/ { print $6, $7, $8 }' $CRSTAT/values)
	end
done
finish
