# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154 # what lib.sh sets, sourced before
# Packages of any of Debian's suites, without root and without a change to the
# machine's own apt sources.

# Whose sources: the machine's own until apt_setup.
apt_options=()
# Whose packages.
apt_architecture=amd64

# The mirror which the machine's apt uses for a label of Debian's. Before its
# first update it knows none: there, what has the suites of this machine.
mirror_of() {
	local label=$1 release

	# shellcheck source=/dev/null
	release=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
	[[ $label != Debian-Security ]] || release+=-security
	# shellcheck disable=SC2016 # apt's variables
	apt-get indextargets --format '$(LABEL)|$(RELEASE)|$(REPO_URI)' |
		awk -F'|' -v label="$label" -v release="$release" '
			$1 == label { best = best ? best : $3 }
			!$1 && $2 == release { other = other ? other : $3 }
			END { if (best || other) print best ? best : other }'
}

# Own sources for the comma-separated suites $1; later apt commands use them. Fails
# where there is no network, or is to be none.
apt_setup() {
	local suites=$1 key=/usr/share/keyrings/debian-archive-keyring.gpg
	local state=$cache_dir/apt/$suites suite uri errors

	[[ -z ${KVM_CRSTAT_OFFLINE:-} ]] || return
	[[ $apt_architecture == amd64 ]] || state+=,$apt_architecture
	mkdir -p "$state"/{lists/partial,cache/archives/partial}
	: >"$state/status"
	: >"$state/sources.list"
	for suite in ${suites//,/ }; do
		if [[ $suite == *-security ]]; then
			uri=${KVM_CRSTAT_SECURITY_MIRROR:-$(mirror_of Debian-Security)}
		else
			uri=${KVM_CRSTAT_MIRROR:-$(mirror_of Debian)}
		fi
		if [[ -z $uri ]]; then
			note "apt knows no mirror for $suite"
			# What security brings also comes with point releases.
			[[ $suite == *-security ]] && continue
			return 1
		fi
		echo "deb [signed-by=$key] $uri $suite main" \
			>>"$state/sources.list"
	done
	apt_options=(
		-o Dir::Etc::SourceList="$state/sources.list"
		-o Dir::Etc::SourceParts=-
		-o Dir::State="$state"
		-o Dir::State::Lists="$state/lists"
		-o Dir::State::Status="$state/status"
		-o Dir::Cache="$state/cache"
		-o APT::Sandbox::User=
		-o APT::Architecture="$apt_architecture"
		-o APT::Architectures="$apt_architecture"
		-o APT::Update::Error-Mode=any
		-o Acquire::Retries=1
		-o Acquire::http::ConnectTimeout=10
	)
	[[ $(find "$state/lists" -name '*Packages*') ]] ||
		note "fetching the package lists of $suites: some 10 MB"
	# The first error tells all.
	errors=$(apt-get "${apt_options[@]}" -qq update 2>&1) || {
		note "$(grep -m 1 '^E:' <<<"$errors")"
		return 1
	}
}

# How many megabytes an apt-get command would fetch; fails where it would.
megabytes() { # download|install PACKAGE...
	LC_ALL=C apt-get "${apt_options[@]}" -qq -y --print-uris \
		-o Debug::NoLocking=1 "$@" 2>/dev/null |
		awk '{ bytes += $3 } END { printf "%.0f\n", bytes / 1e6 + 0.499 }'
}

# Prints what the cache has at DEST, which "COMMAND... DEST.new" makes, once.
cached() { # DEST WHAT COMMAND...
	local dest=$1 what=$2

	if [[ ! -e $dest ]]; then
		rm -rf "$dest.new"
		mkdir -p "$dest.new"
		"${@:3}" "$dest.new" ||
			die "$EX_FETCH" "$what: not cached, not to be had"
		mv "$dest.new" "$dest"
	fi
	echo "$dest"
}

# "package=version" of the packages named and the linux-* ones they depend on.
resolve() {
	{
		printf '%s\n' "$@"
		apt-cache "${apt_options[@]}" depends --recurse --no-recommends \
			--no-suggests --no-conflicts --no-breaks --no-replaces \
			--no-enhances "$@" |
			grep -xE 'linux-(image|binary|modules|headers|kbuild|base)-.+'
	} | sort -u | xargs apt-cache "${apt_options[@]}" show --no-all-versions \
		2>/dev/null | awk '/^Package: / { name = $2 }
			/^Version: / { print name "=" $2 }'
}

# Unpacks packages below ROOT, for "cached".
unpack() { # PACKAGE=VERSION... ROOT
	local root=${*: -1}

	set -- "${@:1:$#-1}"
	note "fetching $what: $(megabytes download "$@") MB"
	mkdir -p "$root/debs"
	(cd "$root/debs" && apt-get "${apt_options[@]}" -qq download "$@" >&2) ||
		return 1
	extract "$root"
}

# The links that make one of /bin and /usr/bin come before what uses them.
extract() { # ROOT
	local deb

	for deb in "$1"/debs/{base-files_,}*.deb; do
		[[ ! -e $deb ]] || dpkg-deb -x "$deb" "$1" || return
	done
	rm -r "$1/debs"
}

# The same of packages of a suite and all they depend on: a root that programs can
# be run in. No script of theirs is run.
unpack_all() { # SUITE PACKAGE... ROOT
	local root=${*: -1}

	apt_setup "$1" || return
	set -- "${@:2:$#-2}"
	note "fetching $what: $(megabytes install --no-install-recommends "$@") MB"
	mkdir -p "$root/debs/partial"
	apt-get "${apt_options[@]}" -qq -y --no-install-recommends \
		--download-only -o Dir::Cache::Archives="$root/debs/" \
		-o Debug::NoLocking=1 install "$@" >&2 || return
	extract "$root"
}

# A bare root of a suite with packages, for "cached": as root.
debian_root() { # SUITE PACKAGE,... ROOT
	local security

	[[ -z ${KVM_CRSTAT_OFFLINE:-} ]] || return
	((EUID == 0)) || die "$EX_PACKAGES" "a root needs root"
	security=${KVM_CRSTAT_SECURITY_MIRROR:-$(mirror_of Debian-Security)}
	note "fetching $what: some 60 MB"
	mmdebstrap --quiet --variant=minbase --include="$2" "$1" "$3" \
		"deb ${KVM_CRSTAT_MIRROR:-$(mirror_of Debian)} $1 main" \
		${security:+"deb $security $1-security main"} >&2
}
