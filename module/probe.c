// SPDX-License-Identifier: GPL-2.0
/*
 * Which functions are probed, and the kprobes on them. KVM's modules may come
 * and go at any time: a kprobe is registered while its module is there and its
 * set is on, and only then.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kallsyms.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/seq_file.h>

#include "callers.h"
#include "emulator.h"
#include "probe.h"
#include "svm.h"
#include "tpr.h"
#include "vcpu.h"
#include "vmx.h"

/**
 * struct crs_probe - a probed function
 * @function: its name
 * @module: where it lives
 * @sets: the probe sets that want it, &enum crs_set
 * @handler: called at its entry
 * @armed: @kp is registered
 * @absent: the module is there and has no such function
 * @missed: calls missed by earlier registrations
 * @hits_base: hits at the last reset
 * @missed_base: missed calls at the last reset
 * @symbol: "module:function", for @kp
 * @kp: the kprobe
 */
struct crs_probe {
	const char *function;
	enum crs_module module;
	unsigned int sets;
	kprobe_pre_handler_t handler;
	bool armed;
	bool absent;
	u64 missed;
	u64 hits_base;
	u64 missed_base;
	char symbol[64];
	struct kprobe kp;
};

static int crs_on_vcpu_gone(struct kprobe *kp, struct pt_regs *regs);

#define CRS_X(id, fn, mod, set, fun) \
	[CRS_PROBE_##id] = {         \
		.function = fn,      \
		.module = mod,       \
		.sets = set,         \
		.handler = fun,      \
	},
static struct crs_probe crs_probes[] = { CRS_PROBES(CRS_X) };
#undef CRS_X

/**
 * struct crs_module_state - a part of KVM
 * @name: the module's name
 * @anchor: a function that every kernel has there
 * @present: it is loaded, or built in
 * @builtin: it is part of the kernel itself
 */
struct crs_module_state {
	const char *name;
	const char *anchor;
	bool present;
	bool builtin;
};

static struct crs_module_state crs_modules[] = {
	[CRS_KVM] = { "kvm", "kvm_arch_vcpu_destroy" },
	[CRS_KVM_AMD] = { "kvm_amd", "svm_vcpu_run" },
	[CRS_KVM_INTEL] = { "kvm_intel", "vmx_vcpu_run" },
};

/*
 * Protects the probes' and modules' state against the module notifier, control
 * and readers of it. May be held for an RCU grace period. Handlers take
 * nothing and read crs_sets alone.
 */
static DEFINE_MUTEX(crs_probe_lock);

unsigned int crs_sets = CRS_SET_CR | CRS_SET_TPR | CRS_SET_VCPU;

DEFINE_PER_CPU(u64[CRS_NR_PROBES], crs_hits);

/*
 * kprobe on kvm_arch_vcpu_destroy(vcpu), and on kvm_arch_vcpu_create(vcpu): an
 * address at which a vCPU is created belongs to no earlier one, should its
 * destruction have been missed.
 */
static int crs_on_vcpu_gone(struct kprobe *kp, struct pt_regs *regs)
{
	if (kp == &crs_probes[CRS_PROBE_vcpu_create].kp)
		crs_hit(vcpu_create);
	else
		crs_hit(vcpu_destroy);
	crs_vcpu_retire((struct kvm_vcpu *)regs->di);
	return 0;
}

/*
 * Register @kp on a function of a part of KVM. @symbol must live as long as
 * @kp: it holds the name by which the function is looked up.
 */
static int crs_kprobe_register(struct kprobe *kp, char *symbol, size_t size,
			       enum crs_module module, const char *function)
{
	if (crs_modules[module].builtin)
		strscpy(symbol, function, size);
	else
		snprintf(symbol, size, "%s:%s", crs_modules[module].name,
			 function);
	kp->symbol_name = symbol;
	return register_kprobe(kp);
}

/**
 * crs_symbol_range - where a function's code lies
 * @module: its module
 * @symbol: its name
 * @start: its first byte
 * @end: the first byte behind it
 *
 * Modules may not look symbols up by name; a kprobe that is never armed may.
 *
 * Context: process context, sleeps; when a module comes, which is under the
 * probes' lock.
 * Return: 0, or -ENOENT where there is no such function.
 */
int crs_symbol_range(enum crs_module module, const char *symbol,
		     unsigned long *start, unsigned long *end)
{
	/* Half a kilobyte, protected by crs_probe_lock. */
	static char where[KSYM_SYMBOL_LEN];
	struct kprobe kp = { .flags = KPROBE_FLAG_DISABLED };
	char name[sizeof_field(struct crs_probe, symbol)];
	char *plus;
	unsigned long offset, size, addr;
	int ret;

	lockdep_assert_held(&crs_probe_lock);

	ret = crs_kprobe_register(&kp, name, sizeof(name), module, symbol);
	if (ret)
		return -ENOENT;
	/* "function+0x4/0x5d0 [module]": a kprobe sits behind ENDBR. */
	addr = (unsigned long)kp.addr;
	sprint_symbol(where, addr);
	unregister_kprobe(&kp);
	/* A name without a module is looked up in all modules, too. */
	if (crs_modules[module].builtin && strchr(where, '['))
		return -ENOENT;
	plus = strrchr(where, '+');
	if (!plus || sscanf(plus, "+%lx/%lx", &offset, &size) != 2)
		return -ENOENT;
	*start = addr - offset;
	*end = *start + size;
	return 0;
}

/* Arguments are passed as in the source to these of GCC's clones. */
static const char *const crs_clones[] = { "", ".constprop.0" };

/* Fails for want of memory alone: a function less is seen in "probes". */
static int crs_probe_arm(struct crs_probe *p)
{
	char function[sizeof(p->symbol)];
	unsigned int i;
	int ret;

	lockdep_assert_held(&crs_probe_lock);

	if (p->armed || !crs_modules[p->module].present ||
	    !(p->sets & crs_sets))
		return 0;

	for (i = 0; i < ARRAY_SIZE(crs_clones); i++) {
		snprintf(function, sizeof(function), "%s%s", p->function,
			 crs_clones[i]);
		memset(&p->kp, 0, sizeof(p->kp));
		p->kp.pre_handler = p->handler;
		ret = crs_kprobe_register(&p->kp, p->symbol, sizeof(p->symbol),
					  p->module, function);
		if (ret != -ENOENT)
			break;
	}
	WRITE_ONCE(p->armed, !ret);
	WRITE_ONCE(p->absent, ret == -ENOENT);
	if (ret && ret != -ENOENT)
		pr_warn("cannot probe %s: error %d\n", p->function, ret);
	return ret == -ENOMEM ? ret : 0;
}

/* All in one batch: each call costs an RCU grace period. */
static void crs_probe_disarm(bool (*which)(const struct crs_probe *p))
{
	struct kprobe *batch[CRS_NR_PROBES];
	struct crs_probe *p;
	int n = 0, i;

	lockdep_assert_held(&crs_probe_lock);

	for (i = CRS_NR_PROBES - 1; i >= 0; i--)
		if (crs_probes[i].armed && which(&crs_probes[i]))
			batch[n++] = &crs_probes[i].kp;
	if (!n)
		return;
	unregister_kprobes(batch, n);
	while (n--) {
		p = container_of(batch[n], struct crs_probe, kp);
		WRITE_ONCE(p->armed, false);
		p->missed += p->kp.nmissed;
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
	return !crs_modules[p->module].present;
}

static int crs_module_came(enum crs_module module)
{
	unsigned int i;
	int ret = 0;

	crs_modules[module].present = true;
	crs_callers_resolve(module);
	for (i = 0; i < CRS_NR_PROBES; i++)
		if (crs_probes[i].module == module)
			ret = crs_probe_arm(&crs_probes[i]) ?: ret;
	return ret;
}

static void crs_module_went(enum crs_module module)
{
	unsigned int i;

	crs_modules[module].present = false;
	crs_probe_disarm(crs_probe_lost);
	crs_callers_forget(module);
	for (i = 0; i < CRS_NR_PROBES; i++)
		if (crs_probes[i].module == module)
			crs_probes[i].absent = false;
}

static int crs_module_event(struct notifier_block *nb, unsigned long event,
			    void *data)
{
	const struct module *mod = data;
	unsigned int i;

	if (event != MODULE_STATE_COMING && event != MODULE_STATE_GOING)
		return NOTIFY_DONE;

	for (i = 0; i < CRS_NR_MODULES; i++) {
		if (strcmp(mod->name, crs_modules[i].name))
			continue;
		mutex_lock(&crs_probe_lock);
		if (event == MODULE_STATE_COMING)
			crs_module_came(i);
		else
			crs_module_went(i);
		mutex_unlock(&crs_probe_lock);
	}
	return NOTIFY_DONE;
}

/* After kprobes' own notifier, which has priority 0 and kills the probes. */
static struct notifier_block crs_module_nb = {
	.notifier_call = crs_module_event,
	.priority = -1,
};

/**
 * crs_probe_armed - whether a function is being watched
 * @id: the probe
 *
 * Context: any; the answer may be old at once.
 */
bool crs_probe_armed(enum crs_probe_id id)
{
	return READ_ONCE(crs_probes[id].armed);
}

/**
 * crs_probe_absent - whether this kernel has no such function
 * @id: the probe
 *
 * Context: any; the answer may be old at once.
 */
bool crs_probe_absent(enum crs_probe_id id)
{
	return READ_ONCE(crs_probes[id].absent);
}

/**
 * crs_module_present - whether a module of KVM is loaded or built in
 * @module: the module
 *
 * Context: any; stable for the module whose vCPU the caller runs in.
 */
bool crs_module_present(enum crs_module module)
{
	return READ_ONCE(crs_modules[module].present);
}

/**
 * crs_probe_function - the name of a probed function
 * @id: the probe
 *
 * Context: any.
 */
const char *crs_probe_function(enum crs_probe_id id)
{
	return crs_probes[id].function;
}

/**
 * crs_probe_switch - turn probe sets on or off
 * @sets: the sets, &enum crs_set
 * @on: which
 *
 * Context: process context, sleeps.
 * Return: 0, or -ENOMEM where not all could be armed.
 */
int crs_probe_switch(unsigned int sets, bool on)
{
	unsigned int i;
	int ret = 0;

	mutex_lock(&crs_probe_lock);
	if (on) {
		WRITE_ONCE(crs_sets, crs_sets | sets);
		for (i = 0; i < CRS_NR_PROBES; i++)
			ret = crs_probe_arm(&crs_probes[i]) ?: ret;
	} else {
		WRITE_ONCE(crs_sets, crs_sets & ~sets);
		crs_probe_disarm(crs_probe_off);
		crs_vcpu_withdraw();
	}
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

static u64 crs_probe_missed(const struct crs_probe *p)
{
	return p->missed + (p->armed ? p->kp.nmissed : 0);
}

/**
 * crs_probe_reset - count hits and missed calls from zero
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
	mutex_unlock(&crs_probe_lock);
}

static const char *crs_probe_state(const struct crs_probe *p)
{
	if (p->armed)
		return "armed";
	if (!crs_modules[p->module].present)
		return "waiting";
	return p->absent ? "absent" : "off";
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

	mutex_lock(&crs_probe_lock);
	for (p = crs_probes; p < crs_probes + CRS_NR_PROBES; p++)
		seq_printf(m, "%-26s %-9s %-6s %-7s %12llu %6llu\n",
			   p->function,
			   crs_modules[p->module].builtin ?
				   "-" :
				   crs_modules[p->module].name,
			   crs_probe_set(p), crs_probe_state(p),
			   crs_probe_hits(p) - p->hits_base,
			   crs_probe_missed(p) - p->missed_base);
	mutex_unlock(&crs_probe_lock);
}

/* Whether a part of KVM is here already, as a module or built in. */
static bool crs_module_here(enum crs_module module)
{
	struct crs_module_state *m = &crs_modules[module];
	unsigned long start, end;

	m->builtin = false;
	if (!crs_symbol_range(module, m->anchor, &start, &end))
		return true;
	m->builtin = true;
	if (!crs_symbol_range(module, m->anchor, &start, &end))
		return true;
	m->builtin = false;
	return false;
}

/**
 * crs_probe_init - arm what can be armed now, and the rest when it comes
 *
 * Context: process context, sleeps; records are ready.
 * Return: 0 or a negative error.
 */
int crs_probe_init(void)
{
	unsigned int i;
	int ret;

	ret = register_module_notifier(&crs_module_nb);
	if (ret)
		return ret;

	mutex_lock(&crs_probe_lock);
	for (i = 0; i < CRS_NR_MODULES; i++)
		if (crs_module_here(i))
			ret = crs_module_came(i) ?: ret;
	mutex_unlock(&crs_probe_lock);
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
	unregister_module_notifier(&crs_module_nb);
	mutex_lock(&crs_probe_lock);
	crs_probe_disarm(crs_probe_all);
	mutex_unlock(&crs_probe_lock);
}
