// SPDX-License-Identifier: GPL-2.0
/*
 * --check of the files with many rows a vCPU: values, bits and sites. A row
 * that is there must be right, and none may be missing; where a table of the
 * module's has overflowed, a row is right within the bound that it shows.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

/* A file: entries that there must be, and rows that are right. */
struct sum {
	uint64_t did;
	uint64_t counted;
	bool right;
};

static const struct tables *seen(const struct vcpu *v, bool l2)
{
	return l2 ? &v->expect.l2_seen : &v->expect.seen;
}

static enum guest_reg reg_of(const struct cell *cell)
{
	for (int reg = REG_CR0; reg < NR_REGS; reg++)
		if (cell_is(cell, reg_name[reg]))
			return (enum guest_reg)reg;
	return REG_NONE;
}

static void print(const char *name, const struct sum *s)
{
	printf("%-10s %12" PRIu64 " %12" PRIu64 "  %s\n", name, s->did,
	       s->counted, s->right ? "ok" : "WRONG");
}

/* What was read of a vCPU's values of a register. */
struct values {
	uint64_t seen[CRS_NR_VALUES];
	size_t nr;
	uint64_t sum;
	uint64_t error;
	uint64_t unknown;
};

struct want {
	const struct vcpu *v;
	struct values *values;
	struct sum *sum;
	uint64_t distinct[NR_REGS];
	uint64_t total[NR_REGS];
};

static void count_distinct(enum guest_reg reg, uint64_t value, uint64_t count,
			   void *arg)
{
	struct want *w = arg;

	(void)value;
	w->distinct[reg]++;
	w->total[reg] += count;
}

/* Space-Saving: what is more than one in CRS_NR_VALUES is there. */
static void find_value(enum guest_reg reg, uint64_t value, uint64_t count,
		       void *arg)
{
	struct want *w = arg;

	if (w->distinct[reg] > CRS_NR_VALUES &&
	    count <= w->total[reg] / CRS_NR_VALUES)
		return;
	w->sum->did++;
	for (size_t i = 0; i < w->values[reg].nr; i++) {
		if (w->values[reg].seen[i] == value) {
			w->sum->counted++;
			return;
		}
	}
	/* KVM's emulator may refuse before anybody sees the value. */
	if (tables_count(&w->v->expect.faults, reg, value) == count &&
	    w->values[reg].unknown >= count) {
		w->values[reg].unknown -= count;
		w->sum->counted++;
		return;
	}
	complain(w->v, "values: %s %#" PRIx64 " is missing, must be %" PRIu64,
		 reg_name[reg], value, count);
	w->sum->right = false;
}

static void value_row(const struct vcpu *v, const struct cell *row,
		      struct values *values, struct sum *sum, bool l2)
{
	enum guest_reg reg = reg_of(&row[VALUES_reg]);
	bool unknown = cell_is(&row[VALUES_value], "unknown");
	uint64_t value = cell_number(&row[VALUES_value]);
	uint64_t count = cell_number(&row[VALUES_count]);
	uint64_t error = cell_number(&row[VALUES_error]);
	uint64_t did = tables_count(seen(v, l2), reg, value);
	uint64_t faults = cell_number(&row[VALUES_faults]);
	uint64_t failed = l2 ? 0 : tables_count(&v->expect.faults, reg, value);
	bool right = did <= count && did >= count - error &&
		     failed <= faults + error && faults <= failed + error;

	values[reg].sum += count;
	values[reg].error += error;
	if (unknown)
		right = count == (l2 ? v->expect.l2_unknown[reg] : faults);
	if (!right) {
		complain(v,
			 "values: %s %s is %" PRIu64 " (error %" PRIu64
			 ", faults %" PRIu64 "), must be %" PRIu64
			 " (faults %" PRIu64 ")",
			 reg_name[reg],
			 cell_shown(FILE_values, row, VALUES_value), count,
			 error, faults, did, failed);
		sum->right = false;
	}
	if (unknown) {
		values[reg].unknown = count;
		return;
	}
	if (values[reg].nr < CRS_NR_VALUES)
		values[reg].seen[values[reg].nr++] = value;
}

static bool check_values(const struct vm *vms, const struct config *c, bool l2)
{
	unsigned int nr = c->vms * c->vcpus;
	struct values(*values)[NR_REGS] = calloc(nr, sizeof(*values));
	struct sum sum = { .right = values };

	for_each_row(row, file_read(FILE_values)) {
		const struct vcpu *v = check_vcpu(row, vms, c, l2);

		if (v)
			value_row(
				v, row,
				values[(size_t)(v->vm - vms) * c->vcpus + v->id],
				&sum, l2);
	}
	for (unsigned int i = 0; i < nr; i++) {
		const struct vcpu *v = &vms[i / c->vcpus].vcpus[i % c->vcpus];
		struct want w = { .v = v, .values = values[i], .sum = &sum };

		tables_each_value(seen(v, l2), count_distinct, &w);
		tables_each_value(seen(v, l2), find_value, &w);
		for (int reg = REG_CR0; reg < NR_REGS; reg++) {
			const struct values *is = &values[i][reg];
			bool full = w.distinct[reg] > CRS_NR_VALUES;

			w.total[reg] += l2 ? v->expect.l2_unknown[reg] : 0;
			if (w.total[reg] == is->sum && (full || !is->error))
				continue;
			complain(v,
				 "values: those of %s sum to %" PRIu64
				 ", must be %" PRIu64 "%s",
				 reg_name[reg], is->sum, w.total[reg],
				 is->error ? ", and have an error" : "");
			sum.right = false;
		}
	}
	free(values);
	print(l2 ? "l2_values" : "values", &sum);
	return sum.right;
}

static bool check_bits(const struct vm *vms, const struct config *c, bool l2)
{
	struct sum sum = { .right = true };

	for (unsigned int i = 0; i < c->vms * c->vcpus; i++) {
		const struct vcpu *v = &vms[i / c->vcpus].vcpus[i % c->vcpus];
		const struct tables *t = seen(v, l2);

		for (int bit = 0; bit < 64; bit++)
			sum.did += !!(t->set[REG_CR0][bit] |
				      t->cleared[REG_CR0][bit]) +
				   !!(t->set[REG_CR4][bit] |
				      t->cleared[REG_CR4][bit]);
	}
	for_each_row(row, file_read(FILE_bits)) {
		const struct vcpu *v = check_vcpu(row, vms, c, l2);
		uint64_t bit = cell_number(&row[BITS_bit]) % 64;
		uint64_t set = cell_number(&row[BITS_set]);
		uint64_t cleared = cell_number(&row[BITS_cleared]);
		enum guest_reg reg = reg_of(&row[BITS_reg]);
		const struct tables *t;

		if (!v)
			continue;
		t = seen(v, l2);
		if (set == t->set[reg][bit] &&
		    cleared == t->cleared[reg][bit]) {
			sum.counted += set || cleared;
			continue;
		}
		complain(v,
			 "bits: %s %s set %" PRIu64 ", cleared %" PRIu64
			 ", must be %" PRIu64 ", %" PRIu64,
			 reg_name[reg], cell_word(&row[BITS_name]), set,
			 cleared, t->set[reg][bit], t->cleared[reg][bit]);
		sum.right = false;
	}
	sum.right &= sum.did == sum.counted;
	print(l2 ? "l2_bits" : "bits", &sum);
	return sum.right;
}

static int site_of(const struct cell *row, const struct config *config)
{
	uint64_t address = cell_number(&row[SITES_address]);

	for (int c = 0; c < NR_GUEST_COUNTERS; c++)
		if (address == (sites[c].mode == MODE_LONG &&
						c != N_cr4_compat && !IS_L2(c) ?
					guest_code(config, sites[c].at) :
					guest_address(sites[c].at)) &&
		    cell_is(&row[SITES_reg], reg_name[sites[c].reg]) &&
		    cell_is(&row[SITES_dir], dir_name[sites[c].dir]) &&
		    cell_is(&row[SITES_mode], mode_name[sites[c].mode]))
			return c;
	return -1;
}

static bool check_sites(const struct vm *vms, const struct config *c, bool l2)
{
	struct sum sum = { .right = true };

	for (unsigned int i = 0; i < c->vms * c->vcpus; i++)
		for (int s = 0; s < NR_GUEST_COUNTERS; s++)
			sum.did += IS_L2(s) == l2 &&
				   vms[i / c->vcpus]
					   .vcpus[i % c->vcpus]
					   .expect.exits[s];
	for_each_row(row, file_read(FILE_sites)) {
		const struct vcpu *v = check_vcpu(row, vms, c, l2);
		uint64_t count = cell_number(&row[SITES_count]);
		uint64_t want = 0;
		int s;

		if (!v)
			continue;
		s = site_of(row, c);
		if (s >= 0 && IS_L2(s) == l2)
			want = v->expect.exits[s];
		if (want && want == count && !cell_number(&row[SITES_error]) &&
		    cell_number(&row[SITES_faults]) ==
			    (IS_FAULT(s) ? want : 0)) {
			sum.counted++;
			continue;
		}
		complain(v,
			 "sites: %s %s %s %s is %" PRIu64 ", must be %" PRIu64,
			 cell_shown(FILE_sites, row, SITES_address),
			 cell_word(&row[SITES_mode]),
			 cell_word(&row[SITES_reg]), cell_word(&row[SITES_dir]),
			 count, want);
		sum.right = false;
	}
	sum.right &= sum.did == sum.counted;
	print(l2 ? "l2_sites" : "sites", &sum);
	return sum.right;
}

/**
 * check_tables - compare values, bits and sites
 * @vms: crgen's
 * @c: what they did
 * @l2: of the nested guests
 *
 * Return: whether all is right.
 */
bool check_tables(const struct vm *vms, const struct config *c, bool l2)
{
	bool right = true;

	if (check_asked(c, "values"))
		right &= check_values(vms, c, l2);
	if (check_asked(c, "bits"))
		right &= check_bits(vms, c, l2);
	if (check_asked(c, "sites"))
		right &= check_sites(vms, c, l2);
	return right;
}
