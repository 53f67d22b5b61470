#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The tracepoints as a user's tool sees them: trace-cmd records one cr_access for
# each access that the files count, and one tpr_write for each TPR write.
. "$(dirname "$0")/lib.sh"

require
type trace-cmd >/dev/null 2>&1 || skip_all "trace-cmd is not in PATH"

# "VM VCPU LEVEL WHAT COUNT" by the files, and by the events.
files() {
	query vcpus '{ for (k in cell)
		if (k ~ /^(cr[0348]_(read|write)|tpr_(guest|apic|sync|user|other))$/ &&
			cell[k] > 0)
			print vm, vcpu, level, k, cell[k] }'
	cells values 'reg ~ /^cr/' 'vm, vcpu, level, reg "=" value, count'
	cells sites 1 'vm, vcpu, level, reg "_" dir, address, count'
}
events() {
	sed -nE -e h -e 's/.*cr_access:.* vm ([^ ]+) vcpu ([0-9]+) level ([12]) (read|write) (cr[0-9]) .*/\1 \2 \3 \5_\4/p' \
		-e 's/.*tpr_write:.* vm ([^ ]+) vcpu ([0-9]+) level ([12]) .* origin ([a-z]+).*/\1 \2 \3 tpr_\4/p' \
		-e 'g;s/.*cr_access:.* vm ([^ ]+) vcpu ([0-9]+) level ([12]) write (cr[0-9]) .*value ([^ ]+) address.*/\1 \2 \3 \4=\5/p' \
		-e 'g;s/.*cr_access:.* vm ([^ ]+) vcpu ([0-9]+) level ([12]) write (cr[0-9]) .* (unknown) 0x0 .*/\1 \2 \3 \4=\5/p' \
		-e 'g;s/.*cr_access:.* vm ([^ ]+) vcpu ([0-9]+) level ([12]) (read|write) (cr[0-9]) .* address (.*)/\1 \2 \3 \5_\4 \6/p' \
		"$scratch/report" | sed 's/$/ 1/' | sums
}

# What the events say of crgen's guests is what the files do.
compared() { # NAME LEAST ARGUMENT...
	begin "$1"
	echo reset >$CRSTAT/control
	trace-cmd record -q -b 20000 -o "$scratch/trace.dat" -e kvm_crstat \
		crgen "${@:3}" >/dev/null 2>"$scratch/record"
	expect "the status of trace-cmd record" $? 0
	trace-cmd report -i "$scratch/trace.dat" >"$scratch/report" 2>/dev/null
	expect "that of trace-cmd report" $? 0
	sed -n 's/.*CPU.*dropped.*/# &/p' "$scratch/report"
	files | sort >"$scratch/files"
	events | sort >"$scratch/events"
	expect_same "files and events" "$scratch/files" <"$scratch/events"
	expect "reads with a value" \
		"$(grep -c ' read cr.* value \| read cr.* unknown 0x[^0]' \
			"$scratch/report")" 0
	expect "lines compared" "$(($(wc -l <"$scratch/files") > $2))" 1
}

load_both "$PAGING=0"
# Of accesses that go to L1 none has a value, unless the processor decodes it.
compared "events of nested guests are what the files count" 4 --l1-intercepts \
	cr8-write=1,5 sregs=1 l2-cr4-write=20 l2-cr4-read=10 l2-cr0-write=5 l2-cr8-write=7
expect "what writes of CR8 found" "$(sed -nE \
	's/.* level 2 write cr8 old ([^ ]*) .*/\1/p' "$scratch/report" | xargs)" \
	"$(awk '/tpr_write:/ { for (i = 1; i < NF; i++) if ($i == "value")
			tpr = $(i + 1) }
		/ level 2 write cr8/ { printf "0x%x\n", int(tpr / 16) }' \
		"$scratch/report" | xargs)"
compared "events are what the files count" 10 --vms=2 cr0-write=50 \
	cr3-write=20,distinct:7 cr4-read=20 cr4-write=60 cr8-masked=40 \
	tpr-mmio=30,10..f8/b sregs=10

# CR8 is what the TPR's last write left of it; the others' writes all exit.
begin "what an event found is what the one before left"
awk '
	function is(name, i) {
		for (i = 1; i < NF; i++)
			if ($i == name)
				return $(i + 1)
	}
	{ vcpu = is("vm") " " is("vcpu") }
	/ cr_access: / {
		cr = is(/ write cr/ ? "write" : "read")
		if (cr == "cr8")
			left = sprintf("0x%x", int(tpr[vcpu] / 16))
		else
			left = (vcpu, cr) in last ? last[vcpu, cr] : is("old")
		if (is("old") != left)
			print "must be " left ": " $0
		if (/ write cr/)
			last[vcpu, cr] = is("value")
		n++
	}
	/ tpr_write: / {
		left = vcpu in tpr ? tpr[vcpu] : -1
		if (is("old") != left)
			print "must be " left ": " $0
		tpr[vcpu] = is("value")
		n++
	}
	END { print n + 0, "events" }' "$scratch/report" >"$scratch/chain"
sed 's/^/# /' "$scratch/chain" | tail -n 5
expect "wrong ones" "$(grep -c '^must' "$scratch/chain")" 0
# With APICv the TPR's writes are none of the module's.
least=$([[ $VENDOR == amd ]] && echo 400 || echo 250)
expect "some" "$(($(tail -n 1 "$scratch/chain" | cut -d ' ' -f 1) > least))" 1

begin "TPR writes alone"
echo reset >$CRSTAT/control
trace-cmd record -q -o "$scratch/trace.dat" -e kvm_crstat:tpr_write \
	crgen lapic=3 cr8-port=5 cr4-write=2 >/dev/null 2>"$scratch/record"
trace-cmd report -i "$scratch/trace.dat" >"$scratch/report" 2>/dev/null
expect "events" "$(grep -c ' tpr_write: ' "$scratch/report")" \
	"$(total tpr_guest+tpr_apic+tpr_sync+tpr_user+tpr_other)"
finish
