// SPDX-License-Identifier: GPL-2.0
/* --check of the rows of "vcpus". */
#include <err.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "check.h"

/* A cell of text that must be the same for all vCPUs. */
struct text {
	char want[64];
	char is[64]; /* where it is wrong, if it is */
	bool wrong;
};

static void print_text(const char *name, const struct text *t)
{
	printf("%-10s %12s %12s  %s\n", name, t->want, t->is,
	       t->wrong ? "WRONG" : "ok");
}

static void check_text(struct text *t, const struct vcpu *v,
		       const struct cell *row, unsigned int column)
{
	const char *cell = cell_shown(FILE_vcpus, row, column);
	bool wrong = strcmp(cell, t->want);

	if (!t->wrong)
		snprintf(t->is, sizeof(t->is), "%s", cell);
	t->wrong |= wrong;
	if (wrong)
		complain(v, "vcpus: %s is %s, must be %s",
			 files[FILE_vcpus].columns[column].name, cell, t->want);
}

static void add(struct line *sum, struct line l, const struct cell *row,
		unsigned int c, const struct vcpu *v, const char *absent)
{
	const char *column = files[FILE_vcpus].columns[c].name;

	l.counted = cell_number(&row[c]);
	if (row[c].type == CELL_NONE)
		l.dash = absent ? absent : "no such register here";
	if (l.dash && !absent && l.want)
		l.dash = NULL;
	else if (l.dash)
		l.counted = l.want;
	if (!l.dash && !l.counted && !l.want && l.did && !l.blind) {
		l.wrong = true;
		complain(v,
			 "vcpus: %s is 0, but the guest did %" PRIu64
			 ": must be -",
			 column, l.did);
	}
	if (!l.skip && l.counted != l.want) {
		l.wrong = true;
		complain(v,
			 "vcpus: %s is %s, must be %" PRIu64
			 ": the guest did %" PRIu64,
			 column, cell_shown(FILE_vcpus, row, c), l.want, l.did);
	}
	sum->did += l.did;
	sum->want += l.want;
	sum->counted += l.counted;
	sum->why = l.why;
	sum->dash = l.dash;
	sum->skip |= l.skip;
	sum->wrong |= l.wrong;
}

static void armed_text(const struct vcpu *v, char text[64])
{
	const struct host *host = v->config->host;
	const struct expect *x = &v->expect;
	bool cr8 = v->config->user_apic || host->cr8;

	snprintf(text, 64, "%s%s%s%s%s%s%s%s%s", x->armed_cr0 ? "r0," : "",
		 x->armed_cr3 ? "r3," : "", host->amd ? "r4," : "",
		 !host->amd && cr8 ? "r8," : "", x->armed_cr0 ? "w0," : "",
		 x->armed_cr3 ? "w3," : "", host->amd ? "w4," : "",
		 cr8 ? "w8," : "", host->amd ? "s0" : "s0,s4");
}

static bool absent(const char *function)
{
	for_each_row(row, file_read(FILE_probes))
		if (cell_is(&row[PROBES_function], function) &&
		    cell_is(&row[PROBES_state], "armed"))
			return false;
	return true;
}

/* Whether a counter of "vcpus" is compared: of all vCPUs, and asked for. */
static bool compared(const struct config *c, int column)
{
	return check_counts(column) &&
	       check_asked(c, files[FILE_vcpus].columns[column].name);
}

/* Its rows, or leave: an older module may lack what is to be compared. */
static const struct table *read_vcpus(const struct config *c)
{
	const struct table *table = file_read(FILE_vcpus);

	for_each_column(i, table->absent)
		if (compared(c, (int)i) ||
		    (c->nested && i == VCPUS_cr_reflected))
			errx(STATUS_NO_MODULE,
			     "--check: vcpus has no column %s",
			     table->file->columns[i].name);
	return table;
}

/**
 * check_vcpus - compare the rows of "vcpus"
 * @vms: crgen's
 * @c: what they did
 *
 * Return: whether all is right.
 */
bool check_vcpus(const struct vm *vms, const struct config *c)
{
	const char *no_apic = absent("kvm_lapic_reg_write") ?
				      "kvm_lapic_reg_write can't be probed" :
				      NULL;
	struct calls calls = check_calls();
	struct line line[NR_VCPUS] = { 0 };
	struct line rows = { .did = c->vms * c->vcpus };
	struct text id = { 0 }, tpr = { 0 }, armed = { 0 };
	bool right;

	for_each_row(row, read_vcpus(c)) {
		const struct vcpu *v = check_vcpu(row, vms, c, false);

		if (!v)
			continue;
		rows.counted++;
		for (int i = 0; i < NR_VCPUS; i++)
			if (compared(c, i))
				add(&line[i],
				    check_wanted((unsigned int)i, v, &calls),
				    row, (unsigned int)i, v,
				    i == VCPUS_tpr_apic ? no_apic : NULL);
		snprintf(id.want, sizeof(id.want), "%d", getpid());
		check_text(&id, v, row, ID_pid);
		snprintf(id.want, sizeof(id.want), "%d", v->expect.tid);
		check_text(&id, v, row, ID_tid);
		snprintf(tpr.want, sizeof(tpr.want), "0x%x",
			 v->expect.last_tpr);
		if (check_asked(c, "tpr"))
			check_text(&tpr, v, row, VCPUS_tpr);
		armed_text(v, armed.want);
		if (check_asked(c, "armed") && v->expect.armed)
			check_text(&armed, v, row, VCPUS_armed);
	}
	rows.want = rows.did;
	rows.wrong = rows.counted != rows.did || id.wrong;
	if (rows.counted != rows.did)
		warnx("vcpus has %" PRIu64 " of %" PRIu64
		      " live rows: is there room (max_vcpus)?",
		      rows.counted, rows.did);
	check_print("vcpus", &rows);
	right = !rows.wrong && !tpr.wrong && !armed.wrong;
	for (int i = 0; i < NR_VCPUS; i++) {
		if (compared(c, i))
			check_print(files[FILE_vcpus].columns[i].name,
				    &line[i]);
		right &= !line[i].wrong;
	}
	if (check_asked(c, "tpr"))
		print_text("tpr", &tpr);
	if (check_asked(c, "armed"))
		print_text("armed", &armed);
	return right;
}

/**
 * check_l2_vcpus - compare those of nested guests, where anything exited
 * @vms: crgen's
 * @c: what they did
 *
 * Return: whether all is right.
 */
bool check_l2_vcpus(const struct vm *vms, const struct config *c)
{
	struct line line[NR_GUEST_COUNTERS] = { 0 }, reflected = { 0 };
	struct line rows = { 0 };
	bool right = true;

	for (unsigned int i = 0; i < c->vms * c->vcpus; i++) {
		const struct vcpu *v = &vms[i / c->vcpus].vcpus[i % c->vcpus];
		bool any = false;

		for (int n = N_l2_cr0_read; IS_L2(n); n++)
			any |= !!v->expect.exits[n];
		rows.did += any;
	}
	for_each_row(row, read_vcpus(c)) {
		const struct vcpu *v = check_vcpu(row, vms, c, true);
		struct line l;

		if (!v)
			continue;
		rows.counted++;
		for (int n = N_l2_cr0_read; IS_L2(n); n++) {
			l = (struct line){ .did = since(v, n),
					   .want = v->expect.exits[n],
					   .why = host_why(v, sites[n].reg,
							   sites[n].dir),
					   .blind = host_blind(v, sites[n].reg,
							       sites[n].dir) };
			add(&line[n], l, row,
			    (unsigned int)(n - N_l2_cr0_read) + VCPUS_cr0_read,
			    v, NULL);
		}
		l = (struct line){ .did = since(v, N_l1_exit),
				   .want = v->expect.reflected };
		add(&reflected, l, row, VCPUS_cr_reflected, v, NULL);
	}
	rows.want = rows.did;
	rows.wrong = rows.counted != rows.did;
	check_print("l2_vcpus", &rows);
	for (int n = N_l2_cr0_read; IS_L2(n); n++) {
		char name[16];

		snprintf(name, sizeof(name), "l2_%s",
			 files[FILE_vcpus]
				 .columns[n - N_l2_cr0_read + VCPUS_cr0_read]
				 .name);
		check_print(name, &line[n]);
		right &= !line[n].wrong;
	}
	check_print("cr_reflected", &reflected);
	return right && !rows.wrong && !reflected.wrong;
}
