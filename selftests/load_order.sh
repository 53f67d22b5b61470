#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The module, kvm and kvm_amd come and go in every order: what can be probed is
# armed, what can't be waits, counts are right after, nothing is left behind.
. "$(dirname "$0")/lib.sh"

require

readonly KVM=kvm_$VENDOR

# Ours are the kprobes on the functions that "probes" names.
kprobes() {
	grep -cE ' (kvm_arch_vcpu_(create|destroy)|emulator_set_cr|cr_interception|cr_trap|handle_cr|handle_tpr_below_threshold|kvm_set_cr8|kvm_lapic_set_tpr|kvm_lapic_reg_write|kvm_apic_set_state|__set_sregs.*|kvm_arch_vcpu_ioctl_run)\+' \
		$DEBUGFS/kprobes/list
}

states() { # MODULE: the states of its probes, each once
	awk -v module="$1" '$2 == module && $4 != "absent" { print $4 }' \
		$CRSTAT/probes | sort -u | paste -sd ' '
}

expect_states() { # OF_KVM OF_VENDOR
	expect "probes of kvm" "$(states kvm)" "$1"
	expect "probes of $KVM" "$(states "$KVM")" "$2"
}

works() {
	run cr4-write=20 sregs=5
	expect "cr4_write" "${T[saw ${vcpus[0]% *} cr4_write]}" 20
	expect "tpr_user" "${T[saw ${vcpus[0]% *} tpr_user]}" $((6 + CREATED))
	expect "tpr_other" "${T[saw ${vcpus[0]% *} tpr_other]}" 0
}

nothing_left() {
	expect "kprobes left" "$(kprobes)" 0
	[[ ! -e $CRSTAT ]]
	expect "folder gone" $? 0
}

of_kvm() { # its call sites: AMD's sync, Intel's reset
	awk -v module="$KVM" '$3 == module { print $2, $5 }' $CRSTAT/callers
}

begin "before kvm, which comes and goes three times"
load
expect_states waiting waiting
for _ in 1 2 3; do
	load_kvm
	expect_states armed armed
	works
	rmmod "$KVM"
	expect_states armed waiting
	load_kvm
	expect_states armed armed
	works
	rmmod "$KVM" kvm
	expect_states waiting waiting
	expect "kprobes left" "$(kprobes)" 0
done
rmmod kvm_crstat
nothing_left
end

begin "between kvm and $KVM"
modprobe kvm
load
expect_states armed waiting
load_kvm
expect_states armed armed
works
rmmod kvm_crstat
nothing_left
rmmod "$KVM" kvm
end

begin "after both, and again"
load_kvm
for _ in 1 2 3; do
	load
	expect_states armed armed
	works
	rmmod kvm_crstat
	nothing_left
done
end

begin "while a guest runs"
hold cr4-write=10
load
expect_states armed armed
let_go
expect "rows" "$(wc -l <$CRSTAT/vcpus)" 2
hold cr4-write=10
rmmod kvm_crstat
nothing_left
let_go
load
works
rmmod kvm_crstat
nothing_left
end

begin "sites of a module that went are still named"
load
run port=10
before=$(of_kvm)
rmmod "$KVM"
after=$(of_kvm)
expect "callers" "$after" "$before"
load_kvm
crgen port=10 >/dev/null
((${after#* } < $(of_kvm | cut -d ' ' -f 2)))
expect "counted on in the same row" $? 0
end

begin "bad parameters"
rmmod kvm_crstat
for parameter in max_vcpus=0 max_vcpus=65537 max_vcpus=-1 max_vcpus=x; do
	! insmod "$MODULE" $parameter 2>/dev/null
	expect "insmod with $parameter fails" $? 0
done
nothing_left
end
finish
