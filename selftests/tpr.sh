#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Each write to the task priority is counted once, by origin: crgen says what
# the guest and its VMM did, the kernel's kprobe events say from where the
# functions were called, and kvm_exit says how many exits there were.
. "$(dirname "$0")/lib-witness.sh"

require amd "AMD copies V_TPR back, Intel does not"

load_both npt=1
witness_start

check "port writes are no TPR writes; a sync for each exit" \
	tpr_guest=-,tpr_apic=0,tpr_change=0 port=100
check "CR8 writes that do not exit" tpr_guest=-,cr8_write=- cr8-write=100
check "CR8 writes, each before an exit, are seen as changes" \
	tpr_guest=-,tpr_change=100 cr8-port=100
check "CR8 writes while an interrupt is masked exit, all but the raise" \
	tpr_guest=101,cr8_write=101 cr8-masked=100
check "TPR writes through the APIC page" tpr_apic=100,tpr_guest=- tpr-mmio=100
check "TPR writes through the x2APIC MSR" tpr_apic=100,tpr_guest=- tpr-msr=100
check KVM_SET_SREGS tpr_user=101,tpr_apic=0 sregs=100
crgen sregs2=1 >/dev/null 2>&1
if (($? == 5)); then
	skip KVM_SET_SREGS2 "not before Linux 5.14"
	skip "KVM_SET_SREGS2, APIC in userspace" "not before Linux 5.14"
else
	check KVM_SET_SREGS2 tpr_user=101 sregs2=100
	check "KVM_SET_SREGS2, APIC in userspace" tpr_user=202 --apic=user \
		--vcpus=2 sregs2=100
fi
check KVM_SET_LAPIC tpr_user=101,tpr_change=100 lapic=100
check "a TPR with a low half, kept by KVM_SET_LAPIC" tpr_user=5 tpr-mmio=96,0..f8/8 \
	lapic=2 tpr-msr=7,20,35,45 lapic=1
check "raise TPR, interrupt, EOI, lower TPR" tpr_guest=-,tpr_apic=0 irq=100
check "all at once" tpr_apic=264,tpr_user=536 --vms=2 --vcpus=4 cr8-write=30 \
	port=31 sregs=32 tpr-mmio=33 lapic=34

# KVM_RUN takes CR8 from the VMM there: an ioctl each.
check "APIC in userspace: CR8 writes" tpr_guest=200,tpr_sync=0,tpr_apic=- --apic=user \
	--vcpus=2 cr8-write=100
check "APIC in userspace: KVM_SET_SREGS" tpr_user=202 --apic=user --vcpus=2 \
	sregs=100
check "APIC in userspace: ports" tpr_user=204 --apic=user --vcpus=2 port=100
finish
