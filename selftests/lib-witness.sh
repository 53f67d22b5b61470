# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2086,SC2154 # lib.sh has the rest
# shellcheck source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# The witness: the kernel's own count of the same events, by thread. Hist
# triggers count; where the kernel has none, an instance of its trace buffer
# keeps each event until it is counted here.
declare -A WITNESS=(
	[kvm/kvm_exit]='hist:keys=common_pid,exit_reason:size=1024'
	[crs_test/kvm_set_cr8]='hist:keys=common_pid,ra.sym:size=512'
	[crs_test/kvm_lapic_set_tpr]='hist:keys=common_pid,ra.sym:size=512'
)
[[ $VENDOR != intel ]] ||
	WITNESS[kvm/kvm_exit]='hist:keys=common_pid,exit_reason,info1:size=8192'
readonly TRACE=$TRACING/instances/crs_test

witness_start() {
	local event type

	witness=trace type=symbol
	[[ ! -e $TRACING/events/sched/sched_switch/hist ]] ||
		witness=hists type=u64
	at_exit+=(witness_end)
	for event in "${!WITNESS[@]}"; do
		[[ $event != crs_test/* ]] ||
			events_add crs_test p "${event#*/} ra=\$stack0:$type"
	done
	[[ $witness == hists ]] && return
	mkdir $TRACE || exit
	echo 8192 >$TRACE/buffer_size_kb
	for event in "${!WITNESS[@]}"; do
		echo 1 >"$TRACE/events/$event/enable"
	done
}

# witness_each +|!: from zero, or no more.
witness_each() {
	local event trigger

	if [[ $witness == trace ]]; then
		: >$TRACE/trace
		return
	fi
	for event in "${!WITNESS[@]}"; do
		trigger=$TRACING/events/$event/trigger
		[[ -e $trigger ]] || continue
		! grep -q '^hist:' "$trigger" ||
			echo "!${WITNESS[$event]}" >"$trigger"
		[[ $1 != + ]] || echo "${WITNESS[$event]}" >"$trigger"
	done
}

witness_end() {
	[[ $witness ]] || return
	witness_each !
	[[ ! -d $TRACE ]] || rmdir $TRACE
	events_off crs_test
	witness=
}

# "EVENT TID REASON|SYMBOL INFO1 COUNT" for each sort of event. A trace names
# exits, a hist numbers them: APM vol. 2 appendix C, SDM vol. 3D appendix C.
witness_trace() {
	! grep -hE '^(overrun|commit overrun|dropped events): [1-9]' \
		$TRACE/per_cpu/cpu*/stats || note "the trace lost events"
	sed -nE -e 's/.*-([0-9]+) +\[.*: (kvm_[a-z_]*exit[a-z_]*): .*reason:? ([^ ]+)( .*info1 ([^ ]+))?.*/\2 \1 \3 \5-/p' \
		-e 's/.*-([0-9]+) +\[.*: (kvm_[a-z_0-9]+): .* ra=([^+ ]+).*/\2 \1 \3 -/p' \
		$TRACE/trace | sort | uniq -c | awk '
		function number(hex, n, i) {
			for (i = 3; i <= length(hex); i++)
				n = n * 16 + index("0123456789abcdef", substr(hex, i, 1)) - 1
			return n + 0
		}
		BEGIN { split("read_cr0 0 read_cr3 3 read_cr4 4 read_cr8 8 " \
			"write_cr0 16 write_cr3 19 write_cr4 20 write_cr8 24 " \
			"cr0_sel_write 101 CR_ACCESS 28", a)
			for (i = 1; i in a; i += 2) code[a[i]] = a[i + 1] }
		{
			sub(/-$/, "", $5)
			print $2, $3, $4 in code ? code[$4] : $4, number($5) "-", $1
		}'
}

witness_hists() {
	local event

	for event in "${!WITNESS[@]}"; do
		[[ -e $TRACING/events/$event/hist ]] || continue
		sed -nE 's/.*common_pid: *([0-9]+), *[a-z_]+: *(\[[0-9a-f]+\] *)?([^ ,]+)[^,]*(, *info1: *([0-9]+))? *\} hitcount: *([0-9]+).*/'"${event#*/}"' \1 \3 \5- \6/p' \
			"$TRACING/events/$event/hist"
	done
}

# How many there were of an event that checks has seen.
witness_count() { # EVENT [REASON|SYMBOL]
	awk -v event="$1" -v what="${2:-}" '
		$1 == event && (what == "" || $3 == what) { sum += $5 }
		END { print sum + 0 }' "$scratch/witness"
}

# Within a case: for each vCPU's thread the CR counters, of both levels, are its
# exits; set_cr8, set_tpr and tpr_sync are the calls; every call site has a known
# origin. An Intel exit's qualification has the register in bits 3:0, the kind in
# 5:4: SDM vol. 3C table 28-3. AMD's 0x90 and on are SEV-ES' write traps.
witness_agrees() {
	"witness_$witness" >"$scratch/witness"
	query vcpus '{
		for (k in cell)
			if (k ~ /^(cr[0348]_(read|write)|tpr_sync)$/)
				print tid, k, cell[k]
		print "all kvm_set_cr8", set_cr8
		print "all kvm_lapic_set_tpr", set_tpr }' | sums >"$scratch/counted"
	expect "that there are vCPUs" $(($(total 1) > 0)) 1
	expect_same "vcpus and the witness" "$scratch/counted" < <(cells vcpus 1 tid |
		awk -v amd="$([[ $VENDOR != amd ]] || echo 1)" '
	function exited(reason, info) {
		if (amd)
			return reason == 101 ? "cr0_write" : \
				reason < 16 ? "cr" reason "_read" : \
				reason < 32 || int(reason / 16) == 9 ? \
					"cr" reason % 16 "_write" : ""
		if (reason != 28)
			return ""
		info += 0
		return int(info / 32) % 2 ? "cr0_write" : "cr" info % 16 \
			(int(info / 16) % 2 ? "_read" : "_write")
	}
	NF == 1 { tids[$1]; next }
	$1 != "kvm_exit" { print "all", $1, $5 }
	!($2 in tids) { next }
	$1 == "kvm_exit" && (name = exited($3, $4)) { print $2, name, $5 }
	$1 == "kvm_set_cr8" && $3 == "svm_vcpu_run" { print $2, "tpr_sync", $5 }
	' - "$scratch/witness" | sums)
	expect "call sites of no known origin" \
		"$(cells callers 'origin == "other" || site !~ /\+0x/' site)" ""
}
