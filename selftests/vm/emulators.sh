# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154 # what lib.sh and apt.sh set
# Emulators which the machine's own suite doesn't have, for fetch. Each is a
# program below $cache_dir/emulator.

# What the patch is for: Debian 13's source, as its signed index has it.
readonly bochs_archive=bochs_3.0+dfsg.orig.tar.xz
bochs_sha256=78f6c73d4a6472d5130a87ab9dc306d02c7c71ed8e25b3a8ef642e2a7acd282b
readonly bochs_sha256

# The first QEMU that runs code patching right with a thread for each CPU.
readonly qemu_wanted=8.1

# Prints the path of the program $1.
fetch_emulator() {
	local base=$cache_dir/emulator/$1

	[[ $1 == bochs || $1 == qemu ]] ||
		die "$EX_USAGE" "no emulator $1: bochs, qemu"
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

# A QEMU, fetched or the machine's own, that is new enough and runs.
is_wanted() { # PROGRAM
	local version

	version=$("$1" --version 2>/dev/null |
		sed -n 's/^QEMU emulator version \([0-9.]*\).*/\1/p')
	[[ $version && $(printf '%s\n' $qemu_wanted "$version" | sort -V |
		head -n 1) == "$qemu_wanted" ]]
}

# The machine's own, or that of its backports with the libraries which it lacks.
fetch_emulator_qemu() {
	local base=$1 own=qemu-system-x86_64 dest program suite deb

	if is_wanted "$own"; then
		command -v "$own"
		return
	fi
	program=$(newest_cached "$base" qemu)/qemu
	if is_wanted "$program"; then
		echo "$program"
		return
	fi
	# shellcheck source=/dev/null
	suite=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
	dest=$base/$suite
	if [[ ${KVM_CRSTAT_OFFLINE:-} ]] ||
		! apt_setup "$suite,$suite-security,$suite-backports"; then
		die "$EX_FETCH" "QEMU $qemu_wanted: not cached, not to be had"
	fi
	note "fetching a QEMU of $suite-backports"
	apt_options+=(-o Dir::State::Status=/var/lib/dpkg/status
		-o APT::Default-Release="$suite-backports")
	rm -rf "$dest" "$dest.new"
	mkdir -p "$dest.new/debs/partial"
	apt-get "${apt_options[@]}" -qq -y --no-install-recommends \
		--download-only -o Dir::Cache::Archives="$dest.new/debs/" \
		-o Debug::NoLocking=1 install qemu-system-x86 >&2 ||
		die "$EX_FETCH" "QEMU: cannot fetch"
	for deb in "$dest.new"/debs/*.deb; do
		dpkg-deb -x "$deb" "$dest.new" ||
			die "$EX_FETCH" "${deb##*/}: cannot unpack"
	done
	rm -r "$dest.new/debs"
	cat >"$dest.new/qemu" <<'SCRIPT'
#!/bin/sh
# QEMU with what was unpacked around it.
root=$(dirname "$0")
lib=lib/x86_64-linux-gnu
export LD_LIBRARY_PATH="$root/usr/$lib:$root/$lib"
export QEMU_MODULE_DIR="$root/usr/$lib/qemu"
exec "$root/usr/bin/qemu-system-x86_64" -L "$root/usr/share/qemu" \
	-L "$root/usr/share/seabios" "$@"
SCRIPT
	chmod +x "$dest.new/qemu"
	mv "$dest.new" "$dest"
	is_wanted "$dest/qemu" || die "$EX_FETCH" "$dest/qemu does not run"
	echo "$dest/qemu"
}
