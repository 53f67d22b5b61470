// SPDX-License-Identifier: GPL-2.0
/* Sentences about what is not in the numbers. */
#include "explain.h"

static void explain_probe(const struct facts *facts, const struct cell *row)
{
	const char *function = cell_word(&row[PROBES_function]);
	uint64_t missed = cell_number(&row[PROBES_missed]);

	if (cell_is(&row[PROBES_state], "off"))
		say(facts,
		    "The probe on %s is off: its counters (set %s) stand still until \"on\" is written to control.",
		    function, cell_word(&row[PROBES_set]));
	else if (cell_is(&row[PROBES_state], "waiting"))
		say(facts,
		    "The probe on %s waits for its module %s, which is not loaded.",
		    function, cell_word(&row[PROBES_module]));
	else if (cell_is(&row[PROBES_state], "absent"))
		say(facts,
		    "The probe on %s is absent: this kernel has no such function, and what only it sees is not counted.",
		    function);
	if (missed)
		say(facts,
		    "The kernel could not report %" PRIu64 " of %" PRIu64
		    " calls of %s: its counters are too small by that.",
		    missed, missed + cell_number(&row[PROBES_hits]), function);
}

/* The other vendor's probes wait on any host, which is as it should be. */
static bool other_vendor(const struct facts *facts, const struct cell *row)
{
	const char *module = cell_word(&row[PROBES_module]);

	return !cell_is(&row[PROBES_state], "armed") &&
	       ((facts->vendor == VENDOR_AMD && !strcmp(module, "kvm_intel")) ||
		(facts->vendor == VENDOR_INTEL && !strcmp(module, "kvm_amd")));
}

static void explain_probes(const struct facts *facts)
{
	const struct table *probes = &facts->tables[FILE_probes];
	uint64_t missed = 0, hits = 0;

	for (size_t i = 0; i < probes->nr_rows; i++) {
		const struct cell *row = table_row(probes, i);

		hits += cell_number(&row[PROBES_hits]);
		missed += cell_number(&row[PROBES_missed]);
		if (!other_vendor(facts, row))
			explain_probe(facts, row);
	}
	if (probes->nr_rows && !missed)
		say(facts, "No probe missed a call (0 of %" PRIu64 ").", hits);
}

static void explain_rows(const struct facts *facts, const char *state,
			 const char *whose)
{
	const struct table *vcpus = &facts->tables[FILE_vcpus];

	for (size_t i = 0; i < vcpus->nr_rows; i++) {
		const struct cell *row = table_row(vcpus, i);
		uint64_t accesses = 0;

		if (!cell_is(&row[VCPUS_state], state))
			continue;
		for (unsigned int c = VCPUS_cr0_read; c <= VCPUS_cr_other; c++)
			accesses += cell_number(&row[c]);
		say(facts,
		    "The row %s holds %" PRIu64 " CR accesses and %" PRIu64
		    " calls of kvm_lapic_set_tpr of vCPUs %s.",
		    state, accesses, cell_number(&row[VCPUS_set_tpr]), whose);
	}
}

static void explain_errors(const struct facts *facts, enum file_id id,
			   unsigned int count, unsigned int error)
{
	const struct table *table = &facts->tables[id];
	uint64_t counts = 0, errors = 0;

	for (size_t i = 0; i < table->nr_rows; i++) {
		counts += cell_number(&table_row(table, i)[count]);
		errors += cell_number(&table_row(table, i)[error]);
	}
	if (errors)
		say(facts,
		    "The table %s overflowed: of its %" PRIu64
		    " counts up to %" PRIu64
		    " may stand in another row than their own (error).",
		    table->file->name, counts, errors);
}

/**
 * explain_losses - say what is missing from the numbers
 * @facts: facts
 */
void explain_losses(const struct facts *facts)
{
	say_heading("What is not in these numbers");
	explain_probes(facts);
	explain_rows(facts, "dropped", "that are gone and had to make room");
	explain_rows(
		facts, "noroom",
		"without a record: load the module with a larger max_vcpus");
	explain_errors(facts, FILE_values, VALUES_count, VALUES_error);
	explain_errors(facts, FILE_sites, SITES_count, SITES_error);
}
