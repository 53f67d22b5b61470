# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154 # what lib.sh and apt.sh set
# Emulators which the machine's own suite doesn't have, for fetch. Each is a
# program below $cache_dir/emulator.

# What the patch is for: Debian 13's source, as its signed index has it.
readonly bochs_archive=bochs_3.0+dfsg.orig.tar.xz
bochs_sha256=78f6c73d4a6472d5130a87ab9dc306d02c7c71ed8e25b3a8ef642e2a7acd282b
readonly bochs_sha256

# Prints the path of the program $1.
fetch_emulator() {
	local base=$cache_dir/emulator/$1

	[[ $1 == bochs ]] || die "$EX_USAGE" "no emulator $1: bochs"
	mkdir -p "$base"
	# It takes long: kernels need not wait.
	exec {lock}>&- {lock}>"$base/lock"
	flock "$lock"
	"fetch_emulator_$1" "$base"
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

# Built anew where the recipe or the patch has changed.
fetch_emulator_bochs() {
	local base=$1 archive=$1/$bochs_archive recipe dest

	recipe=$(cat "$vm_dir"/{build-bochs,bochs.patch} | sha256sum | head -c 12)
	dest=$base/3.0-$recipe
	if [[ ! -e $dest/bochs ]]; then
		need g++ g++
		need make make
		need patch patch
		need xz-utils xz
		fetch_bochs_archive "$archive" ||
			die "$EX_FETCH" "$bochs_archive: not to be had"
		note "building Bochs: some minutes"
		nice -n 10 "$vm_dir/build-bochs" "$archive" \
			"$vm_dir/bochs.patch" "$dest.new" \
			>"$base/build.log" 2>&1 || {
			tail -n 20 "$base/build.log" >&2
			die "$EX_BUILD" "the build of Bochs failed, see $base/build.log"
		}
		mv "$dest.new" "$dest"
	fi
	echo "$dest/bochs"
}
