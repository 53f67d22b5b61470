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
		       const struct rows *r, const char *column)
{
	const char *cell = rows_cell(r, column);
	bool wrong = !cell || strcmp(cell, t->want);

	if (!t->wrong)
		snprintf(t->is, sizeof(t->is), "%s", cell ?: "missing");
	t->wrong |= wrong;
	if (wrong)
		complain(v, "vcpus: %s is %s, must be %s", column,
			 cell ?: "missing", t->want);
}

static void add(struct line *sum, struct line l, const struct rows *r,
		const char *column, const struct vcpu *v, const char *absent)
{
	const char *cell = rows_cell(r, column);

	if (!cell)
		errx(STATUS_NO_MODULE, "--check: vcpus has no column %s",
		     column);
	l.counted = rows_number(r, column);
	if (!strcmp(cell, "-"))
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
			 column, cell, l.want, l.did);
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
		 !host->amd && cr8 ? "r8," : "",
		 x->armed_cr0 || !host->amd ? "w0," : "",
		 x->armed_cr3 ? "w3," : "", "w4", cr8 ? ",w8" : "",
		 host->amd ? ",s0" : "");
}

static bool absent(const char *function)
{
	struct rows r;
	bool found = false;

	rows_open(&r, "probes");
	while (rows_next(&r))
		if (rows_is(&r, "function", function) &&
		    rows_is(&r, "state", "armed"))
			found = true;
	return !found;
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
	struct line line[NR_CHECKED] = { 0 };
	struct line rows = { .did = c->vms * c->vcpus };
	struct text id = { 0 }, tpr = { 0 }, armed = { 0 };
	bool right;
	struct rows r;

	rows_open(&r, "vcpus");
	while (rows_next(&r)) {
		const struct vcpu *v = check_vcpu(&r, vms, c, false);

		if (!v)
			continue;
		rows.counted++;
		for (int i = 0; i < NR_CHECKED; i++)
			if (check_asked(c, checked[i]))
				add(&line[i],
				    check_wanted((enum checked)i, v, &calls),
				    &r, checked[i], v,
				    i == CHECK_tpr_apic ? no_apic : NULL);
		snprintf(id.want, sizeof(id.want), "%d", getpid());
		check_text(&id, v, &r, "pid");
		snprintf(id.want, sizeof(id.want), "%d", v->expect.tid);
		check_text(&id, v, &r, "tid");
		snprintf(tpr.want, sizeof(tpr.want), "0x%02x",
			 v->expect.last_tpr);
		if (check_asked(c, "tpr"))
			check_text(&tpr, v, &r, "tpr");
		armed_text(v, armed.want);
		if (check_asked(c, "armed") && v->expect.armed)
			check_text(&armed, v, &r, "armed");
	}
	rows.want = rows.did;
	rows.wrong = rows.counted != rows.did || id.wrong;
	if (rows.counted != rows.did)
		warnx("vcpus has %" PRIu64 " of %" PRIu64
		      " live rows: is there room (max_vcpus)?",
		      rows.counted, rows.did);
	check_print("vcpus", &rows);
	right = !rows.wrong && !tpr.wrong && !armed.wrong;
	for (int i = 0; i < NR_CHECKED; i++) {
		if (check_asked(c, checked[i]))
			check_print(checked[i], &line[i]);
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
	struct rows r;

	for (unsigned int i = 0; i < c->vms * c->vcpus; i++) {
		const struct vcpu *v = &vms[i / c->vcpus].vcpus[i % c->vcpus];
		bool any = false;

		for (int n = N_l2_cr0_read; IS_L2(n); n++)
			any |= !!v->expect.exits[n];
		rows.did += any;
	}
	rows_open(&r, "vcpus");
	while (rows_next(&r)) {
		const struct vcpu *v = check_vcpu(&r, vms, c, true);
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
			add(&line[n], l, &r,
			    checked[n - N_l2_cr0_read + CHECK_cr0_read], v,
			    NULL);
		}
		l = (struct line){ .did = since(v, N_l1_exit),
				   .want = v->expect.reflected };
		add(&reflected, l, &r, "cr_reflected", v, NULL);
	}
	rows.want = rows.did;
	rows.wrong = rows.counted != rows.did;
	check_print("l2_vcpus", &rows);
	for (int n = N_l2_cr0_read; IS_L2(n); n++) {
		char name[16];

		snprintf(name, sizeof(name), "l2_%s",
			 checked[n - N_l2_cr0_read + CHECK_cr0_read]);
		check_print(name, &line[n]);
		right &= !line[n].wrong;
	}
	check_print("cr_reflected", &reflected);
	return right && !rows.wrong && !reflected.wrong;
}
