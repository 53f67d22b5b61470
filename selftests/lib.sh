# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034 # what tests use
# What the tests share: KTAP, the module, crgen's guests.
set -u

readonly KSFT_SKIP=4
readonly DEBUGFS=/sys/kernel/debug
readonly CRSTAT=$DEBUGFS/kvm_crstat
readonly TRACING=/sys/kernel/tracing

tests=0 failures=0 case_name='' witness=

echo "TAP version 13"

result() { # STATUS NAME
	end
	tests=$((tests + 1))
	if (($1 == 0)); then
		echo "ok $tests $2"
	else
		failures=$((failures + 1))
		echo "not ok $tests $2"
		# Who looks for a failure alone has seen enough.
		[[ ! ${CRS_FIRST:-} ]] || exit 1
	fi
}

skip() { # NAME REASON
	end
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

# A case is a number of comparisons; it fails with the first that does, and lasts
# until the next one.
begin() { # NAME
	end
	case_name=$1 case_status=0
}

expect() { # WHAT ACTUAL EXPECTED
	[[ $2 == "$3" ]] && return
	note "$case_name: $1 is $2, not $3"
	((case_status)) || [[ ! -d $CRSTAT ]] ||
		sed 's/^/# /' $CRSTAT/{vcpus,callers,probes}
	case_status=1
}

# The same of a file with what is on stdin. Formats of diff differ: its status tells.
expect_same() { # WHAT FILE
	diff -u "$2" - >"$scratch/differences"
	expect "the status of diff: $1" $? 0
	sed 's/^/# /' "$scratch/differences" | head -n 20
}

end() {
	local name=$case_name

	case_name=
	[[ ! $name ]] || result "$case_status" "$name"
}

finish() {
	end
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

VENDOR=$(grep -owm 1 'svm\|vmx' /proc/cpuinfo | sed 's/svm/amd/; s/vmx/intel/; q')
readonly VENDOR
# TPR writes of KVM_CREATE_VCPU: where KVM resets a vCPU by kvm_set_cr8().
CREATED=$([[ $VENDOR == intel ]] && echo 1 || echo 0)
# What a KVM of no nested paging is loaded with, but for its "=0".
PAGING=$([[ $VENDOR == intel ]] && echo ept || echo npt)
# All accesses to control registers, for "total".
ACCESSES=$(printf +%s cr{0,3,4,8}_{read,write})
readonly CREATED PAGING ACCESSES KVM=kvm_$VENDOR

# The module may be in its place, or be that of the checkout.
module_path() {
	local path

	for path in "/lib/modules/$(uname -r)/extra/kvm_crstat.ko" \
		"$(dirname "$(readlink -f "$0")")/../../modules/$(uname -r)/kvm_crstat.ko"; do
		[[ -f $path ]] && echo "$path" && return
	done
}

# Skips the test where something is missing, or on the other vendor's machines.
require() { # [VENDOR WHY]
	((UID == 0)) || skip_all "needs root"
	[[ $VENDOR ]] || skip_all "needs a CPU with SVM or VMX"
	[[ ${1:-$VENDOR} == "$VENDOR" ]] || skip_all "$2"
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
		[[ ! -d /sys/module/$name/holders ]] || rmmod $name && continue
		result 1 "$name goes"
		exit 1
	done
}

load_kvm() { # PARAMETER...
	modprobe "$KVM" "$@" || exit
}

# Both, in their usual order.
load_both() { # PARAMETER_OF_KVM...
	load_kvm "$@"
	load
}

# KVM again. A witness watches the one that comes.
reload_kvm() { # PARAMETER...
	local had=$witness

	[[ ! $had ]] || witness_end
	rmmod "$KVM"
	load_kvm "$@"
	[[ ! $had ]] || witness_start
}

# The module, anew where it is loaded: by the hook that is tested, see run-tests.
# shellcheck disable=SC2120 # which tests give
load() { # PARAMETER...
	[[ ! -d /sys/module/kvm_crstat ]] || rmmod kvm_crstat || exit
	insmod "$MODULE" hook="${CRS_HOOK:-kprobe}" "$@" || exit
}

control() { # COMMAND...
	local command

	for command; do
		echo "$command" >$CRSTAT/control ||
			expect "the status of $command" 1 0
	done
}

# The functions that are hooked now: those of the module's that a kprobe sits on,
# or that ftrace calls it for.
hooked() {
	sed -nE "s/^[^ ]* +k +($FUNCTIONS_OF_KVM)\+.*/\1/p" $DEBUGFS/kprobes/list
	sed -nE '/crs_ftrace_/s/ .*//p' $TRACING/enabled_functions |
		grep -vx crs_canary
}
readonly FUNCTIONS_OF_KVM='kvm_arch_vcpu_(create|destroy)|emulator_set_cr|cr_interception|cr_trap|nested_(svm|vmx)_vmexit|handle_cr|handle_tpr_below_threshold|kvm_set_cr8|kvm_lapic_set_tpr|kvm_lapic_reg_write|kvm_apic_set_state|__set_sregs[^+]*|kvm_arch_vcpu_ioctl_run|(svm|vmx)_vcpu_run'

# kprobe events of a group, which takes or leaves all.
events_add() { # GROUP p|r FUNCTION[ ARGUMENT]...
	local function

	for function in "${@:3}"; do
		echo "$2:$1/${function%% *} $function" \
			>>$TRACING/kprobe_events || exit
	done
}
events_on() { # GROUP p|r FUNCTION[ ARGUMENT]...
	events_add "$@"
	echo 1 >"$TRACING/events/$1/enable"
}
events_off() { # GROUP...
	local group event events

	for group; do
		[[ -d $TRACING/events/$group ]] || continue
		echo 0 >"$TRACING/events/$group/enable"
		mapfile -t events < <(sed -nE \
			"s|^[pr][0-9]*(:$group/[^ ]*) .*|-\1|p" $TRACING/kprobe_events)
		for event in "${events[@]}"; do
			echo "$event" >>$TRACING/kprobe_events
		done
	done
}

# query FILE PROGRAM [TABLE]: by awk over the rows of a file of the module's, or of
# the tables of that name in any FILE, where a column has its name, and cell[NAME]
# has it, too. "function", which awk has itself, is "called".
query() {
	local file=$1 table=${3:-${1##*/}} cells

	[[ $file == */* ]] || file=$CRSTAT/$file
	cells=$(awk -v table="$table" '
		wanted {
			for (i = 1; i <= NF; i++)
				printf "cell[\"%s\"] = %s = $%d\n", $i,
					$i == "function" ? "called" : $i, i
			exit
		}
		/^# / { wanted = $NF == table }' "$file")
	awk -v table="$table" '
		/^# / { wanted = head = $NF == table; next }
		!wanted { next }
		head { head = 0; next }
		'"{ $cells }
		$2" "$file"
}

cells() { # FILE CONDITION EXPRESSION [TABLE]
	query "$1" "$2 { print $3 }" "${4:-}"
}

# The counters that are 0 in some row.
zeros() {
	query vcpus '{ for (k in cell) if (k ~ /_/ && cell[k] == "0") print k }' |
		sort -u | xargs
}
# The same of the other files of vCPUs.
other_zeros() {
	kinds bits 'set == "0" || cleared == "0"' '"bits"'
	kinds values 'faults == "0"' '"values"'
	kinds sites 'faults == "0"' '"sites"'
}

# The bits whose changes may go unseen; with a star, to one side alone.
hidden() {
	kinds bits 'set == "-" || cleared == "-"' \
		'reg "." name (set == cleared ? "" : "*")'
}

# What there is of cells, each once, in a line.
kinds() { # FILE CONDITION EXPRESSION
	cells "$@" | sort -u | xargs
}

# The sum of a column, or of an expression, over all rows or some.
total() { # COLUMN [FILE [CONDITION [TABLE]]]
	query "${2:-vcpus}" "${3:-1} { n += $1 } END { printf \"%.0f\\n\", n }" "${4:-}"
}

# Of lines "KEY COUNT" on stdin the sum of each key, but for zeros.
sums() {
	awk '{ count = $NF; $NF = ""; n[$0] += count }
		END { for (key in n) if (n[key]) print key n[key] }' | sort
}

rows() { # STATE
	total 1 vcpus "state == \"$1\""
}

probe() { # FUNCTION COLUMN
	cells probes "called == \"$1\"" "$2"
}

# A column of crgen's table, summed over all vCPUs.
did() { # COLUMN [FILE]
	total "$1" "${2:-$scratch/crgen}" 1 crgen
}

# What an access costs by the guest's own clock, with nobody counting: before the
# module is loaded.
price() { # STEP...
	crgen --time "$@" >"$scratch/price" 2>/dev/null
	cells "$scratch/price" 'op != "port"' \
		'"# TSC cycles of one " op ": " per_access' crgen-time
}

# guest ARGUMENT...: within a case, crgen's guests from a reset on; what they did
# is in $scratch/crgen.
guest() {
	control reset
	crgen --timeout=120 "$@" >"$scratch/crgen"
	expect "the status of crgen $*" $? 0
}

# The same beside the test, until guest_end, and without a reset.
guest_start() { # ARGUMENT...
	crgen --timeout=600 "$@" >"$scratch/crgen" &
	guest=$!
}

# Until it has stopped itself, by crgen's operation.
guest_stopped() {
	while guest_runs && [[ $(awk '{ print $3 }' "/proc/$guest/stat") != T ]]; do
		sleep 0.1
	done
}

guest_runs() {
	kill -0 "$guest" 2>/dev/null
}

guest_end() {
	kill -CONT "$guest" 2>/dev/null
	wait "$guest"
	expect "the status of the guest" $? 0
}

# checks ARGUMENT...: within a case, crgen's guests did what the module counted;
# its table stays in $scratch/check. With a witness, all rows are as the
# kernel's own counters have it, too.
checks() {
	if [[ $witness ]]; then
		echo reset >$CRSTAT/control
		witness_each +
	fi
	crgen --check --timeout=120 "$@" >"$scratch/check" 2>"$scratch/wrong"
	expect "the status of crgen --check $*" $? 0
	sed 's/^/# /' "$scratch/wrong"
	[[ ! $witness ]] || witness_agrees
}

# counted COLUMN: of the last checks, over all vCPUs.
counted() {
	awk -v name="$1" '$1 == name { print $3 }' "$scratch/check"
}

# check NAME COLUMN=COUNT|-,...|- ARGUMENT...: a case of its own, in which some
# counters, of all vCPUs together, are known besides, "-" where the module can't
# know.
check() {
	local known

	begin "$1"
	checks "${@:3}"
	for known in ${2//,/ }; do
		[[ $known != - ]] || break
		expect "${known%=*}" "$(counted "${known%=*}")" "${known#*=}"
	done
	end
}

# Of so many reads of CR4 those that exit here: none on Intel and under QEMU 10. Of
# writes of CR4 that fault: none where the processor refuses them before that, as
# Bochs does. The module is loaded.
cr4_reads() { # COUNT
	crgen --check=cr4_read cr4-read="$1" >"$scratch/check"
	counted cr4_read | tr - 0
}
cr4_faults() { # COUNT
	crgen --check=cr4_write cr4-fault="$1" >"$scratch/check"
	counted cr4_write | tr - 0
}

# hold ARGUMENT...: crgen with its work done and its vCPUs idle but alive, until
# let_go, within a case, which fails if the guest did not live until then.
hold() {
	[[ -p $scratch/input ]] || mkfifo "$scratch/input"
	# Else what an earlier guest said would do.
	rm -f "$scratch/crgen"
	# Who could write to it, too, finds no end of input.
	crgen --hold "$@" <>"$scratch/input" >"$scratch/crgen" &
	holder=$!
	until_says '^# ready' "$scratch/crgen" $holder || {
		expect "the guest" gone held
		result 1 "crgen --hold $*"
		finish
	}
}

# Until a FILE has a line as expected; fails where PROCESS ends before.
until_says() { # REGEX FILE PROCESS
	until grep -qs "$1" "$2"; do
		kill -0 "$3" || return
		sleep 0.1
	done
}

let_go() {
	kill "$holder"
	wait "$holder"
	expect "the status of the guest" $? 0
}
