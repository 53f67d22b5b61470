#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What "probes" says of hooks is true, and what the module knows of KVM holds
# when it comes late or somebody meddles: a hook that is not called is silenced,
# a write is counted at one place whatever was armed first, and a module that is
# loaded in vain changes nothing.
. "$(dirname "$0")/lib.sh"

require

readonly ENABLED=/proc/sys/kernel/ftrace_enabled
readonly KPROBES=$DEBUGFS/kprobes/enabled
declare -A names=([$KPROBES]=kprobes [$ENABLED]=ftrace)

other=kvm_$([[ $VENDOR == amd ]] && echo intel || echo amd)
readonly other

# What probes that are not for the other vendor have in a column, each once; but
# for functions that are no ftrace sites, which are hooked by kprobes in any case.
of_probes() { # COLUMN
	kinds probes "module != \"$other\" && set != \"time\" &&
		state != \"absent\" && index(\" $sites \", \" \" called \" \")" "$1"
}

# A guest of 20 writes, of which so many are counted.
counts() { # NUMBER
	guest cr4-write=20
	expect cr4_write "$(total cr4_write)" "$1"
}

# What is armed is called.
called() {
	expect states "$(of_probes state)" armed
	counts 20
}

# What ftrace itself says to be still called: on 5.10 it may forget functions of
# a module that was loaded again when kprobes leave them all at once.
still() { # NUMBER
	grep -q '^cr_interception ' $TRACING/enabled_functions && echo "$1" || echo 0
}

at_exit+=("echo 1 >$KPROBES; echo 1 >$ENABLED")

load_kvm "$PAGING=0"
permanent=
echo 0 2>/dev/null >$ENABLED || permanent=1
echo 1 >$ENABLED
load
sites=$(sed 's/[. ].*//' $TRACING/available_filter_functions |
	grep -xFf <(cells probes 1 called) | xargs)

for hook in kprobe ftrace; do
	load hook=$hook
	begin "hook=$hook: what is armed is called"
	expect hooks "$(of_probes hook)" $hook
	called

	# kprobes are silenced by both switches, where ftrace can be switched off:
	# not where an ftrace_ops is permanent, nor from 7.0 on.
	for switch in "$KPROBES" "$ENABLED"; do
		begin "hook=$hook: ${names[$switch]} switched off"
		if ! echo 0 2>/dev/null >"$switch" ||
			[[ $hook == ftrace && $switch == "$KPROBES" ]]; then
			[[ $hook == ftrace || $permanent ]]
			expect "that it can be" $? 0
			called
		else
			expect hook $hook kprobe
			expect states "$(of_probes state)" silenced
			number=0
			[[ $switch == "$ENABLED" ]] || number=$(still 20)
			counts "$number"
		fi
		echo 1 >"$switch"
		called
	done
done
rmmod kvm_crstat

if echo 0 2>/dev/null >"$ENABLED"; then
	begin "hook=ftrace: loaded while ftrace is off"
	load hook=ftrace
	expect states "$(of_probes state)" silenced
	echo 1 >"$ENABLED"
	called
	rmmod kvm_crstat
else
	skip "hook=ftrace: loaded while ftrace is off" \
		"from 7.0 on it can't be switched off"
fi

begin "what went uncounted, or might have, is no zero until a reset"
load hook=kprobe
control reset
crgen cr4-write=2 >/dev/null
expect "files with zeros" "$(other_zeros | xargs)" "bits values sites"
for apic in kernel user; do
	hold --apic=$apic port=1
	control reset
	all=$(zeros)
	expect "that there are zeros" "${all:+yes}" yes
	control off reset
	expect "zeros while all is off" "$(zeros)" ""
	control on reset on "on time"
	expect "zeros, nothing switched off" "$(zeros)" "$all"
	for off in off "off cr" "off tpr"; do
		control "$off" on
		crgen cr4-write=2 >/dev/null
		expect "some writes" "$(total cr4_write)" 2
		expect "armed" "$(of_probes state)" armed
		expect "zeros after $off" "$(zeros)" ""
		[[ $off == "off tpr" ]] ||
			expect "of other files" "$(other_zeros)" ""
		control reset
		expect "zeros after a reset" "$(zeros)" "$all"
	done
	echo 0 >$KPROBES
	expect "zeros while silenced" "$(zeros)" ""
	echo 1 >$KPROBES
	expect "zeros after that" "$(zeros)" ""
	let_go
	control "off tpr" reset
	crgen --apic=$apic port=1 >/dev/null
	expect "zeros where it is not known what is armed" \
		"$(kinds vcpus 'armed == "-" && cr0_write == "0"' 1)" ""
	control on reset
done
control reset
crgen port=1 >/dev/null
expect "zeros of a gone vCPU" "$([[ $(zeros) ]] && echo some)" some
control off on
rmmod "$KVM"
expect "zeros when KVM is gone" "$(zeros)" ""
load_kvm "$PAGING=0"
expect "zeros when it is back" "$(zeros)" ""
rmmod kvm_crstat

begin "bad parameters"
for hook in '' x kprobes ftrace,kprobe; do
	! insmod "$MODULE" hook="$hook" 2>/dev/null
	expect "insmod with hook=$hook fails" $? 0
done

# crgen stops itself in the middle; what it did until then, and KVM_RUN with it,
# it does again alone.
late() { # FIRST... stop=1 THEN...
	local first=()

	for step; do
		[[ $step != stop=* ]] || break
		first+=("$step")
	done
	crgen "${first[@]}" >"$scratch/first" || return
	guest_start "$@"
	guest_stopped
}

since() { # COLUMN
	echo $(($(did "$1") - $(did "$1" "$scratch/first")))
}

ends_right() {
	guest_end
	expect tpr_user "$(total tpr_user)" $(($(since user_tpr) + $(since run)))
	expect tpr_guest "$(total tpr_guest)" "$(since all_cr8_write)"
	expect tpr_other "$(total tpr_other)" 0
}

begin "APIC in userspace, the module comes in the middle"
late --apic=user port=10 cr8-write=10 sregs=3 stop=1 \
	port=30 cr8-write=40 sregs=5 cr4-write=7
load
ends_right
expect cr8_write "$(total cr8_write)" "$(since all_cr8_write)"
expect cr4_write "$(total cr4_write)" "$(since all_cr4_write)"

begin "APIC in userspace, the set comes in the middle"
load
echo off >$CRSTAT/control
late --apic=user port=10 cr8-write=10 sregs=3 stop=1 \
	port=30 cr8-write=40 sregs=5
echo on >$CRSTAT/control
ends_right

begin "loaded and off under load: each write that counts has its value"
guest_start --forever=0 cr4-write=500
until_says '^# ready' "$scratch/crgen" $guest
for _ in {1..5}; do
	load
	until (($(total cr4_write) > 50)) || ! guest_runs; do
		sleep 0.1
	done
	kill -STOP $guest
	expect "unknown values" "$(total count values 'value == "unknown"')" 0
	kill -CONT $guest
	control off
	# One may be under way.
	expect "unknown values" \
		$(($(total count values 'value == "unknown"') > 1)) 0
	control on
done
kill -INT $guest
guest_end
expect "call sites with a size" "$(kinds callers 'index(site, "/")' site)" ""

begin "the other vendor's module is loaded in vain, under load"
load
guest_start cr4-write=50000
tries=0
while guest_runs; do
	modprobe "$other" 2>/dev/null
	expect "modprobe $other is in vain" "$(ls -d "/sys/module/$other" 2>&-)" ""
	tries=$((tries + 1))
	expect states "$(of_probes state)" armed
done
guest_end
note "$tries tries"
expect cr4_write "$(total cr4_write)" 50000
expect tpr_user "$(total tpr_user)" $(($(did user_tpr) + CREATED))
expect tpr_other "$(total tpr_other)" 0
expect "set_tpr against tpr_sync" "$(total set_tpr)" \
	$(($(total tpr_sync) + $(total tpr_user)))
expect "call sites of others" "$(total 1 callers 'origin == "other"')" 0
finish
