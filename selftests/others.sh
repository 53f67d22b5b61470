#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Others watch the same functions at the same time: the function tracer, the
# function graph tracer, kprobe events, kretprobes, perf and bpftrace, attached
# before the module and after. Counts are right on both sides, and a return
# address that another has replaced doesn't hide where a TPR write came from.
. "$(dirname "$0")/lib.sh"

require amd "AMD's functions"

readonly FUNCTIONS=(cr_interception emulator_set_cr kvm_set_cr8
	kvm_lapic_set_tpr kvm_lapic_reg_write)

# Up to 5.14 the unwinder does not know what kretprobes have replaced.
kretprobes_hide() {
	[[ $(printf '%s\n' "$(uname -r)" 5.15 | sort -V | tail -n 1) == 5.15 ]]
}

readonly WORK=(--vms=2 --vcpus=2 cr4-read=21 cr4-write=22 cr8-masked=23
	tpr-mmio=24 port=25 sregs=26)

# work WHAT [COUNT [hidden]]: crgen's numbers, and that COUNT FUNCTION, what the
# other saw, is what the module saw. Hidden origins are other, but none is lost.
work() {
	local function hidden=${3:+-set_cr8,tpr_guest,tpr_sync,tpr_user,tpr_other,armed}

	begin "$1"
	echo reset >$CRSTAT/control
	checks ${hidden:+--check=$hidden} "${WORK[@]}"
	expect "sum of the origins" "$(total set_tpr)" \
		"$(total tpr_guest+tpr_sync+tpr_user+tpr_other)"
	# One frame too far would be a known function, too.
	[[ $hidden ]] || expect "call sites" "$(sites)" "$alone"
	[[ $1 != bpftrace* ]] || bpftrace_off
	for function in "${FUNCTIONS[@]}"; do
		expect "calls of $function that were missed" \
			"$(probe "$function" missed)" 0
		[[ ! ${2:-} ]] || expect "calls of $function" \
			"$("$2" "$function")" "$(probe "$function" hits)"
	done
}

sites() {
	cells callers 1 "called, site, origin" | sort
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
probes_on() { # p|r
	events_on "crs_others_$1" "$1" "${FUNCTIONS[@]}"
	begin_count
}
probes_off() {
	events_off crs_others_{p,r}
	: >$TRACING/trace
}
probes_count() { # FUNCTION: what it counted since begin_count
	awk -v name="$1" '$1 == name { n += (NR == FNR ? -1 : 1) * ($2 + $3) }
		END { print n }' "$scratch/before" "$TRACING/kprobe_profile"
}
begin_count() {
	: >$TRACING/trace
	cat $TRACING/kprobe_profile >"$scratch/before"
}

at_exit+=(tracer_off probes_off)
load_kvm npt=1

load
crgen "${WORK[@]}" >/dev/null
alone=$(sites)

# By WHAT_on ARGUMENT, which comes after the module, before it, and is no more.
watched() { # NAME WHAT ARGUMENT [hidden]
	local count=$2_count

	[[ $2 != tracer ]] || count=$3_count
	load
	"$2_on" "$3"
	work "$1 after the module" "$count" "${4:-}"
	"$2_off"
	rmmod kvm_crstat
	"$2_on" "$3"
	load
	begin_count
	work "$1 before the module" "$count"
	"$2_off"
	work "$1 gone"
}
for tracer in function function_graph; do
	if grep -qw $tracer $TRACING/available_tracers; then
		watched "$tracer tracer" tracer $tracer
	else
		skip "$tracer tracer" "not in this kernel"
	fi
done
hidden=
! kretprobes_hide || hidden=hidden
watched "kprobe events" probes p
watched kretprobes probes r $hidden

# bpftrace counts by function and says when it is ready.
bpftrace_on() {
	local probes

	probes=$(printf 'kprobe:%s,' "${FUNCTIONS[@]}")
	bpftrace -e "BEGIN { printf(\"ready\\n\"); }
		${probes%,} { @[func] = count(); }" >"$scratch/bpftrace" 2>&1 &
	bpftrace=$!
	until_says '^ready' "$scratch/bpftrace" $bpftrace
}
bpftrace_off() {
	[[ ${bpftrace:-} ]] || return
	kill -INT "$bpftrace"
	wait "$bpftrace"
	bpftrace=
}
bpftrace_count() { # FUNCTION
	sed -n "s/^@\[$1\]: //p" "$scratch/bpftrace"
}

# All of them at once, and nothing is lost on either side.
at_exit+=(bpftrace_off)
load
tracer_on function
probes_on p
if type bpftrace >/dev/null 2>&1; then
	bpftrace_on
	work "bpftrace, function tracer and kprobe events at once" \
		bpftrace_count
else
	skip "bpftrace" "only where the VM shares the machine's programs"
fi
probes_on r
work "function tracer, kprobe events and kretprobes at once" \
	function_count $hidden
probes_off
tracer_off
work "all of them gone"

# Both on one function: the unwinder sees through one alone. What stays hidden
# is an origin, never a write.
load
tracer_on function_graph
probes_on r
work "kretprobes and function graph tracer at once" '' hidden
begin "both, APIC in userspace"
guest --apic=user cr4-write=20 cr8-write=30 sregs=5
# With DecodeAssists there is no emulator on the way that tells.
((other = $(total tpr_other), other == 0 || other == 30))
expect "tpr_other as it may be" $? 0
expect "the guest's and others'" $(($(total tpr_guest) + other)) 30
finish
