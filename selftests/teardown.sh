#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The module, kretprobes, kprobe events and hist triggers on the same functions,
# under load, taken down in every order. With one CPU, where all of it waits for
# grace periods, in one for each that goes first, and the load pauses. What is in
# the way of another goes last.
. "$(dirname "$0")/lib.sh"

require
readonly FUNCTIONS=(kvm_set_cr8 kvm_lapic_set_tpr emulator_set_cr
	kvm_arch_vcpu_ioctl_run)
readonly HIST='hist:keys=common_pid'

hists() { # TRIGGER, or ! and that
	local trigger

	for trigger in $TRACING/events/{crs_down_p/*,kvm/kvm_exit}/trigger; do
		[[ ! -e ${trigger%trigger}hist ]] || echo "$1" >"$trigger"
	done
}

# By the first letter of events, hist triggers, module, retprobes.
take_down() {
	case $1 in
	e) events_off crs_down_p 2>/dev/null ;;
	h) hists "!$HIST" 2>/dev/null ;;
	m) rmmod kvm_crstat ;;
	r) events_off crs_down_r ;;
	esac
}
clean() {
	hists "!$HIST"
	events_off crs_down_{p,r}
	: >$TRACING/trace
} 2>/dev/null
at_exit+=(clean)

pause=0
(($(nproc) > 1)) || pause=0.05
load_kvm
guest_start --forever=$pause --timeout=3600 --vcpus=2 cr4-write=20 cr8-port=5 \
	port=5 lapic=2
# shellcheck disable=SC2016 # by eval
at_exit+=('kill $guest 2>/dev/null; wait')
for first in e h m r; do
	begin "$first is taken down first"
	for order in "$first"{e,h,m,r}{e,h,m,r}{e,h,m,r}; do
		[[ $(grep -o . <<<"$order" | sort -u | wc -l) == 4 ]] || continue
		events_on crs_down_p p "${FUNCTIONS[@]}"
		events_on crs_down_r r "${FUNCTIONS[@]}"
		hists "$HIST"
		load
		sleep 0.2
		while [[ $order ]]; do
			take_down "${order:0:1}"
			order=${order:1}
		done
		clean
		expect "kprobe events left" "$(grep -c crs_down $TRACING/kprobe_events)" 0
		expect "hooks left" "$(hooked | wc -l)" 0
		(($(nproc) > 1)) || break
	done
done
kill -INT $guest
wait $guest
result $? "the guest lived all the time"
finish
