// SPDX-License-Identifier: GPL-2.0
/*
 * What the numbers mean on this host, in sentences. Each follows from a number
 * or a parameter that it shows, so that a reader can check it.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "explain.h"
#include "fail.h"
#include "fold.h"
#include "regs.h"

/* Below this width sentences are not wrapped any more. */
#define MIN_WIDTH 30

/**
 * facts_armed - on how many vCPUs an access is intercepted
 * @facts: facts
 * @access: 'r' or 'w'
 * @reg: 0, 3, 4 or 8
 *
 * Return: the numbers, of live vCPUs; of gone ones where none is live.
 */
struct armed facts_armed(const struct facts *facts, char access,
			 unsigned int reg)
{
	static const char *const states[] = { "live", "gone" };
	const struct table *vcpus = &facts->tables[FILE_vcpus];
	struct armed armed = { .example = "unknown" };

	for (size_t s = 0; s < 2 && !armed.known; s++) {
		for (size_t i = 0; i < vcpus->nr_rows; i++) {
			const struct cell *row = table_row(vcpus, i);

			if (!cell_is(&row[VCPUS_state], states[s]) ||
			    row[VCPUS_armed].type != CELL_WORD)
				continue;
			if (!armed.known++)
				armed.example = row[VCPUS_armed].word;
			armed.on +=
				reg_armed(row[VCPUS_armed].word, access, reg);
		}
	}
	return armed;
}

/**
 * plural - the ending of a noun
 * @n: how many there are
 *
 * Return: "s" unless there is one.
 */
const char *plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

/**
 * say_heading - begin a group of sentences
 * @heading: what they are about
 */
void say_heading(const char *heading)
{
	printf("%s\n", heading);
}

/**
 * say - print a sentence, wrapped to the terminal
 * @facts: facts
 * @format: the sentence
 */
void say(const struct facts *facts, const char *format, ...)
{
	unsigned int width = facts->view->width;
	const char *mark = "  - ";
	char *sentence, *text, *cut;
	va_list args;

	va_start(args, format);
	if (vasprintf(&sentence, format, args) < 0)
		sentence = NULL;
	va_end(args);
	text = or_fail(sentence);
	while (width >= MIN_WIDTH && strlen(text) + 4 > width) {
		cut = memrchr(text, ' ', width - 3);
		if (!cut)
			break;
		printf("%s%.*s\n", mark, (int)(cut - text), text);
		mark = "    ";
		text = cut + 1;
	}
	printf("%s%s\n", mark, text);
	free(sentence);
}

/* By the probe that only one of them has. */
static enum vendor find_vendor(const struct table *probes)
{
	for (size_t i = 0; i < probes->nr_rows; i++) {
		const struct cell *row = table_row(probes, i);

		if (!cell_is(&row[PROBES_state], "armed"))
			continue;
		if (cell_is(&row[PROBES_function], "cr_interception"))
			return VENDOR_AMD;
		if (cell_is(&row[PROBES_function], "handle_cr"))
			return VENDOR_INTEL;
	}
	return VENDOR_UNKNOWN;
}

static void find_parameters(struct facts *facts)
{
	for (size_t i = 0; i < NR_KVM_PARAMETERS; i++) {
		char *value = source_parameter(&facts->view->source, i);

		facts->parameters[i] = value ? value :
					       or_fail(strdup("unknown"));
	}
}

/* fold_table() with no key sums all rows in the first, so it gets a copy. */
static void sum_up(struct facts *facts)
{
	struct table all;

	if (!facts->tables[FILE_vcpus].nr_rows)
		return;
	copy_table(&all, &facts->tables[FILE_vcpus]);
	fold_table(&all, 0);
	memcpy(facts->sum, all.cells, sizeof(facts->sum));
	table_free(&all);
}

static void explain_vcpus(const struct facts *facts)
{
	const struct table *vcpus = &facts->tables[FILE_vcpus];
	static const char *const how[] = {
		[VENDOR_UNKNOWN] =
			"It is not known whether CR accesses are counted: neither cr_interception of kvm_amd nor handle_cr of kvm_intel stands as armed in probes",
		[VENDOR_AMD] =
			"KVM uses AMD-V (probe cr_interception is armed)",
		[VENDOR_INTEL] = "KVM uses VT-x (probe handle_cr is armed)",
	};
	size_t live = 0, gone = 0;

	for (size_t i = 0; i < vcpus->nr_rows; i++) {
		const struct cell *state = &table_row(vcpus, i)[VCPUS_state];

		live += cell_is(state, "live");
		gone += cell_is(state, "gone");
	}
	say_heading("What was seen");
	say(facts, "%s.", how[facts->vendor]);
	say(facts,
	    "The counts are of %zu live and %zu gone vCPU%s since the last reset.",
	    live, gone, plural(gone));
}

static void select_tables(struct facts *facts)
{
	struct guests guests;

	guests_find(&guests, &facts->view->source, &facts->tables[FILE_vcpus]);
	for (size_t id = 0; id < NR_MODULE_FILES; id++)
		if (file_has_vcpus(&files[id]))
			select_rows(&facts->view->select, &guests,
				    &facts->tables[id]);
	guests_free(&guests);
}

/**
 * explain_view - print what the numbers mean
 * @view: arguments
 */
void explain_view(const struct view *view)
{
	struct facts facts = { .view = view };

	source_table(&view->source, FILE_vcpus, &facts.tables[FILE_vcpus]);
	for (size_t id = 0; id < NR_MODULE_FILES; id++)
		if (id != FILE_vcpus)
			source_optional(&view->source, id, &facts.tables[id]);
	select_tables(&facts);
	/* Explained for the host, whichever of its vCPUs did it. */
	fold_table(&facts.tables[FILE_bits], COLUMN_BIT(BITS_reg) |
						     COLUMN_BIT(BITS_bit) |
						     COLUMN_BIT(BITS_name));
	facts.vendor = find_vendor(&facts.tables[FILE_probes]);
	find_parameters(&facts);
	sum_up(&facts);

	explain_vcpus(&facts);
	if (facts.tables[FILE_vcpus].nr_rows) {
		explain_registers(&facts);
		explain_priority(&facts);
	}
	explain_losses(&facts);

	for (size_t i = 0; i < NR_KVM_PARAMETERS; i++)
		free(facts.parameters[i]);
	for (size_t id = 0; id < NR_MODULE_FILES; id++)
		table_free(&facts.tables[id]);
}
