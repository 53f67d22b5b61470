#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The reader's views of an interval over live guests, to the unit: what crgen's
# guests did in it, and nothing of what others did before. Nobody resets.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib-values.sh"

require
type crstat >/dev/null 2>&1 || skip_all "crstat is not in PATH"

readonly INTERVAL=0.2
if [[ $VENDOR == amd ]]; then
	parameters=(npt=0) registers=(cr0 cr3 cr4)
	work=(cr0-write=110 "cr3-write=90,distinct:5" cr4-write=70 cr4-read=30 pe=50)
else
	parameters=() registers=(cr4)
	work=(cr4-write=70)
fi

tables=$scratch/tables
mkdir "$tables"
# CSV of one or more intervals as one table, by the names of its columns.
to_table() { # FILE <CSV
	awk -F, -v file="$1" '
	NR == 1 {
		print "# kvm_crstat 1 " file
		for (i = 1; i <= NF; i++) {
			name[i] = $i
			count[i] = $i ~ /^(count|error|faults|set|cleared)$/
			if ($i == "value")
				value = i
			key[i] = $i !~ /^(time|seconds|tid|state)$/ && !count[i]
			if (key[i] || count[i])
				line = line " " ($i == "guest" ? "name_of_it" : $i)
		}
		print line
		next
	}
	# A write that waits for its value is known by the next interval.
	value && $value == "unknown" { next }
	{
		row = ""
		for (i = 1; i <= NF; i++)
			if (key[i])
				row = row " " ($i == "" ? "-" : $i)
			else if (count[i])
				row = row " #" i
		for (i = 1; i <= NF; i++)
			if (count[i])
				sum[row, i] += $i
		rows[row] = 1
	}
	END {
		for (row in rows) {
			line = row
			for (i in name)
				if (count[i])
					sub("#" i "$", sum[row, i], line) ||
						sub("#" i " ", sum[row, i] " ", line)
			print line
		}
	}' >"$tables/$1"
}

load_kvm "${parameters[@]}"
load

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
		to_table "$file" <"$scratch/csv"
		compare "$file" "${registers[@]}"
		end
	done
done

for file in values sites bits; do
	crstat "$file" -i $INTERVAL --csv >"$scratch/csv" &
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
	begin "$file -i $INTERVAL"
	expect "exit statuses" "$status" "0 0"
	expect "more than one interval with events" "$(($(cut -d, -f1 \
		"$scratch/csv" | sort -u | wc -l) > 2))" 1
	to_table "$file" <"$scratch/csv"
	compare "$file" "${registers[@]}"
	end
done

crstat values --csv -- bash -c "echo reset >$CRSTAT/control
	exec crgen --values ${work[*]}" >"$scratch/crgen" 2>"$scratch/csv"
to_table values <"$scratch/csv"
begin "values: a reset within the interval"
compare values "${registers[@]}"
end

crstat record -i $INTERVAL -o "$scratch/recording" &
watcher=$!
sleep 1
crgen --values --sites --forever=$INTERVAL "${work[@]}" -- sleep 2 >"$scratch/crgen"
sleep 1
kill -INT $watcher
wait $watcher
for file in values sites bits; do
	crstat --root "$scratch/recording" "$file" -i $INTERVAL --csv \
		>"$scratch/csv"
	begin "$file of a recording, interval by interval"
	to_table "$file" <"$scratch/csv"
	compare "$file" "${registers[@]}"
	end
	crstat "$file" diff "$scratch/recording" "$scratch/recording" --csv \
		>"$scratch/csv"
	begin "$file of a recording, from its first snapshot to its last"
	to_table "$file" <"$scratch/csv"
	compare "$file" "${registers[@]}"
	end
done
let_go

begin "commands"
crstat off tpr
expect "set tpr is off" "$(awk '$1 == "kvm_lapic_set_tpr" { print $4 }' \
	$CRSTAT/probes)" off
crstat on
crstat reset
expect "events after a reset" "$(crstat --nonzero --csv | wc -l)" 1
end
finish
