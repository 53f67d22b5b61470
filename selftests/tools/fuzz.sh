#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The reader against what nobody means to give it, with the sanitizers of
# addresses and of undefined behaviour: libFuzzer makes files and whole
# recordings, setting out from the captured ones; then come arguments in all
# orders. Each for FUZZ_SECONDS, from the number FUZZ_SEED on.
here=$(dirname "$(readlink -f "$0")")
# shellcheck source=../lib.sh
. "$here/../lib.sh"

cd "$here/../reader" || exit
readonly LIMIT=${FUZZ_SECONDS:-20} SEED=${FUZZ_SEED:-1} READER=../../tools/crstat
readonly SANITIZERS=address,undefined

type clang >/dev/null 2>&1 || skip_all "needs clang, libclang-rt-dev"
clang -g -O1 -fno-sanitize-recover=undefined -fsanitize=fuzzer,$SANITIZERS \
	-D_GNU_SOURCE -I../../include -I../../tools -I$READER fuzz.c \
	../../tools/table/*.c $READER/{read/recording,compute/subtract}.c \
	-o "$scratch/fuzz" || exit
make -s -C $READER O="$scratch" CC=clang \
	CFLAGS="-g -O1 -fno-sanitize-recover=undefined -fsanitize=$SANITIZERS" >&2 ||
	exit

# What libFuzzer puts where it doesn't belong.
cat {amd,intel}/{vcpus,values,bits,sites,callers,probes} series/recording |
	tr -s ' ' '\n' | sort -u | sed -n 's/["\\]//g;/./s/.*/"&"/p' >"$scratch/words"

mkdir "$scratch/corpus"
# As many columns as the parser takes: one more would be too many.
awk -v max="$(sed -n 's/^#define MAX_COLUMNS //p' ../../tools/table/table.h)" '
	NR > 1 { for (n = NF; n < max; n++) $0 = $0 " x" n } 1' amd/vcpus \
	>"$scratch/corpus/wide"
"$scratch/fuzz" -seed="$SEED" -max_total_time="$LIMIT" -timeout=10 -rss_limit_mb=512 \
	-detect_leaks=0 -dict="$scratch/words" -print_final_stats=1 \
	-artifact_prefix="$scratch/" \
	"$scratch/corpus" amd boot changes diff empty errors faults fleet gone intel \
	names series shadow >"$scratch/log" 2>&1
status=$?
grep -h executed "$scratch/log" | sed 's/^stat::/#/'
((!status)) || tail -n 60 "$scratch/log" | sed 's/^/# /'
result $status "a text or a recording is read whole or refused"

# Anything may follow anything; what is no number, file or column too.
words=(-i -n -g -p -o --vcpu --live --nonzero --sum --per-vcpu --sort --limit
	--columns --all --kallsyms --json --csv --openmetrics --prometheus
	--folded --at --root --help --version --usage -- diff table vcpus values
	bits sites callers probes explain record top reset on off cr amd
	amd/kallsyms diff/recording boot/recording series/recording /dev/null
	none 0 1 2 3 1e9 1e-3 0.001 -1 1.5 18446744073709551615 vm host
	"vm,count,bits" percent -count count ',' '' 12:00 2026-11-22T16:36:18Z
	true)
export ASAN_OPTIONS=detect_leaks=0
end=$((SECONDS + LIMIT)) status=0 runs=0
RANDOM=$SEED
while ((SECONDS < end && !status)); do
	arguments=(--root)
	[[ $((RANDOM % 2)) == 0 ]] && arguments+=(amd) ||
		arguments+=(series/recording)
	for ((i = RANDOM % 7; i > 0; i--)); do
		arguments+=("${words[RANDOM % ${#words[@]}]}")
	done
	# What goes on for ever is stopped, which is no fault.
	(cd "$here/../reader" && TERM=dumb timeout 2 "$scratch/crstat" \
		"${arguments[@]}" -o "$scratch/recorded") \
		</dev/null >"$scratch/out" 2>&1
	got=$?
	((runs++))
	if ((got > 9 && got != 124 && got != 126 && got != 127)) ||
		grep -q 'Sanitizer\|runtime error' "$scratch/out"; then
		status=1
		note "status $got: ${arguments[*]@Q}"
		tail -n 40 "$scratch/out" | sed 's/^/# /'
	fi
done
note "$runs argument lists"
result $status "arguments are taken or refused"
finish
