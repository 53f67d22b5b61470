// SPDX-License-Identifier: GPL-2.0
/*
 * --check: what the module's files say of the VMs against what their vCPUs did.
 * Other guests' rows are left aside, and nothing is reset.
 */
#include <err.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "check.h"

#define MAX_COMPLAINTS 20

static unsigned int complaints;

/**
 * complain - say where the module differs
 * @v: of which vCPU
 * @format: what, as printf
 */
void complain(const struct vcpu *v, const char *format, ...)
{
	va_list args;

	if (complaints++ >= MAX_COMPLAINTS)
		return;
	fprintf(stderr, "crgen: VM %s vCPU %u: ", v->vm->name, v->id);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

/**
 * check_vcpu - the vCPU that the row is of
 * @row: of one of the module's files
 * @vms: crgen's
 * @c: how many
 * @l2: of a nested guest's row
 *
 * Return: NULL where it is not one of crgen's, or of the other level.
 */
const struct vcpu *check_vcpu(const struct cell *row, const struct vm *vms,
			      const struct config *c, bool l2)
{
	uint64_t id = cell_number(&row[ID_vcpu]);

	if (!cell_is(&row[ID_state], "live") ||
	    (cell_number(&row[ID_level]) == 2) != l2)
		return NULL;
	for (unsigned int i = 0; i < c->vms; i++)
		if (cell_is(&row[ID_vm], vms[i].name) && id < c->vcpus)
			return &vms[i].vcpus[id];
	return NULL;
}

static const char *const others[] = { "kvm_exit", "vcpus", "tpr",  "armed",
				      "values",	  "bits",  "sites" };

/* Whether the list has the name, as a whole word after the sign. */
static bool listed(const char *list, const char *name)
{
	size_t length = strlen(name);

	for (const char *p = list; p; p = strchr(p, ',')) {
		p += strspn(p, ",-");
		if (!strncmp(p, name, length) &&
		    (p[length] == ',' || !p[length]))
			return true;
	}
	return false;
}

/**
 * check_counts - whether a counter is compared of all vCPUs
 * @column: of "vcpus"; what is none, too
 *
 * Return: whether it is.
 */
bool check_counts(int column)
{
	return column >= 0 && column != VCPUS_cr_reflected &&
	       is_of(&files[FILE_vcpus], (unsigned int)column, COUNTS);
}

/**
 * check_asked - whether a row of the table is asked for
 * @c: configuration
 * @name: what it is called
 *
 * Return: whether it is.
 */
bool check_asked(const struct config *c, const char *name)
{
	return !c->check_list ||
	       listed(c->check_list, name) != (c->check_list[0] == '-');
}

/**
 * check_unknown - what is in a list of rows and is no row
 * @list: names between commas
 *
 * Return: the rest of the list from there, or NULL.
 */
const char *check_unknown(const char *list)
{
	for (const char *p = list; p; p = strchr(p, ',')) {
		size_t length;
		bool found;

		p += strspn(p, ",-");
		length = strcspn(p, ",");
		found = check_counts(
			file_column(&files[FILE_vcpus], p, length));
		for (size_t i = 0; i < ARRAY_SIZE(others); i++)
			found |= strlen(others[i]) == length &&
				 !strncmp(others[i], p, length);
		if (!found)
			return p;
	}
	return NULL;
}

static void head(void)
{
	printf("# " CRS_NAME " %d crgen-check\n%-10s %12s %12s  %s\n",
	       CRS_FORMAT, "what", "did", "counted", "verdict");
}

/**
 * check_print - print a row of the table
 * @name: what it is called
 * @l: what is in it
 */
void check_print(const char *name, const struct line *l)
{
	char counted[24];

	snprintf(counted, sizeof(counted), "%" PRIu64, l->counted);
	printf("%-10s %12" PRIu64 " %12s  ", name, l->did,
	       l->dash ? "-" : counted);
	if (l->skip)
		printf("not compared: %s\n", l->why);
	else if (l->wrong && l->counted == l->want)
		puts("WRONG");
	else if (l->wrong)
		printf("WRONG: %" PRIu64 " is right\n", l->want);
	else if (l->dash && l->want)
		printf("not counted: %s\n", l->dash);
	else if (l->did == l->want)
		puts("ok");
	else if (!l->want)
		printf("not intercepted: %s\n", l->why);
	else
		printf("ok: %" PRIu64 " not intercepted: %s\n",
		       l->did - l->want, l->why);
}

/* That KVM did what is expected of this machine, by the kernel's own count. */
static bool check_host(const struct vm *vms, const struct config *c)
{
	struct line l = { 0 };

	for (unsigned int i = 0; i < c->vms * c->vcpus; i++) {
		const struct vcpu *v = &vms[i / c->vcpus].vcpus[i % c->vcpus];
		uint64_t want = 0, is = witness_exits(&v->witness, EXITS_CR);

		for (int s = 0; s < NR_GUEST_COUNTERS; s++)
			want += v->expect.exits[s];
		want += v->expect.apic;
		is += witness_exits(&v->witness, EXITS_APIC);
		if (is != want)
			complain(
				v,
				"kvm:kvm_exit has %" PRIu64
				" exits by CR and TPR accesses, crgen expects %" PRIu64
				" on this host",
				is, want);
		l.did += want;
		l.want += want;
		l.counted += is;
		l.wrong |= is != want;
	}
	check_print("kvm_exit", &l);
	return !l.wrong;
}

/**
 * check - compare the module's files with what the guests did
 * @vms: crgen's, at rest but alive
 * @c: what they did
 *
 * Prints a table, and to stderr what differs.
 *
 * Return: whether all is right.
 */
bool check(const struct vm *vms, const struct config *c)
{
	bool right = true;

	head();
	if (check_asked(c, "kvm_exit"))
		right = check_host(vms, c);
	right &= check_vcpus(vms, c);
	right &= check_tables(vms, c, false);
	if (c->nested) {
		right &= check_l2_vcpus(vms, c);
		right &= check_tables(vms, c, true);
	}
	if (complaints > MAX_COMPLAINTS)
		warnx("... and %u more", complaints - MAX_COMPLAINTS);
	return right;
}
