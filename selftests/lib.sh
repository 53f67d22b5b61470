# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034 # what tests use
# What the tests share: KTAP, the module, tables, and the kernel's own count of
# the same events as an independent witness.
set -u

readonly KSFT_SKIP=4
readonly DEBUGFS=/sys/kernel/debug
readonly CRSTAT=$DEBUGFS/kvm_crstat
readonly TRACING=/sys/kernel/tracing

tests=0 failures=0
declare -A T

echo "TAP version 13"

# ok NAME: the command before succeeded.
result() { # STATUS NAME
	tests=$((tests + 1))
	if (($1 == 0)); then
		echo "ok $tests $2"
	else
		failures=$((failures + 1))
		echo "not ok $tests $2"
	fi
}

skip() { # NAME REASON
	tests=$((tests + 1))
	echo "ok $tests $1 # SKIP $2"
}

skip_all() { # REASON
	echo "1..0 # SKIP $1"
	exit $KSFT_SKIP
}

note() {
	printf '# %s\n' "$@"
}

# A case is a number of comparisons; it fails with the first that does.
begin() { # NAME
	case_name=$1 case_status=0
}

expect() { # WHAT ACTUAL EXPECTED
	[[ $2 == "$3" ]] && return
	note "$case_name: $1 is $2, not $3"
	case_status=1
}

end() {
	((case_status == 0)) || sed 's/^/# /' "$CRSTAT"/{vcpus,callers,probes} 2>&1
	result "$case_status" "$case_name"
}

finish() {
	echo "1..$tests"
	exit $((failures > 0))
}

# The test's own files.
scratch=$(mktemp -d) || exit
at_exit=()
clean_up() {
	local i

	for ((i = ${#at_exit[@]}; i > 0; i--)); do
		eval "${at_exit[i - 1]}"
	done
	rm -rf "$scratch"
}
trap clean_up EXIT
trap 'exit 1' INT TERM

vendor() {
	if grep -qw svm /proc/cpuinfo; then
		echo amd
	elif grep -qw vmx /proc/cpuinfo; then
		echo intel
	fi
}
VENDOR=$(vendor)
readonly VENDOR
# TPR writes of KVM_CREATE_VCPU: where KVM resets a vCPU by kvm_set_cr8().
CREATED=$([[ $VENDOR == intel ]] && echo 1 || echo 0)
readonly CREATED

# The module may be in its place, or be that of the checkout.
module_path() {
	local path

	for path in "/lib/modules/$(uname -r)/extra/kvm_crstat.ko" \
		"$(dirname "$(readlink -f "$0")")/../../modules/$(uname -r)/kvm_crstat.ko"; do
		[[ -f $path ]] && echo "$path" && return
	done
}

require() {
	((UID == 0)) || skip_all "needs root"
	[[ $VENDOR ]] || skip_all "needs a CPU with SVM or VMX"
	type crgen >/dev/null 2>&1 || skip_all "crgen is not in PATH"
	[[ -d $DEBUGFS/tracing || -d $DEBUGFS/bdi ]] ||
		skip_all "needs debugfs on $DEBUGFS"
	MODULE=$(module_path)
	readonly MODULE
	[[ $MODULE ]] || skip_all "no kvm_crstat.ko for $(uname -r)"
	unload
	at_exit+=(unload)
}

unload() {
	local name

	for name in kvm_crstat kvm_amd kvm_intel kvm; do
		[[ ! -d /sys/module/$name/holders ]] || rmmod $name ||
			skip_all "$name is in use"
	done
}

load_kvm() { # PARAMETER...
	modprobe "kvm_$VENDOR" "$@" || exit
}

load() { # PARAMETER...
	insmod "$MODULE" "$@" || exit
}

# table NAME FILE [TABLE]: T[NAME VM VCPU COLUMN] by the names of the columns,
# and $vcpus, a "VM VCPU TID" for each row. Rows without a vCPU are T[NAME STATE
# COLUMN]. TABLE is for a file that holds several.
table() {
	local name=$1 file=$2 want=${3:-} line columns row key i found=

	vcpus=()

	for key in "${!T[@]}"; do
		[[ $key != "$name "* ]] || unset "T[$key]"
	done
	while read -r line; do
		if [[ $line == '# '* ]]; then
			found='' columns=()
			[[ ! $want || $line == *" $want" ]] && found=1
			continue
		fi
		[[ $found ]] || continue
		read -ra row <<<"$line"
		if ((!${#columns[@]})); then
			columns=("${row[@]}")
			continue
		fi
		if [[ ${row[0]} == - ]]; then
			key="$name ${row[4]}"
		else
			key="$name ${row[0]} ${row[3]}"
			vcpus+=("${row[0]} ${row[3]} ${row[2]}")
		fi
		for ((i = 0; i < ${#columns[@]}; i++)); do
			T[$key ${columns[i]}]=${row[i]}
		done
	done <"$file"
}

# run ARGUMENT...: crgen, from a reset: T[did ...] is its own table, T[saw ...]
# the module's, and $vcpus lists crgen's vCPUs.
run() {
	echo reset >$CRSTAT/control
	[[ ! $witness ]] || witness_each +
	if ! crgen --timeout=120 "$@" >"$scratch/crgen"; then
		note "crgen $* failed"
		result 1 "crgen $*"
		finish
	fi
	witness_read
	table saw $CRSTAT/vcpus
	table did "$scratch/crgen" crgen
}

# hold ARGUMENT...: crgen with its work done and its vCPUs idle but alive, until
# let_go.
hold() {
	local tries=600

	mkfifo "$scratch/hold"
	crgen --hold "$@" <"$scratch/hold" >"$scratch/crgen" &
	holder=$!
	exec {holds}>"$scratch/hold"
	until grep -q '^# ready' "$scratch/crgen"; do
		((tries--)) || return
		sleep 0.1
	done
	table did "$scratch/crgen" crgen
}

let_go() {
	exec {holds}>&-
	wait "$holder"
	rm "$scratch/hold"
}

# The witness: the kernel's own count of the same events, by thread. W[exit TID
# REASON] and W[exit TID] are VM exits, W[FUNCTION TID SYMBOL] and W[FUNCTION
# TID] calls by call site. Where info1 is a key, too, W[exit TID REASON/INFO1] are
# its exits. Hist triggers count; where the kernel has none, an
# instance of its trace buffer keeps each event until it is counted here.
witness=
declare -A W
declare -A WITNESS=(
	[kvm/kvm_exit]='hist:keys=common_pid,exit_reason:size=1024'
	[crs_test/kvm_set_cr8]='hist:keys=common_pid,ra.sym:size=512'
	[crs_test/kvm_lapic_set_tpr]='hist:keys=common_pid,ra.sym:size=512'
)
# A trace names exits, a hist numbers them: APM vol. 2 appendix C.
declare -A EXITS=(
	[read_cr0]=0 [read_cr3]=3 [read_cr4]=4 [read_cr8]=8
	[write_cr0]=16 [write_cr3]=19 [write_cr4]=20 [write_cr8]=24
	[cr0_sel_write]=101
)
readonly TRACE=$TRACING/instances/crs_test

witness_start() {
	local event type

	witness=trace type=symbol
	[[ ! -e $TRACING/events/sched/sched_switch/hist ]] ||
		witness=hist type=u64
	at_exit+=(witness_end)
	for event in "${!WITNESS[@]}"; do
		[[ $event != crs_test/* ]] ||
			echo "p:$event ${event#*/} ra=\$stack0:$type" \
				>>$TRACING/kprobe_events || exit
	done
	[[ $witness == hist ]] && return
	mkdir $TRACE || exit
	echo 8192 >$TRACE/buffer_size_kb
}

# witness_each +|!: from zero, or no more.
witness_each() {
	local event trigger

	for event in "${!WITNESS[@]}"; do
		if [[ $witness == trace ]]; then
			[[ $1 != + ]] || echo 1 >"$TRACE/events/$event/enable"
			continue
		fi
		trigger=$TRACING/events/$event/trigger
		[[ -e $trigger ]] || continue
		! grep -q '^hist:' "$trigger" ||
			echo "!${WITNESS[$event]}" >"$trigger"
		[[ $1 != + ]] || echo "${WITNESS[$event]}" >"$trigger"
	done
	[[ $witness != trace || $1 != + ]] || : >$TRACE/trace
}

witness_end() {
	local event

	[[ $witness ]] || return
	witness_each !
	[[ ! -d $TRACE ]] || rmdir $TRACE
	for event in "${!WITNESS[@]}"; do
		! grep -q ":$event " $TRACING/kprobe_events ||
			echo "-:$event" >>$TRACING/kprobe_events
	done
	witness=
}

# Prints "NAME TID REASON COUNT" for each sort of event in the trace.
witness_trace() {
	local n name tid what

	! grep -hE '^(overrun|commit overrun|dropped events): [1-9]' \
		$TRACE/per_cpu/cpu*/stats || note "the trace lost events"
	while read -r n name tid what; do
		[[ $name != exit ]] || what=${EXITS[$what]:-$what}
		echo "$name $tid $what $n"
	done < <(
		sed -nE -e 's/.*-([0-9]+) +\[.*: kvm_exit: .*reason ([^ ]+).*/exit \1 \2/p' \
			-e 's/.*-([0-9]+) +\[.*: (kvm_[a-z_0-9]+): .* ra=([^+ ]+).*/\2 \1 \3/p' \
			$TRACE/trace | sort | uniq -c
	)
}

# The same from the hists.
witness_hists() {
	local event name line what

	for event in "${!WITNESS[@]}"; do
		[[ -e $TRACING/events/$event/hist ]] || continue
		name=${event#*/} name=${name/kvm_exit/exit}
		while read -r line; do
			[[ $line =~ common_pid:\ *([0-9]+),\ *[a-z_]+:\ *([^,]*)(,\ *info1:\ *([0-9]+))?\ }\ hitcount:\ *([0-9]+) ]] ||
				continue
			what=${BASH_REMATCH[2]#*] } what=${what%% *}
			what+=${BASH_REMATCH[4]:+/${BASH_REMATCH[4]}}
			echo "$name ${BASH_REMATCH[1]} $what ${BASH_REMATCH[5]}"
		done <"$TRACING/events/$event/hist"
	done
}

witness_read() {
	local name tid what n keys key

	W=()
	[[ $witness ]] || return 0
	while read -r name tid what n; do
		keys=("$name $tid" "$name $tid $what")
		[[ $what != */* ]] || keys+=("$name $tid ${what%/*}")
		for key in "${keys[@]}"; do
			W[$key]=$((${W[$key]:-0} + n))
		done
	done < <("witness_${witness/hist/hists}")
}
