# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# In the VM: what the demo, the survey and the cases share of guests that QEMU
# boots.

# Writes the initramfs of a Linux guest, whose init says that it is up.
guest_initramfs() { # BUSYBOX OUTPUT
	local root

	root=$(mktemp -d)
	mkdir -p "$root"/{bin,proc}
	cp "$1" "$root/bin/busybox"
	cat >"$root/init" <<-'END'
		#!/bin/busybox sh
		/bin/busybox echo
		/bin/busybox echo "The guest's Linux $(/bin/busybox uname -r) is up."
		while :; do
			/bin/busybox sleep 3600
		done
	END
	chmod +x "$root/init"
	(cd "$root" && find . | cpio --quiet -o -H newc) >"$2"
	rm -r "$root"
}

# Waits until the console of the process GUEST says what is expected, or fails.
guest_wait() { # GUEST CONSOLE REGEX SECONDS
	local end=$((SECONDS + $4))

	until grep -aqE "$3" "$2" 2>/dev/null; do
		kill -0 "$1" 2>/dev/null && ((SECONDS < end)) || return
		sleep 0.5
	done
}

# Stops a guest for good: it makes no exit any more, but its files are there.
guest_stop() { # GUEST
	kill -STOP "$1"
	while grep -hqv '^[0-9]* ([^)]*) T' /proc/"$1"/task/*/stat; do
		sleep 0.1
	done
}
