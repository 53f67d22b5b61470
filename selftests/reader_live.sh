#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The reader's views of an interval over live guests, to the unit: what crgen's
# guests did in it, and nothing of what others did before. Nobody resets.
. "$(dirname "$0")/lib.sh"

require
type crstat >/dev/null 2>&1 || skip_all "crstat is not in PATH"

readonly INTERVAL=0.2
if [[ $VENDOR == amd ]]; then
	parameters=(npt=0) registers="cr0|cr3|cr4"
	work=(cr0-write=110 "cr3-write=90,distinct:5" cr4-write=70 cr4-read=30 pe=50)
else
	parameters=() registers=cr4
	work=(cr4-write=70)
fi

# What rows are known by, and what is counted.
declare -A keys=(
	[values]='vm, vcpu, reg, value'
	[bits]='vm, vcpu, reg, bit, name'
	[sites]='vm, vcpu, address, mode, reg, dir'
)
declare -A counts=([values]=count [bits]="set cleared" [sites]=count)

# "KEY WHAT COUNT" of what is counted, over all intervals. A write that waits for its
# value, which is unknown, is known by the next interval.
sums_of() { # KIND FILE [TABLE]
	local what

	for what in ${counts[$1]}; do
		cells "$2" 'value != "unknown"' "${keys[$1]}, \"$what\", $what" "${3:-}"
	done | grep -wE "$registers" | sums
}

# What crstat has printed is what crgen did: no table is so full that it has bounds.
compare() { # KIND <CSV
	{
		echo "# kvm_crstat 1 $1"
		sed -e 's/^,/-,/; s/,,/,-,/g; s/,,/,-,/g; s/,/ /g'
	} >"$scratch/$1"
	sums_of "$1" "$scratch/crgen" "crgen-$1" >"$scratch/did"
	expect "that something was done" "$([[ ! -s $scratch/did ]] || echo yes)" yes
	expect_same "$1" "$scratch/did" < <(sums_of "$1" "$scratch/$1")
}

load_both "${parameters[@]}"

# Counts of other guests, one of which lives on, are not this interval's.
crgen "${work[@]}" >/dev/null || exit
hold "${work[@]}"

for file in sites values bits; do
	for n in 1 2; do
		crstat "$file" --csv -- crgen --values --sites --vcpus=$n \
			"${work[@]}" >"$scratch/crgen" 2>"$scratch/csv"
		status=$?
		begin "$file -- COMMAND: $n vCPUs"
		expect "exit status" $status 0
		compare "$file" <"$scratch/csv"
	done
done

# watched COMMAND...: which watches what guests do now and then in two seconds.
watched() {
	"$@" &
	watcher=$!
	# It has begun where it has seen an interval without anything.
	sleep 1
	crgen --values --sites --forever=$INTERVAL "${work[@]}" -- sleep 2 \
		>"$scratch/crgen"
	status=$?
	sleep 1
	kill -INT $watcher
	wait $watcher
	status+=" $?"
}
for file in values sites bits; do
	watched crstat "$file" -i $INTERVAL --csv >"$scratch/csv"
	begin "$file -i $INTERVAL"
	expect "exit statuses" "$status" "0 0"
	expect "more than one interval with events" "$(($(cut -d, -f1 \
		"$scratch/csv" | sort -u | wc -l) > 2))" 1
	compare "$file" <"$scratch/csv"
done

crstat values --csv -- bash -c "echo reset >$CRSTAT/control
	exec crgen --values ${work[*]}" >"$scratch/crgen" 2>"$scratch/csv"
begin "values: a reset within the interval"
compare values <"$scratch/csv"

recording=$scratch/recording
watched crstat record -i $INTERVAL -o "$recording"
for file in values sites bits; do
	begin "$file of a recording, interval by interval"
	compare "$file" \
		< <(crstat --root "$recording" "$file" -i $INTERVAL --csv)
	begin "$file of a recording, from its first snapshot to its last"
	compare "$file" < <(crstat "$file" diff "$recording" "$recording" --csv)
done
let_go

begin "commands"
crstat off tpr
expect "set tpr is off" "$(probe kvm_lapic_set_tpr state)" off
crstat on
crstat reset
expect "events after a reset" "$(crstat --nonzero --csv | wc -l)" 1
finish
