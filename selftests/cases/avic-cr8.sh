#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# CR8 writes left intercepted while AVIC is active, which made them "the
# overwhelming majority of exits" and was fatal to Windows guests: mended by
# 87d0f901a9bd. No emulator has AVIC, so this is what crstat says of files as such
# a host has them: one vCPU with AVIC and the fault, one with AVIC alone, and one
# without.
PATH=$PATH:$(dirname "$(readlink -f "$0")")/../../build/tools
. "$(dirname "$0")/../lib.sh"

type crstat >/dev/null 2>&1 || skip_all "crstat is not in PATH"
files=$(dirname "$(readlink -f "$0")")/../reader/avic
[[ -d $files ]] || skip_all "needs reader/avic, the captured files"

# On one line, since where it breaks is the terminal's affair.
explain() {
	crstat --root "$files" explain "$@" | tr -s ' \n' ' '
}
fault="On 1 of them CR8 writes are intercepted all the same (w8 in armed)"

begin "the fault is named, with the commit that mends it"
expect "what names it" "$(explain | grep -oF "$fault")" "$fault"
expect "the commit" "$(explain | grep -oF 87d0f901a9bd)" 87d0f901a9bd
begin "not where AVIC has no CR8 intercepted"
expect "the commit" "$(explain --vcpu 1 | grep -oF 87d0f901a9bd)" ""
expect "AVIC" "$(explain --vcpu 1 | grep -oF 'AVIC virtualises the APIC')" \
	"AVIC virtualises the APIC"
begin "not without AVIC"
expect "the commit" "$(explain -p 1500 | grep -oF 87d0f901a9bd)" ""
finish
