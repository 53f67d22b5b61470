# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034 # what tests use
# What the tests share: KTAP, the module, crgen's guests.
set -u

readonly KSFT_SKIP=4
readonly DEBUGFS=/sys/kernel/debug
readonly CRSTAT=$DEBUGFS/kvm_crstat
readonly TRACING=/sys/kernel/tracing

tests=0 failures=0 witness=

echo "TAP version 13"

# ok NAME: the command before succeeded.
result() { # STATUS NAME
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
		[[ ! -d /sys/module/$name/holders ]] || rmmod $name && continue
		result 1 "$name goes"
		exit 1
	done
}

load_kvm() { # PARAMETER...
	modprobe "kvm_$VENDOR" "$@" || exit
}

# By the hook that is tested, see run-tests.
load() { # PARAMETER...
	insmod "$MODULE" hook="${CRS_HOOK:-kprobe}" "$@" || exit
}

# The functions that are hooked now: those of the module's that a kprobe sits on,
# or that ftrace calls it for.
hooked() {
	sed -nE "s/^[^ ]* +k +($FUNCTIONS_OF_KVM)\+.*/\1/p" $DEBUGFS/kprobes/list
	sed -nE '/crs_ftrace_/s/ .*//p' $TRACING/enabled_functions |
		grep -vx crs_canary
}
readonly FUNCTIONS_OF_KVM='kvm_arch_vcpu_(create|destroy)|emulator_set_cr|cr_interception|cr_trap|nested_(svm|vmx)_vmexit|handle_cr|handle_tpr_below_threshold|kvm_set_cr8|kvm_lapic_set_tpr|kvm_lapic_reg_write|kvm_apic_set_state|__set_sregs[^+]*|kvm_arch_vcpu_ioctl_run|(svm|vmx)_vcpu_run'

# What the module's files say, summed over all rows.
total() { # COLUMN [FILE]
	awk -v name="$1" 'NR == 2 { for (i = 1; i <= NF; i++) if ($i == name) c = i }
		NR > 2 { sum += $c } END { print sum + 0 }' "$CRSTAT/${2:-vcpus}"
}

rows() { # STATE
	awk -v state="$1" 'NR == 2 { for (i = 1; i <= NF; i++) c[$i] = i; next }
		$c["state"] == state' $CRSTAT/vcpus | wc -l
}

probe() { # FUNCTION COLUMN
	awk -v name="$1" -v column="$2" '
		NR == 2 { for (i = 1; i <= NF; i++) if ($i == column) c = i }
		$1 == name { print $c }' $CRSTAT/probes
}

# A column of crgen's table, summed over all vCPUs.
did() { # COLUMN [FILE]
	awk -v name="$1" '
		/^# / { wanted = / crgen$/; head = 1; next }
		wanted && head { head = c = 0
			for (i = 1; i <= NF; i++) if ($i == name) c = i; next }
		wanted && c { sum += $c }
		END { print sum + 0 }' "${2:-$scratch/crgen}"
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

# Of so many reads of CR4 those that exit here: none on Intel and under QEMU 10.
# The module is loaded.
cr4_reads() { # COUNT
	crgen --check=cr4_read cr4-read="$1" | awk '$1 == "cr4_read" { print $3 + 0 }'
}

# Of so many writes of CR4 that fault those that exit: none where the processor
# refuses them before that, as Bochs does. The module is loaded.
cr4_faults() { # COUNT
	crgen --check=cr4_write cr4-fault="$1" |
		awk '$1 == "cr4_write" { print $3 + 0 }'
}

# hold ARGUMENT...: crgen with its work done and its vCPUs idle but alive, until
# let_go, within a case, which fails if the guest did not live until then.
hold() {
	local tries=600

	# Else what an earlier guest said would do.
	rm -f "$scratch/crgen"
	mkfifo "$scratch/hold"
	crgen --hold "$@" <"$scratch/hold" >"$scratch/crgen" &
	holder=$!
	exec {holds}>"$scratch/hold"
	until grep -qs '^# ready' "$scratch/crgen"; do
		if ! kill -0 $holder || ! ((tries--)); then
			result 1 "crgen --hold $*"
			finish
		fi
		sleep 0.1
	done
}

let_go() {
	local status

	exec {holds}>&-
	wait "$holder"
	status=$?
	rm "$scratch/hold"
	expect "the status of the guest" $status 0
}
