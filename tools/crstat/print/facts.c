// SPDX-License-Identifier: GPL-2.0
/* What sentences of explain are made of. */
#include <stdlib.h>

#include "crstat.h"
#include "print/print.h"

#define CR0_SITES "reg=cr0&dir=write&address!unknown&address!-"
#define AVIC "amd&$avic!N&state=live&tpr_apic=-"

/*
 * Numbers by name: rows of a file for which a condition holds, or the sum of a
 * column of theirs; entries of one name add up. Conditions are explain.c's, and
 * can be of what stands above.
 */
static const struct {
	const char *name;
	enum file_id of;
	const char *when;
	const char *column;
} numbers[] = {
	/* Each vendor's KVM has a probe that only it has. */
	{ "amd", FILE_probes, "state=armed&function=cr_interception", "" },
	{ "intel", FILE_probes, "state=armed&function=handle_cr", "" },
	{ "probes", FILE_probes, "", "" },
	{ "all_hits", FILE_probes, "", "hits" },
	{ "all_missed", FILE_probes, "", "missed" },
	{ "vcpus", FILE_vcpus, "", "" },
	{ "live", FILE_vcpus, "state=live", "" },
	{ "gone", FILE_vcpus, "state=gone", "" },
	/* Gone ones tell what is armed if none lives. */
	{ "tell", FILE_vcpus, "state=live&armed!-", "" },
	{ "known", FILE_vcpus, "tells", "" },
	{ "r0", FILE_vcpus, "tells&r0", "" },
	{ "w0", FILE_vcpus, "tells&w0", "" },
	{ "w3", FILE_vcpus, "tells&w3", "" },
	{ "r4", FILE_vcpus, "tells&r4", "" },
	{ "w4", FILE_vcpus, "tells&w4", "" },
	{ "w8", FILE_vcpus, "tells&w8", "" },
	{ "selective", FILE_vcpus, "state=live&selects", "" },
	{ "avic", FILE_vcpus, AVIC, "" },
	{ "avic_w8", FILE_vcpus, AVIC "&w8", "" },
	{ "timed", FILE_times, "", "count" },
	{ "timed_ns", FILE_times, "", "total" },
	{ "timed_fault", FILE_times, "outcome=fault", "count" },
	{ "timed_user", FILE_times, "outcome=user", "count" },
	{ "cr3", FILE_vcpus, "", "cr3_read" },
	{ "cr3", FILE_vcpus, "", "cr3_write" },
	{ "tpr_exits", FILE_vcpus, "", "tpr_guest" },
	{ "tpr_exits", FILE_vcpus, "", "tpr_apic" },
	{ "tpr_seen", FILE_vcpus, "", "tpr_guest" },
	{ "tpr_seen", FILE_vcpus, "", "tpr_apic" },
	{ "tpr_seen", FILE_vcpus, "", "tpr_user" },
	{ "tpr_seen", FILE_vcpus, "", "tpr_other" },
	{ "nested", FILE_vcpus, "level=2", "" },
	{ "reflected", FILE_vcpus, "level=2", "cr_reflected" },
	{ "values_count", FILE_values, "", "count" },
	{ "values_error", FILE_values, "", "error" },
	{ "unknown", FILE_values, "value=unknown", "count" },
	{ "sites_count", FILE_sites, "", "count" },
	{ "sites_error", FILE_sites, "", "error" },
	/* Below 1 MiB lie firmware, option ROMs and boot sectors. */
	{ "sited", FILE_sites, CR0_SITES, "count" },
	{ "real", FILE_sites, CR0_SITES "&mode=real&address<0x100000",
	  "count" },
	{ "flat", FILE_sites, CR0_SITES "&mode!real&address<0x100000",
	  "count" },
	{ "upper", FILE_sites, CR0_SITES "&address>0x7fffffffffffffff",
	  "count" },
};

static uint64_t counted[ARRAY_SIZE(numbers)];

/* All rows of the file vcpus in one. */
static struct cell sum[NR_VCPUS];

static uint64_t number_of(const char *name)
{
	uint64_t number = 0;

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		number += strcmp(name, numbers[i].name) ? 0 : counted[i];
	return number;
}

/* Read what is to be explained. */
void facts_collect(void)
{
	struct table all = { 0 }, *tables = view.source.tables;

	source_at(&view.source, view.at);
	source_table(&view.source, FILE_vcpus);
	select_check(&view.select, &view.source);
	source_describe(&view.source);
	for (int id = 0; id < NR_MODULE_FILES; id++)
		if (files[id].vcpus)
			select_rows(&view.select, &tables[id]);
	/* Explained for the host, whichever of its vCPUs did it. */
	sum_table(&tables[FILE_bits], SUM_HOST);
	table_copy(&all, &tables[FILE_vcpus]);
	fold_table(&all, 0);
	if (all.nr_rows)
		memcpy(sum, all.rows[0], sizeof(sum));
	table_free(&all);
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		const struct table *table = &tables[numbers[i].of];
		const char *column = numbers[i].column;
		int c = file_column(table->file, column, strlen(column));

		for_each_row(row, table)
			if (holds(numbers[i].when, numbers[i].of, row))
				counted[i] += c >= 0  ? cell_number(&row[c]) :
					      *column ? 0 :
							1;
	}
}

/* What is known of a row besides its columns; NULL: nothing of that name. */
static const char *fact_of_row(const char *name, enum file_id of,
			       const struct cell *row, char *text)
{
	uint64_t number = 0;
	const char *word;

	if (of == FILE_probes) {
		word = cell_word(&row[PROBES_state]);
		if (!strcmp(name, "failed"))
			return !strncmp(word, "error:", 6) ? word + 6 :
			       !strcmp(word, "error")	   ? "unknown" :
							     "";
		number = cell_number(&row[PROBES_hits]) +
			 cell_number(&row[PROBES_missed]);
		/* The other vendor's wait on any host, as it should be. */
		if (!strcmp(name, "of_vendor"))
			number = !strcmp(word, "armed") ||
				 !cell_is(&row[PROBES_module],
					  number_of("amd")   ? "kvm_intel" :
					  number_of("intel") ? "kvm_amd" :
							       "");
		else if (strcmp(name, "calls"))
			return NULL;
	} else if (of == FILE_vcpus) {
		word = cell_word(&row[VCPUS_armed]);
		if (!strcmp(name, "tells"))
			number = cell_is(&row[VCPUS_state],
					 number_of("tell") ? "live" : "gone") &&
				 strcmp(word, "-");
		else if (!strcmp(name, "selects"))
			number = strstr(word, "s0") && !strstr(word, "w0");
		else if (strchr("rw", *name) && strlen(name) == 2)
			number = reg_armed(word, *name, name[1] - '0');
		else if (strcmp(name, "accesses"))
			return NULL;
		for (int c = VCPUS_cr0_read; *name == 'a' && c < VCPUS_set_cr8;
		     c++)
			number += cell_number(&row[c]);
	} else {
		return NULL;
	}
	sprintf(text, "%lu", number);
	return text;
}

/*
 * The text of a fact, until the next: of a row of the file @of unless that is
 * NULL, "$" and a parameter of KVM, counted here, or the sum of all vCPUs.
 */
const char *fact(const char *name, enum file_id of, const struct cell *row)
{
	static char text[CELL_TEXT_LEN];
	const struct file *file = &files[row ? of : FILE_vcpus];
	int column = file_column(file, name, strlen(name));
	const char *result = NULL;
	uint64_t seen, change;
	size_t len;

	if (column >= 0)
		return cell_text(row ? &row[column] : &sum[column],
				 file->columns[column].kind, text, &len);
	if (row)
		result = fact_of_row(name, of, row, text);
	if (result)
		return result;
	if (!strcmp(name, "paging"))
		name = number_of("intel") ? "$ept" : "$npt";
	if (*name == '$')
		return source_parameter(&view.source, name + 1);
	if (!strcmp(name, "example")) {
		for_each_row(vcpu, &view.source.tables[FILE_vcpus])
			if (holds("tells", FILE_vcpus, vcpu))
				return cell_word(&vcpu[VCPUS_armed]);
	}
	seen = number_of("tpr_seen");
	change = cell_number(&sum[VCPUS_tpr_change]);
	if (!strcmp(name, "tpr_all"))
		seen += cell_number(&sum[VCPUS_tpr_sync]);
	else if (!strcmp(name, "tpr_hidden"))
		seen = change > seen ? change - seen : 0;
	else
		seen = number_of(name);
	sprintf(text, "%lu", seen);
	return text;
}
