#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Everything at once, and again: what is counted plus what is shown as lost is
# what the guests did. CRS_STRESS scales it: 1, the default, takes a minute in an
# emulated machine, 100 hours.
. "$(dirname "$0")/lib.sh"

require
(($(nproc) > 1)) || skip_all "needs several CPUs"

readonly ROUNDS=$((2 * ${CRS_STRESS:-1}))

done_by_guests() { # COLUMN
	cat "$scratch"/guests.* >"$scratch/guests"
	did "$1" "$scratch/guests"
}

# Nothing lost unseen: rows plus missed calls are what crgen did.
adds_up() {
	local column missed=0 function

	for function in cr_interception handle_cr; do
		((missed += $(probe $function missed)))
	done
	for column in cr4_write $reads; do
		expect "$column, with $missed missed" \
			$(($(total "$column") + missed)) \
			"$(done_by_guests "all_$column")"
	done
	expect "tpr_user" "$(total tpr_user)" \
		$(($(done_by_guests user_tpr) + $(done_by_guests lapic) +
			CREATED * $(done_by_guests 1)))
	expect "tpr_other" "$(total tpr_other)" 0
	expect "cr_other" "$(total cr_other)" 0
	agrees
}

# What each probe saw is what the rows hold.
agrees() {
	expect "CR accesses against hits" "$(total "$ACCESSES+cr_other")" \
		$(($(probe cr_interception hits) + $(probe handle_cr hits)))
	expect "set_cr8 against hits" "$(total set_cr8)" \
		"$(probe kvm_set_cr8 hits)"
	expect "set_tpr against hits" "$(total set_tpr)" \
		"$(probe kvm_lapic_set_tpr hits)"
}

# Background jobs are done again and again until stop; each leaves a line in
# "faults" when it finds something wrong.
jobs=()
start() { # FUNCTION [ARGUMENT]...
	until [[ -e $scratch/stop ]]; do
		"$@"
	done &
	jobs+=($!)
}
stop() {
	: >"$scratch/stop"
	wait "${jobs[@]}"
	jobs=()
	rm "$scratch/stop"
	expect "faults" "$(cat "$scratch/faults" 2>/dev/null)" ""
	rm -f "$scratch/faults"
}
# A guest that comes and goes, each time at addresses used before.
guests() { # NUMBER ARGUMENT...
	crgen --timeout=600 "${@:2}" >>"$scratch/guests.$1" ||
		echo "crgen ${*:2}: status $?" >>"$scratch/faults"
}
guests_start() { # [OPTION]
	rm -f "$scratch"/guests.*
	start guests 1 "$@" --vcpus=8 cr4-write=100 cr4-read=50 port=20
	start guests 2 "$@" --vms=4 --vcpus=2 cr4-write=7 sregs=3 lapic=2
}

# A reader that wants whole rows of FILEs; files may be gone with the module.
reader() { # FILE...
	local file copy=$scratch/read.$1

	for file; do
		cat "$CRSTAT/$file" 2>/dev/null >"$copy"
		awk -v file="$file" '
			NR == 1 && $0 != "# kvm_crstat 1 " file ||
			NR == 2 && !(n = NF) || NR > 2 && NF != n {
				print file ": " $0 }' "$copy" >>"$scratch/faults"
	done
}
readers_start() {
	start reader vcpus values sites
	start reader bits callers probes
}

# Others on the same functions, coming and going.
tracers() {
	(events_add crs_stress p kvm_set_cr8 kvm_lapic_set_tpr)
	echo kvm_set_cr8 kvm_lapic_set_tpr >"$TRACING/set_ftrace_filter"
	echo function >"$TRACING/current_tracer"
	echo 1 >"$TRACING/events/crs_stress/enable"
	sleep 0.5
	echo nop >"$TRACING/current_tracer"
	: >"$TRACING/set_ftrace_filter"
	events_off crs_stress
}

at_exit+=(": >$scratch/stop; wait")

load_both
reads=$([[ $(cr4_reads 1) == 0 ]] || echo cr4_read)
rmmod kvm_crstat
begin "the module comes and goes under full load"
guests_start
readers_start
start tracers
for ((n = 0; n < ROUNDS; n++)); do
	load max_vcpus=16
	sleep 1
	# Disarmed, nothing moves any more.
	echo off >$CRSTAT/control
	agrees
	until rmmod kvm_crstat 2>/dev/null; do
		sleep 0.01
	done
done
load
stop

begin "VMs come and go, at addresses used before"
load
guests_start --check
readers_start
sleep $((2 * ROUNDS))
stop
note "$(total cr4_write) writes of CR4, $(rows gone) rows"
agrees

for max in 12 3; do
	begin "more vCPUs than there is room for: $max"
	load max_vcpus=$max
	guests_start
	start reader vcpus values sites
	sleep $((2 * ROUNDS))
	stop
	adds_up
done

begin "resets, probe sets off and on, two readers and three writers"
load max_vcpus=16
guests_start
start reader vcpus bits callers
start reader sites values probes
start control reset
start control reset
start control off on "off cr" "on cr" "off tpr" "on tpr"
sleep $((2 * ROUNDS))
stop
echo reset >$CRSTAT/control
expect "writes after a reset" "$(total cr4_write)" 0
checks --vms=2 --vcpus=4 cr4-write=100 cr4-read=50 lapic=3
agrees

begin "readers that stop half way hold up nothing"
load
held=()
for file in vcpus values sites bits callers probes; do
	exec {fd}<$CRSTAT/$file
	held+=("$fd")
	read -r -N 20 -u "$fd" _
done
checks --vcpus=8 cr4-write=100 cr4-read=50 lapic=3
agrees
echo reset >$CRSTAT/control
expect "writes after a reset" "$(total cr4_write)" 0
! rmmod kvm_crstat 2>/dev/null
expect "an open file keeps the module" $? 0
for fd in "${held[@]}"; do
	exec {fd}<&-
done
rmmod kvm_crstat
expect "closed, it goes" $? 0

begin "$KVM comes and goes with the module in"
load
readers_start
for ((n = 0; n < ROUNDS; n++)); do
	checks --vcpus=2 cr4-write=50 cr4-read=20 lapic=2
	if ((n % 2)); then
		rmmod "$KVM" kvm
	else
		rmmod "$KVM"
	fi
	load_kvm
done
stop
agrees
finish
