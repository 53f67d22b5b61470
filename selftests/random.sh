#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Programs made from a seed, on both hooks, with nested paging and without: half
# a minute each, the same in each run, or ROUNDS others. The first is that of SEED,
# those behind it have the next numbers; a program that fails is there to be
# repeated and cut down.
. "$(dirname "$0")/lib.sh"

require

seed=${SEED:-$((${ROUNDS:-0} ? SRANDOM : 1))}
for way in "kprobe 1" "ftrace 0"; do
	read -r CRS_HOOK nested <<<"$way"
	load_both "$PAGING=$nested"
	begin "hook=$CRS_HOOK $PAGING=$nested"
	start=$SECONDS first=$seed
	while ((case_status == 0)) && if [[ ${ROUNDS:-} ]]; then
		((seed < first + ROUNDS))
	else
		((SECONDS < start + 30))
	fi; do
		checks --random="$seed"
		# Without nested paging an emulated KVM ends a guest now and then
		# that has done nothing wrong, and not in the same place again.
		if grep -q "internal error" "$scratch/wrong"; then
			note "once more: $seed"
			case_status=0
			checks --random="$seed"
		fi
		((seed++))
	done
	((case_status == 0)) || head -n 1 "$scratch/check"
	note "$((seed - first)) programs from seed $first on"
	unload
done
finish
