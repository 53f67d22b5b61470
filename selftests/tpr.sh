#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Each write to the task priority is counted once, by origin: crgen says what
# the guest and its VMM did, the kernel's kprobe events say from where the
# functions were called, and kvm_exit says how many exits there were.
. "$(dirname "$0")/lib.sh"

require
[[ $VENDOR == amd ]] || skip_all "AMD copies V_TPR back, Intel does not"

# The equations that hold whatever the guest did.
equations() { # VM VCPU TID
	local v="$1 $2" sum=0 column

	for column in tpr_guest tpr_sync tpr_user tpr_other; do
		((sum += ${T[saw $v $column]}))
	done
	expect "$v tpr_other" "${T[saw $v tpr_other]}" 0
	expect "$v set_cr8" "${T[saw $v set_cr8]}" "${W[kvm_set_cr8 $3]:-0}"
	expect "$v set_tpr" "${T[saw $v set_tpr]}" "${W[kvm_lapic_set_tpr $3]:-0}"
	if [[ ${T[saw $v tpr_apic]} == - ]]; then
		expect "$v set_tpr, APIC in userspace" "${T[saw $v set_tpr]}" 0
		return
	fi
	# KVM_SET_LAPIC does not go through kvm_lapic_set_tpr().
	expect "$v sum of the origins" $sum \
		$((${T[saw $v set_tpr]} + ${T[did $v lapic]}))
	expect "$v tpr_sync against its call site" "${T[saw $v tpr_sync]}" \
		"${W[kvm_set_cr8 $3 svm_vcpu_run]:-0}"
}

# check NAME GUEST APIC [RUN]: columns of crgen, none for what is 0. RUN has the
# TPR writes by KVM_RUN.
check() {
	local vcpu vm id tid v site origin

	begin "$1"
	for vcpu in "${vcpus[@]}"; do
		read -r vm id tid <<<"$vcpu"
		v="$vm $id"
		expect "$v tpr_guest" "${T[saw $v tpr_guest]}" "${T[did $v $2]:-0}"
		[[ ${T[saw $v tpr_apic]} == - ]] ||
			expect "$v tpr_apic" "${T[saw $v tpr_apic]}" \
				"${T[did $v $3]:-0}"
		expect "$v tpr_user" "${T[saw $v tpr_user]}" \
			$((${T[did $v user_tpr]} + ${T[did $v lapic]} +
				${T[did $v ${4:-none}]:-0}))
		equations "$vm" "$id" "$tid"
	done
	while read -r _ site _ origin _; do
		[[ $site == *+0x* && $origin != other ]] ||
			expect "a call site" "$site $origin" "known"
	done < <(sed 1,2d $CRSTAT/callers)
	end
}

# Where CR8 writes are never intercepted, each exit is followed by a sync.
check_exits() { # NAME
	local vcpu vm id tid

	begin "$1: a sync for each exit"
	for vcpu in "${vcpus[@]}"; do
		read -r vm id tid <<<"$vcpu"
		expect "$vcpu tpr_sync" "${T[saw $vm $id tpr_sync]}" \
			"${W[exit $tid]:-0}"
	done
	end
}

load_kvm npt=1
load
witness_start

run port=100
check "port writes are no TPR writes" none none
check_exits "port writes"
begin "port writes: no TPR change"
expect tpr_change "${T[saw ${vcpus[0]% *} tpr_change]}" 0
end

run cr8-write=100
check "CR8 writes that do not exit" none none
check_exits "CR8 writes that do not exit"

run cr8-port=100
check "CR8 writes, each before an exit" none none
begin "CR8 writes that do not exit are seen as changes"
expect tpr_change "${T[saw ${vcpus[0]% *} tpr_change]}" \
	"${T[did ${vcpus[0]% *} tpr_changed]}"
expect cr8_write "${T[saw ${vcpus[0]% *} cr8_write]}" 0
end

run cr8-masked=100
begin "CR8 writes while an interrupt is masked exit"
read -r vm id tid <<<"${vcpus[0]}"
v="$vm $id"
expect "tpr_guest against exits" "${T[saw $v tpr_guest]}" \
	"${W[exit $tid 24]:-0}"
expect "all but the raise exit" "${T[saw $v tpr_guest]}" \
	$((${T[did $v all_cr8_write]} - 1))
equations "$vm" "$id" "$tid"
end

run tpr-mmio=100
check "TPR writes through the APIC page" none all_tpr_apic
check_exits "TPR writes through the APIC page"
run tpr-msr=100
check "TPR writes through the x2APIC MSR" none all_tpr_apic
check_exits "TPR writes through the x2APIC MSR"
run sregs=100
check KVM_SET_SREGS none all_tpr_apic
crgen sregs2=1 >/dev/null 2>&1
if (($? == 5)); then
	skip KVM_SET_SREGS2 "not before Linux 5.14"
else
	run sregs2=100
	check KVM_SET_SREGS2 none all_tpr_apic
fi
run lapic=100
check KVM_SET_LAPIC none all_tpr_apic
run irq=100
check "raise TPR, interrupt, EOI, lower TPR" none all_tpr_apic

run --vms=2 --vcpus=4 cr8-write=30 port=31 sregs=32 tpr-mmio=33 lapic=34
check "all at once" none all_tpr_apic

# KVM_RUN takes CR8 from the VMM there: an ioctl each.
for op in cr8-write sregs port; do
	run --apic=user --vcpus=2 $op=100
	check "APIC in userspace: $op" all_cr8_write none run
done
finish
