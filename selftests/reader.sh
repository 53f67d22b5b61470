#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# crstat over captured files. Each reader/CASE/*.txt is a transcript: lines that
# begin with "$ " are commands, run in the case's folder, what follows is what
# they print. With --update the transcripts are written anew.
PATH=$PATH:$(dirname "$(readlink -f "$0")")/../build/tools
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

type crstat >/dev/null 2>&1 || skip_all "crstat is not in PATH"
unset COLUMNS NO_COLOR
export LC_ALL=C TZ=UTC
here=$(dirname "$(readlink -f "$0")")/reader

replay() { # TRANSCRIPT
	local lines line

	mapfile -t lines <"$1"
	for line in "${lines[@]}"; do
		[[ $line == '$ '* ]] || continue
		printf '%s\n' "$line"
		(cd "$(dirname "$1")" && bash -c "${line#\$ }") 2>&1
	done
}

for transcript in "$here"/*/*.txt; do
	replay "$transcript" >"$scratch/replay"
	if [[ ${1:-} == --update ]]; then
		cp "$scratch/replay" "$transcript"
		continue
	fi
	diff -u "$transcript" "$scratch/replay" >"$scratch/diff"
	status=$?
	((!status)) || sed 's/^/# /' "$scratch/diff"
	result $status "${transcript#"$here/"}"
done

closed() { # COMMAND...
	"$@" >&-
}
exits "a full disk is an error" 1 full crstat --root "$here/amd"
exits "a closed output is an error" 1 closed crstat --root "$here/amd"
exits "rates to a full disk end" 1 full crstat --root "$here/amd" -i 0.1

if [[ -d /sys/module/kvm_crstat ]]; then
	skip "without the module" "it is loaded"
else
	exits "without the module" 3 crstat
fi

unreadable=$scratch/unreadable
mkdir "$unreadable"
cp "$here/amd/vcpus" "$unreadable"
chmod 0 "$unreadable/vcpus"
chmod 755 "$scratch"
user=()
((UID)) || user=(as_user)
exits "no permission" 5 "${user[@]}" crstat --root "$unreadable"

# The file vcpus changes while crstat watches it.
watched=$scratch/watched
mkdir "$watched"
vcpus_file() { # CR0_WRITES...: of the vCPUs 0, 1, ...
	local vcpu=0 writes

	echo "# kvm_crstat 1 vcpus"
	sed -n 2p "$here/amd/vcpus"
	for writes; do
		echo "10-3 10 11 $vcpu live 0 $writes 0 0 0 0 0 0 0" \
			"0 0 0 0 0 0 0 0 0x0 r0,w0"
		((vcpu++))
	done
}

# The readings at both ends of an interval are pipes: crstat waits for them, so
# that the interval is at least $least and at most $most microseconds, however
# busy the machine. It isn't that of -i, which a rate must not depend on.
next_pipe() {
	mkfifo "$watched/next"
	mv "$watched/next" "$watched/vcpus"
}
interval() { # BEFORE AFTER SECONDS
	local counts before after pipe began opened

	read -ra counts <<<"$1"
	before=$(vcpus_file "${counts[@]}")
	read -ra counts <<<"$2"
	after=$(vcpus_file "${counts[@]}")
	next_pipe
	crstat --root "$watched" -i 0.01 -n 1 >"$scratch/rates" &
	exec {pipe}>"$watched/vcpus"
	# In place before the first ends, or crstat could open that again.
	next_pipe
	began=${EPOCHREALTIME/./}
	echo "$before" >&"$pipe"
	exec {pipe}>&-
	# This waits for crstat, which has looked at its clock by then.
	exec {pipe}>"$watched/vcpus"
	opened=${EPOCHREALTIME/./}
	sleep "$3"
	least=$((${EPOCHREALTIME/./} - opened))
	echo "$after" >&"$pipe"
	exec {pipe}>&-
	wait $!
	most=$((${EPOCHREALTIME/./} - began))
	rates=$(awk '
		NR == 1 { for (i = 1; i <= NF; i++) if ($i == "cr0_write/s") c = i }
		NR > 1 { print $3 ":" $c }' "$scratch/rates" | xargs)
}

# rate NAME BEFORE AFTER VCPU COUNT: the one row is of VCPU and COUNT events. The
# bounds are within 5 %, on a slow machine by a longer interval.
rate() {
	local seconds

	for seconds in 1 2 4 8 16; do
		interval "$2" "$3" "$seconds"
		((most * 20 > least * 21)) || break
	done
	((most * 20 <= least * 21)) && [[ $rates =~ ^$4:([0-9]+)$ ]] &&
		((BASH_REMATCH[1] >= $5 * 1000000 / most &&
			BASH_REMATCH[1] <= $5 * 1000000 / least + 1))
	result $? "$1"
	note "$rates for $5 in $least to $most us"
}

rate "rate" 500 2500 0 2000
rate "rate after a reset" 100000 2000 0 2000
rate "rate of a new vCPU" 7 '7 2000' 1 2000
interval 7 7 0
[[ $rates == -:0 ]]
result $? "no row for idle vCPUs"

# Ten seconds for something to be in a file, or for a text.
await() { # FILE [TEXT]
	local tries=100

	until grep -qsaF -- "${2:-}" "$1" || ((!tries--)); do
		sleep 0.1
	done
	((tries >= 0))
}

vcpus_file 1 >"$watched/next"
mv "$watched/next" "$watched/vcpus"
crstat --root "$watched" -i 0.1 >"$scratch/endless" &
# Before its first line a signal might find no handler.
await "$scratch/endless"
# Stopped for twenty intervals it makes up for none of them: what it has printed
# afterwards is no more than there was time for.
kill -STOP $!
printed=$(wc -l <"$scratch/endless")
sleep 2
began=${EPOCHREALTIME/./}
kill -CONT $!
sleep 0.2
printed=$(($(wc -l <"$scratch/endless") - printed))
((printed >= 1 && printed <= (${EPOCHREALTIME/./} - began) / 100000 + 6))
result $? "missed intervals are skipped"
note "$printed lines"
kill -INT $!
wait $!
result $? "SIGINT ends it with status 0"
grep -q '^In [0-9.]* seconds:$' "$scratch/endless"
result $? "and with what there was in all"

# What asks crstat to end is for the command; crstat tells what happened.
# shellcheck disable=SC2016 # for the inner shell
crstat --root "$here/amd" -- bash -c 'trap "echo got it; exit 7" TERM
	echo ready; for ((i = 300; i; i--)); do sleep 0.1; done' >"$scratch/out" 2>"$scratch/err" &
await "$scratch/out"
kill -TERM $!
wait $!
[[ $? == 7 && $(tail -n 1 "$scratch/out") == "got it" ]] &&
	grep -q "^In [0-9.]* seconds of bash:" "$scratch/err"
result $? "SIGTERM reaches the command, whose status is crstat's"

if type script >/dev/null 2>&1; then
	on_terminal() { # COMMAND
		script -qec "stty cols 80 rows 24; $1" /dev/null </dev/null
	}
	on_terminal "TERM=xterm crstat --root '$here/amd'" | grep -q $'\033'
	result $? "colour on a terminal"
	! on_terminal "TERM=dumb crstat --root '$here/amd'" | grep -q $'\033'
	result $? "none on a dumb one"
	! on_terminal "TERM=xterm NO_COLOR=1 crstat --root '$here/amd'" | grep -q $'\033'
	result $? "no colour with NO_COLOR"
	on_terminal "TERM=xterm NO_COLOR= crstat --root '$here/amd'" | grep -q $'\033'
	result $? "colour with an empty one"
	[[ $(on_terminal "NO_COLOR=1 crstat --root '$here/fleet'" |
		tr -d '\r' | awk 'length > 80' | wc -l) == 0 ]]
	result $? "no line is longer than the terminal"
	recording=$here/changes/recording
	[[ $(on_terminal "cat $recording $recording $recording | NO_COLOR=1 crstat \
		--root /dev/stdin -i 1 --columns vm" | grep -n ^time |
		cut -d : -f 1 | xargs) == "1 23" ]]
	result $? "heads stand where those before have left the terminal"
	# Keys, each when the text before them was drawn, as all must be.
	# shellcheck disable=SC2094 # what is drawn decides on keys
	top() { # NAME CASE [TEXT KEYS]...
		local name=$1 case=$2

		shift 2
		: >"$scratch/top"
		: >"$scratch/missed"
		while (($#)); do
			await "$scratch/top" "$1" || echo "$1" >>"$scratch/missed"
			printf %s "$2"
			shift 2
		done | script -qefc "stty cols 80 rows 24; TERM=linux crstat top \
			--root $here/$case" /dev/null >"$scratch/top"
		status=$?
		((!status)) && [[ ! -s $scratch/missed ]]
		result $? "$name"
	}
	top "top draws and q quits it with status 0" fleet \
		'totals by vCPU, sorted by cr0_write' b rate t db-1 q
	top "v goes to the next view, < to its last column" amd \
		sorted v 'values: ' '' 0x80050033 '<' faults q
	top "filters, order, pages and sums" fleet sorted $'gweb\n' 'guest web' \
		cR db-1 $'g7-13\n' 'guest 7-13' \
		$'g\n\e[6~\e[6~\e[6~\e[6~\e[6~' 3100-14 $'n5\n' 'vCPU 5' \
		'<<' level bb host q
	top "rates, sparklines, help" changes/recording totals h 'Any key' x \
		'quit  h help' '  ' '22/s' '' '#' q
	top "order by an option" 'fleet --sort -cr4_write' 'cr4_write, reve' q
	# As under nohup, which has SIGHUP ignored.
	mkfifo "$scratch/keys"
	(
		trap '' HUP
		exec script -qefc "TERM=linux crstat top --root $here/fleet
			echo \$? >$scratch/ended" /dev/null
	) <>"$scratch/keys" >"$scratch/top" 2>&1 &
	await "$scratch/top" sorted
	kill -9 $!
	wait $! 2>/dev/null
	await "$scratch/ended" 0
	result $? "top ends where its terminal does"
else
	skip "terminal" "needs script"
fi
exits "top without a terminal" 2 crstat --root "$here/amd" top </dev/null
if type promtool >/dev/null 2>&1; then
	for view in table values bits sites callers probes; do
		passes "promtool finds no fault with $view" promtool check metrics \
			< <(crstat --root "$here/amd" "$view" --prometheus)
	done
else
	skip "metrics" "needs promtool"
fi
! crstat --root "$here/amd" | grep -q $'\033'
result $? "no colour in a pipe"

finish
