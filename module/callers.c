// SPDX-License-Identifier: GPL-2.0
/*
 * Where the TPR functions are called from, and what a call from there means.
 *
 * The compiler inlines kvm_set_cr8() into some callers and reaches it by a
 * tail jump from others, so one origin has several functions that the return
 * address may lie in. The table of functions below is the whole
 * classification; the file "callers" shows each site seen, so that it can be
 * checked against the kernel's source.
 */
#include <linux/kallsyms.h>
#include <linux/mutex.h>
#include <linux/seq_file.h>
#include <linux/spinlock.h>
#include <asm/unwind.h>

#include "callers.h"

/* GCC's clones of a function, and what it moves out of their way. */
static const char *const crs_parts[] = {
	"",	   ".cold",	   ".constprop.0", ".constprop.0.cold",
	".isra.0", ".isra.0.cold",
};

/**
 * struct crs_range - a function that calls a TPR function
 * @function: its name
 * @module: its module
 * @origin: what a call from there is
 * @entry: the probe that counts the write at a function's entry where the APIC
 *	is in userspace, or CRS_NR_PROBES for none
 * @part: where the code is that the compiler made of it; empty where it is not
 *	there now
 */
struct crs_range {
	const char *function;
	enum crs_module module;
	enum crs_origin origin;
	enum crs_probe_id entry;
	struct {
		unsigned long start;
		unsigned long end;
	} part[ARRAY_SIZE(crs_parts)];
};

static struct crs_range crs_ranges[] = {
	{ "kvm_set_cr8", CRS_KVM, CRS_VIA, CRS_NR_PROBES },
	/* sync_cr8_to_lapic() is inlined: V_TPR is copied back. */
	{ "svm_vcpu_run", CRS_KVM_AMD, CRS_SYNC, CRS_NR_PROBES },
	{ "cr_interception", CRS_KVM_AMD, CRS_GUEST, CRS_NR_PROBES },
	{ "cr_trap", CRS_KVM_AMD, CRS_GUEST, CRS_NR_PROBES },
	{ "handle_cr", CRS_KVM_INTEL, CRS_GUEST, CRS_NR_PROBES },
	/* KVM_CREATE_VCPU, or INIT in KVM_RUN. */
	{ "vmx_vcpu_reset", CRS_KVM_INTEL, CRS_USER, CRS_NR_PROBES },
	/* The emulated MOV to CR8; the second one where the first jumps. */
	{ "emulator_set_cr", CRS_KVM, CRS_GUEST, CRS_PROBE_emulator_set_cr },
	{ "em_cr_write", CRS_KVM, CRS_GUEST, CRS_PROBE_emulator_set_cr },
	{ "__set_sregs_common", CRS_KVM, CRS_USER, CRS_PROBE_set_sregs },
	{ "__set_sregs", CRS_KVM, CRS_USER, CRS_PROBE_set_sregs },
	{ "kvm_arch_vcpu_ioctl_run", CRS_KVM, CRS_USER, CRS_PROBE_vcpu_run },
};

/* Entries are added by handlers, and cleared while no probe can hit. */
static DEFINE_RAW_SPINLOCK(crs_callers_lock);

unsigned long crs_caller_address[CRS_NR_CALLERS + 1];
struct crs_caller crs_callers[CRS_NR_CALLERS + 1] = {
	[CRS_NR_CALLERS] = { .origin = CRS_OTHER },
};

DEFINE_PER_CPU(u64[CRS_NR_CALLERS + 1], crs_calls);

/* A call site as it is shown. */
struct crs_call_row {
	const char *function;
	const char *origin;
	char site[KSYM_NAME_LEN + 20];
	char module[MODULE_NAME_LEN];
	u64 count;
};

/*
 * Rows of sites whose module went. Protected, like the bases, by
 * crs_rows_lock against the module notifier, reset and readers.
 */
static struct crs_call_row crs_past[CRS_NR_CALLERS];
static unsigned int crs_nr_past;
static u64 crs_calls_base[CRS_NR_CALLERS + 1];
static DEFINE_MUTEX(crs_rows_lock);

static const char *const crs_origin_names[] = {
	[CRS_GUEST] = "guest", [CRS_APIC] = "apic",   [CRS_SYNC] = "sync",
	[CRS_USER] = "user",   [CRS_OTHER] = "other", [CRS_VIA] = "via",
};

static void crs_caller_classify(struct crs_caller *c, unsigned long address)
{
	const struct crs_range *r;
	unsigned int i;

	c->origin = CRS_OTHER;
	c->entry = false;
	for (r = crs_ranges; r < crs_ranges + ARRAY_SIZE(crs_ranges); r++) {
		for (i = 0; i < ARRAY_SIZE(crs_parts); i++) {
			/* It lies behind its call: at the end for the last. */
			if (address <= r->part[i].start ||
			    address > r->part[i].end)
				continue;
			c->origin = r->origin;
			c->entry = r->entry != CRS_NR_PROBES &&
				   crs_probe_armed(r->entry);
			return;
		}
	}
}

/*
 * The return address before others replaced it with one of their own, as
 * kretprobes and the function graph tracer do where they came first: the
 * unwinder knows. That of frame pointers skips a caller at a function's entry,
 * so better no answer there.
 */
static unsigned long crs_caller_unwind(struct pt_regs *regs)
{
	struct unwind_state state;

	if (!IS_ENABLED(CONFIG_UNWINDER_ORC))
		return 0;
	/* From registers it starts at the caller. */
	unwind_start(&state, current, regs, NULL);
	return unwind_get_return_address(&state);
}

static int crs_caller_lookup(unsigned long address)
{
	unsigned int first = hash_long(address, CRS_CALLERS_BITS);
	unsigned long found;
	unsigned int n, i;

	for (n = 0; n < CRS_NR_CALLERS; n++) {
		i = (first + n) % CRS_NR_CALLERS;
		/* Pairs with the release in crs_caller_add(). */
		found = smp_load_acquire(&crs_caller_address[i]);
		if (found == address)
			return i;
		if (!found)
			break;
	}
	return -ENOENT;
}

static unsigned int crs_caller_add(const struct crs_caller *c,
				   unsigned long address)
{
	unsigned int first = hash_long(address, CRS_CALLERS_BITS);
	unsigned int n, i = CRS_NR_CALLERS;
	unsigned long flags;

	raw_spin_lock_irqsave(&crs_callers_lock, flags);
	for (n = 0; n < CRS_NR_CALLERS; n++) {
		i = (first + n) % CRS_NR_CALLERS;
		if (crs_caller_address[i] == address)
			break;
		if (crs_caller_address[i])
			continue;
		crs_callers[i] = *c;
		/* Pairs with the acquire of the lookups: the rest is there. */
		smp_store_release(&crs_caller_address[i], address);
		break;
	}
	raw_spin_unlock_irqrestore(&crs_callers_lock, flags);
	return n < CRS_NR_CALLERS ? i : CRS_NR_CALLERS;
}

/**
 * crs_caller_find - crs_caller_count() where the site is not at its first place
 * @probe: the function called
 * @regs: registers at its entry
 *
 * Context: kprobe handler, preemption disabled. Takes crs_callers_lock where
 * the site is new.
 * Return: the entry's index; that of all others where there is no room.
 */
unsigned int crs_caller_find(enum crs_probe_id probe, struct pt_regs *regs)
{
	unsigned long address = *(unsigned long *)regs->sp;
	struct crs_caller c = { .probe = probe };
	int i = crs_caller_lookup(address);

	if (i >= 0)
		return i;
	crs_caller_classify(&c, address);
	if (c.origin == CRS_OTHER) {
		address = crs_caller_unwind(regs) ?: address;
		i = crs_caller_lookup(address);
		if (i >= 0)
			return i;
		crs_caller_classify(&c, address);
	}
	return crs_caller_add(&c, address);
}

/**
 * crs_callers_resolve - find the functions of a module that call
 * @module: the module, which has just come
 *
 * Context: process context, sleeps; before the probes on it are armed.
 */
void crs_callers_resolve(enum crs_module module)
{
	struct crs_range *r;
	unsigned int i;
	char name[64];

	for (r = crs_ranges; r < crs_ranges + ARRAY_SIZE(crs_ranges); r++) {
		if (r->module != module)
			continue;
		memset(r->part, 0, sizeof(r->part));
		for (i = 0; i < ARRAY_SIZE(crs_parts); i++) {
			snprintf(name, sizeof(name), "%s%s", r->function,
				 crs_parts[i]);
			crs_symbol_range(module, name, &r->part[i].start,
					 &r->part[i].end);
		}
	}
}

static u64 crs_calls_sum(unsigned int i)
{
	u64 calls = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		calls += READ_ONCE(per_cpu(crs_calls[i], cpu));
	return calls;
}

/* Fill a row from an entry; false where there is nothing to show. */
static bool crs_call_row(struct crs_call_row *row, unsigned int i)
{
	/* Pairs with the release in crs_caller_find(). */
	unsigned long address = smp_load_acquire(&crs_caller_address[i]);
	const struct crs_caller *c = &crs_callers[i];
	char *module, *size;

	row->count = crs_calls_sum(i) - crs_calls_base[i];
	if (!row->count)
		return false;
	row->function = address ? crs_probe_function(c->probe) : "-";
	row->origin = crs_origin_names[c->origin];
	strscpy(row->module, "-", sizeof(row->module));
	if (!address) {
		strscpy(row->site, "-", sizeof(row->site));
		return true;
	}
	/*
	 * "symbol+0x12/0x34 [module]". Looked up by the call, which always
	 * lies in the function: what returns may lie behind its end.
	 */
	snprintf(row->site, sizeof(row->site), "%pB", (void *)address);
	module = strchr(row->site, '[');
	if (module) {
		strscpy(row->module, module + 1, sizeof(row->module));
		row->module[strcspn(row->module, " ]")] = '\0';
	}
	size = strchr(row->site, '/');
	if (size)
		*size = '\0';
	return true;
}

/* Add a row to those of modules that went, where it has one already. */
static void crs_past_add(const struct crs_call_row *row)
{
	unsigned int i;

	for (i = 0; i < crs_nr_past; i++) {
		if (!strcmp(crs_past[i].site, row->site) &&
		    !strcmp(crs_past[i].function, row->function)) {
			crs_past[i].count += row->count;
			return;
		}
	}
	if (i < ARRAY_SIZE(crs_past)) {
		crs_past[i] = *row;
		crs_nr_past++;
	}
}

/**
 * crs_callers_forget - a module goes, and with it what its addresses mean
 * @module: the module, which has no vCPU any more
 *
 * Keeps the counts by name and starts the table anew: sites in the other
 * modules are found again at their next call.
 *
 * Context: process context, sleeps; the probes on the module are disarmed,
 * and no vCPU is left that could hit others.
 */
void crs_callers_forget(enum crs_module module)
{
	struct crs_call_row row;
	struct crs_range *r;
	unsigned long flags;
	unsigned int i;

	mutex_lock(&crs_rows_lock);
	for (i = 0; i < ARRAY_SIZE(crs_callers); i++) {
		if (crs_call_row(&row, i))
			crs_past_add(&row);
		crs_calls_base[i] = crs_calls_sum(i);
	}
	raw_spin_lock_irqsave(&crs_callers_lock, flags);
	memset(crs_caller_address, 0, sizeof(crs_caller_address));
	for (r = crs_ranges; r < crs_ranges + ARRAY_SIZE(crs_ranges); r++)
		if (r->module == module)
			memset(r->part, 0, sizeof(r->part));
	raw_spin_unlock_irqrestore(&crs_callers_lock, flags);
	mutex_unlock(&crs_rows_lock);
}

/**
 * crs_callers_reset - count calls from zero
 *
 * Context: process context, sleeps.
 */
void crs_callers_reset(void)
{
	unsigned int i;

	mutex_lock(&crs_rows_lock);
	crs_nr_past = 0;
	for (i = 0; i < ARRAY_SIZE(crs_callers); i++)
		crs_calls_base[i] = crs_calls_sum(i);
	mutex_unlock(&crs_rows_lock);
}

static void crs_call_print(struct seq_file *m, const struct crs_call_row *row)
{
	seq_printf(m, "%-20s %-40s %-9s %-6s %12llu\n", row->function,
		   row->site, row->module, row->origin, row->count);
}

/**
 * crs_callers_rows - the rows of the file "callers"
 * @m: where to
 *
 * Context: process context, sleeps.
 */
void crs_callers_rows(struct seq_file *m)
{
	struct crs_call_row row;
	unsigned int i, j;

	mutex_lock(&crs_rows_lock);
	for (i = 0; i < ARRAY_SIZE(crs_callers); i++) {
		if (!crs_call_row(&row, i))
			continue;
		for (j = 0; j < crs_nr_past; j++)
			if (!strcmp(crs_past[j].site, row.site) &&
			    !strcmp(crs_past[j].function, row.function))
				row.count += crs_past[j].count;
		crs_call_print(m, &row);
	}
	for (i = 0; i < crs_nr_past; i++) {
		for (j = 0; j < ARRAY_SIZE(crs_callers); j++)
			if (crs_call_row(&row, j) &&
			    !strcmp(crs_past[i].site, row.site) &&
			    !strcmp(crs_past[i].function, row.function))
				break;
		if (j == ARRAY_SIZE(crs_callers))
			crs_call_print(m, &crs_past[i]);
	}
	mutex_unlock(&crs_rows_lock);
}
