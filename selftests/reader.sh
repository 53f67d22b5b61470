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
export LC_ALL=C
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

# exits NAME STATUS COMMAND: the status, and one line on stderr.
exits() {
	local got

	(eval "$3") >"$scratch/out" 2>"$scratch/err"
	got=$?
	[[ $got == "$2" && $(wc -l <"$scratch/err") == 1 ]]
	result $? "$1"
	[[ $got == "$2" ]] || note "exit status $got: $(<"$scratch/err")"
}

exits "a full disk is an error" 1 "crstat --root '$here/amd' >/dev/full"
exits "a closed output is an error" 1 "crstat --root '$here/amd' >&-"
exits "rates to a full disk end" 1 \
	"crstat --root '$here/amd' -i 0.1 >/dev/full"

if [[ -d /sys/module/kvm_crstat ]]; then
	skip "without the module" "it is loaded"
else
	exits "without the module" 3 crstat
fi

unreadable=$scratch/unreadable
mkdir "$unreadable"
cp "$here/amd/vcpus" "$unreadable"
chmod 0 "$unreadable/vcpus"
if ((UID)); then
	exits "no permission" 5 "crstat --root '$unreadable'"
elif type setpriv >/dev/null 2>&1; then
	chmod 755 "$scratch"
	exits "no permission" 5 "setpriv --reuid 65534 --clear-groups \
		'$(type -P crstat)' --root '$unreadable'"
else
	skip "no permission" "needs setpriv"
fi

# The file changes while crstat watches it; each change is one rename.
watched=$scratch/watched
mkdir "$watched"
count_to() { # CR0_WRITES...: for the vCPUs 0, 1, ...
	local vcpu=0 writes

	{
		echo "# kvm_crstat 1 vcpus"
		sed -n 2p "$here/amd/vcpus"
		for writes; do
			echo "10-3 10 11 $vcpu live 0 $writes 0 0 0 0 0 0 0" \
				"0 0 0 0 0 0 0 0 0x0 r0,w0"
			((vcpu++))
		done
	} >"$watched/next"
	mv "$watched/next" "$watched/vcpus"
}

# rates BEFORE AFTER: cr0_write of each row of the one interval between them.
rates() {
	local before after

	read -ra before <<<"$1"
	read -ra after <<<"$2"
	count_to "${before[@]}"
	crstat --root "$watched" -i 2 -n 1 >"$scratch/rates" &
	sleep 0.7
	count_to "${after[@]}"
	wait $!
	awk 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "cr0_write") c = i }
		NR > 1 { print $3 ":" $c }' "$scratch/rates" | xargs
}

# between NAME TEXT PATTERN LOW HIGH: TEXT is PATTERN with a number for N.
between() {
	local number=${2#"${3%N*}"}

	number=${number%"${3#*N}"}
	[[ ${3/N/$number} == "$2" ]] &&
		awk "BEGIN { exit !($number >= $4 && $number <= $5) }"
	result $? "$1"
	note "$2"
}

# A loaded machine reads late, never early.
between "rate" "$(rates 500 2500)" 0:N 200 1000
between "rate after a reset" "$(rates 100000 2000)" 0:N 200 1000
between "rate of a new vCPU" "$(rates 7 '7 2000')" 1:N 200 1000
between "no row for idle vCPUs" "$(rates 7 7)" -:N 0 0

count_to 1
crstat --root "$watched" -i 0.1 >"$scratch/rates" &
sleep 0.5
kill -INT $!
wait $!
result $? "SIGINT ends it with status 0"

if type script >/dev/null 2>&1; then
	on_terminal() { # COMMAND
		script -qec "stty cols 80 rows 24; $1" /dev/null </dev/null
	}
	on_terminal "crstat --root '$here/amd'" | grep -q $'\033'
	result $? "colour on a terminal"
	! on_terminal "NO_COLOR=1 crstat --root '$here/amd'" | grep -q $'\033'
	result $? "no colour with NO_COLOR"
	[[ $(on_terminal "NO_COLOR=1 crstat --root '$here/fleet'" |
		tr -d '\r' | awk 'length > 80' | wc -l) == 0 ]]
	result $? "no line is longer than the terminal"
	(sleep 1; printf v; sleep 1; printf t; sleep 1; printf q) |
		script -qec "stty cols 80 rows 24; TERM=linux crstat --root '$here/fleet' top" \
			/dev/null >"$scratch/top"
	status=$?
	grep -q 'rates by vCPU, sorted by cr0_write' "$scratch/top" &&
		grep -q db-1 "$scratch/top" && ((!status))
	result $? "top draws and q quits it with status 0"
else
	skip "terminal" "needs script"
fi
exits "top without a terminal" 2 "crstat --root '$here/amd' top </dev/null"
if type promtool >/dev/null 2>&1; then
	for view in table values bits sites callers probes; do
		crstat --root "$here/amd" "$view" --prometheus |
			promtool check metrics >"$scratch/promtool" 2>&1
		result $? "promtool finds no fault with $view"
		sed 's/^/# /' "$scratch/promtool"
	done
else
	skip "metrics" "needs promtool"
fi
! crstat --root "$here/amd" | grep -q $'\033'
result $? "no colour in a pipe"

finish
