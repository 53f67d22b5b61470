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

# Own sources for the comma-separated suites $1; later apt commands use them.
apt_setup() {
	local suites=$1 key=/usr/share/keyrings/debian-archive-keyring.gpg
	local state=$cache_dir/apt/$suites suite uri errors

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

# "package=version" of the packages named and the linux-* ones they depend on.
resolve() {
	local todo=("$@") seen=' ' package version dependency

	while ((${#todo[@]})); do
		package=${todo[0]}
		todo=("${todo[@]:1}")
		[[ $seen == *" $package "* ]] && continue
		seen+="$package "
		version=$(apt-cache "${apt_options[@]}" show --no-all-versions \
			"$package" 2>/dev/null | sed -n 's/^Version: //p')
		[[ $version ]] || continue
		echo "$package=$version"
		while read -r dependency; do
			todo+=("$dependency")
		done < <(apt-cache "${apt_options[@]}" depends --no-recommends \
			--no-suggests --no-conflicts --no-breaks --no-replaces \
			--no-enhances "$package=$version" |
			grep -oE '\blinux-(image|binary|modules|headers|kbuild|base)-[^ >]+')
	done
}

# Downloads "package=version"... and unpacks them below $1.
unpack() {
	local root=$1 deb

	shift
	mkdir -p "$root/debs"
	(cd "$root/debs" && apt-get "${apt_options[@]}" -qq download "$@" >&2) ||
		return 1
	for deb in "$root"/debs/*.deb; do
		dpkg-deb -x "$deb" "$root" || return 1
	done
	rm -r "$root/debs"
}

# Unpacks packages and all they depend on below $1, which becomes a root that
# programs can be run in. No script of theirs is run.
unpack_all() {
	local root=$1 deb

	shift
	mkdir -p "$root/debs/partial"
	apt-get "${apt_options[@]}" -qq -y --no-install-recommends \
		--download-only -o Dir::Cache::Archives="$root/debs/" \
		-o Debug::NoLocking=1 install "$@" >&2 || return
	# The links that make one of /bin and /usr/bin come before what uses them.
	for deb in "$root"/debs/base-files_*.deb "$root"/debs/*.deb; do
		dpkg-deb -x "$deb" "$root" || return
	done
	rm -r "$root/debs"
}

# A bare root of a suite with packages, once, below the cache: as root.
debian_root() { # SUITE ROOT PACKAGE...
	local suite=$1 root=$2 packages security

	[[ ! -d $root ]] || return 0
	[[ -z ${KVM_CRSTAT_OFFLINE:-} ]] || return
	need mmdebstrap mmdebstrap
	packages=$(IFS=, && echo "${*:3}")
	security=${KVM_CRSTAT_SECURITY_MIRROR:-$(mirror_of Debian-Security)}
	note "fetching a root of $suite: some 60 MB"
	rm -rf "$root.new"
	mmdebstrap --quiet --variant=minbase --include="$packages" "$suite" \
		"$root.new" \
		"deb ${KVM_CRSTAT_MIRROR:-$(mirror_of Debian)} $suite main" \
		${security:+"deb $security $suite-security main"} >&2 || return
	mv "$root.new" "$root"
}
