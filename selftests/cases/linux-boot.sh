#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Who toggles CR4.PGE and CR0.CD while Linux boots. PGE: where the processor has
# no INVPCID, __native_tlb_flush_global() clears and sets it to flush global
# entries; KVM made its MMU anew for each, until a91a7c709600. CD: caches are off
# while MTRRs and PAT are programmed, once for each processor; firmware of guests
# with many vCPUs (OVMF) does it as often. Each event has its instruction, so that
# who did it is counted, not guessed; the sum is that of the file bits.
. "$(dirname "$0")/../lib.sh"

require
[[ $VENDOR == amd ]] || skip_all "needs QEMU in the VM: make cases"
[[ -e ${CRS_GUEST:-}/vmlinuz ]] || skip_all "needs a kernel in \$CRS_GUEST: make cases"
[[ $(uname -r) == "$(<"$CRS_GUEST/release")" ]] ||
	skip_all "the guest's kernel must be the host's, for its symbols"
type qemu-system-x86_64 >/dev/null 2>&1 || skip_all "QEMU is not in PATH"
# shellcheck source=../vm/guest.sh
. "$(type -P guest.sh)"

readonly INSTANCE=$TRACING/instances/crs_cases

guest_initramfs "$(type -P busybox)" "$scratch/initrd"
load_kvm
price cr4-write=1000,20,a0 cr0-write=1000,c0050031,80050031
load
mkdir $INSTANCE
at_exit+=("rmdir $INSTANCE")
echo 20000 >$INSTANCE/buffer_size_kb
echo 'write == 1' >$INSTANCE/events/kvm_crstat/cr_access/filter
echo 1 >$INSTANCE/events/kvm_crstat/cr_access/enable
guest_linux "$scratch" "$CRS_GUEST/vmlinuz"
guest_wait "$guest" "$scratch/console" ' is up\.' 150
result $? "Linux $(uname -r) is up"
guest_stop "$guest"
echo 0 >$INSTANCE/events/kvm_crstat/cr_access/enable
cat $INSTANCE/trace >"$scratch/trace"
cat $CRSTAT/bits >"$scratch/bits"
cat $CRSTAT/sites >"$scratch/sites"
kill -KILL "$guest"
wait "$guest" 2>/dev/null

# "COUNT ADDRESS" of the writes that changed a bit, by their instructions.
toggles() { # REGISTER MASK
	local line old value

	sed -nE "s/.* write $1 old (0x[0-9a-f]+) value (0x[0-9a-f]+) address (.*)/\1 \2 \3/p" \
		"$scratch/trace" | while read -r old value line; do
		((((old ^ value) & $2) == 0)) || echo "$line"
	done | sort | uniq -c
}

# The function that an address lies in; below the kernel are others.
who() {
	awk -v address="${1#0x}" '
		function padded(a) { return substr("0000000000000000" a, length(a) + 1) }
		BEGIN { address = padded(address) }
		$2 ~ /^[tTwW]$/ && !$4 && padded($1) <= address && padded($1) >= best {
			best = padded($1); name = $3 }
		END { print address < "ffffffff80000000" ? \
			"boot-code" : name }' /proc/kallsyms
}

changes() { # REGISTER BIT
	total set+cleared "$scratch/bits" "reg == \"$1\" && name == \"$2\""
}

# How often an instruction is in the file sites, for a register's writes.
in_sites() { # REGISTER ADDRESS
	total count "$scratch/sites" \
		"reg == \"$1\" && dir == \"write\" && address == \"$2\""
}

# toggled REGISTER BIT MASK FUNCTION COUNT: by no other function of the kernel,
# which leaves the bit as it was, and so often, where COUNT is given.
toggled() {
	local sum=0 kernel=0 count address name makers=''

	begin "who toggles $2 of $1"
	while read -r count address; do
		name=$(who "$address")
		note "$2: $count by $name ($address)"
		((sum += count))
		((count <= $(in_sites "$1" "$address"))) ||
			expect "$address in sites" fewer "$count"
		[[ $name != boot-code ]] || continue
		makers+="$name"$'\n'
		((kernel += count))
	done < <(toggles "$1" "$3")
	expect "changes, by events" $sum "$(changes "$1" "$2")"
	expect "that there are changes" $((sum > 0)) 1
	expect "functions" "$(printf %s "$makers" | sort -u | xargs)" "$4"
	expect "by the kernel, odd" $((kernel % 2)) 0
	expect "by the kernel" $kernel "${5:-$kernel}"
}

toggled cr4 PGE 0x80 native_write_cr4
# For MTRRs and for PAT, with one processor.
toggled cr0 CD 0x40000000 native_write_cr0 4
finish
