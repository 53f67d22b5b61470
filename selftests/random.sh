#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Programs made from a seed, on both hooks, with nested paging and without: half
# a minute each, or ROUNDS programs. The first is that of SEED, those behind it
# have the next numbers; a program that fails is there to be repeated and cut down.
. "$(dirname "$0")/lib.sh"

require

seed=${SEED:-$((RANDOM << 15 | RANDOM))}
paging=$([[ $VENDOR == amd ]] && echo npt || echo ept)
for way in "kprobe 1" "ftrace 0"; do
	read -r CRS_HOOK nested <<<"$way"
	load_kvm "$paging=$nested"
	load
	begin "hook=$CRS_HOOK $paging=$nested"
	start=$SECONDS first=$seed
	while ((case_status == 0)) && if [[ ${ROUNDS:-} ]]; then
		((seed < first + ROUNDS))
	else
		((SECONDS < start + 30))
	fi; do
		checks --random=$((seed++))
	done
	((case_status == 0)) || head -n 1 "$scratch/check"
	note "$((seed - first)) programs from seed $first on"
	end
	unload
done
finish
