// SPDX-License-Identifier: GPL-2.0
/* Sentences about CR8 and the TPR. */
#include <stdio.h>

#include "explain.h"

/* A counter that does not apply is no 0. */
static void count_text(char text[24], const struct cell *cell)
{
	if (cell->type == CELL_NUMBER)
		snprintf(text, 24, "%" PRIu64, cell->number);
	else
		strcpy(text, "-");
}

static void explain_origins(const struct facts *facts)
{
	const struct cell *sum = facts->sum;
	uint64_t guest = cell_number(&sum[VCPUS_tpr_guest]);
	uint64_t apic = cell_number(&sum[VCPUS_tpr_apic]);
	uint64_t sync = cell_number(&sum[VCPUS_tpr_sync]);
	uint64_t user = cell_number(&sum[VCPUS_tpr_user]);
	uint64_t other = cell_number(&sum[VCPUS_tpr_other]);
	uint64_t change = cell_number(&sum[VCPUS_tpr_change]);
	uint64_t visible = guest + apic + user + other;
	char set_cr8[24], set_tpr[24], tpr_apic[24];

	count_text(set_cr8, &sum[VCPUS_set_cr8]);
	count_text(set_tpr, &sum[VCPUS_set_tpr]);
	count_text(tpr_apic, &sum[VCPUS_tpr_apic]);
	if (!visible && !sync) {
		say(facts, "No TPR write was seen (set_cr8 %s, set_tpr %s).",
		    set_cr8, set_tpr);
		return;
	}
	say(facts,
	    "Of %" PRIu64 " TPR writes %" PRIu64
	    " were the guests' with an exit (tpr_guest %" PRIu64
	    ", tpr_apic %s), %" PRIu64 " the VMM's (tpr_user) and %" PRIu64
	    " others' (tpr_other).",
	    visible + sync, guest + apic, guest, tpr_apic, user, other);
	if (sync)
		say(facts,
		    "%" PRIu64 " of the %" PRIu64
		    " were KVM's own copies of V_TPR after an exit (tpr_sync): hits of kvm_set_cr8 (%s) and kvm_lapic_set_tpr (%s) are not writes of the guest.",
		    sync, visible + sync, set_cr8, set_tpr);
	if (change > visible)
		say(facts,
		    "The TPR had changed at %" PRIu64
		    " write%s (tpr_change), more than the %" PRIu64
		    " that KVM saw as such: the guests wrote it at least %" PRIu64
		    " times without an exit, if they were not reset meanwhile.",
		    change, plural(change), visible, change - visible);
	else
		say(facts,
		    "The TPR had changed at %" PRIu64
		    " write%s (tpr_change), not more than the %" PRIu64
		    " that KVM saw as such: nothing tells of writes without an exit.",
		    change, plural(change), visible);
}

static void explain_intercept(const struct facts *facts)
{
	struct armed armed = facts_armed(facts, 'w', 8);

	if (!armed.known)
		return;
	switch (facts->vendor) {
	case VENDOR_AMD:
		say(facts,
		    "CR8 writes are intercepted now on %zu of %zu vCPU%s (w8 in armed): KVM arms it while an interrupt waits that the TPR holds back, else the processor keeps V_TPR and no write exits.",
		    armed.on, armed.known, plural(armed.known));
		break;
	case VENDOR_INTEL:
		say(facts,
		    "CR8 writes are intercepted on %zu of %zu vCPU%s (w8 in armed): where the APIC is in the kernel the TPR shadow takes them, and of those only the ones that let a waiting interrupt in exit (tpr_guest).",
		    armed.on, armed.known, plural(armed.known));
		break;
	case VENDOR_UNKNOWN:
		break;
	}
}

static void explain_apic(const struct facts *facts)
{
	if (facts->sum[VCPUS_tpr_apic].type == CELL_NONE &&
	    facts->vendor == VENDOR_INTEL)
		say(facts,
		    "Writes through the APIC page or the x2APIC MSR are not seen here (tpr_apic is -, kvm_intel flexpriority=%s, enable_apicv=%s): the processor takes them, or the vCPUs' APICs are not in the kernel.",
		    facts->parameters[PARAMETER_flexpriority],
		    facts->parameters[PARAMETER_enable_apicv]);
	else if (facts->sum[VCPUS_tpr_apic].type == CELL_NONE)
		say(facts,
		    "Writes through the APIC page or the x2APIC MSR can't be told here (tpr_apic is -): the vCPUs' APICs are not in the kernel, or its function that sees them is absent (see crstat probes).");
	if (facts->vendor == VENDOR_AMD &&
	    strcmp(facts->parameters[PARAMETER_avic], "N"))
		say(facts,
		    "kvm_amd avic=%s: where AVIC is active, the processor takes TPR writes through the APIC page, and tpr_apic misses them.",
		    facts->parameters[PARAMETER_avic]);
	if (facts->vendor == VENDOR_INTEL &&
	    strcmp(facts->parameters[PARAMETER_enable_apicv], "N"))
		say(facts,
		    "kvm_intel enable_apicv=%s: where the APIC is virtualised, the processor takes TPR writes, and tpr_apic misses them.",
		    facts->parameters[PARAMETER_enable_apicv]);
}

/**
 * explain_priority - say whose the writes of CR8 and the TPR are
 * @facts: facts
 */
void explain_priority(const struct facts *facts)
{
	say_heading("Task priority");
	explain_origins(facts);
	explain_intercept(facts);
	explain_apic(facts);
}
