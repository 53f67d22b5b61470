// SPDX-License-Identifier: GPL-2.0
/*
 * What the numbers mean on this host, in sentences. Each follows from a number
 * or a parameter that it shows, so that a reader can check it. facts.c knows
 * what stands in braces.
 */
#include <stdlib.h>

#include "crstat.h"
#include "print/print.h"

/* Where sentences end that go to no terminal. */
#define PIPE_WIDTH 80

/* What a sentence is about besides rows of a file: the host as a whole. */
#define HOST NR_FILES
#define HEADING (NR_FILES + 1)

/*
 * Said of the host once, or of each row of a file, where a condition holds: of
 * facts with "&" between them each is neither 0 nor "-" nor nothing, or is what
 * stands behind "=", or is not what stands behind "!" or is more than what
 * stands behind ">". "{FACT}" stands for it, "{CONDITION?TEXT}" for the text
 * where that holds. A heading's condition is of all up to the next one.
 */
static const struct {
	unsigned int of;
	const char *when;
	const char *text;
} sentences[] = {
	{ HEADING, "", "What was seen" },
	{ HOST, "amd=0&intel=0",
	  "It is not known whether CR accesses are counted: neither cr_interception of kvm_amd nor handle_cr of kvm_intel stands as armed in probes." },
	{ HOST, "amd", "KVM uses AMD-V (probe cr_interception is armed)." },
	{ HOST, "intel", "KVM uses VT-x (probe handle_cr is armed)." },
	{ HOST, "",
	  "The counts are of {live} live and {gone} gone vCPU{gone!1?s} since the last reset." },

	{ HEADING, "vcpus", "Control registers" },
	{ HOST, "",
	  "CR0 was written {cr0_write} and read {cr0_read} times with an exit; writes are intercepted now on {w0}, reads on {r0} of {known} vCPU{known!1?s}{intel?; only writes that change a bit which KVM keeps to itself exit, reads never do}." },
	{ HOST, "selective",
	  "On {selective} live vCPU{selective!1?s} a CR0 write exits only where it changes another bit than TS and MP (s0 but not w0 in armed)." },
	{ HOST, "sited",
	  "Of {sited} CR0 writes whose instruction is known {real} came from below 1 MiB in real mode and {flat} in protected mode{real&flat?: firmware and boot code switching modes, not interrupts}; {upper} came from the upper half of the address space, where kernels are." },
	{ HOST, "cr3",
	  "CR3 was written {cr3_write} and read {cr3_read} times with an exit; writes are intercepted now on {w3} of {known} vCPU{known!1?s} (w3 in armed, {intel?kvm_intel ept}{intel=0?kvm_amd npt}={paging}){paging=N?: without nested paging KVM has to follow each change of the guest's page tables}." },
	{ HOST, "cr3=0&known&w3=0",
	  "CR3 writes are not intercepted on any of {known} vCPU{known!1?s} (armed: {example}; {intel?kvm_intel ept}{intel=0?kvm_amd npt}={paging}){paging=Y?: nested paging is on, and the guest's page tables are its own affair}." },
	{ HOST, "intel&$unrestricted_guest=N",
	  "kvm_intel unrestricted_guest=N: CR3 exits too while the guest's paging is off, and KVM emulates real mode, whose CR0 writes are not counted." },
	{ HOST, "",
	  "CR4 was written {cr4_write} and read {cr4_read} times with an exit; writes are intercepted now on {w4}, reads on {r4} of {known} vCPU{known!1?s}{intel?; only writes that change a bit which KVM keeps to itself exit, reads never do}." },
	/* Less often back and forth is not worth a sentence. */
	{ FILE_bits, "set>1&cleared>1",
	  "{name} of {reg} was set {set} and cleared {cleared} times"
	  "{name=PE?: the guest went between real and protected mode}"
	  "{name=PG?: the guest turned paging on and off}"
	  "{name=CD?: the guest turned caches off and on, as changes of memory types need it}"
	  "{name=WP?: the guest's kernel lifted its own write protection for a while}"
	  "{name=PGE?: each change flushes the guest's TLB, global entries too}"
	  "{name=VMXE?: the guest turned VT-x on and off, as a hypervisor does}." },
	{ HOST, "unknown",
	  "Of {values_count} writes {unknown} have no known value (unknown in values)." },
	{ HOST, "cr_other",
	  "{cr_other} CR intercepts could not be decoded (cr_other): which register it was is unknown." },

	{ HOST, "nested",
	  "Of this {nested} vCPU{nested!1?s} did a part while a nested guest ran (level 2): {reflected} of those accesses went to the guest's own hypervisor (cr_reflected), the rest KVM handled itself." },

	{ HOST, "timed",
	  "What {timed} accesses took was measured: {timed_ns} ns together, from the exit to the next entry; {timed_fault} of them ended in a fault, {timed_user} with a trip to the VMM. Whether that matters, an interval says: crstat times 10." },

	{ HEADING, "vcpus", "Task priority" },
	{ HOST, "tpr_all=0",
	  "No TPR write was seen (set_cr8 {set_cr8}, set_tpr {set_tpr})." },
	{ HOST, "tpr_all",
	  "Of {tpr_all} TPR writes {tpr_exits} were the guests' with an exit (tpr_guest {tpr_guest}, tpr_apic {tpr_apic}), {tpr_user} the VMM's (tpr_user) and {tpr_other} others' (tpr_other)." },
	{ HOST, "tpr_sync",
	  "{tpr_sync} of the {tpr_all} were KVM's own copies of V_TPR after an exit (tpr_sync): hits of kvm_set_cr8 ({set_cr8}) and kvm_lapic_set_tpr ({set_tpr}) are not writes of the guest." },
	{ HOST, "tpr_all&tpr_hidden",
	  "The TPR had changed at {tpr_change} write{tpr_change!1?s} (tpr_change), more than the {tpr_seen} that KVM saw as such: the guests wrote it at least {tpr_hidden} times without an exit, if they were not reset meanwhile." },
	{ HOST, "tpr_all&tpr_hidden=0",
	  "The TPR had changed at {tpr_change} write{tpr_change!1?s} (tpr_change), not more than the {tpr_seen} that KVM saw as such: nothing tells of writes without an exit." },
	{ HOST, "known&amd",
	  "CR8 writes are intercepted now on {w8} of {known} vCPU{known!1?s} (w8 in armed): KVM arms it while an interrupt waits that the TPR holds back, else the processor keeps V_TPR and no write exits." },
	{ HOST, "known&intel",
	  "CR8 writes are intercepted on {w8} of {known} vCPU{known!1?s} (w8 in armed): where the APIC is in the kernel the TPR shadow takes them, and of those only the ones that let a waiting interrupt in exit (tpr_guest)." },
	{ HOST, "tpr_apic=-&intel",
	  "Writes through the APIC page or the x2APIC MSR are not seen here (tpr_apic is -, kvm_intel flexpriority={$flexpriority}, enable_apicv={$enable_apicv}): the processor takes them, or the vCPUs' APICs are not in the kernel." },
	{ HOST, "tpr_apic=-&intel=0&avic=0",
	  "Writes through the APIC page or the x2APIC MSR can't be told here (tpr_apic is -): the vCPUs' APICs are not in the kernel, or its function that sees them is absent (see crstat probes)." },
	{ HOST, "avic",
	  "On {avic} live vCPU{avic!1?s} the processor takes writes of the TPR through the APIC (tpr_apic is -, kvm_amd avic={$avic}): AVIC virtualises the APIC, unless that is not in the kernel." },
	{ HOST, "avic&avic_w8",
	  "On {avic_w8} of them CR8 writes are intercepted all the same (w8 in armed): where AVIC is active that is a fault of KVM, which its commit 87d0f901a9bd mends, and each of them costs an exit." },
	{ HOST, "amd&avic=0&$avic!N",
	  "kvm_amd avic={$avic}: where AVIC is active, the processor takes TPR writes through the APIC page, and tpr_apic misses them." },
	{ HOST, "intel&$enable_apicv!N",
	  "kvm_intel enable_apicv={$enable_apicv}: where the APIC is virtualised, the processor takes TPR writes, and tpr_apic misses them." },

	{ HEADING, "", "What is not in these numbers" },
	{ FILE_probes, "state=off&of_vendor&set!time",
	  "The probe on {function} is off: its counters (set {set}) stand still until \"on\" is written to control." },
	{ FILE_probes, "state=waiting&of_vendor",
	  "The probe on {function} waits for its module {module}, which is not loaded." },
	{ FILE_probes, "state=absent&of_vendor",
	  "The probe on {function} is absent: this kernel has no such function, and what only it sees is not counted." },
	{ FILE_probes, "state=silenced&of_vendor",
	  "The probe on {function} is armed, but the kernel keeps its hits away: its counters (set {set}) stand still until /sys/kernel/debug/kprobes/enabled and the sysctl kernel.ftrace_enabled are 1 again." },
	{ FILE_probes, "failed&of_vendor",
	  "The probe on {function} could not be armed (error {failed}): what only it sees is not counted; writing \"on\" to control tries it again (crstat on)." },
	{ FILE_probes, "state=cloned&of_vendor",
	  "The compiler made a clone of {function} whose arguments can't be trusted, so that it is not probed: what only it sees is not counted." },
	{ FILE_probes,
	  "state!armed&state!off&state!waiting&state!absent&state!silenced&failed=&state!cloned&of_vendor",
	  "The probe on {function} is {state}: not known to this crstat." },
	{ FILE_probes, "missed&of_vendor",
	  "The kernel could not report {missed} of {calls} calls of {function}: its counters are too small by that." },
	{ HOST, "probes=0",
	  "What the probes missed is not known: there is nothing of the file probes." },
	{ HOST, "probes&all_missed=0",
	  "No probe missed a call (0 of {all_hits})." },
	{ FILE_vcpus, "state=dropped",
	  "The row dropped holds {accesses} CR accesses and {set_tpr} calls of kvm_lapic_set_tpr of vCPUs that are gone and had to make room." },
	{ FILE_vcpus, "state=noroom",
	  "The row noroom holds {accesses} CR accesses and {set_tpr} calls of kvm_lapic_set_tpr of vCPUs without a record: load the module with a larger max_vcpus." },
	{ HOST, "values_error",
	  "The table values overflowed: of its {values_count} counts up to {values_error} may stand in another row than their own (error)." },
	{ HOST, "sites_error",
	  "The table sites overflowed: of its {sites_count} counts up to {sites_error} may stand in another row than their own (error)." },
};

/* Whether a condition holds, of a row unless that is NULL. */
bool holds(const char *when, enum file_id of, const struct cell *row)
{
	bool result = true;

	while (*when && *when != '?' && result) {
		size_t len = strcspn(when, "&?"), end = strcspn(when, "=!<>&?");
		char name[64], value[64];
		const char *is;

		snprintf(name, sizeof(name), "%.*s", (int)end, when);
		snprintf(value, sizeof(value), "%.*s",
			 (int)(len > end ? len - end - 1 : 0), when + end + 1);
		is = fact(name, of, row);
		if (len == end)
			result = *is && strcmp(is, "0") && strcmp(is, "-");
		else if (when[end] == '>')
			result = strtoull(is, NULL, 0) >
				 strtoull(value, NULL, 0);
		else if (when[end] == '<')
			result = strtoull(is, NULL, 0) <
				 strtoull(value, NULL, 0);
		else
			result = !strcmp(is, value) == (when[end] == '=');
		when += len + (when[len] == '&');
	}
	return result;
}

static void say(const char *text, enum file_id of, const struct cell *row)
{
	char *sentence = NULL;
	size_t size;
	FILE *out = or_fail(open_memstream(&sentence, &size));

	for (; *text; text++) {
		size_t len = strcspn(text, "?}");

		if (*text == '{' && text[len] == '}')
			fputs(fact(word_keep(text + 1, len - 1)->text, of, row),
			      out);
		if (*text == '{')
			text += text[len] == '}' || holds(text + 1, of, row) ?
					len :
					strcspn(text, "}");
		else if (*text != '}')
			putc(*text, out);
	}
	fclose(out);
	printf("  - ");
	print_wrapped(stdout, sentence, 0, 4, view.width ?: PIPE_WIDTH);
	putchar('\n');
	free(sentence);
}

/* Print what the numbers mean. */
void explain_run(void)
{
	const struct table host = { .rows = (struct cell *[]){ NULL },
				    .nr_rows = 1 };
	bool wanted = false;
	size_t end;

	facts_collect();
	for (size_t i = 0; i < ARRAY_SIZE(sentences); i = end) {
		unsigned int of = sentences[i].of;
		const struct table *table =
			of < NR_FILES ? &view.source.tables[of] : &host;

		/* What is said of one probe stays together. */
		for (end = i + 1; of == FILE_probes && sentences[end].of == of;)
			end++;
		if (of == HEADING) {
			wanted = holds(sentences[i].when, of, NULL);
			if (wanted)
				puts(sentences[i].text);
			continue;
		}
		for (size_t r = 0; wanted && r < table->nr_rows; r++)
			for (size_t k = i; k < end; k++)
				if (holds(sentences[k].when, of,
					  table->rows[r]))
					say(sentences[k].text, of,
					    table->rows[r]);
	}
}
