#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Intel: crgen, the kernel's own hist of exits by exit qualification, and the
# module's files say the same, with and without EPT, with the APIC in the kernel
# and in userspace.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib-values.sh"

require
[[ $VENDOR == intel ]] || skip_all "needs a CPU with VMX"

# Exit reasons: SDM vol. 3D appendix C.
readonly CR_ACCESS=28 WRMSR=32 TPR_BELOW_THRESHOLD=43
WITNESS[kvm/kvm_exit]='hist:keys=common_pid,exit_reason,info1:size=8192'

# CR accesses of a thread by column, into X. The exit qualification has the
# register in bits 3:0 and the kind in bits 5:4: SDM vol. 3C table 28-3.
cr_exits() { # TID
	local key info column

	X=()
	for key in "${!W[@]}"; do
		[[ $key == "exit $1 $CR_ACCESS/"* ]] || continue
		info=${key##*/}
		case $((info >> 4 & 3)) in
		0) column=cr$((info & 15))_write ;;
		1) column=cr$((info & 15))_read ;;
		*) column=cr0_write ;;
		esac
		((X[$column] += W[$key]))
	done
}
declare -A X

calls() { # FUNCTION: by all threads, for the one that creates vCPUs is another
	local key sum=0

	for key in "${!W[@]}"; do
		[[ ! $key =~ ^$1\ [0-9]+$ ]] || ((sum += W[$key]))
	done
	echo $sum
}

# Each counter is the kernel's own count of those exits, and for the columns
# named crgen's of what it did. TPR writes are those of the VMM, with one at each
# vCPU's creation, those in the APIC's registers and those of CR8 that exited.
# APIC is what tpr_apic must be: all for crgen's number, user for an APIC in
# userspace.
check() { # NAME ARMED APIC COLUMN...
	local name=$1 armed=$2 apic=$3 set_cr8=0 set_tpr=0 vcpu v vm id tid
	local column guest user want

	begin "$name"
	shift 3
	for vcpu in "${vcpus[@]}"; do
		read -r vm id tid <<<"$vcpu"
		v="$vm $id"
		cr_exits "$tid"
		for column in cr{0,3,4,8}_{read,write}; do
			expect "$v $column against exits" \
				"${T[saw $v $column]}" "${X[$column]:-0}"
		done
		for column; do
			expect "$v $column against crgen" \
				"${T[saw $v $column]}" "${T[did $v all_$column]}"
		done
		expect "$v cr_other" "${T[saw $v cr_other]}" 0
		expect "$v armed" "${T[saw $v armed]}" "$armed"

		guest=${W[exit $tid $TPR_BELOW_THRESHOLD]:-0}
		((guest += ${X[cr8_write]:-0}))
		user=$((CREATED + ${T[did $v user_tpr]} +
			${T[did $v lapic]}))
		case $apic in
		all) want=${T[did $v all_tpr_apic]} ;;
		user) want=- && ((user += ${T[did $v run]})) ;;
		*) want=$apic ;;
		esac
		expect "$v tpr_guest" "${T[saw $v tpr_guest]}" "$guest"
		expect "$v tpr_apic" "${T[saw $v tpr_apic]}" "$want"
		expect "$v tpr_sync" "${T[saw $v tpr_sync]}" 0
		expect "$v tpr_user" "${T[saw $v tpr_user]}" "$user"
		expect "$v tpr_other" "${T[saw $v tpr_other]}" 0
		((set_cr8 += ${T[saw $v set_cr8]}))
		((set_tpr += ${T[saw $v set_tpr]}))
	done
	expect "set_cr8 against the kprobe event" $set_cr8 "$(calls kvm_set_cr8)"
	expect "set_tpr against the kprobe event" $set_tpr \
		"$(calls kvm_lapic_set_tpr)"
	end
}

changed() { # COUNT: tpr_change of the first vCPU
	begin "$case_name: changes of the TPR"
	expect tpr_change "${T[saw ${vcpus[0]% *} tpr_change]}" "$1"
	end
}

# What exits with and without EPT alike. Writes of CR4 come in even numbers: one
# that found no bit changed would not exit.
common() { # WITH ARMED
	local n

	for n in 1 2; do
		run --vcpus=$n cr0-read=31 cr0-write=37 cr0-ts=41 clts=13 \
			cr4-read=43 cr4-write=48 cr4-gpr=32 port=59 cpuid=61 irq=7
		check "$1: $n vCPUs" "$2" 0 cr4_write
	done
	run --vms=2 --vcpus=2 cr4-write=48 cr4-gpr=16 sregs=5 lapic=6 port=7
	check "$1: 2 VMs of 2 vCPUs" "$2" 0 cr4_write

	run cr0-ts=100 clts=100 cr0-read=100 cr4-read=100
	check "$1: TS and reads of CR0 and CR4 do not exit" "$2" 0
	begin "$1: TS and reads of CR0 and CR4 do not exit, says crgen too"
	expect cr0_write "${T[saw ${vcpus[0]% *} cr0_write]}" 0
	end

	run --values --sites cr0-write=500,distinct:30 lmsw=44 \
		cr4-write=200,distinct:20 cr4-gpr=64
	check "$1: CR0, LMSW and CR4" "$2" 0 cr0_write cr4_write
	begin "$1: values, bits and instructions of CR0, LMSW and CR4"
	compare values cr0 cr4
	compare bits cr0 cr4
	compare sites cr0 cr4
	end

	run cr8-write=100 cr8-read=100
	check "$1: CR8 does not exit" "$2" 0
	run cr8-masked=50
	check "$1: CR8 that lets an interrupt in" "$2" 0
	# It was raised and lowered between two writes that were seen.
	changed 0

	run --values tpr-mmio=64
	check "$1: TPR writes through the APIC page" "$2" all
	changed "${T[did ${vcpus[0]% *} tpr_changed]}"
	begin "$1: values of TPR writes through the APIC page"
	compare values tpr
	end
	# Where the CPU can, it takes them.
	run tpr-msr=64
	check "$1: TPR writes through the x2APIC MSR" "$2" \
		"$([[ ${W[exit ${vcpus[0]##* } $WRMSR]:-} ]] && echo all || echo -)"

	run --apic=user --values --sites --vcpus=2 cr8-write=99 cr8-read=23 \
		cr0-write=10 cr4-write=11
	check "$1: APIC in userspace" "$(user_armed "$2")" user cr0_write \
		cr4_write cr8_read cr8_write
	begin "$1: values and instructions of CR8 with the APIC in userspace"
	compare values cr8
	compare sites cr8
	end
}

# What is armed with the APIC in userspace: CR8, too.
user_armed() { # ARMED
	case $1 in
	w0,w4) echo r8,w0,w4,w8 ;;
	r3,w0,w3,w4) echo r3,r8,w0,w3,w4,w8 ;;
	esac
}

# flexpriority lets the CPU take TPR writes through the APIC page, apicv more.
load_kvm ept=1 flexpriority=0 enable_apicv=0
load
witness_start
common "EPT" w0,w4
run cr3-read=71 cr3-write=73
check "EPT: CR3 does not exit" w0,w4 0
run --values --sites pe=50
check "EPT: real mode to protected mode and back" w0,w4 0 cr0_write
begin "EPT: values and instructions of real mode to protected mode and back"
compare values cr0
compare bits cr0
compare sites cr0
end

witness_end
rmmod kvm_intel
load_kvm ept=0 flexpriority=0 enable_apicv=0
witness_start
common "no EPT" r3,w0,w3,w4
run --values --sites cr3-read=71 cr3-write=300,distinct:30
check "no EPT: CR3" r3,w0,w3,w4 0 cr3_read cr3_write
begin "no EPT: values and instructions of CR3"
compare values cr3
compare sites cr3
end
run pe=50
check "no EPT: from real mode to protected mode KVM emulates" r3,w0,w3,w4 0
begin "no EPT: from protected mode to real mode is an exit"
expect cr0_write "${T[saw ${vcpus[0]% *} cr0_write]}" 50
end
finish
