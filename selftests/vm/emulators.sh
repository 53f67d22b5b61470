# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154 # what lib.sh and apt.sh set
# Emulators which the machine's own suite doesn't have, for fetch. Each is a
# program below $cache_dir/emulator.

# What the patch is for: Debian 13's source, as its signed index has it.
readonly bochs_archive=bochs_3.0+dfsg.orig.tar.xz
bochs_sha256=78f6c73d4a6472d5130a87ab9dc306d02c7c71ed8e25b3a8ef642e2a7acd282b
readonly bochs_sha256

# Prints the path of the program. Built anew where the recipe or the patch has
# changed.
fetch_emulator() { # NAME
	local base=$cache_dir/emulator/$1 recipe folder

	[[ $1 == bochs ]] || die "$EX_USAGE" "no emulator $1: bochs"
	recipe=$(cat "$vm_dir"/{build-bochs,bochs.patch} | sha256sum | head -c 12)
	mkdir -p "$base"
	# It takes long: kernels need not wait.
	take_lock "$base/lock"
	folder=$(cached "$base/3.0-$recipe" Bochs build_bochs "$base")
	echo "$folder/bochs"
}

# From the pool, since the index of sources may lack what the pool has.
fetch_bochs_archive() { # FILE
	local uri=${KVM_CRSTAT_MIRROR:-$(mirror_of Debian)}

	[[ ! -e $1 ]] || return 0
	[[ -z ${KVM_CRSTAT_OFFLINE:-} && $uri ]] || return
	note "fetching ${1##*/}"
	/usr/lib/apt/apt-helper -q -o APT::Sandbox::User= download-file \
		"${uri%/}/pool/main/b/bochs/${1##*/}" "$1" \
		"SHA256:$bochs_sha256" >&2
}

# Runs a COMMAND that takes minutes, for "cached".
slowly() { # LOG COMMAND...
	note "building $what: some minutes"
	quietly "$1" "$EX_BUILD" "the build of $what failed, see $1" \
		nice -n 10 "${@:2}"
}

build_bochs() { # BASE DEST
	need g++ g++
	need patch patch
	fetch_bochs_archive "$1/$bochs_archive" || return
	slowly "$1/build.log" "$vm_dir/build-bochs" "$1/$bochs_archive" \
		"$vm_dir/bochs.patch" "$2"
}
