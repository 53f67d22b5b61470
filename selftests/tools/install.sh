#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What is installed works, and nothing of it is left afterwards: by make, by
# DKMS, as Debian packages. The latter two in a Debian 12 of their own, under an
# overlay, with two kernels.
# shellcheck disable=SC2016 # variables of inner shells
# shellcheck disable=SC2317 # functions that "passes" calls
here=$(dirname "$(readlink -f "$0")")
# shellcheck source=../lib.sh
. "$here/../lib.sh"
top=$(readlink -f "$here/../..")
version=$(sed -n 's/^#define CRS_VERSION "\(.*\)"/\1/p' \
	"$top/include/kvm_crstat.h")
kernels=(6.1 6.12)

cd "$top" || exit
for kernel in "${kernels[@]}"; do
	kernel_dirs+=("$(selftests/vm/fetch kernel "$kernel")") ||
		skip_all "no kernel $kernel to be had"
done

# "name help" of each column and command, in the contract and in the manual.
contract() {
	tr -d '\\\n' <include/kvm_crstat.h |
		grep -oE 'X\([a-z_0-9]+,\s*([A-Z_]+,\s*)?"[^"]*"(\s*"[^"]*")*\)' |
		grep -v CRS_ | sed -E 's/"\s*"//g; s/X\(([a-z_0-9]+),[^"]*"(.*)"\)/\1 \2/'
}
manual() {
	sed -n '/^\.SH FILES/,/^\.SH NOTES/p' module/kvm_crstat.4 |
		sed -n '/^\.TP/{n;s/^\.B //;N;s/\n/ /;s/\\-/-/g;p}'
}
manual_agrees() {
	[[ $(contract | wc -l) -gt 40 ]] && diff <(contract) <(manual)
}

destination=$scratch/destination
install_and_look() {
	make install KDIR="${kernel_dirs[0]}/build" DESTDIR="$destination" &&
		"$destination/usr/local/bin/crstat" --version | grep -qx \
			"crstat $version" &&
		"$destination/usr/local/bin/crgen" --version | grep -qx \
			"crgen $version" &&
		[[ $(modinfo -F version "$destination"/lib/modules/*/extra/*.ko) == \
			"$version" ]] &&
		MANPATH=$destination/usr/local/share/man \
			man -w crstat crgen crstat-textfile kvm_crstat
}
uninstall_and_look() {
	make uninstall KDIR="${kernel_dirs[0]}/build" DESTDIR="$destination" &&
		! find "$destination" ! -type d | grep . &&
		! find "$destination" -name '*crstat*' | grep .
}
# The module stays where nobody knows its place, which is an error; tools don't.
uninstall_without_headers() {
	make install-tools DESTDIR="$destination" || return
	! make uninstall KDIR=/nowhere DESTDIR="$destination" &&
		! find "$destination" ! -type d | grep .
}
units() {
	systemd-analyze verify --man=no --root="$destination" \
		/usr/local/lib/systemd/system/kvm-crstat-textfile.{service,timer} \
		>"$scratch/units" 2>&1
	# The tree has no units but these.
	! grep -v 'Unit sysinit.target not found' "$scratch/units" | grep kvm-crstat
}

# completes WORD... EXPECTED: what the last word may become.
completes() {
	PATH=$destination/usr/local/bin:$PATH bash -c '
		. /usr/share/bash-completion/bash_completion
		. "$1/usr/local/share/bash-completion/completions/$2"
		compopt() { :; }
		expected=${*: -1}
		COMP_WORDS=("${@:2:$#-2}")
		COMP_LINE=${COMP_WORDS[*]} COMP_POINT=${#COMP_LINE}
		COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
		"_$2"
		printf "%s\n" "${COMPREPLY[@]}" | sort -u | diff - <(echo "$expected")
	' bash "$destination" "$@"
}

passes "the manual has the columns of the contract" manual_agrees
passes "make install" install_and_look
if type systemd-analyze >/dev/null 2>&1; then
	passes "systemd understands the units" units
else
	skip "systemd understands the units" "needs systemd-analyze"
fi
if [[ -e /usr/share/bash-completion/bash_completion ]]; then
	passes "completion of a view" completes crstat va values
	passes "completion of an option" completes crstat --kall --kallsyms=
	passes "completion of an argument" completes crstat --sum h host
	passes "completion of diff's recordings" completes crstat bits diff A \
		selftests/reader_t selftests/reader_test.c
	passes "no heading is a view" completes crstat Vi ''
	passes "completion of a command" completes crstat -- nproc nproc
	passes "completion of an operation" completes crgen lms lmsw
else
	skip "completion" "needs bash-completion"
fi
passes "make uninstall leaves nothing" uninstall_and_look
passes "make uninstall without headers leaves no tools" \
	uninstall_without_headers

if type dpkg-buildpackage dh_dkms lintian >/dev/null 2>&1; then
	passes "make deb" make deb
	passes "lintian finds no error" lintian --allow-root --fail-on error \
		build/deb/kvm-crstat_"$version"_amd64.changes
else
	skip "make deb" "needs debhelper, dh-dkms, lintian"
fi

((UID == 0)) || {
	skip "packages and DKMS" "needs root"
	finish
}
base=$(selftests/tools/fetch root) || {
	skip "packages and DKMS" "no Debian to be had"
	finish
}

# in_debian SCRIPT: runs there, from the same start each time. The project is
# in /project, each kernel's headers are where its package has them.
in_debian() {
	local place

	place=$(mktemp -d -p "$scratch")
	mkdir "$place"/{root,upper,work}
	echo "$1" >"$place/upper/script"
	unshare --mount --pid --fork bash -e -c '
		cd "$1"
		mount -t overlay overlay -o "lowerdir=$2,upperdir=upper,workdir=work" root
		cd root
		mount -t proc proc proc
		mount --rbind /dev dev
		mkdir project
		mount --rbind -o ro "$3" project
		shift 3
		for kernel; do
			release=$(cat "$kernel/release")
			modules=lib/modules/$release
			mkdir -p "kernels/$release" "$modules"
			mount --rbind -o ro "$kernel" "kernels/$release"
			ln -s "/kernels/$release/build" "$modules/build"
			touch "$modules"/modules.{order,builtin}{,.modinfo}
			chroot . depmod "$release"
		done
		exec chroot . env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C \
			DEBIAN_FRONTEND=noninteractive bash -eu /script
	' bash "$place" "$base" "$top" "${kernel_dirs[@]}" </dev/null
}

# What the scripts share. A key of DKMS and caches of other packages are none of
# the project's; empty folders would be.
common='
version='$version'
releases=$(ls /lib/modules)
[[ $(wc -w <<<"$releases") == '${#kernels[@]}' ]]
files() {
	find / -xdev \( -path /proc -o -path /dev -o -path /project -o -path /kernels \
		-o -path /tmp -o -path /var/cache -o -path /var/lib/dpkg -o -path /var/log \
		-o -path "/var/lib/dkms/mok.*" -o -name "modules.*" \) -prune -o -print | sort
}
# Which module is signed, too: by the key that DKMS has made.
built() {
	local release module

	for release in $releases; do
		module=/lib/modules/$release/updates/dkms/kvm_crstat.ko
		[[ $(modinfo -F version $module) == "$version" ]]
		[[ $(modinfo -F vermagic $module) == "$release "* ]]
		[[ $(modinfo -F signer $module) ]]
	done
}
trap "cat /var/lib/dkms/kvm-crstat/*/build/make.log" ERR
files >/tmp/before
'
packages=$common'
echo autoinstall_all_kernels=1 >/etc/dkms/framework.conf.d/all.conf
files >/tmp/before
dpkg -i /project/build/deb/kvm-crstat{,-dkms}_"$version"_*.deb
built
crstat --version | grep -x "crstat $version"
crgen --list >/dev/null
crstat --root /project/selftests/reader/amd --csv | grep -q bookworm
crstat-textfile -d /tmp -r /project/selftests/reader/amd
grep -q kvm_crstat_cr0_write_total /tmp/kvm_crstat.prom
dpkg --purge kvm-crstat kvm-crstat-dkms
[[ ! $(dpkg -l | grep crstat) ]]
files | diff /tmp/before -
'
by_dkms=$common'
make -C /project dkms-install
built
# Again, over what is there.
make -C /project dkms-install
built
make -C /project dkms-uninstall
files | diff /tmp/before -
'
passes "packages install, work on two kernels and leave nothing" \
	in_debian "$packages"
passes "make dkms-install, for two kernels, and dkms-uninstall" \
	in_debian "$by_dkms"

finish
