#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What crgen did, what the kernel's own hist of exits saw and what vcpus says
# are the same, to the unit, for each vCPU: 1, 2 and 8 of them, and two VMs.
. "$(dirname "$0")/lib.sh"

require
[[ $VENDOR == amd ]] || skip_all "AMD's exit codes"

# Exit codes of AMD: APM vol. 2 appendix C. A hist prints them in decimal.
declare -A CODES=(
	[cr0_read]='0' [cr3_read]='3' [cr4_read]='4' [cr8_read]='8'
	[cr0_write]='16 101' [cr3_write]='19' [cr4_write]='20' [cr8_write]='24'
)

exits() { # TID CODE...
	local tid=$1 sum=0 code

	shift
	for code; do
		((sum += ${W[exit $tid $code]:-0}))
	done
	echo $sum
}

# Each counter is the kernel's own count of those exits, and where a register is
# always intercepted, crgen's of what it did.
check() { # NAME INTERCEPTED...
	local vcpu vm id tid column codes

	begin "$1"
	shift
	expect vCPUs "$(grep -c live\\\|gone $CRSTAT/vcpus)" ${#vcpus[@]}
	for vcpu in "${vcpus[@]}"; do
		read -r vm id tid <<<"$vcpu"
		for column in "${!CODES[@]}"; do
			read -ra codes <<<"${CODES[$column]}"
			expect "$vcpu $column against exits" \
				"${T[saw $vm $id $column]}" \
				"$(exits "$tid" "${codes[@]}")"
		done
		for column; do
			expect "$vcpu $column against crgen" \
				"${T[saw $vm $id $column]}" \
				"${T[did $vm $id all_$column]}"
		done
		expect "$vcpu cr_other" "${T[saw $vm $id cr_other]}" 0
		expect "$vcpu tid" "${T[saw $vm $id tid]}" "$tid"
		expect "$vcpu pid" "${T[saw $vm $id pid]}" \
			"${T[did $vm $id pid]}"
		expect "$vcpu state" "${T[saw $vm $id state]}" gone
		expect "$vcpu set_cr8 against the kprobe event" \
			"${T[saw $vm $id set_cr8]}" "${W[kvm_set_cr8 $tid]:-0}"
		expect "$vcpu set_tpr against the kprobe event" \
			"${T[saw $vm $id set_tpr]}" \
			"${W[kvm_lapic_set_tpr $tid]:-0}"
	done
	end
}

load_kvm npt=1
load
witness_start

everything=(cr0-read=31 cr0-write=37 cr0-ts=41 clts=13 lmsw=14 cr3-read=17
	cr3-write=19 cr4-read=43 cr4-write=47 cr4-gpr=32 cr8-read=23 cr8-write=29
	cr8-masked=53 cr8-port=11 port=59 cpuid=61 irq=7 pe=67)

for n in 1 2 8; do
	run --vcpus=$n "${everything[@]}"
	check "$n vCPUs" cr4_read cr4_write
	run --vcpus=$n --apic=user cr0-write=37 cr4-read=43 cr4-write=47 \
		cr8-read=23 cr8-write=29 port=59
	check "$n vCPUs, APIC in userspace" cr4_read cr4_write cr8_write
done
run --vms=2 --vcpus=2 "${everything[@]}"
check "2 VMs of 2 vCPUs" cr4_read cr4_write

run cr0-write=100
check "CR0 writes that change more than TS and MP" cr0_write
run cr0-ts=100
check "CR0 writes that change TS alone"
begin "CR0 writes that change TS alone do not exit"
expect cr0_write "${T[saw ${vcpus[0]% *} cr0_write]}" 0
end
run pe=100
check "real mode to protected mode and back" cr0_write

# Without nested paging KVM has to see CR3.
witness_end
rmmod kvm_amd
load_kvm npt=0
witness_start
for n in 1 2; do
	run --vcpus=$n cr3-read=71 cr3-write=73 cr4-read=43 cr4-write=47
	check "$n vCPUs without nested paging" cr3_read cr3_write cr4_read \
		cr4_write
done
finish
