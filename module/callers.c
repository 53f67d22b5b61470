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
#include <linux/kernel.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <asm/segment.h>
#include <asm/unwind.h>

#include "callers.h"

/*
 * X(function, origin): functions that call a TPR function.
 */
#define CRS_CALLERS(X)                                                   \
	X("kvm_set_cr8", CRS_VIA)                                        \
	/* sync_cr8_to_lapic() is inlined: V_TPR is copied back. */      \
	X("svm_vcpu_run", CRS_SYNC)                                      \
	X("cr_interception", CRS_GUEST)                                  \
	X("cr_trap", CRS_GUEST)                                          \
	X("handle_cr", CRS_GUEST)                                        \
	/* KVM_CREATE_VCPU, or INIT in KVM_RUN. */                       \
	X("vmx_vcpu_reset", CRS_USER)                                    \
	/* The emulated MOV to CR8; the second where the first jumps. */ \
	X("emulator_set_cr", CRS_GUEST)                                  \
	X("em_cr_write", CRS_GUEST)                                      \
	X("__set_sregs_common", CRS_USER)                                \
	X("__set_sregs", CRS_USER)                                       \
	X("kvm_arch_vcpu_ioctl_run", CRS_USER)

static const struct crs_calling {
	const char *function;
	u8 origin;
} crs_calling[] = {
#define CRS_X(function, origin) { function, origin },
	CRS_CALLERS(CRS_X)
#undef CRS_X
};

/* Long enough for the longest of them with clone, offset, size and module. */
#define CRS_SITE_LEN 96

/**
 * struct crs_caller_row - a call site by name
 * @site: "symbol+0x12/0x34 [module]"
 * @probe: the function called, &enum crs_probe_id
 * @origin: &enum crs_origin
 */
struct crs_caller_row {
	char site[CRS_SITE_LEN];
	u8 probe;
	u8 origin;
};

/*
 * Protects crs_callers, crs_caller_address, crs_caller_rows and crs_hidden
 * against each other's writers: handlers where a site is new, and the module
 * notifier. Rows are only ever added, before crs_nr_caller_rows tells readers.
 */
static DEFINE_RAW_SPINLOCK(crs_callers_lock);

#define CRS_NO_ROOM CRS_NR_CALLERS

unsigned long crs_caller_address[CRS_NR_CALLERS + 1];
struct crs_caller crs_callers[CRS_NR_CALLERS + 1] = {
	[CRS_NO_ROOM] = {
		.origin = CRS_OTHER,
		.row = CRS_NO_ROOM,
	},
};

static struct crs_caller_row crs_caller_rows[CRS_NR_CALLERS];
static unsigned int crs_nr_caller_rows;

DEFINE_PER_CPU(u64[CRS_NR_CALLERS + 1], crs_calls);

/* What tracers put in place of return addresses, as far as it was met. */
static unsigned long crs_hidden[4];

/* Protects the counts at the last reset against other resets and readers. */
static DEFINE_MUTEX(crs_calls_lock);
static u64 crs_calls_base[CRS_NR_CALLERS + 1];

static const char *const crs_origin_names[] = {
	[CRS_GUEST] = "guest", [CRS_APIC] = "apic",   [CRS_SYNC] = "sync",
	[CRS_USER] = "user",   [CRS_OTHER] = "other", [CRS_VIA] = "via",
};

/*
 * The function that a site lies in: its symbol up to the first dot, behind
 * which is what the compiler made of it (.constprop.1, .part.0, .cold). NULL
 * where it is none of those that are known to call.
 */
static const struct crs_calling *crs_caller_classify(const char *site)
{
	size_t len = strcspn(site, ".+");
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(crs_calling); i++)
		if (!strncmp(crs_calling[i].function, site, len) &&
		    !crs_calling[i].function[len])
			return &crs_calling[i];
	return NULL;
}

/* Looked up by the call: what returns may lie behind the function's end. */
static const struct crs_calling *crs_caller_name(char site[CRS_SITE_LEN],
						 unsigned long address)
{
	snprintf(site, CRS_SITE_LEN, "%pB", (void *)address);
	return crs_caller_classify(site);
}

/*
 * The return address, or one @frames further up, before others replaced it with
 * one of their own, as kretprobes and the function graph tracer do where they
 * came first: the unwinder knows. That of frame pointers skips a caller at a
 * function's entry, so better no answer there.
 */
static unsigned long crs_caller_unwind(unsigned long sp, unsigned int frames)
{
	/*
	 * All that the ORC unwinder needs; it starts at the caller. The stack
	 * is the same at any function's entry, so let it be one of our own.
	 */
	struct pt_regs regs = {
		.ip = (unsigned long)crs_canary,
		.sp = sp,
		.cs = __KERNEL_CS,
	};
	struct unwind_state state;

	if (!IS_ENABLED(CONFIG_UNWINDER_ORC))
		return 0;
	unwind_start(&state, current, &regs, NULL);
	while (frames--)
		unwind_next_frame(&state);
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

/* The row of a name, which a module that was here before may have left. */
static unsigned int crs_caller_row(enum crs_probe_id probe, const char *site,
				   enum crs_origin origin)
{
	struct crs_caller_row *r = crs_caller_rows;

	lockdep_assert_held(&crs_callers_lock);

	for (; r < crs_caller_rows + crs_nr_caller_rows; r++)
		if (r->probe == probe && !strcmp(r->site, site))
			return r - crs_caller_rows;
	if (crs_nr_caller_rows == CRS_NR_CALLERS)
		return CRS_NO_ROOM;
	r->probe = probe;
	r->origin = origin;
	strscpy(r->site, site, sizeof(r->site));
	/* Pairs with the acquire in crs_callers_rows(): the row is there. */
	smp_store_release(&crs_nr_caller_rows, crs_nr_caller_rows + 1);
	return r - crs_caller_rows;
}

static unsigned int crs_caller_add(enum crs_probe_id probe,
				   unsigned long address, const char *site,
				   const struct crs_calling *calling)
{
	unsigned int first = hash_long(address, CRS_CALLERS_BITS);
	unsigned int n, i = CRS_NO_ROOM;
	unsigned long flags;

	raw_spin_lock_irqsave(&crs_callers_lock, flags);
	for (n = 0; n < CRS_NR_CALLERS; n++) {
		i = (first + n) % CRS_NR_CALLERS;
		if (crs_caller_address[i] == address)
			break;
		if (crs_caller_address[i])
			continue;
		crs_callers[i].origin = calling ? calling->origin : CRS_OTHER;
		crs_callers[i].row =
			crs_caller_row(probe, site, crs_callers[i].origin);
		/* Pairs with the acquire of the lookups: the rest is there. */
		smp_store_release(&crs_caller_address[i], address);
		break;
	}
	raw_spin_unlock_irqrestore(&crs_callers_lock, flags);
	return n < CRS_NR_CALLERS ? i : CRS_NO_ROOM;
}

static bool crs_caller_hidden(unsigned long address)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(crs_hidden); i++)
		if (READ_ONCE(crs_hidden[i]) == address)
			return true;
	return false;
}

/* Spares the next call from there a search by name. */
static void crs_caller_hide(unsigned long address)
{
	unsigned long flags;
	unsigned int i;

	raw_spin_lock_irqsave(&crs_callers_lock, flags);
	for (i = 0; i < ARRAY_SIZE(crs_hidden); i++) {
		if (crs_hidden[i] && crs_hidden[i] != address)
			continue;
		WRITE_ONCE(crs_hidden[i], address);
		break;
	}
	raw_spin_unlock_irqrestore(&crs_callers_lock, flags);
}

/**
 * crs_caller_find - crs_caller_count() where the site is not at its first place
 * @probe: the function called
 * @site: the return address as it stands on the stack
 * @sp: the stack pointer there
 *
 * Context: handler, preemption disabled. Looks a new site up by name, which
 * takes tens of microseconds once, and takes crs_callers_lock.
 * Return: the entry's index; that of all others where there is no room.
 */
unsigned long crs_caller_find(enum crs_probe_id probe, unsigned long site,
			      unsigned long sp)
{
	const struct crs_calling *calling = NULL;
	char name[CRS_SITE_LEN];
	unsigned long address;
	int i;

	i = crs_caller_lookup(site);
	if (i >= 0)
		return i;
	if (!crs_caller_hidden(site))
		calling = crs_caller_name(name, site);
	if (calling)
		return crs_caller_add(probe, site, name, calling);

	address = crs_caller_unwind(sp, 0) ?: site;
	if (address != site)
		crs_caller_hide(site);
	i = crs_caller_lookup(address);
	if (i >= 0)
		return i;
	calling = crs_caller_name(name, address);
	return crs_caller_add(probe, address, name, calling);
}

CRS_RARE(crs_caller_find);

/**
 * crs_caller_outer - where a call from within kvm_set_cr8() came from
 * @sp: the stack pointer at its entry
 *
 * For a vCPU without a record that came to this CPU after kvm_set_cr8() was
 * entered on another one, where that was noted.
 *
 * Context: handler, preemption disabled.
 * Return: &enum crs_origin.
 */
unsigned long crs_caller_outer(unsigned long sp)
{
	unsigned long address = crs_caller_unwind(sp, 1);
	const struct crs_calling *calling;
	char name[CRS_SITE_LEN];

	if (!address)
		return CRS_OTHER;
	calling = crs_caller_name(name, address);
	return calling ? calling->origin : CRS_OTHER;
}

CRS_RARE(crs_caller_outer);

/**
 * crs_callers_forget - a module goes, and with it what its addresses mean
 *
 * Sites are found again at their next call, and counted on in their rows.
 *
 * Context: process context; the probes on the module are disarmed, and no vCPU
 * is left that could hit others. Takes crs_callers_lock.
 */
void crs_callers_forget(void)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&crs_callers_lock, flags);
	memset(crs_caller_address, 0, sizeof(crs_caller_address));
	raw_spin_unlock_irqrestore(&crs_callers_lock, flags);
}

static u64 crs_calls_sum(unsigned int row)
{
	u64 calls = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		calls += READ_ONCE(per_cpu(crs_calls[row], cpu));
	return calls;
}

/**
 * crs_callers_reset - count calls from zero
 *
 * Context: process context, sleeps.
 */
void crs_callers_reset(void)
{
	unsigned int row;

	mutex_lock(&crs_calls_lock);
	for (row = 0; row <= CRS_NO_ROOM; row++)
		crs_calls_base[row] = crs_calls_sum(row);
	mutex_unlock(&crs_calls_lock);
}

static void crs_caller_print(struct seq_file *m, const struct crs_caller_row *r,
			     u64 count)
{
	static const char *const functions[] = {
#define CRS_X(id, function, ...) [CRS_PROBE_##id] = function,
		CRS_PROBES(CRS_X)
#undef CRS_X
	};
	char site[CRS_SITE_LEN];
	const char *module = "-";
	char *bracket;

	strscpy(site, r->site, sizeof(site));
	bracket = strchr(site, '[');
	if (bracket) {
		module = bracket + 1;
		bracket[1 + strcspn(module, " ]")] = '\0';
	}
	site[strcspn(site, "/ ")] = '\0';
	seq_printf(m, "%-20s %-40s %-9s %-6s %12llu\n", functions[r->probe],
		   site, module, crs_origin_names[r->origin], count);
}

/**
 * crs_callers_rows - the rows of the file "callers"
 * @m: where to
 *
 * Context: process context, sleeps.
 */
void crs_callers_rows(struct seq_file *m)
{
	/* Pairs with the release in crs_caller_row(). */
	unsigned int nr = smp_load_acquire(&crs_nr_caller_rows);
	unsigned int row;
	u64 count;

	mutex_lock(&crs_calls_lock);
	for (row = 0; row < nr; row++) {
		count = crs_calls_sum(row) - crs_calls_base[row];
		if (count)
			crs_caller_print(m, &crs_caller_rows[row], count);
	}
	count = crs_calls_sum(CRS_NO_ROOM) - crs_calls_base[CRS_NO_ROOM];
	if (count)
		seq_printf(m, "%-20s %-40s %-9s %-6s %12llu\n", "-", "-", "-",
			   "other", count);
	mutex_unlock(&crs_calls_lock);
}
