// SPDX-License-Identifier: GPL-2.0
/* Sentences about CR0, CR3 and CR4. */
#include "explain.h"
#include "fold.h"

/* Below it lie firmware, option ROMs and boot sectors. */
#define MIB 0x100000

/* A bit that goes back and forth less often is not worth a sentence. */
#define MIN_TOGGLES 2

static void explain_cr3(const struct facts *facts)
{
	bool intel = facts->vendor == VENDOR_INTEL;
	const char *name = intel ? "kvm_intel ept" : "kvm_amd npt";
	const char *value =
		facts->parameters[intel ? PARAMETER_ept : PARAMETER_npt];
	uint64_t nr_reads = cell_number(&facts->sum[VCPUS_cr3_read]);
	uint64_t nr_writes = cell_number(&facts->sum[VCPUS_cr3_write]);
	struct armed writes = facts_armed(facts, 'w', 3);
	const char *reason = "";

	if (nr_reads || nr_writes) {
		if (!strcmp(value, "N"))
			reason =
				": without nested paging KVM has to follow each change of the guest's page tables";
		say(facts,
		    "CR3 was written %" PRIu64 " and read %" PRIu64
		    " times with an exit; writes are intercepted now on %zu of %zu vCPU%s (w3 in armed, %s=%s)%s.",
		    nr_writes, nr_reads, writes.on, writes.known,
		    plural(writes.known), name, value, reason);
	} else if (writes.known && !writes.on) {
		if (!strcmp(value, "Y"))
			reason =
				": nested paging is on, and the guest's page tables are its own affair";
		say(facts,
		    "CR3 writes are not intercepted on any of %zu vCPU%s (armed: %s; %s=%s)%s.",
		    writes.known, plural(writes.known), writes.example, name,
		    value, reason);
	}
	if (intel &&
	    !strcmp(facts->parameters[PARAMETER_unrestricted_guest], "N"))
		say(facts,
		    "kvm_intel unrestricted_guest=N: CR3 exits too while the guest's paging is off, and KVM emulates real mode, whose CR0 writes are not counted.");
}

static void explain_accesses(const struct facts *facts, unsigned int reg,
			     unsigned int read, unsigned int write)
{
	struct armed reads = facts_armed(facts, 'r', reg);
	struct armed writes = facts_armed(facts, 'w', reg);
	const char *which = "";

	if (facts->vendor == VENDOR_INTEL)
		which = "; only writes that change a bit which KVM keeps to itself exit, reads never do";
	say(facts,
	    "CR%u was written %" PRIu64 " and read %" PRIu64
	    " times with an exit; writes are intercepted now on %zu, reads on %zu of %zu vCPU%s%s.",
	    reg, cell_number(&facts->sum[write]),
	    cell_number(&facts->sum[read]), writes.on, reads.on, writes.known,
	    plural(writes.known), which);
}

/* AMD: CR0 writes that exit only where they change more than TS and MP. */
static void explain_selective(const struct facts *facts)
{
	const struct table *vcpus = &facts->tables[FILE_vcpus];
	size_t nr = 0;

	for (size_t i = 0; i < vcpus->nr_rows; i++) {
		const struct cell *row = table_row(vcpus, i);
		const char *armed = cell_word(&row[VCPUS_armed]);

		nr += cell_is(&row[VCPUS_state], "live") &&
		      strstr(armed, "s0") && !strstr(armed, "w0");
	}
	if (nr)
		say(facts,
		    "On %zu live vCPU%s a CR0 write exits only where it changes another bit than TS and MP (s0 but not w0 in armed).",
		    nr, plural(nr));
}

/* What a bit's way there and back means; "" where it speaks for itself. */
static const char *meaning(const struct cell *bit)
{
	static const char *const meanings[][2] = {
		{ "PE", ": the guest went between real and protected mode" },
		{ "PG", ": the guest turned paging on and off" },
		{ "CD",
		  ": the guest turned caches off and on, as changes of memory types need it" },
		{ "WP",
		  ": the guest's kernel lifted its own write protection for a while" },
		{ "PGE",
		  ": each change flushes the guest's TLB, global entries too" },
		{ "VMXE",
		  ": the guest turned VT-x on and off, as a hypervisor does" },
	};

	for (size_t i = 0; i < sizeof(meanings) / sizeof(*meanings); i++)
		if (cell_is(bit, meanings[i][0]))
			return meanings[i][1];
	return "";
}

static void explain_bits(const struct facts *facts)
{
	struct table bits = facts->tables[FILE_bits];

	for (size_t i = 0; i < bits.nr_rows; i++) {
		const struct cell *row = table_row(&bits, i);
		uint64_t set = cell_number(&row[BITS_set]);
		uint64_t cleared = cell_number(&row[BITS_cleared]);

		if (set >= MIN_TOGGLES && cleared >= MIN_TOGGLES)
			say(facts,
			    "%s of %s was set %" PRIu64 " and cleared %" PRIu64
			    " times%s.",
			    cell_word(&row[BITS_name]),
			    cell_word(&row[BITS_reg]), set, cleared,
			    meaning(&row[BITS_name]));
	}
}

/* Where the writes of CR0 come from, as far as an address tells. */
static void explain_origin(const struct facts *facts)
{
	const struct table *sites = &facts->tables[FILE_sites];
	uint64_t all = 0, real = 0, flat = 0, upper = 0;

	for (size_t i = 0; i < sites->nr_rows; i++) {
		const struct cell *row = table_row(sites, i);
		const struct cell *address = &row[SITES_address];
		uint64_t count = cell_number(&row[SITES_count]);

		if (!cell_is(&row[SITES_reg], "cr0") ||
		    !cell_is(&row[SITES_dir], "write"))
			continue;
		all += count;
		if (address->type != CELL_NUMBER)
			continue;
		if (address->number >> 63)
			upper += count;
		else if (address->number < MIB &&
			 cell_is(&row[SITES_mode], "real"))
			real += count;
		else if (address->number < MIB)
			flat += count;
	}
	if (all)
		say(facts,
		    "Of %" PRIu64
		    " CR0 writes whose instruction is known %" PRIu64
		    " came from below 1 MiB in real mode and %" PRIu64
		    " in protected mode%s; %" PRIu64
		    " came from the upper half of the address space, where kernels are.",
		    all, real, flat,
		    real && flat ?
			    ": firmware and boot code switching modes, not interrupts" :
			    "",
		    upper);
}

static void explain_unknown(const struct facts *facts)
{
	const struct table *values = &facts->tables[FILE_values];
	uint64_t other = cell_number(&facts->sum[VCPUS_cr_other]);
	uint64_t unknown = 0, all = 0;

	for (size_t i = 0; i < values->nr_rows; i++) {
		const struct cell *row = table_row(values, i);

		all += cell_number(&row[VALUES_count]);
		if (cell_is(&row[VALUES_value], "unknown"))
			unknown += cell_number(&row[VALUES_count]);
	}
	if (unknown)
		say(facts,
		    "Of %" PRIu64 " writes %" PRIu64
		    " have no known value (unknown in values).",
		    all, unknown);
	if (other)
		say(facts,
		    "%" PRIu64
		    " CR intercepts could not be decoded (cr_other): which register it was is unknown.",
		    other);
}

/**
 * explain_registers - say what was counted of CR0, CR3 and CR4 and what not
 * @facts: facts
 */
void explain_registers(const struct facts *facts)
{
	say_heading("Control registers");
	explain_accesses(facts, 0, VCPUS_cr0_read, VCPUS_cr0_write);
	explain_selective(facts);
	explain_origin(facts);
	explain_cr3(facts);
	explain_accesses(facts, 4, VCPUS_cr4_read, VCPUS_cr4_write);
	explain_bits(facts);
	explain_unknown(facts);
}
