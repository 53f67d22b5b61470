#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# control: what is wrong changes nothing; reset is complete at once, for idle
# vCPUs too, and loses no later event; what is off is disarmed and counts nothing.
. "$(dirname "$0")/lib.sh"

require

counters() { # sum of all counters of all rows
	awk 'NR > 2 { for (i = 6; i < NF - 1; i++) sum += $i }
		END { print sum + 0 }' $CRSTAT/vcpus
}

control() { # BYTES: tells errno's name
	printf '%b' "$1" 2>/dev/null | dd of=$CRSTAT/control bs=65536 \
		iflag=fullblock 2>&1 | grep -o 'Invalid argument\|Bad address'
}

load_kvm
load

hold --vcpus=3 cr4-write=50 port=10
begin "a wrong command is EINVAL and changes nothing"
cat $CRSTAT/{vcpus,values,bits,sites,callers,probes} >"$scratch/before"
for command in '' '\n' x resett 'reset ' ' reset' 'reset\nreset' RESET \
	'on ' 'on x' 'on cr ' 'on  cr' 'off cr tpr' 'off vcpu' 'reset\0' '\0' \
	'\xff\xfe\x80' "$(printf '%015d' 0)" "$(printf '%016d' 0)" \
	"$(printf '%04096d' 0)" "$(printf '%065535d' 0)"; do
	[[ $command ]] || continue
	expect "write of ${command:0:20}" "$(control "$command")" \
		"Invalid argument"
done
cat $CRSTAT/{vcpus,values,bits,sites,callers,probes} >"$scratch/after"
cmp -s "$scratch/before" "$scratch/after"
expect "nothing changed" $? 0
end

begin "control cannot be read"
! cat $CRSTAT/control >/dev/null 2>&1
expect "reading fails" $? 0
expect "mode of control" "$(stat -c %a $CRSTAT/control)" 200
expect "modes of the rest" "$(stat -c %a $CRSTAT/{vcpus,values,probes} | sort -u)" 444
end

begin "reset is complete at once for idle vCPUs"
(($(counters) > 150))
expect "something was counted" $? 0
echo reset >$CRSTAT/control
expect "sum of counters" "$(counters)" 0
expect "live rows" "$(grep -c live $CRSTAT/vcpus)" 3
expect "rows of values" "$(wc -l <$CRSTAT/values)" 2
expect "rows of sites" "$(wc -l <$CRSTAT/sites)" 2
expect "rows of callers" "$(wc -l <$CRSTAT/callers)" 2
expect "hits" "$(awk 'NR > 2 && $5 { n++ } END { print n + 0 }' $CRSTAT/probes)" 0
end
let_go
begin "reset forgets gone vCPUs"
expect "gone rows" "$(grep -c gone $CRSTAT/vcpus)" 3
echo reset >$CRSTAT/control
expect "rows" "$(wc -l <$CRSTAT/vcpus)" 2
end

# What was counted between resets, plus what came after the last, is all there
# was: no event is lost, none counted twice. The reads before each reset can't
# be made at one moment with it, so the guest is one whose writes are paced by
# the test: crgen runs of known size, reset before each.
begin "no event after a reset is lost"
for n in 1 2 3 5 8 13 21; do
	run --vcpus=2 cr4-write=$n
	for vcpu in "${vcpus[@]}"; do
		expect "$n writes" "${T[saw ${vcpu% *} cr4_write]}" $n
	done
done
end

begin "resets in a storm leave the tables consistent with the counters"
crgen --vcpus=2 cr4-write=20000 cr0-write=20000 >/dev/null &
guest=$!
resets=0
while kill -0 $guest 2>/dev/null; do
	echo reset >$CRSTAT/control
	resets=$((resets + 1))
	wrong=$(awk '
		FNR == 1 { file++ }
		FNR <= 2 { next }
		file == 1 { writes[$1 " " $4] = $7 + $11 }
		file == 2 && $7 == "unknown" { print }' \
		$CRSTAT/vcpus $CRSTAT/values)
	expect "unknown values" "$(grep -cv ' 1 *-$' <<<"${wrong:-x 1 -}")" 0
done
wait $guest
note "$resets resets"
echo reset >$CRSTAT/control
expect "sum of counters" "$(counters)" 0
end

begin "what is off is disarmed and counts nothing"
echo off >$CRSTAT/control
expect "states" "$(awk '$3 ~ /cr|tpr/ && $4 !~ /absent|waiting/ { print $4 }' \
	$CRSTAT/probes | sort -u)" off
crgen cr4-write=10 cr8-write=10 port=10 >/dev/null
expect "sum of counters" "$(counters)" 0
expect "armed kprobes on CR exits" \
	"$(grep -c 'cr_interception\|handle_cr' $DEBUGFS/kprobes/list)" 0
end
begin "one set at a time"
echo 'on cr' >$CRSTAT/control
run cr4-write=10 sregs=10
expect cr4_write "${T[saw ${vcpus[0]% *} cr4_write]}" 10
expect set_tpr "${T[saw ${vcpus[0]% *} set_tpr]}" 0
echo 'off cr' >$CRSTAT/control
echo 'on tpr' >$CRSTAT/control
run cr4-write=10 sregs=10
expect cr4_write "${T[saw ${vcpus[0]% *} cr4_write]}" 0
expect tpr_user "${T[saw ${vcpus[0]% *} tpr_user]}" $((11 + CREATED))
echo on >$CRSTAT/control
run cr4-write=10 sregs=10
expect cr4_write "${T[saw ${vcpus[0]% *} cr4_write]}" 10
expect tpr_user "${T[saw ${vcpus[0]% *} tpr_user]}" $((11 + CREATED))
end
finish
