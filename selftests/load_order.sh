#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The module, kvm and kvm_amd come and go in every order: what can be probed is
# armed, what can't be waits, counts are right after, nothing is left behind.
. "$(dirname "$0")/lib.sh"

require

states() { # MODULE: the states of its probes, each once
	kinds probes "module == \"$1\" && set != \"time\" &&
		state != \"absent\"" state
}

expect_states() { # OF_KVM OF_VENDOR
	expect "probes of kvm" "$(states kvm)" "$1"
	expect "probes of $KVM" "$(states "$KVM")" "$2"
}

works() {
	expect_states armed armed
	checks cr4-write=20 sregs=5
	expect "tpr_user" "$(counted tpr_user)" $((6 + CREATED))
}

nothing_left() {
	expect "hooks left" "$(hooked | wc -l)" 0
	[[ ! -e $CRSTAT ]]
	expect "folder gone" $? 0
}

goes() {
	rmmod kvm_crstat
	nothing_left
}

of_kvm() { # its call sites: AMD's sync, Intel's reset
	cells callers "module == \"$KVM\"" "site, count"
}

begin "before kvm, which comes and goes three times"
load
expect_states waiting waiting
for _ in 1 2 3; do
	load_kvm
	works
	rmmod "$KVM"
	expect_states armed waiting
	load_kvm
	works
	rmmod "$KVM" kvm
	expect_states waiting waiting
	expect "hooks left" "$(hooked | wc -l)" 0
done
goes

begin "between kvm and $KVM"
modprobe kvm
load
expect_states armed waiting
load_kvm
works
goes
rmmod "$KVM" kvm

begin "after both, and again"
load_kvm
for _ in 1 2 3; do
	load
	works
	goes
done

begin "while a guest runs"
guest_start --forever=0 cr4-write=10
load
works
goes
load
works
kill "$guest"
guest_end
goes
load
works
goes

begin "sites of a module that went are still named"
load
crgen port=10 >/dev/null
before=$(of_kvm)
rmmod "$KVM"
after=$(of_kvm)
expect "callers" "$after" "$before"
load_kvm
crgen port=10 >/dev/null
((${after#* } < $(of_kvm | cut -d ' ' -f 2)))
expect "counted on in the same row" $? 0

begin "bad parameters"
rmmod kvm_crstat
for parameter in max_vcpus=0 max_vcpus=65537 max_vcpus=-1 max_vcpus=x; do
	! insmod "$MODULE" $parameter 2>/dev/null
	expect "insmod with $parameter fails" $? 0
done
nothing_left
load max_vcpus=65536
expect "the most that it takes" "$(cat /sys/module/kvm_crstat/parameters/max_vcpus)" \
	65536
rmmod kvm_crstat
finish
