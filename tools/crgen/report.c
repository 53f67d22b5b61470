// SPDX-License-Identifier: GPL-2.0
/* What was done, as tables in the format of the module's files. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "crgen.h"

const char *const reg_name[NR_REGS] = { "-", "cr0", "cr3", "cr4", "cr8", "tpr" };
const char *const dir_name[] = { "read", "write" };
const char *const mode_name[] = { "real", "protected", "long" };

/**
 * guest_sum - how often something was done with a register
 * @count: by the guest's instruction: how often
 * @reg: register
 * @dir: read or write
 *
 * Return: the number, over all instructions but those of a nested guest.
 */
uint64_t guest_sum(const uint64_t count[NR_GUEST_COUNTERS], enum guest_reg reg,
		   enum dir dir)
{
	uint64_t n = 0;

	for (int c = 0; c < NR_GUEST_COUNTERS; c++)
		if (sites[c].reg == reg && sites[c].dir == dir && !IS_L2(c))
			n += count[c];
	return n;
}

/* Columns after those of the operations: X(name, what it is for vCPU v). */
#define TOTALS(X)                                                 \
	X(all_cr0_read, guest_sum(v->count, REG_CR0, DIR_READ))   \
	X(all_cr0_write, guest_sum(v->count, REG_CR0, DIR_WRITE)) \
	X(cr0_changed, v->model.cr0_changed)                      \
	X(all_cr3_read, guest_sum(v->count, REG_CR3, DIR_READ))   \
	X(all_cr3_write, guest_sum(v->count, REG_CR3, DIR_WRITE)) \
	X(all_cr4_read, guest_sum(v->count, REG_CR4, DIR_READ))   \
	X(all_cr4_write, guest_sum(v->count, REG_CR4, DIR_WRITE)) \
	X(all_cr8_read, guest_sum(v->count, REG_CR8, DIR_READ))   \
	X(all_cr8_write, guest_sum(v->count, REG_CR8, DIR_WRITE)) \
	X(all_tpr_apic, guest_sum(v->count, REG_TPR, DIR_WRITE))  \
	X(tpr_changed, v->model.tpr_changed)                      \
	X(all_port, v->count[N_port] + v->count[N_port_cr8])      \
	X(all_eoi, v->count[N_eoi])                               \
	X(l1_exits, v->count[N_l1_exit])                          \
	X(run, v->count[N_run])                                   \
	X(userspace_exits, v->count[N_userspace_exits])           \
	X(set_tpr_exits, v->count[N_set_tpr_exits])               \
	X(user_tpr, v->count[N_user_tpr])

static void head(const char *table)
{
	printf("# " CRS_NAME " %d %s\n", CRS_FORMAT, table);
}

static void column_name(const char *name, char out[32])
{
	snprintf(out, 32, "%s", name);
	for (char *p = out; *p; p++)
		if (*p == '-')
			*p = '_';
}

static void number(const char *name, uint64_t n)
{
	int width = (int)strlen(name);

	printf(" %*" PRIu64, width < 8 ? 8 : width, n);
}

static void name(const char *text)
{
	printf(" %8s", text);
}

static void vcpu_row(const struct vcpu *v)
{
	printf("%-15s %8d %8d %5u", v->vm->name, getpid(), v->tid, v->id);
	for (size_t i = 0; i < nr_ops; i++)
		number(ops[i].name, op_count(v, &ops[i]));
#define TOTAL(name, value) number(#name, value);
	TOTALS(TOTAL)
#undef TOTAL
	putchar('\n');
}

static void vcpus_head(void)
{
	char column[32];

	head("crgen");
	printf("%-15s %8s %8s %5s", "vm", "pid", "tid", "vcpu");
	for (size_t i = 0; i < nr_ops; i++) {
		column_name(ops[i].name, column);
		name(column);
	}
#define TOTAL(total, value) name(#total);
	TOTALS(TOTAL)
#undef TOTAL
	putchar('\n');
}

static void value_row(enum guest_reg reg, uint64_t value, uint64_t count,
		      void *arg)
{
	const struct vcpu *v = arg;

	printf("%-15s %5u %-3s 0x%-16" PRIx64 " %12" PRIu64 "\n", v->vm->name,
	       v->id, reg_name[reg], value, count);
}

static void values_head(void)
{
	head("crgen-values");
	printf("%-15s %5s %-3s %-18s %12s\n", "vm", "vcpu", "reg", "value",
	       "count");
}

static void value_rows(const struct vcpu *v)
{
	tables_each_value(&v->model.did, value_row, (void *)v);
}

static void bits_head(void)
{
	head("crgen-bits");
	printf("%-15s %5s %-3s %3s %-10s %12s %12s\n", "vm", "vcpu", "reg",
	       "bit", "name", "set", "cleared");
}

static void bit_row(const struct vcpu *v, enum guest_reg reg, unsigned int bit,
		    const char *bit_name)
{
	printf("%-15s %5u %-3s %3u %-10s %12" PRIu64 " %12" PRIu64 "\n",
	       v->vm->name, v->id, reg_name[reg], bit, bit_name,
	       v->model.did.set[reg][bit], v->model.did.cleared[reg][bit]);
}

static void bit_rows(const struct vcpu *v)
{
#define BIT(bit, name) bit_row(v, REG_CR0, bit, #name);
	CRS_CR0_BITS(BIT)
#undef BIT
#define BIT(bit, name) bit_row(v, REG_CR4, bit, #name);
	CRS_CR4_BITS(BIT)
#undef BIT
}

static void sites_head(void)
{
	head("crgen-sites");
	printf("%-15s %5s %8s %-9s %-3s %-5s %12s\n", "vm", "vcpu", "address",
	       "mode", "reg", "dir", "count");
}

static void site_rows(const struct vcpu *v)
{
	for (int c = 0; c < NR_GUEST_COUNTERS; c++) {
		const struct site *s = &sites[c];

		if (s->reg == REG_NONE || !v->count[c])
			continue;
		printf("%-15s %5u %#8" PRIx64 " %-9s %-3s %-5s %12" PRIu64 "\n",
		       v->vm->name, v->id, guest_address(s->at),
		       mode_name[s->mode], reg_name[s->reg], dir_name[s->dir],
		       v->count[c]);
	}
}

static void time_head(void)
{
	head("crgen-time");
	printf("%-15s %5s %4s %-10s %12s %16s %12s\n", "vm", "vcpu", "step",
	       "op", "count", "cycles", "per_access");
}

static void time_rows(const struct vcpu *v)
{
	const struct config *c = v->config;

	for (size_t i = 0; i < c->nr_steps; i++) {
		const struct step *s = &c->steps[i];
		uint64_t count = v->rounds * s->count;

		printf("%-15s %5u %4zu %-10s %12" PRIu64 " %16" PRIu64
		       " %12" PRIu64 "\n",
		       v->vm->name, v->id, i + 1, s->op->name, count,
		       v->cycles[i], v->cycles[i] / count);
	}
}

static void table(const struct vm *vms, const struct config *c,
		  void (*print_head)(void),
		  void (*print_rows)(const struct vcpu *v))
{
	print_head();
	for (unsigned int m = 0; m < c->vms; m++)
		for (unsigned int i = 0; i < c->vcpus; i++)
			print_rows(&vms[m].vcpus[i]);
}

/**
 * report - print the tables asked for
 * @vms: the VMs, at rest
 * @c: which tables
 */
void report(const struct vm *vms, const struct config *c)
{
	table(vms, c, vcpus_head, vcpu_row);
	if (c->values) {
		table(vms, c, values_head, value_rows);
		table(vms, c, bits_head, bit_rows);
	}
	if (c->sites)
		table(vms, c, sites_head, site_rows);
	if (c->time)
		table(vms, c, time_head, time_rows);
}
