# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What the scripts of this folder share: paths, exit statuses, errors.

# Exit statuses; README.md lists them. 1 and 2 are verdicts of a VM's run.
# shellcheck disable=SC2034
readonly EX_FAILED=1 EX_VM=2 EX_USAGE=3 EX_BUILD=4 EX_PACKAGES=5 EX_FETCH=6

vm_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
readonly vm_dir
readonly top_dir=${vm_dir%/selftests/vm}
readonly build_dir=$top_dir/build
readonly cache_dir=${KVM_CRSTAT_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/kvm_crstat}

# On Debian a user's PATH lacks where depmod and modprobe are.
PATH=$PATH:/usr/sbin:/sbin

note() {
	echo "${0##*/}: $*" >&2
}

# die STATUS MESSAGE...
die() {
	local status=$1

	shift
	note "$*"
	exit "$status"
}

# Where COMMAND fails, the end of what it has printed is shown: quietly LOG STATUS
# MESSAGE COMMAND...
quietly() {
	"${@:4}" >"$1" 2>&1 </dev/null && return
	tail -n 100 "$1" >&2
	die "$2" "$3"
}

# Prints the comment at the head of the script: for --help, or to stderr where it
# ends with STATUS.
usage() { # [STATUS]
	((${1:-0} == 0)) || exec >&2
	sed '1,2d; /^#/!Q; s/^# \?//' "$0"
	exit "${1:-0}"
}

# Waits until nobody else has FILE, and lets go of another.
take_lock() { # FILE
	[[ ! ${lock:-} ]] || exec {lock}>&-
	exec {lock}>"$1"
	flock "$lock"
}

# Fails where a Debian package is missing: need PACKAGE COMMAND|FILE...
need() {
	local package=$1 cmd

	shift
	for cmd; do
		[[ -e $cmd ]] || command -v "$cmd" >/dev/null ||
			die "$EX_PACKAGES" "$cmd not found: apt-get install $package"
	done
}

# Sets what a file of the folder "machines" says, see README.md.
# shellcheck disable=SC2034 # who calls it uses them
machine_load() { # NAME
	backend='' cpu='' emulator='' clear='' parameters='' default_cpus=2 tests=() slow=1
	[[ $1 != */* && -f $vm_dir/machines/$1 ]] ||
		die "$EX_USAGE" "no machine $1: $(ls -x "$vm_dir/machines")"
	# shellcheck source=/dev/null
	. "$vm_dir/machines/$1"
}

# Builds what a VM takes along, with the tests or without.
build_payload() { # KERNEL KERNEL_DIR [without]
	local exits

	make -s -C "$top_dir" tools && "$vm_dir/toolchain" "$1" \
		make -s -C "$top_dir" modules KDIR="$2/build" || return
	[[ ! ${3:-} ]] || return 0
	make -s -C "$top_dir" selftests || return
	exits=$build_dir/exits/$(<"$2/release")
	mkdir -p "$exits"
	ln -sf "$top_dir"/selftests/exits/* "$exits"
	build_modules "$1" "$2" "$exits"
}

# Builds the kernel modules of a folder.
build_modules() { # KERNEL KERNEL_DIR FOLDER [ARGUMENT]...
	"$vm_dir/toolchain" "$1" make -s -C "$2/build" M="$3" \
		CONFIG_DEBUG_INFO_BTF_MODULES= "${@:4}" modules
}
