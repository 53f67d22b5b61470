#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The reader's parser against texts that no module writes: libFuzzer, with the
# sanitizers of addresses and of undefined behaviour, sets out from the captured
# files, for FUZZ_SECONDS.
here=$(dirname "$(readlink -f "$0")")
# shellcheck source=../lib.sh
. "$here/../lib.sh"

cd "$here/../reader" || exit
readonly LIMIT=${FUZZ_SECONDS:-20} READER=../../tools/crstat

type clang-14 >/dev/null 2>&1 || skip_all "needs clang-14, libclang-rt-14-dev"
clang-14 -g -O1 -fsanitize=fuzzer,address,undefined \
	-fno-sanitize-recover=undefined -D_GNU_SOURCE -I../../include -I$READER \
	fuzz.c $READER/read.c $READER/archive.c -o "$scratch/fuzz" || exit

# What libFuzzer puts where it doesn't belong.
cat {amd,intel}/{vcpus,values,bits,sites,callers,probes} |
	tr -s ' ' '\n' | sort -u | sed -n '/./s/.*/"&"/p' >"$scratch/words"

mkdir "$scratch/corpus"
# As many columns as the parser takes: one more would be too many.
awk -v max="$(sed -n 's/^#define MAX_COLUMNS //p' $READER/read.c)" '
	NR > 1 { for (n = NF; n < max; n++) $0 = $0 " x" n } 1' amd/vcpus \
	>"$scratch/corpus/wide"
"$scratch/fuzz" -max_total_time="$LIMIT" -timeout=10 -rss_limit_mb=512 \
	-dict="$scratch/words" -print_final_stats=1 -artifact_prefix="$scratch/" \
	"$scratch/corpus" amd boot diff empty errors fleet gone intel shadow \
	>"$scratch/log" 2>&1
status=$?
grep -h executed "$scratch/log" | sed 's/^stat::/#/'
((!status)) || tail -n 60 "$scratch/log" | sed 's/^/# /'
result $status "a text is read whole or refused"
finish
