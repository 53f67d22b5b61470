#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The values that were written, the bits that changed and the instructions that
# did it: exact up to a full table, within the printed bounds beyond. What the
# tracepoints report is what the files count.
. "$(dirname "$0")/lib-witness.sh"

require amd "AMD's intercepts"

readonly NR_VALUES=32

load_both npt=0
reads=$(cr4_reads 1)
WITNESS[kvm_crstat/cr_access]='hist:keys=cr,write,value:size=2048'
WITNESS[kvm_crstat/tpr_write]='hist:keys=vcpu,origin'
witness_start

for n in 1 4; do
	check "$n vCPUs: few values" - --vcpus=$n cr0-write=100 \
		cr3-write=300,distinct:7 cr4-write=500,distinct:10 cr4-gpr=64 \
		tpr-mmio=64
	check "$n vCPUs: exactly a full table" values=$((3 * n * NR_VALUES)) \
		--vcpus=$n cr0-write=320,distinct:$NR_VALUES \
		cr3-write=320,distinct:$NR_VALUES cr4-write=320,distinct:$NR_VALUES
	begin "$n vCPUs: many more values than a table has"
	checks --vcpus=$n cr0-write=500,distinct:50 cr3-write=900,distinct:9 \
		cr3-write=1000,distinct:200 cr4-write=700,distinct:70
	expect "rows of cr3" "$(grep -c ' cr3 ' $CRSTAT/values)" $((n * NR_VALUES))
done
check "real mode to protected mode and back" - pe=441
check "all kinds of accesses to CR0, CLTS and LMSW as writes" cr0_read=22 \
	cr0-write=1,c0050031 cr0-read=22 clts=33 lmsw=44 cr0-ts=55
check "values of CR8" values=14 cr8-masked=77
check "values of CR8 with the APIC in userspace" values=16 --apic=user \
	cr8-write=99
check "values of the TPR, its low half too" tpr_apic=256,tpr_change=255 \
	tpr-mmio=256,0..ff
check "guest instructions" sites=$((2 * (5 + 2 * reads))) --vcpus=2 cr0-write=11 cr3-read=12 \
	cr3-write=13 cr4-read=14 cr4-write=15 pe=17

hits() {
	if [[ $witness == trace ]]; then
		grep -c ": $1: " $TRACE/trace
	else
		awk '/Hits:/ { print $2 }' "$TRACING/events/kvm_crstat/$1/hist"
	fi
}
bit_6() { # of CR4
	if [[ $witness == trace ]]; then
		grep -c ': cr_access: .* write cr4 .* value 0x60 ' $TRACE/trace
	else
		sed -n 's/.*cr: *4, write: *1, value: *96 }.*: *//p' \
			$TRACING/events/kvm_crstat/cr_access/hist |
			awk '{ sum += $1 } END { print sum + 0 }'
	fi
}
begin "tracepoints report what the files count"
checks --vms=2 --vcpus=2 cr0-write=31 cr3-read=32 cr3-write=33 cr4-read=34 \
	cr4-write=35 cr8-masked=36 tpr-mmio=37 port=38
expect "hits of cr_access" "$(hits cr_access)" "$(total "$ACCESSES")"
expect "hits of tpr_write" "$(hits tpr_write)" \
	"$(total tpr_guest+tpr_apic+tpr_sync+tpr_user+tpr_other)"
expect "writes of CR4 with bit 6 in cr_access" "$(bit_6)" $((4 * 18))

check "more instructions than a table has values" - cr0-write=3 clts=3 lmsw=4 \
	cr3-read=3 cr3-write=4 cr4-read=3 cr4-write=4 cr4-gpr=64 cr8-masked=5 pe=3 \
	cr0-fault=2 cr3-fault=2 cr4-fault=2 cr4-32=2 cr4-compat=2 \
	cr0-write=1,c0050031 cr0-read=3 cr0-ts=2
# A write that fails changes no bit; as a value it is an attempt.
check "writes that fail" tpr_other=0 \
	cr0-write=10 cr0-fault=40 cr4-write=20 cr4-fault=60 cr4-write=20 \
	cr3-write=10 cr3-fault=30
begin "writes that fail: their number is in values and sites"
# All, or those that the processor doesn't refuse itself.
guest cr0-write=10 cr0-fault=40 cr4-write=20 cr4-fault=60 cr3-read=3 tpr-mmio=2
failed=$(($(total cr0_write+cr4_write) - 10 - 20))
expect "some failed" $((failed > 0)) 1
expect "values" "$(total faults values)" $failed
expect "sites" "$(total faults sites)" $failed
expect "those of reads" "$(kinds sites 'dir == "read"' faults)" -
expect "those of the TPR" "$(kinds values 'reg == "tpr"' faults)" -
expect "bits that only failed writes have" "$(total set+cleared bits \
	'reg == "cr4" && bit != 6 || reg == "cr0" && bit != 18')" 0
# Who takes a value's place takes its faults, too: the sum holds.
guest cr0-fault=200,80010000..80010080/2
expect "more values than a table has" "$(total faults values)" 200
check "CR8 that fails" cr8_write=80,tpr_guest=50 --apic=user cr8-write=50 \
	cr8-fault=30,10,1f,100000005
check "what is refused of CR4 and could be a CR8" tpr_guest=2 --apic=user cr8-write=2 \
	cr4-fault=5,8

witness_end
reload_kvm npt=1
check "with nested paging" - --vcpus=2 cr0-write=100 cr4-write=500,distinct:40 \
	pe=50
check "with nested paging CR3 is not seen" \
	values=0,cr3_write=- cr3-write=100
finish
