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

# Fails where a command's Debian package is missing: need PACKAGE COMMAND...
need() {
	local package=$1 cmd

	shift
	for cmd; do
		command -v "$cmd" >/dev/null ||
			die "$EX_PACKAGES" "$cmd not found: apt-get install $package"
	done
}

# Builds what a VM takes along: build_payload KERNEL KERNEL_DIR
build_payload() {
	make -s -C "$top_dir" tools selftests &&
		"$vm_dir/toolchain" "$1" \
			make -s -C "$top_dir" modules KDIR="$2/build"
}
