#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# control: what is wrong changes nothing; reset is complete at once, for idle
# vCPUs too, and loses no later event; what is off is disarmed and counts nothing.
. "$(dirname "$0")/lib.sh"

require

counters() { # sum of all counters of all rows
	query vcpus '{ for (k in cell) if (k ~ /_/) n += cell[k] }
		END { print n + 0 }'
}

refused() { # BYTES: tells errno's name
	printf '%b' "$1" 2>/dev/null | dd of=$CRSTAT/control bs=65536 \
		iflag=fullblock 2>&1 | grep -o 'Invalid argument\|Bad address'
}

states() { # of the probes that can be switched
	kinds probes 'set ~ /cr|tpr/ && state !~ /absent|waiting/' state
}

load_both
control "on time"

hold --vcpus=3 cr4-write=50 port=10
begin "a wrong command is EINVAL and changes nothing"
before=$(cat $CRSTAT/{vcpus,values,bits,sites,callers,probes})
for command in '' '\n' x resett 'reset ' ' reset' 'reset\nreset' 'reset\n\n' RESET \
	'on ' 'on x' 'on cr ' 'on  cr' 'off cr tpr' 'off vcpu' 'reset\0' '\0' \
	'\xff\xfe\x80' "$(printf '%015d' 0)" "$(printf '%016d' 0)" \
	"$(printf '%04096d' 0)" "$(printf '%065535d' 0)"; do
	[[ $command ]] || continue
	expect "write of ${command:0:20}" "$(refused "$command")" \
		"Invalid argument"
done
expect "the files" "$(cat $CRSTAT/{vcpus,values,bits,sites,callers,probes})" \
	"$before"

begin "control cannot be read"
! cat $CRSTAT/control >/dev/null 2>&1
expect "reading fails" $? 0
expect "mode of control" "$(stat -c %a $CRSTAT/control)" 200
expect "modes of the rest" "$(stat -c %a $CRSTAT/{vcpus,values,probes} | sort -u)" 400

begin "reset is complete at once for idle vCPUs"
(($(counters) > 150 && $(wc -l <$CRSTAT/times) > 2))
expect "something was counted, and timed" $? 0
echo reset >$CRSTAT/control
expect "sum of counters" "$(counters)" 0
expect "live rows" "$(grep -c live $CRSTAT/vcpus)" 3
expect "rows of values" "$(wc -l <$CRSTAT/values)" 2
expect "rows of sites" "$(wc -l <$CRSTAT/sites)" 2
expect "rows of callers" "$(wc -l <$CRSTAT/callers)" 2
expect "rows of times" "$(wc -l <$CRSTAT/times)" 2
expect "hits" "$(cells probes 'hits > 0' hits)" ""
begin "reset forgets gone vCPUs"
let_go
expect "gone rows" "$(grep -c gone $CRSTAT/vcpus)" 3
echo reset >$CRSTAT/control
expect "rows" "$(wc -l <$CRSTAT/vcpus)" 2

# The reads before each reset can't be made at one moment with it, so the guest
# is one whose writes are paced by the test.
for n in 1 2 3 5 8 13 21; do
	echo reset >$CRSTAT/control
	check "no event after a reset is lost: $n" cr4_write=$((2 * n)) \
		--vcpus=2 cr4-write=$n
done

begin "resets in a storm leave the tables consistent with the counters"
guest_start --vcpus=2 cr4-write=20000 cr0-write=20000
resets=0
while guest_runs; do
	echo reset >$CRSTAT/control
	resets=$((resets + 1))
	expect "unknown values" \
		"$(cells values 'value == "unknown" && count > 1' count)" ""
done
guest_end
note "$resets resets"
echo reset >$CRSTAT/control
expect "sum of counters" "$(counters)" 0

begin "what is off is disarmed and counts nothing"
echo off >$CRSTAT/control
expect "states" "$(states)" off
crgen cr4-write=10 cr8-write=10 port=10 >/dev/null
expect "sum of counters" "$(counters)" 0
expect "hooked" "$(hooked | sort -u | paste -sd ' ')" \
	"kvm_arch_vcpu_create kvm_arch_vcpu_destroy"
echo on >$CRSTAT/control
crgen cr4-write=1 >/dev/null
armed=$(cells vcpus 'state == "gone"' armed)
echo off >$CRSTAT/control
begin "one set at a time"
set_of() { # SET CR4_WRITE TPR_USER SET_TPR CR8_WRITE TPR_GUEST FUNCTION
	expect "$1: armed functions" "$(kinds probes 'state == "armed" &&
		called ~ /kvm_lapic_reg_write|kvm_multiple_exception/' called)" "$7"
	# On AMD KVM_RUN tells it, too.
	if [[ $VENDOR == amd ]]; then
		guest port=1
		expect "$1: armed, without an access" \
			"$(cells vcpus 1 armed)" "$armed"
	fi
	guest cr4-write=10 sregs=10
	expect "$1: values" "$(total count values 'value != "unknown"')" "$2"
	expect "$1: armed" "$(cells vcpus 'state == "gone"' armed)" "$armed"
	expect "$1: cr4_write" "$(total cr4_write)" "$2"
	expect "$1: tpr_user" "$(total tpr_user)" "$3"
	expect "$1: some set_tpr" "$(($(total set_tpr) > 0))" "$4"
	crgen --check cr4-write=10 >/dev/null 2>&1
	expect "$1: the status of crgen --check" $? 9
	guest --apic=user cr8-write=20 port=5 sregs=2
	expect "$1, APIC in userspace: cr8_write" "$(total cr8_write)" "$5"
	expect "$1, APIC in userspace: tpr_guest" "$(total tpr_guest)" "$6"
	expect "$1, APIC in userspace: tpr_user" "$(total tpr_user)" \
		$(($6 ? CREATED + $(did user_tpr) + $(did run) : 0))
	echo "off $1" >$CRSTAT/control
	expect "off $1: states" "$(states)" off
}
cr=(cr 10 0 0 20 0 kvm_multiple_exception)
tpr=(tpr 0 $((11 + CREATED)) 1 0 20 kvm_lapic_reg_write)
control 'on cr'
set_of "${cr[@]}"
control on 'off tpr'
set_of "${cr[@]}"
control 'on tpr'
set_of "${tpr[@]}"
control on 'off cr'
set_of "${tpr[@]}"
expect "functions of both" "$(kinds probes 'set == "cr+tpr"' called)" \
	"emulator_set_cr kvm_arch_vcpu_ioctl_run"
control on 'on time' 'off cr' 'off tpr'
expect "what times, the others off" "$(kinds probes \
	'set == "time" && state != "waiting"' state)" armed
control 'off time'
echo on >$CRSTAT/control
checks cr4-write=10 sregs=10
expect tpr_user "$(counted tpr_user)" $((11 + CREATED))
finish
