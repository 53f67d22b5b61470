#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# CR8 where the APIC is in userspace, as VMware's monitor on KVM has it: "an
# astronomical number of CR8 exits". The shape of it by crgen, and what the
# kernel's APIC changes.
. "$(dirname "$0")/../lib-witness.sh"

require
type crstat >/dev/null 2>&1 || skip_all "crstat is not in PATH"
readonly WRITES=1000 READS=100

# Intel has a TPR shadow only for the kernel's APIC: reads exit without it, too.
# AMD's processor answers reads from V_TPR, whoever has the APIC.
reads=0
[[ $VENDOR != intel ]] || reads=$READS

load_both
witness_start

check "APIC in userspace: $WRITES of $WRITES writes exit, $reads of $READS reads" \
	"cr8_write=$WRITES,cr8_read=${reads/#0/-},tpr_guest=$WRITES" \
	--apic=user cr8-write=$WRITES cr8-read=$READS

begin "what explain says of it"
echo reset >$CRSTAT/control
crgen --apic=user cr8-write=$WRITES -- crstat explain |
	sed '1,/^What was seen/d' | tr -s ' \n' ' ' >"$scratch/explain"
# KVM arms it on AMD for an interrupt, too: "now".
now=$([[ $VENDOR == intel ]] || echo ' now')
for sentence in "$WRITES were the guests' with an exit" \
	"CR8 writes are intercepted$now on 1 of 1 vCPU"; do
	expect "a sentence" "$(grep -oF "$sentence" "$scratch/explain")" \
		"$sentence"
done
grep -o 'CR8 writes are intercepted[^.]*\.' "$scratch/explain" | fold -s -w 76 |
	sed 's/^/# /'

check "APIC in the kernel: none of them exits" cr8_write=-,cr8_read=-,tpr_guest=- \
	cr8-write=$WRITES cr8-read=$READS
finish
