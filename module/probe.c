// SPDX-License-Identifier: GPL-2.0
/*
 * The probed functions: a function is hooked while its module is there and its
 * set is on, and only then.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/mutex.h>
#include <linux/printk.h>
#include <linux/seq_file.h>

#include "callers.h"
#include "probe.h"
#include "record.h"
#include "time.h"

/**
 * struct crs_probe - a probed function
 * @function: its name
 * @module: where it lives
 * @sets: the probe sets that want it, &enum crs_set
 * @flags: &enum crs_probe_flag
 * @clone: what was found is a clone of it
 * @error: why it can't be hooked: that of the search or of arming, or 0
 * @address: where it was found, while its module is here
 * @missed: calls missed by earlier hooks
 * @hits_base: hits at the last reset
 * @missed_base: missed calls at the last reset
 * @hook: on its entry
 */
struct crs_probe {
	const char *function;
	enum crs_module module;
	unsigned int sets;
	unsigned int flags;
	bool clone;
	int error;
	unsigned long address;
	u64 missed;
	u64 hits_base;
	u64 missed_base;
	struct crs_hook hook;
};

#define CRS_X(id, fn, mod, set, flag) \
	[CRS_PROBE_##id] = {          \
		.function = fn,       \
		.module = mod,        \
		.sets = set,          \
		.flags = flag,        \
		.hook = CRS_HOOK(id), \
	},
static struct crs_probe crs_probes[] = { CRS_PROBES(CRS_X) };
#undef CRS_X

static_assert(CRS_NR_PROBES <= CRS_HOOK_BATCH);
static_assert(CRS_NR_PROBES <= BITS_PER_TYPE(crs_probe_unseen));

/*
 * Protects the probes' state against the module notifier, control and readers
 * of it. Held while hooks are armed and disarmed, which sleeps. Handlers take
 * nothing and read crs_sets and crs_probe_armed alone.
 */
static DEFINE_MUTEX(crs_probe_lock);

unsigned int crs_sets = CRS_SET_CR | CRS_SET_TPR | CRS_SET_VCPU;

u8 crs_probe_armed[CRS_NR_PROBES];

/* By &enum crs_probe_id: since the last reset calls may have gone uncounted. */
u32 crs_probe_unseen;

DEFINE_PER_CPU(u64[CRS_NR_PROBES], crs_hits);

static bool crs_probe_hooked(const struct crs_probe *p)
{
	return p->hook.way != CRS_HOOK_NONE;
}

/*
 * Clones of a function by GCC and Clang. A constant propagated takes arguments
 * away, which may be the last, and parts and scalar replacements change them.
 */
static const char *const crs_clones[] = {
	".constprop.0",
	".isra.0",
	".constprop.0.isra.0",
	".isra.0.constprop.0",
	".part.0",
	".constprop.1",
	".isra.1",
};

/* Protected by crs_probe_lock; too large for a stack. */
static char crs_clone_names[ARRAY_SIZE(crs_clones)][CRS_SYMBOL_LEN];

/* Only a clone of it is there: the one that the handler can do with, if any. */
static void crs_probe_find_clone(struct crs_probe *p)
{
	const char *names[ARRAY_SIZE(crs_clones)];
	unsigned long addresses[ARRAY_SIZE(crs_clones)];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(crs_clones); i++) {
		snprintf(crs_clone_names[i], CRS_SYMBOL_LEN, "%s%s",
			 p->function, crs_clones[i]);
		names[i] = crs_clone_names[i];
	}
	crs_kvm_find(p->module, names, addresses, i);
	if (p->flags & CRS_PROVES && !IS_ERR_VALUE(addresses[0])) {
		p->error = 0;
		p->address = addresses[0];
	}
	for (i = 0; i < ARRAY_SIZE(crs_clones); i++)
		if (!IS_ERR_VALUE(addresses[i]))
			p->clone = true;
}

/* Where the functions of a module are that is here, if not known already. */
static void crs_probe_find(enum crs_module module)
{
	struct crs_probe *wanted[CRS_NR_PROBES];
	const char *names[CRS_NR_PROBES];
	unsigned long addresses[CRS_NR_PROBES];
	struct crs_probe *p;
	unsigned int n = 0, i;

	for (p = crs_probes; p < crs_probes + CRS_NR_PROBES; p++) {
		if (p->module != module || p->address)
			continue;
		names[n] = p->function;
		wanted[n++] = p;
	}
	crs_kvm_find(module, names, addresses, n);
	for (i = 0; i < n; i++) {
		p = wanted[i];
		p->address = addresses[i];
		p->clone = false;
		p->error = 0;
		if (!IS_ERR_VALUE(p->address))
			continue;
		p->error = p->address;
		p->address = 0;
		if (p->error == -ENOENT)
			crs_probe_find_clone(p);
	}
}

/* What it is for can't happen. */
static bool crs_probe_idle(const struct crs_probe *p)
{
	return p->flags & CRS_NESTED && !crs_kvm_nests(p->module);
}

/* Fails for want of memory alone: a function less is seen in "probes". */
static int crs_probe_arm(struct crs_probe *p)
{
	u8 *armed = &crs_probe_armed[p - crs_probes];

	lockdep_assert_held(&crs_probe_lock);

	if (crs_probe_hooked(p) || !(p->sets & crs_sets) || crs_probe_idle(p))
		return 0;
	if (!p->address)
		return p->error == -ENOMEM ? -ENOMEM : 0;

	/* Before the first call, which may find that the clone is none. */
	WRITE_ONCE(*armed, p->clone ? CRS_ARMED_CLONE : CRS_ARMED);
	p->error = crs_hook_arm(&p->hook, p->address);
	if (!p->error)
		return 0;
	WRITE_ONCE(*armed, CRS_DISARMED);
	pr_warn("cannot probe %s: error %d\n", p->function, p->error);
	return p->error == -ENOMEM ? -ENOMEM : 0;
}

/* All in one batch: each call costs an RCU grace period. */
static void crs_probe_disarm(bool (*which)(const struct crs_probe *p))
{
	struct crs_hook *batch[CRS_NR_PROBES];
	struct crs_probe *p;
	unsigned int n = 0;
	int i;

	lockdep_assert_held(&crs_probe_lock);

	for (i = CRS_NR_PROBES - 1; i >= 0; i--) {
		p = &crs_probes[i];
		if (!crs_probe_hooked(p) || !which(p))
			continue;
		batch[n++] = &p->hook;
	}
	crs_hook_disarm(batch, n);
	while (n--) {
		p = container_of(batch[n], struct crs_probe, hook);
		p->missed += p->hook.kp.nmissed;
		WRITE_ONCE(crs_probe_armed[p - crs_probes], CRS_DISARMED);
	}
}

static bool crs_probe_all(const struct crs_probe *p)
{
	return true;
}

static bool crs_probe_off(const struct crs_probe *p)
{
	return !(p->sets & crs_sets);
}

static bool crs_probe_lost(const struct crs_probe *p)
{
	return !crs_kvm_here(p->module);
}

static int crs_probe_arm_all(void)
{
	struct crs_probe *p;
	unsigned int module;
	int ret = 0;

	for (module = 0; module < CRS_NR_MODULES; module++)
		if (crs_kvm_here(module))
			crs_probe_find(module);
	for (p = crs_probes; p < crs_probes + CRS_NR_PROBES; p++)
		ret = crs_probe_arm(p) ?: ret;
	/* What would never end is not to begin. */
	crs_time_switch(crs_set_on(CRS_SET_TIME) &&
			(crs_probe_counts(CRS_PROBE_svm_run) ||
			 crs_probe_counts(CRS_PROBE_vmx_run)));
	return ret;
}

static u64 crs_probe_missed(const struct crs_probe *p)
{
	return p->missed +
	       (crs_probe_hooked(p) ? crs_hook_missed(&p->hook) : 0);
}

/* Whether calls could go uncounted now, by what is known without a call. */
static bool crs_probe_blind(const struct crs_probe *p)
{
	return !crs_probe_idle(p) &&
	       (!(p->sets & crs_sets) || p->error ||
		READ_ONCE(crs_probe_armed[p - crs_probes]) == CRS_CLONED);
}

/* Returns the sorts of hooks that are silenced, as bits. */
static u32 crs_probe_note(u32 unseen)
{
	const struct crs_probe *p;
	u32 silenced = 0;
	unsigned int way;

	lockdep_assert_held(&crs_probe_lock);

	for (way = 0; way < CRS_NR_HOOK_WAYS; way++)
		if (crs_hook_silenced(way))
			silenced |= BIT(way);
	for (p = crs_probes; p < crs_probes + CRS_NR_PROBES; p++)
		if (crs_probe_blind(p) || silenced & BIT(p->hook.way) ||
		    crs_probe_missed(p) != p->missed_base)
			unseen |= BIT(p - crs_probes);
	WRITE_ONCE(crs_probe_unseen, unseen);
	return silenced;
}

/**
 * crs_probe_look - note which functions' calls may go uncounted
 *
 * For crs_probe_sees(), before rows are read. Waits for nobody: who holds the
 * lock has noted it, or does so before letting go.
 *
 * Context: process context, sleeps.
 */
void crs_probe_look(void)
{
	if (!mutex_trylock(&crs_probe_lock))
		return;
	crs_probe_note(crs_probe_unseen);
	mutex_unlock(&crs_probe_lock);
}

static int crs_module_changed(enum crs_module module, bool here)
{
	struct crs_probe *p;
	int ret = 0;

	mutex_lock(&crs_probe_lock);
	if (here) {
		ret = crs_probe_arm_all();
		crs_probe_disarm(crs_probe_idle);
	} else {
		crs_probe_disarm(crs_probe_lost);
		for (p = crs_probes; p < crs_probes + CRS_NR_PROBES; p++) {
			if (p->module != module)
				continue;
			p->address = 0;
			p->error = 0;
		}
		crs_callers_forget();
	}
	crs_probe_note(crs_probe_unseen);
	mutex_unlock(&crs_probe_lock);
	return ret;
}

/**
 * crs_probe_switch - turn probe sets on or off
 * @sets: the sets, &enum crs_set
 * @on: which
 *
 * Context: process context, sleeps.
 * Return: 0; -ENOMEM where not all could be armed; -EOPNOTSUPP where the time
 * can't be told.
 */
int crs_probe_switch(unsigned int sets, bool on)
{
	unsigned int changed;
	int ret = 0;

	mutex_lock(&crs_probe_lock);
	/* What an access took is no count that could be missed. */
	changed = sets & (on ? ~crs_sets : crs_sets) & ~CRS_SET_TIME;
	if (changed)
		WRITE_ONCE(crs_probe_unseen, ~0U);
	if (on && sets & CRS_SET_TIME)
		ret = crs_record_times();
	if (ret)
		goto out;
	if (on) {
		WRITE_ONCE(crs_sets, crs_sets | sets);
		ret = crs_probe_arm_all();
	} else {
		WRITE_ONCE(crs_sets, crs_sets & ~sets);
		if (sets & CRS_SET_TIME)
			crs_time_switch(false);
		crs_probe_disarm(crs_probe_off);
	}
	if (changed)
		crs_record_withdraw();
out:
	mutex_unlock(&crs_probe_lock);
	return ret;
}

static u64 crs_probe_hits(const struct crs_probe *p)
{
	u64 hits = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		hits += READ_ONCE(per_cpu(crs_hits[p - crs_probes], cpu));
	return hits;
}

/**
 * crs_probe_reset - start every count from zero, forget gone vCPUs
 *
 * Whoever reads meanwhile finds zeros before they can be trusted.
 *
 * Context: process context, sleeps.
 */
void crs_probe_reset(void)
{
	struct crs_probe *p;

	mutex_lock(&crs_probe_lock);
	for (p = crs_probes; p < crs_probes + CRS_NR_PROBES; p++) {
		p->hits_base = crs_probe_hits(p);
		p->missed_base = crs_probe_missed(p);
	}
	crs_callers_reset();
	crs_record_reset();
	crs_probe_note(0);
	mutex_unlock(&crs_probe_lock);
}

static void crs_probe_state(const struct crs_probe *p, u32 silenced,
			    char *state, size_t size)
{
	const char *name = "off";

	if (READ_ONCE(crs_probe_armed[p - crs_probes]) == CRS_CLONED)
		name = "cloned";
	else if (crs_probe_hooked(p))
		name = silenced & BIT(p->hook.way) ? "silenced" : "armed";
	else if (!crs_kvm_here(p->module))
		name = "waiting";
	else if (!p->address && p->clone)
		name = "cloned";
	else if (p->error == -ENOENT)
		name = "absent";
	else if (crs_probe_idle(p))
		name = "nested=0";
	else if (p->error)
		return (void)snprintf(state, size, "error:%d", p->error);
	strscpy(state, name, size);
}

static const char *crs_probe_set(const struct crs_probe *p)
{
	switch (p->sets) {
	case CRS_SET_CR:
		return "cr";
	case CRS_SET_TPR:
		return "tpr";
	case CRS_SET_VCPU:
		return "vcpu";
	case CRS_SET_TIME:
		return "time";
	default:
		return "cr+tpr";
	}
}

/**
 * crs_probe_rows - the rows of the file "probes"
 * @m: where to
 *
 * Context: process context, sleeps.
 */
void crs_probe_rows(struct seq_file *m)
{
	const struct crs_probe *p;
	char state[16];
	u32 silenced;

	mutex_lock(&crs_probe_lock);
	silenced = crs_probe_note(crs_probe_unseen);
	for (p = crs_probes; p < crs_probes + CRS_NR_PROBES; p++) {
		crs_probe_state(p, silenced, state, sizeof(state));
		seq_printf(m, "%-26s %-9s %-6s %-9s %12llu %6llu %s\n",
			   p->function, crs_kvm_name(p->module),
			   crs_probe_set(p), state,
			   crs_probe_hits(p) - p->hits_base,
			   crs_probe_missed(p) - p->missed_base,
			   crs_hook_name(&p->hook));
	}
	mutex_unlock(&crs_probe_lock);
}

/**
 * crs_probe_init - arm what can be armed now, and the rest when it comes
 *
 * Context: process context, sleeps; records and canaries are ready.
 * Return: 0 or a negative error.
 */
int crs_probe_init(void)
{
	int ret = crs_kvm_init(crs_module_changed);

	if (ret)
		crs_probe_exit();
	return ret;
}

/**
 * crs_probe_exit - disarm everything
 *
 * Context: process context, sleeps. On return no handler runs any more.
 */
void crs_probe_exit(void)
{
	crs_kvm_exit();
	mutex_lock(&crs_probe_lock);
	crs_probe_disarm(crs_probe_all);
	mutex_unlock(&crs_probe_lock);
}
