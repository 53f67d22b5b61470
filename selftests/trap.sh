#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The write traps of SEV-ES: a module of the tests turns intercepted MOVs to
# CR0, CR4 and CR8 into them, so that KVM's own cr_trap() sees a real guest's
# writes. crgen, that module, the kernel's own count of exits and the files say
# the same.
. "$(dirname "$0")/lib-witness.sh"
. "$(dirname "$0")/lib-exits.sh"

require amd "AMD's write traps"

require_exits
load_kvm
grep -qw cr_trap /proc/kallsyms || skip_all "no cr_trap before Linux 5.11"

# trapped NAME PASSED ARGUMENT...: what became a trap counts like what did not,
# but for its site, which is not known. PASSED writes did not become traps.
trapped() {
	local n total=0 count

	begin "$1"
	unload_exits
	load_exits
	checks --check=-armed,sites "${@:3}"
	read_exits
	for n in 0 4 8; do
		count=$(counted cr${n}_write)
		expect "writes of CR$n" "${count/-/0}" \
			$((changed[n] + (n ? 0 : $2)))
		((total += changed[n])) || :
	done
	expect "some traps" $((total > 0)) 1
	expect "hits of cr_trap" "$(probe cr_trap hits)" $total
	# shellcheck disable=SC2154 # read_exits
	expect "writes that did not become traps" "$passed" "$2"
	expect "what is armed without w0, w4 and w8" "$(cells vcpus \
		'armed !~ /w0/ || armed !~ /w4/ || armed !~ /w8/' armed)" ""
	expect "sites: those of reads, and of what did not become a trap" \
		"$(total count sites)" $(($(total cr4_read) + $2))
}

load
witness_start

for n in 1 2; do
	trapped "$n vCPUs: CR0 and CR4" 0 --vcpus=$n cr4-read=31 \
		cr4-write=500,distinct:10 cr4-gpr=64 cr0-write=100 port=20
done
trapped "many more values than a table has, within their bounds" 0 \
	cr4-write=900,distinct:200
trapped "real mode to protected mode; LMSW is no MOV" 20 pe=50 lmsw=20
trapped "CR8 writes while an interrupt is masked" 0 --vcpus=2 cr8-masked=50
trapped "APIC in userspace" 0 --apic=user --vcpus=2 cr8-write=99 cr4-write=10
unload_exits

# The column tpr_apic of a guest that leaves its TPR alone.
unwritten() {
	guest port=20
	cells vcpus 1 tpr_apic
}

begin "where AVIC takes writes of the TPR a zero is none"
load_exits avic=1
expect "tpr_apic" "$(unwritten)" -
# INIT makes KVM write the VMCB anew.
echo reset >$CRSTAT/control
guest_start port=5 stop=1 init=1 port=5
guest_stopped
unload_exits
guest_end
expect "tpr_apic where AVIC was on" "$(cells vcpus 1 tpr_apic)" -
expect "tpr_apic without AVIC" "$(unwritten)" 0

begin "nor is one of a vCPU that was given up"
load max_vcpus=1
load_exits avic=1
guest port=20
unload_exits
crgen port=20 >/dev/null
expect "tpr_apic" "$(kinds vcpus 1 'state " " tpr_apic')" "dropped - gone 0"
load

begin "without the traps all is as it was"
checks cr4-write=10
expect "hits of cr_trap" "$(probe cr_trap hits)" 0
finish
