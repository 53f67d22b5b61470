#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What accesses took and how they ended: each access that is counted while the
# set is on is in times once, with the outcome that crgen knows of, and nothing
# is while it is off.
. "$(dirname "$0")/lib.sh"

require

# A vCPU, level and register have the same count in vcpus (-) and in times (+). On
# Intel a TPR write can exit that is no access to CR8, TPR below threshold: how many
# did is known of all vCPUs together. What vCPUs do that there was no room for is
# not timed.
agrees() {
	local below all

	below=$(probe handle_tpr_below_threshold hits)
	[[ ${below:-0} == 0 ]] || all='s/.* tpr_write /all tpr_write /'
	query vcpus 'state != "noroom" {
		id = vm " " vcpu " " level " " state
		for (k in cell)
			if (k ~ /^cr[0-9]_/)
				print id, k, cell[k]
		print id, "tpr_write", tpr_apic }
		END { print "all tpr_write", '"${below:-0}"' }' |
		sed "${all:-}" | sums >"$scratch/vcpus"
	expect_same "vcpus and times" "$scratch/vcpus" < <(cells times 1 \
		'vm, vcpu, level, state, reg "_" dir, count' |
		sed "${all:-}" | sums)
	expect "impossible rows" "$(impossible)" ""
}

# A row whose total is not within its power of two, or whose longest is not
# within that of the last row of its kind.
impossible() {
	query times '
	{
		end = ns == 2147483648 ? 1e18 : ns ? 2 * ns : 256
		key = vm " " vcpu " " level " " state " " reg " " dir " " outcome
		last[key] = ns
		ends[key] = end
		most[key] = longest
		if (total < ns * count || total >= end * count)
			print
	}
	END {
		for (key in last)
			if (most[key] < last[key] || most[key] >= ends[key])
				print key ": " most[key]
	}'
}

# By register, direction and outcome, over all vCPUs.
took() { # OUTCOME [REG-DIR]
	total count times "outcome == \"$1\"${2:+ && reg \"-\" dir == \"$2\"}"
}

load_both "$PAGING=0"

begin "off: nothing is timed"
guest cr0-write=10 cr4-write=10 tpr-mmio=10
expect "rows" "$(wc -l <$CRSTAT/times)" 2
expect "svm_vcpu_run, vmx_vcpu_run" \
	"$(kinds probes 'set == "time"' state)" "off waiting"
vcpus=$(<$CRSTAT/vcpus)
echo on time >$CRSTAT/control
expect "vcpus, switched on" "$(<$CRSTAT/vcpus)" "$vcpus"

all=(cr0-read=100 cr0-write=110 clts=20 lmsw=30 cr3-read=120 cr3-write=130
	cr4-read=140 cr4-write=150 cr8-read=170 cr8-write=180 cr8-masked=200
	tpr-mmio=64 tpr-msr=32 pe=40 port=10 irq=11)

for n in 1 3; do
	begin "$n vCPUs: each access once"
	guest --vcpus=$n "${all[@]}"
	# It is.
	echo on time >$CRSTAT/control
	agrees
	expect "CR4 writes that were done" "$(took "done" cr4-write)" $((n * 150))
	expect "those with a fault" "$(took fault)" 0
done

begin "each entry is seen"
: >$TRACING/trace
echo 1 >$TRACING/events/kvm/kvm_entry/enable
guest cr4-write=20 port=30
echo 0 >$TRACING/events/kvm/kvm_entry/enable
expect "hits" "$(total hits probes 'called ~ /^(svm|vmx)_vcpu_run$/')" \
	"$(grep -c ' kvm_entry: ' $TRACING/trace)"

faults=$(cr4_faults 40)
begin "writes that fail are faults"
guest --vcpus=2 cr0-fault=30,80010030 cr0-write=7 cr4-fault=40,8020 cr4-write=8 \
	cr0-fault=5,80010030
agrees
expect "of CR0" "$(took fault cr0-write)" 70
expect "of CR4" "$(took fault cr4-write)" $((2 * faults))
expect "CR4 writes that were done" "$(took "done" cr4-write)" 16

begin "APIC in userspace: CR8 writes that the VMM is told of"
guest --vcpus=2 --apic=user cr8-write=100 cr8-fault=20 port=50
agrees
expect "faults" "$(took fault cr8-write)" 40
expect "outcome user" "$(took user)" "$(did set_tpr_exits)"
note "$(did set_tpr_exits) exits to the VMM"

# Where it stops a vCPU is within a write, most often.
within=(--vcpus=8 --apic=user --forever=0 "cr8-write=50,f,0")
stop_within() {
	guest_start "${within[@]}"
	sleep 0.5
	kill -STOP $guest
}
begin "while it was off no time has passed"
long='reg == "cr8" && ns == 2147483648'
control reset
for n in {1..3}; do
	stop_within
	control "off time"
	sleep 2.2
	control "on time"
	kill -CONT $guest
	sleep 0.3
	kill -INT $guest
	guest_end
done
expect "so long" "$(total count times "$long")" 0
begin "a reset within a write"
for n in {1..3}; do
	stop_within
	control reset
	kill -CONT $guest
	kill -INT $guest
	guest_end
	agrees
done

begin "a VMM that dies within a write had it to act on"
readonly TOLD=$TRACING/events/kvm/kvm_userspace_exit/enable
for n in {1..3}; do
	control reset
	: >$TRACING/trace
	echo 1 >$TOLD
	guest_start "${within[@]/=0/=0.1}"
	sleep 0.5
	kill -KILL $guest
	wait $guest 2>/dev/null
	echo 0 >$TOLD
	agrees
	# One on its way to the VMM, for each vCPU, may be no event yet.
	user=$(took user) told=$(grep -c 'reason KVM_EXIT_SET_TPR' $TRACING/trace)
	((user >= told && user <= told + 8))
	expect "whether as many had outcome user, $user, as were told, $told" $? 0
done
begin "a write that takes long is in the last row"
control reset
for n in {1..9}; do
	stop_within
	sleep 2.3
	kill -CONT $guest
	kill -INT $guest
	guest_end
	agrees
	(($(total count times "$long") == 0)) || break
done
expect "some that long" $(($(total count times "$long") > 0)) 1
note "at try $n"

begin "a signal is nothing for the VMM to act on"
echo reset >$CRSTAT/control
guest_start cr4-write=5000
while guest_runs; do
	kill -STOP $guest
	kill -CONT $guest
	sleep 0.02
done 2>/dev/null
guest_end
agrees
expect "outcome user" "$(took user)" 0

for on in 'off time:on time' 'on time:reset'; do
	begin "${on#*:}, in the middle of a guest"
	control reset "${on%:*}"
	guest_start cr4-write=50 stop=1 cr4-write=70 cr0-fault=3,80010030
	guest_stopped
	echo "${on#*:}" >$CRSTAT/control
	guest_end
	expect "CR4 writes" "$(took "done" cr4-write)" 70
	expect "CR0 writes" "$(took fault cr0-write)" 3
	expect "all" "$(total count times)" 73
done

begin "no access is lost in a storm of switching off and on"
echo reset >$CRSTAT/control
guest_start --vcpus=2 cr4-write=20000
while guest_runs; do
	echo off time >$CRSTAT/control
	echo on time >$CRSTAT/control
done
guest_end
(($(took "done" cr4-write) <= $(total cr4_write)))
expect "times has no more than vcpus" $? 0
expect "impossible rows" "$(impossible)" ""
guest --vcpus=2 "${all[@]}"
agrees

begin "off: everything is off"
echo off >$CRSTAT/control
expect "states" "$(kinds probes \
	'set ~ /cr|tpr|time/ && state !~ /absent|waiting|nested/' state)" off
echo on >$CRSTAT/control
guest cr4-write=20
expect "on alone does not time" "$(wc -l <$CRSTAT/times)" 2

load max_vcpus=2
echo on time >$CRSTAT/control
begin "vCPUs that there was no room for, and those that gave way"
crgen --timeout=120 --vcpus=4 cr4-write=200 tpr-mmio=20 cr0-fault=9,80010030 \
	>"$scratch/crgen"
crgen cr4-write=30 >"$scratch/crgen"
crgen cr4-write=40 >"$scratch/crgen"
# The first to give way had writes that failed, this one's has none.
crgen port=1 >"$scratch/crgen"
agrees
noroom=$(total cr4_write vcpus 'state == "noroom"')
note "$noroom writes of vCPUs that there was no room for"
expect "CR4 writes" "$(took "done" cr4-write)" $((870 - noroom))
((dropped = $(grep -c ' dropped ' $CRSTAT/times)))
expect "dropped rows" $((dropped > 0)) 1
reload_kvm "$PAGING=1"
load
echo on time >$CRSTAT/control
begin "with nested paging"
guest --vcpus=2 "${all[@]}"
agrees

nested=(l2-cr0-read=10 l2-cr0-write=20 l2-cr3-write=22 l2-cr4-read=12
	l2-cr4-write=24 l2-cr8-write=23 cr4-write=9)
for intercepts in '' --l1-intercepts; do
	name="nested guests${intercepts:+ whose hypervisor intercepts}"
	crgen "${nested[@]}" $intercepts >/dev/null 2>&1
	if (($? == 5)); then
		skip "$name" "this KVM has no nested guests"
		continue
	fi
	begin "$name"
	guest --vcpus=2 "${nested[@]}" $intercepts
	agrees
	(($(took "done" cr4-write) >= 2 * (9 + 24)))
	expect "CR4 writes of both levels are there" $? 0
	[[ ! $intercepts ]] || continue
	guest --apic=user l2-cr8-write=50,f,0
	agrees
	expect "outcome user" "$(took user)" "$(did set_tpr_exits)"
	expect "some" $(($(took user) > 0)) 1
done
finish
