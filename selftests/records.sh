#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What a vCPU's record keeps and forgets: over resets and while the module is off,
# from thread to thread, from one vCPU to the next where there is room for one
# alone, and where there is none.
. "$(dirname "$0")/lib.sh"

require

work=(cr0-write=7 "cr4-write=20,60,20" cr4-gpr=5 "tpr-msr=9,33,44"
	"cr8-port=3,1,3" lapic=2 sregs=2)

load_both
# On Intel a count of 0 does not say that there was none, and where the processor
# has the APIC's page, not all of the TPR's writes are seen.
none=0 apic=0
[[ $VENDOR == amd ]] || none=-
! cat /sys/module/kvm_intel/parameters/{enable_apicv,flexpriority} 2>/dev/null |
	grep -q Y || apic=-
check "a reset while vCPUs live" - --vms=2 --vcpus=2 "${work[@]}" reset=1 \
	cr0-write=3 cr4-write=7,e0 cr8-port=2 reset=1 cr4-write=2,20,60
check "a reset while one vCPU lives, alone on its CPU" - port=1 cr4-write=5 reset=1 \
	cr4-write=3
check "a reset, then idle" - --vcpus=2 "${work[@]}" reset=1
check "a reset, then what makes no exit" - --vcpus=2 "${work[@]}" reset=1 cr0-ts=9
check "a reset, then an interrupt that the TPR held back" - cr4-write=2 reset=1 \
	cr8-masked=50
check "off and on again" - --vcpus=2 "${work[@]}" off=1 "${work[@]}" on=1 \
	cr4-write=4,20,60 off=1 port=1 reset=1 on=1 "${work[@]}"
check "off and on again, without a reset" - cr4-write=5 off=1 cr4-write=3 on=1 \
	cr4-write=4
check "threads that hand a vCPU over" - --vcpus=2 cr4-write=3 thread=2 \
	"${work[@]}" thread=1 reset=1 thread=1 cr4-write=5
check "a new thread that only has an ioctl" - --vcpus=2 port=1 thread=1 sregs=1
check "code in the upper half of the addresses" sites=18 --high cr0-write=11 \
	cr4-gpr=32 cr4-write=14
if crgen --high=57 port=1 >/dev/null 2>&1; then
	check "code above 48 bits of addresses" sites=1 --high=57 cr0-write=11
else
	skip "code above 48 bits of addresses" "no page tables of five levels"
fi
check "32-bit code, without paging and in compatibility mode" sites=3 cr4-32=10 \
	cr4-compat=20,60,20 cr4-write=2
check "a local APIC in KVM, the others not" - --apic=split "${work[@]}" irq=1 \
	cr8-masked=20
check "the same, no write through it" tpr_apic=$apic --apic=split port=5
check "the TPR through Hyper-V's MSR" tpr_apic=30 tpr-hv=30,0..f8/b
check "TPRs with a low half" - tpr-mmio=96,0..f8/8 lapic=2 port=3 sregs=1
check "CR0 without ET, and with bits that mean nothing" cr0_write=20 \
	cr0-write=20,80050021,80010031,800500f1,9801f031
faults=$(cr4_faults 1)
check "CR4 that is refused" cr4_write=$((10 + 20 * faults)) cr4-fault=20 \
	cr4-write=10,60,20
check "a fault of another instruction is no write's" cr4_write=$((5 + faults)) \
	cr4-write=5 msr-fault=3 cr4-fault=1 msr-fault=3
check "CR8 that is refused" cr8_write=30 --apic=user cr8-fault=20 cr8-write=10
check "CR8 that is full, by all ways" - --apic=user --vcpus=2 cr8-write=5,f \
	sregs=2 port=2
if crgen run-fail=1 >/dev/null 2>&1; then
	check "KVM_RUN that fails" - --vcpus=2 port=1 run-fail=3 cr4-write=5
	check "KVM_RUN that fails, APIC in userspace" - --apic=user port=1 \
		cr8-write=5,3 run-fail=3 cr4-write=5
else
	skip "KVM_RUN that fails" "this kernel takes it"
	skip "KVM_RUN that fails, APIC in userspace" "this kernel takes it"
fi
check "KVM_SET_SREGS that fails" tpr_user=$((1 + CREATED)) port=1 \
	sregs-fail=3

check "INIT and SIPI" tpr_user=$((3 * (1 + CREATED + 4 * (3 + CREATED)))) --vcpus=3 \
	tpr-mmio=5,50 init=4 port=1 cr4-write=3

begin "a destruction that nobody saw"
switch=$DEBUGFS/kprobes/enabled
echo reset >$CRSTAT/control
echo 0 >$switch
if [[ $(probe kvm_arch_vcpu_destroy state) == silenced ]]; then
	echo 1 >$switch
	hold --vcpus=4 cr4-write=5
	echo 0 >$switch
	let_go
	echo 1 >$switch
	# At the same addresses.
	for n in {1..5}; do
		checks --vcpus=4 cr4-write="$n"
	done
fi
echo 1 >$switch

# of STATE COLUMN [FILE]: the sum of such rows' cells, or the words in them.
of() {
	query "${3:-vcpus}" "state == \"$1\" && $2 ~ /^[0-9]+\$/ { n += $2; next }
		state == \"$1\" && !seen[$2]++ { words = words $2 }
		END { print words n }"
}
bits() { # STATE NAME
	cells bits "state == \"$1\" && name == \"$2\"" "set, cleared"
}

check "off and on again, then a reset" cr4_write=$none cr4-write=5 off=1 on=1 \
	reset=1 port=1
load max_vcpus=1
begin "room for one: the next vCPU begins anew"
for n in 2 3; do
	crgen cr4-write=$((2 * n)) cr0-write=6 cr4-fault=$n tpr-msr=2,44 \
		cr8-port=1,3 lapic=1 >/dev/null
	expect "TPR of the first" "$(of gone tpr)" 0x38
done
crgen port=1 >/dev/null
expect "its writes of CR4" "$(of dropped cr4_write)" $((10 + 5 * faults))
expect "those that failed" "$(cells values \
	'state == "dropped" && reg == "cr4"' faults)" $((5 * faults))
expect "faults of its TPR" "$(kinds values 'state == "dropped" && reg == "tpr"' \
	faults)" "$([[ $apic == - ]] || echo -)"
expect "its bits" "$(bits dropped MCE), $(bits dropped AM)" "5 5, 6 6"
expect "its TPR" "$(of dropped tpr)" -
# The first exit, the others do not.
expect "reads of CR4 and CR0" "$(of dropped cr4_read) $(of dropped cr0_read)" "$none -"
expect "the TPR's changes of the second" "$(of gone tpr_change)" $none
expect "the second's writes of CR4" "$(of gone cr4_write)" $none
expect "rows of values" "$(of gone value values)" ""
begin "room for one: a reset forgets what was dropped"
guest cr4-write=3,60,20,60
crgen port=1 >/dev/null
expect "dropped writes of CR4" "$(of dropped cr4_write)" 3
expect "dropped bits" "$(bits dropped MCE), $(bits dropped AM)" "2 1, 0 0"
begin "room for one: held over a reset, then dropped"
hold cr4-write=9
echo reset >$CRSTAT/control
let_go
expect "gone writes of CR4" "$(of gone cr4_write)" $none
crgen port=1 >/dev/null
expect "dropped writes of CR4" "$(of dropped cr4_write)" $none

begin "no room: values, origins and what does not apply"
load max_vcpus=1
hold port=1
guest_start --vcpus=2 cr4-write=100 cr0-write=10 cr8-masked=20 tpr-msr=6,33,44 \
	sregs=4
guest_end
for column in cr4_write cr0_write; do
	expect "$column of noroom" "$(of noroom $column)" "$(did all_$column)"
done
expect "values of CR4" "$(query values 'state == "noroom" && reg == "cr4" {
	n[value] += count } END { for (value in n) print value, n[value] }' |
	sort | xargs)" "0x20 100 0x60 100"
expect "unknown values" "$(grep -c unknown $CRSTAT/values)" 0
expect "tpr_user" "$(of noroom tpr_user)" $(($(did user_tpr) + 2 * CREATED))
expect "tpr_apic" "$(of noroom tpr_apic)" ${apic/0/12}
expect "tpr_other" "$(of noroom tpr_other)" 0
# Which none were, as the row says before any reset.
expect "cr4_read" "$(of noroom cr4_read)" $none
expect "tpr_change" "$(of noroom tpr_change)" -
expect "cr_reflected" "$(of noroom cr_reflected)" 0
# Intel's TPR below the threshold is no call.
expect "the origins" $(($(of noroom set_tpr) +
	$(probe handle_tpr_below_threshold hits))) \
	"$(total tpr_guest+tpr_sync+tpr_user vcpus 'state == "noroom"')"
guest cr4-fault=7
expect "writes that failed" "$(total faults values)" $((7 * faults))
begin "no room, until another goes"
guest_start cr4-write=30 stop=1 cr4-write=40
guest_stopped
before=$(of noroom cr4_write)
let_go
guest_end
expect "writes of CR4 without room" "$(of noroom cr4_write)" "$before"
expect "those since then" "$(of gone cr4_write)" 40
finish
