#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The values that were written, the bits that changed and the instructions that
# did it: crgen's own record of each vCPU against the module's files, exact up
# to a full table, within the printed bounds beyond.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib-values.sh"

require
[[ $VENDOR == amd ]] || skip_all "AMD's intercepts"

rows() { # FILE REGISTER: of the first vCPU
	read -r vm id _ <<<"${vcpus[0]}"
	awk -v vm="$vm" -v id="$id" -v reg="$2" \
		'$1 == vm && $4 == id && $6 == reg' "$CRSTAT/$1" | wc -l
}

load_kvm npt=0
load
WITNESS[kvm_crstat/cr_access]='hist:keys=cr,write,value:size=2048'
WITNESS[kvm_crstat/tpr_write]='hist:keys=vcpu,origin'
witness_start

for n in 1 4; do
	run --values --vcpus=$n cr0-write=100 cr3-write=300,distinct:7 \
		cr4-write=500,distinct:10 cr4-gpr=64 tpr-mmio=64
	begin "$n vCPUs: few values"
	compare values cr0 cr3 cr4 tpr
	compare bits cr0 cr4
	end
	run --values --vcpus=$n cr0-write=320,distinct:$NR_VALUES \
		cr3-write=320,distinct:$NR_VALUES cr4-write=320,distinct:$NR_VALUES
	begin "$n vCPUs: exactly a full table"
	compare values cr0 cr3 cr4
	compare bits cr0 cr4
	expect "rows of cr3" "$(rows values cr3)" $NR_VALUES
	end
	run --values --vcpus=$n cr0-write=500,distinct:50 cr3-write=900,distinct:9 \
		cr3-write=1000,distinct:200 cr4-write=700,distinct:70
	begin "$n vCPUs: many more values than a table has"
	compare values cr0 cr3 cr4
	compare bits cr0 cr4
	expect "rows of cr3" "$(rows values cr3)" $NR_VALUES
	end
done

run --values pe=441
begin "real mode to protected mode and back"
compare values cr0
compare bits cr0
end

# With CD set KVM intercepts every access to CR0 (svm_set_cr0(), 5.10 to 7.3).
run --values --sites cr0-write=1,c0050031 cr0-read=22 clts=33 lmsw=44 cr0-ts=55
begin "all kinds of accesses to CR0, CLTS and LMSW as writes"
compare values cr0
compare bits cr0
compare sites cr0
v=${vcpus[0]% *}
expect "reads" "${T[saw $v cr0_read]}" 22
expect "writes" "${T[saw $v cr0_write]}" "${T[did $v all_cr0_write]}"
end

run --values cr8-masked=77
begin "values of CR8"
read -r vm id _ <<<"${vcpus[0]}"
expect "known values" "$(awk -v vm="$vm" '
	$1 == vm && $6 == "cr8" && $7 != "unknown" { sum += $8 }
	END { print sum + 0 }' $CRSTAT/values)" "${T[saw $vm $id cr8_write]}"
end

run --apic=user --values cr8-write=99
begin "values of CR8 with the APIC in userspace"
compare values cr8
end

run --sites --vcpus=2 cr0-write=11 cr3-read=12 cr3-write=13 cr4-read=14 \
	cr4-write=15 cr8-masked=16 pe=17
begin "guest instructions"
compare sites cr0 cr3 cr4
end

run --vms=2 --vcpus=2 --values cr0-write=31 cr3-read=32 cr3-write=33 \
	cr4-read=34 cr4-write=35 cr8-masked=36 tpr-mmio=37 port=38
begin "tracepoints report what the files count"
accesses=0 writes=0
for vcpu in "${vcpus[@]}"; do
	v=${vcpu% *}
	for column in cr{0,3,4,8}_{read,write}; do
		((accesses += ${T[saw $v $column]}))
	done
	for column in tpr_{guest,apic,sync,user,other}; do
		((writes += ${T[saw $v $column]}))
	done
done
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
expect "hits of cr_access" "$(hits cr_access)" $accesses
expect "hits of tpr_write" "$(hits tpr_write)" $writes
expect "writes of CR4 with bit 6 in cr_access" "$(bit_6)" \
	"$(awk '$3 == "cr4" && $4 == "0x60" { sum += $5 } END { print sum }' \
		"$scratch/crgen")"
end

witness_end
rmmod kvm_amd
load_kvm npt=1
run --values --vcpus=2 cr0-write=100 cr4-write=500,distinct:40 pe=50
begin "with nested paging"
compare values cr0 cr4
compare bits cr0 cr4
end
run --values cr3-write=100
begin "with nested paging CR3 is not seen, and its intercept not armed"
expect "rows of cr3" "$(rows values cr3)" 0
[[ ,${T[saw ${vcpus[0]% *} armed]}, != *,w3,* ]]
expect "w3 not armed" $? 0
end
finish
