#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Nested guests: what crgen's L2 did, with and without its L1 intercepting it, is
# what the kernel's own tracepoints saw of exits, of exits of L2, and of those
# that went to L1, and what the module counted of each level.
. "$(dirname "$0")/lib-witness.sh"

require
vmexit=nested_$([[ $VENDOR == amd ]] && echo svm || echo vmx)_vmexit

# Before 5.11 the second event has the code by another name.
reason() { # EVENT
	grep -o 'exit_code;\|exit_reason;' "$TRACING/events/kvm/$1/format" |
		head -n 1 | tr -d ';'
}
WITNESS=()

# "CODE=COUNT ..." of accesses to control registers, over all threads; Intel has
# one code for all.
exits() { # EVENT
	awk -v event="$1" -v intel="$([[ $VENDOR != intel ]] || echo 1)" '
		$1 == event && (intel ? $3 == 28 : $3 < 32 || $3 == 101) {
			print $3, $5 }' "$scratch/witness" |
		sums | sort -n | tr ' ' = | xargs
}

# nested NAME EXITS REFLECTED ARGUMENT...: of which REFLECTED go to L1, or none.
nested() {
	begin "$1"
	witness_each +
	guest "${@:4}"
	"witness_$witness" >"$scratch/witness"
	expect "exits" "$(exits kvm_exit)" "$2"
	expect "exits of L2" "$(exits kvm_nested_vmexit)" "$2"
	expect "exits that went to L1" "$(exits kvm_nested_vmexit_inject)" "$3"
	expect "those, by L1 itself" "$(did l1_exits)" \
		"$(awk -F '[ =]' '{ for (i = 2; i <= NF; i += 2) n += $i
			print n + 0 }' <<<"$3")"
	expect "hits of $vmexit" "$(probe "$vmexit" hits)" \
		"$(awk '$1 == "kvm_nested_vmexit_inject" { n += $5 }
			END { print n + 0 }' "$scratch/witness")"
	crgen --check "${@:4}" >/dev/null 2>"$scratch/wrong"
	expect "the status of crgen --check" $? 0
	sed 's/^/# /' "$scratch/wrong"
	expect "live rows afterwards" "$(rows live)" 0
	expect "what is the vCPU's, of level 2" "$(kinds vcpus 'level == 2' \
		'set_cr8 set_tpr tpr_guest tpr_apic tpr_sync tpr_user tpr_other')" \
		-------
	# None is none where a nested guest ran.
	expect "whether what is armed is known" \
		"$(kinds vcpus 'level == 2' '(armed == "-")')" 0
	expect "levels without a reflected access" \
		"$(kinds vcpus 'cr_reflected !~ /[1-9]/' "level cr_reflected")" \
		"1-$([[ $3 ]] || echo " 20")"
}

all=(l2-cr0-read=10 l2-cr0-write=20 l2-cr3-read=11 l2-cr3-write=22 l2-cr4-read=12
	l2-cr4-write=24 l2-cr8-read=13 l2-cr8-write=23)

# NESTED_PAGING: what exits where L1 intercepts nothing, and where it does.
declare -A OWN=(
	[npt=1]="4=12 20=24 101=20"
	[npt=0]="3=11 4=12 19=22 20=24 101=20"
	[ept=1]="28=80"
	[ept=0]="28=113"
)
declare -A ALL=(
	[amd]="0=10 3=11 4=12 8=13 16=20 19=22 20=24 24=23"
	[intel]="28=113"
)

for paging in $PAGING=1 $PAGING=0; do
	load_kvm "$paging" nested=1
	[[ -d /sys/module/kvm_crstat ]] || load
	for event in kvm_exit kvm_nested_vmexit kvm_nested_vmexit_inject; do
		WITNESS[kvm/$event]="hist:keys=common_pid,$(reason $event)"
	done
	witness_start
	nested "$paging: L1 does not intercept" "${OWN[$paging]}" "" "${all[@]}"
	nested "$paging: L1 intercepts" "${ALL[$VENDOR]}" "${ALL[$VENDOR]}" \
		--l1-intercepts "${all[@]}"
	# With CD set KVM on AMD intercepts each write of CR0, and finds only while it
	# handles one that L1 is to have it.
	if [[ $VENDOR == amd && $(uname -r) == 5.10* ]]; then
		skip "L1 intercepts writes of CR0 selectively, $paging" \
			"5.10 intercepts none then"
	elif [[ $VENDOR == amd ]]; then
		nested "L1 intercepts writes of CR0 selectively, $paging" \
			"16=10 101=10" "101=20" --l1-intercepts=selective \
			l2-cr0-write=20,c0050031,80050031
	fi
	code=$([[ $VENDOR == amd ]] && echo 20 || echo 28)
	nested "$paging: 2 VMs of 2 vCPUs" "$code=400" "$code=400" --vms=2 --vcpus=2 \
		--l1-intercepts l2-cr4-write=100
	begin "$paging: what is armed is L1's own"
	guest port=1
	armed=$(kinds vcpus 1 armed)
	# Else each exit's sync tells it again.
	[[ $VENDOR == intel ]] || control "off tpr"
	guest_start --forever=0 --l1-intercepts l2-cr0-read=5000
	until_says '^# ready' "$scratch/crgen" $guest
	# Each KVM_RUN tells it, while L2 runs, too.
	for _ in {1..10}; do
		kill -STOP $guest
		guest_stopped
		kill -CONT $guest
		sleep 0.1
		cells vcpus 'level == 1' armed
	done >"$scratch/armed"
	kill -INT $guest
	guest_end
	control on
	expect "armed" "$(sort -u "$scratch/armed")" "$armed"
	begin "$paging: a vCPU in another thread, whichever level runs"
	guest port=1 l2-cr4-write=1 thread l2-cr4-write=1
	expect "threads" "$(kinds vcpus 1 tid | wc -w)" 1
	begin "$paging: writes of L2 that fail"
	guest cr0-write=2 l2-cr0-write=2 l2-cr0-fault=5 msr-fault=1
	expect "level and faults" "$(cells values 'reg == "cr0" && faults > 0' \
		"level, faults" | sums)" "2 5"
	# Whose exits are most often as many as those of the one before.
	begin "$paging: one write of each guest"
	for _ in {1..3}; do
		guest l2-cr4-write=1
		expect "L2's" "$(total cr4_write vcpus 'level == 2')" 1
	done
	witness_end
	rmmod "$KVM"
done

load_kvm nested=1
load max_vcpus=1
begin "L2 without room"
hold port=1
guest cr4-write=5 l2-cr4-write=20
expect "writes of CR4, and what could not be decoded" \
	"$(total cr4_write) $(total cr_other)" "25 0"
for _ in {1..3}; do
	guest l2-cr4-write=1
	expect "one write" "$(total cr4_write)" 1
done
let_go
rmmod "$KVM"
load

load_kvm nested=0
begin "nested=0: no probe of nested guests"
expect state "$(probe "$vmexit" state)" nested=0
expect hook "$(probe "$vmexit" hook)" -
control off on
expect "state, off and on again" "$(probe "$vmexit" state)" nested=0
load
expect "state, with KVM first" "$(probe "$vmexit" state)" nested=0
begin "no nested guests in this KVM"
crgen l2-cr4-write=1 >/dev/null 2>&1
expect "the status of crgen" $? 5
finish
