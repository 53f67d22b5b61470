#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# crgen itself: how it ends, what it keeps its VMs for, and that --check tells
# what is wrong. That it tells what is right the other tests show.
. "$(dirname "$0")/lib.sh"

require

# A case: a command that ends with STATUS, and says in one line why, unless that is
# success or a command's own.
exits() { # NAME STATUS COMMAND...
	local status

	begin "$1"
	"${@:3}" >"$scratch/out" 2>"$scratch/err"
	status=$?
	expect "status of ${*:3}" $status "$2"
	(($2 == 0 || $2 == 42)) || expect "stderr" "$(sed -E \
		's/^crgen: .*/crgen says why/; /^Try .crgen/d' "$scratch/err")" \
		"crgen says why"
	sed 's/^/# /' "$scratch/err"
	end
}
full() { # COMMAND...
	"$@" >/dev/full
}

exits "help" 0 crgen -h
exits "the list to a full disk" 1 full crgen --list
exits "help to a full disk" 1 full crgen --help
exits "arguments before /dev/kvm: an operation" 2 crgen nonesuch
exits "arguments before /dev/kvm: a value" 2 crgen cr8-write=1,10
exits "arguments before /dev/kvm: the APIC" 2 crgen --apic=user irq
exits "no /dev/kvm" 3 crgen port=1

load_kvm
exits "a guest to a full disk" 1 full crgen port=1
exits "a command's status" 42 crgen port=1 -- sh -c "exit 42"
exits "a command that is not there" 127 crgen port=1 -- ./nonesuch
exits "hold for a second" 0 crgen --hold=1 port=1
exits "hold until the end of input" 0 crgen --hold port=1
exits "check of what it does not know" 2 crgen --check=cr4_write,nonesuch
exits "check of what it can't compare" 2 crgen --check l2-cr0-fault
exits "check without the module" 9 crgen --check port=1

load
chmod 666 /dev/kvm
exits "check as a user" 4 setpriv --reuid 65534 --regid 65534 --clear-groups \
	"$(type -P crgen)" --check port=1
exits "check" 0 crgen --check
echo off tpr >$CRSTAT/control
exits "check with a set off" 9 crgen --check port=1
echo on >$CRSTAT/control
umount $DEBUGFS/tracing 2>/dev/null
umount $DEBUGFS && {
	exits "check without debugfs" 9 crgen --check port=1
	mount -t debugfs debugfs $DEBUGFS
}
load max_vcpus=1
exits "check where there is no room" 8 crgen --check --vcpus=2 port=1
load

begin "while a command runs, and until a signal"
crgen --forever=0 --check --vcpus=2 cr4-write=10 cr8-port=5 \
	-- sleep 1 >"$scratch/check"
expect "the command's status" $? 0
expect "several rounds" $(($(counted cr4_write) > 20)) 1
for signal in INT TERM; do
	timeout -s $signal 1 crgen --forever=0 --check --vcpus=2 >"$scratch/check"
	expect "status of timeout" $? 124
	expect "rows that are WRONG" "$(grep -c WRONG "$scratch/check")" 0
	expect "rounds" $(($(counted cr4_write) >= 400)) 1
done

if type script >/dev/null 2>&1; then
	begin "what is pasted is left to the shell"
	# shellcheck disable=SC2016 # for the shell on the terminal
	script -qec 'timeout -s INT 1 crgen --hold port=1; read -r next; echo "next: $next"' \
		/dev/null <<<"pasted" >"$scratch/terminal"
	expect "the next line" "$(tr -d '\r' <"$scratch/terminal" |
		sed -n 's/^next: //p')" pasted
fi

begin "others' guests and counts are left as they are"
hold --vcpus=3 cr4-write=50
before=$(grep " live " $CRSTAT/vcpus)
checks cr4-write=20
expect "their rows" "$(grep " live " $CRSTAT/vcpus)" "$before"
let_go

# The module is told to miss what it should see: no row may pass.
begin "a count that is not right is WRONG"
(sleep 0.5; echo reset >$CRSTAT/control) &
crgen --forever=0 --check cr4-write=10 -- sleep 1 >"$scratch/check" 2>"$scratch/wrong"
expect "status after a reset" $? 8
expect "the row of cr4_write" "$(grep -c '^cr4_write.*WRONG' "$scratch/check")" 1
expect "complaints" "$(($(grep -c 'vcpus: cr4_write is' "$scratch/wrong") > 0))" 1
wait
finish
