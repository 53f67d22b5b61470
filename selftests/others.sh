#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Others watch the same functions at the same time: the function tracer, the
# function graph tracer, kprobe events, kretprobes, perf and bpftrace, attached
# before the module and after. Counts are right on both sides, and a return
# address that another has replaced doesn't hide where a TPR write came from.
. "$(dirname "$0")/lib.sh"

require
[[ $VENDOR == amd ]] || skip_all "AMD's functions"

readonly FUNCTIONS=(cr_interception emulator_set_cr kvm_set_cr8
	kvm_lapic_set_tpr kvm_lapic_reg_write)

# Up to 5.14 the unwinder does not know what kretprobes have replaced.
kretprobes_hide() {
	[[ $(printf '%s\n' "$(uname -r)" 5.15 | sort -V | tail -n 1) == 5.15 ]]
}

# check WHAT [COUNT [hidden]]: crgen's numbers, and that COUNT FUNCTION, what the
# other saw, is what the module saw. Hidden origins are other, but none is lost.
check() {
	local vcpu v column function sum

	begin "$1"
	for vcpu in "${vcpus[@]}"; do
		v=${vcpu% *}
		for column in cr4_read cr4_write tpr_apic; do
			[[ ${T[saw $v $column]} == - ]] ||
				expect "$v $column" "${T[saw $v $column]}" \
					"${T[did $v all_$column]}"
		done
		sum=0
		for column in tpr_{guest,sync,user,other}; do
			((sum += ${T[saw $v $column]}))
		done
		expect "$v sum of the origins" $sum "${T[saw $v set_tpr]}"
		[[ ! ${3:-} ]] || continue
		expect "$v tpr_user" "${T[saw $v tpr_user]}" \
			"${T[did $v user_tpr]}"
		expect "$v tpr_guest" "${T[saw $v tpr_guest]}" \
			"${T[saw $v cr8_write]}"
		expect "$v tpr_other" "${T[saw $v tpr_other]}" 0
	done
	# One frame too far would be a known function, too.
	[[ ${3:-} ]] || expect "call sites" "$(sites)" "$alone"
	for function in "${FUNCTIONS[@]}"; do
		expect "calls of $function that were missed" \
			"$(probe "$function" 6)" 0
		[[ ! ${2:-} ]] || expect "calls of $function" \
			"$("$2" "$function")" "$(probe "$function" 5)"
	done
	end
}

probe() { # FUNCTION FIELD
	awk -v name="$1" -v field="$2" '$1 == name { print $field }' \
		$CRSTAT/probes
}

work() {
	run --vms=2 --vcpus=2 cr4-read=21 cr4-write=22 cr8-masked=23 \
		tpr-mmio=24 port=25 sregs=26
}

sites() {
	sed 1,2d $CRSTAT/callers | awk '{ print $1, $2, $4 }' | sort
}

# The function tracer and the function graph tracer.
tracer_on() { # TRACER
	echo 16384 >$TRACING/buffer_size_kb
	printf '%s\n' "${FUNCTIONS[@]}" >$TRACING/set_ftrace_filter
	echo "$1" >$TRACING/current_tracer
	: >$TRACING/trace
}
tracer_off() {
	echo nop >$TRACING/current_tracer
	: >$TRACING/set_ftrace_filter
	: >$TRACING/trace
}
function_count() { # FUNCTION
	grep -c ": $1 <-" "$TRACING/trace"
}
function_graph_count() { # FUNCTION
	grep -cE "\| +$1( \[[a-z_]+\])?\(" "$TRACING/trace"
}

# kprobe events, and kretprobes: those replace return addresses.
events_on() { # p|r
	local function

	for function in "${FUNCTIONS[@]}"; do
		echo "$1:crs_others/$function $function" \
			>>$TRACING/kprobe_events || exit
	done
	echo 1 >$TRACING/events/crs_others/enable
}
events_off() {
	local function

	[[ ! -e $TRACING/events/crs_others/enable ]] ||
		echo 0 >$TRACING/events/crs_others/enable
	for function in "${FUNCTIONS[@]}"; do
		! grep -q ":crs_others/$function " $TRACING/kprobe_events ||
			echo "-:crs_others/$function" >>$TRACING/kprobe_events
	done
	: >$TRACING/trace
}
events_count() { # FUNCTION: what it counted since "before"
	local now was

	now=$(awk -v name="$1" '$1 == name { print $2 + $3 }' \
		"$TRACING/kprobe_profile")
	was=$(awk -v name="$1" '$1 == name { print $2 + $3 }' "$scratch/before")
	echo $((now - was))
}
events_begin() {
	: >$TRACING/trace
	cat $TRACING/kprobe_profile >"$scratch/before"
}

at_exit+=(tracer_off events_off)
load_kvm npt=1

load
work
alone=$(sites)
rmmod kvm_crstat

for tracer in function function_graph; do
	if ! grep -qw $tracer $TRACING/available_tracers; then
		skip "$tracer tracer" "not in this kernel"
		continue
	fi
	load
	tracer_on $tracer
	work
	check "$tracer tracer after the module" ${tracer}_count
	tracer_off
	rmmod kvm_crstat
	tracer_on $tracer
	load
	: >$TRACING/trace
	work
	check "$tracer tracer before the module" ${tracer}_count
	tracer_off
	work
	check "$tracer tracer gone"
	rmmod kvm_crstat
done

for kind in p r; do
	declare -A names=([p]="kprobe events" [r]=kretprobes)
	load
	events_on $kind
	events_begin
	work
	hidden=
	[[ $kind == p ]] || ! kretprobes_hide || hidden=hidden
	check "${names[$kind]} after the module" events_count $hidden
	events_off
	rmmod kvm_crstat
	events_on $kind
	load
	events_begin
	work
	check "${names[$kind]} before the module" events_count
	events_off
	work
	check "${names[$kind]} gone"
	rmmod kvm_crstat
done

# Both on one function: the unwinder sees through one alone. What stays hidden
# is an origin, never a write.
load
tracer_on function_graph
events_on r
work
check "kretprobes and function graph tracer at once" '' hidden
run --apic=user cr4-write=20 cr8-write=30 sregs=5
begin "both, APIC in userspace"
v=${vcpus[0]% *}
expect tpr_guest "${T[saw $v tpr_guest]}" "${T[did $v all_cr8_write]}"
end
events_off
tracer_off
finish
