# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034 # what is for those who source it
# In the VM: what the demo, the survey and the cases share of guests that QEMU
# boots.

# Writes the initramfs of a Linux guest, whose init says that it is up, or runs
# COMMANDS with FILEs that are where they are here.
guest_initramfs() { # BUSYBOX OUTPUT [COMMANDS FILE...]
	local root
	# shellcheck disable=SC2016 # the guest's
	local up='/bin/busybox echo "The guest'\''s Linux $(/bin/busybox uname -r) is up."'

	root=$(mktemp -d)
	mkdir -p "$root"/{bin,dev,proc}
	cp "$1" "$root/bin/busybox"
	(($# < 4)) || cp -L --parents -t "$root" "${@:4}"
	cat >"$root/init" <<-END
		#!/bin/busybox sh
		/bin/busybox echo
		${3:-$up}
		while :; do
			/bin/busybox sleep 3600
		done
	END
	chmod +x "$root/init"
	(cd "$root" && find . | cpio --quiet -o -H newc) >"$2"
	rm -r "$root"
}

# Boots a guest, whose console and errors are in FOLDER: sets $guest.
guest_boot() { # FOLDER QEMU_ARGUMENT...
	qemu-system-x86_64 -accel kvm -cpu host -m 512 -no-user-config -display none \
		-nic none -no-reboot -serial "file:$1/console" "${@:2}" \
		</dev/null 2>"$1/errors" &
	guest=$!
}

# The same of Linux, with the initramfs that is in FOLDER. nokaslr: where it is the
# host's kernel, too, both have the same symbols then.
guest_linux() { # FOLDER VMLINUZ [QEMU_ARGUMENT]...
	guest_boot "$1" -kernel "$2" -initrd "$1/initrd" \
		-append "console=ttyS0 quiet panic=-1 nokaslr" "${@:3}"
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
