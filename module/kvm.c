// SPDX-License-Identifier: GPL-2.0
/*
 * What is known of KVM. Its modules may come and go at any time, or be part of
 * the kernel itself.
 */
#include <linux/errno.h>
#include <linux/kallsyms.h>
#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/notifier.h>

#include "kvm.h"

/**
 * struct crs_kvm_module - a part of KVM
 * @name: the module's name
 * @anchor: a function that every kernel has there
 * @here: it is loaded, or built in
 * @builtin: it is part of the kernel itself
 * @nests: as far as is known its guests may have guests
 */
struct crs_kvm_module {
	const char *name;
	const char *anchor;
	bool here;
	bool builtin;
	bool nests;
};

static struct crs_kvm_module crs_kvm_modules[] = {
	[CRS_KVM] = { "kvm", "kvm_arch_vcpu_destroy" },
	[CRS_KVM_AMD] = { "kvm_amd", "svm_vcpu_run" },
	[CRS_KVM_INTEL] = { "kvm_intel", "vmx_vcpu_run" },
};

static int (*crs_kvm_changed)(enum crs_module module, bool here);

/*
 * A module goes after what is done about its coming, and the other way round:
 * the notifier and init take turns. Whatever the callback takes comes inside.
 */
static DEFINE_MUTEX(crs_kvm_lock);

/* As many names as crs_kvm_find() takes at once. */
#define CRS_KVM_NAMES 16

/*
 * Modules may not look up symbols by name; kprobes that are never armed may.
 * These are they, too large for a stack. Taken inside of what else the caller
 * holds, for an RCU grace period.
 */
static DEFINE_MUTEX(crs_kvm_find_lock);
static struct kprobe crs_kvm_kprobes[CRS_KVM_NAMES];
static char crs_kvm_symbols[CRS_KVM_NAMES][CRS_SYMBOL_LEN];
static char crs_kvm_text[KSYM_SYMBOL_LEN];

/**
 * crs_kvm_name - a module's name
 * @module: the module
 *
 * Context: any.
 * Return: the name; "-" where it is part of the kernel itself.
 */
const char *crs_kvm_name(enum crs_module module)
{
	const struct crs_kvm_module *m = &crs_kvm_modules[module];

	return m->builtin ? "-" : m->name;
}

/**
 * crs_kvm_here - whether a module is loaded or built in
 * @module: the module
 *
 * Context: any; the answer may be old at once but in the function that
 * crs_kvm_init() was given.
 */
bool crs_kvm_here(enum crs_module module)
{
	return READ_ONCE(crs_kvm_modules[module].here);
}

/**
 * crs_kvm_nests - whether a module's parameter "nested" allows nested guests
 * @module: a vendor's module
 *
 * Context: any.
 * Return: whether it does, as of when the module came; true where it is not
 * known, since the module is part of the kernel itself.
 */
bool crs_kvm_nests(enum crs_module module)
{
	return READ_ONCE(crs_kvm_modules[module].nests);
}

/* The parameter is an integer or a bool. */
static bool crs_kvm_nested(const struct module *mod)
{
	const struct kernel_param *kp;
	char value[24];

	for (kp = mod->kp; kp < mod->kp + mod->num_kp; kp++)
		if (!strcmp(kp->name, "nested") && kp->ops->get &&
		    kp->ops->get(value, kp) > 0)
			return *value != '0' && *value != 'N';
	return true;
}

static void crs_kvm_find_some(const struct crs_kvm_module *m,
			      const char *const names[],
			      unsigned long addresses[], unsigned int n)
{
	struct kprobe *found[CRS_KVM_NAMES];
	struct kprobe *kp;
	unsigned int i;
	int nr_found = 0;

	for (i = 0; i < n; i++) {
		kp = &crs_kvm_kprobes[i];
		memset(kp, 0, sizeof(*kp));
		kp->flags = KPROBE_FLAG_DISABLED;
		kp->symbol_name = crs_kvm_symbols[i];
		if (m->builtin)
			strscpy(crs_kvm_symbols[i], names[i], CRS_SYMBOL_LEN);
		else
			snprintf(crs_kvm_symbols[i], CRS_SYMBOL_LEN, "%s:%s",
				 m->name, names[i]);
		addresses[i] = register_kprobe(kp);
		if (addresses[i])
			continue;
		found[nr_found++] = kp;
		addresses[i] = (unsigned long)kp->addr;
		/* A name without a module is looked up in all modules, too. */
		sprint_symbol(crs_kvm_text, addresses[i]);
		if (m->builtin && strchr(crs_kvm_text, '['))
			addresses[i] = -ENOENT;
	}
	if (nr_found)
		unregister_kprobes(found, nr_found);
}

/**
 * crs_kvm_find - where functions can be probed
 * @module: their module
 * @names: their names
 * @addresses: for each the address behind ENDBR, or a negative error: -ENOENT
 *	where there is no such function
 * @n: how many
 *
 * Context: process context, sleeps for an RCU grace period for each 16 of them.
 */
void crs_kvm_find(enum crs_module module, const char *const names[],
		  unsigned long addresses[], unsigned int n)
{
	unsigned int i;

	mutex_lock(&crs_kvm_find_lock);
	for (i = 0; i < n; i += CRS_KVM_NAMES)
		crs_kvm_find_some(&crs_kvm_modules[module], names + i,
				  addresses + i,
				  min_t(unsigned int, n - i, CRS_KVM_NAMES));
	mutex_unlock(&crs_kvm_find_lock);
}

static int crs_kvm_change(enum crs_module module, bool here)
{
	lockdep_assert_held(&crs_kvm_lock);

	WRITE_ONCE(crs_kvm_modules[module].here, here);
	return crs_kvm_changed(module, here);
}

static int crs_kvm_notify(struct notifier_block *nb, unsigned long event,
			  void *data)
{
	const struct module *mod = data;
	unsigned int i;

	/* Parameters are read, and mended by the module, before it is LIVE. */
	if (event != MODULE_STATE_COMING && event != MODULE_STATE_LIVE &&
	    event != MODULE_STATE_GOING)
		return NOTIFY_DONE;

	for (i = 0; i < CRS_NR_MODULES; i++) {
		if (!crs_kvm_runs(i) ||
		    strcmp(mod->name, crs_kvm_modules[i].name))
			continue;
		mutex_lock(&crs_kvm_lock);
		crs_kvm_modules[i].nests = crs_kvm_nested(mod);
		crs_kvm_change(i, event != MODULE_STATE_GOING);
		mutex_unlock(&crs_kvm_lock);
	}
	return NOTIFY_DONE;
}

/* After kprobes' own notifier, which has priority 0 and kills the probes. */
static struct notifier_block crs_kvm_nb = {
	.notifier_call = crs_kvm_notify,
	.priority = -1,
};

/* 0 where the module is here, as part of the kernel or not. */
static int crs_kvm_look(struct crs_kvm_module *m, bool builtin)
{
	const char *const names[] = { m->anchor };
	const struct module *mod;
	struct kobject *kobj;
	unsigned long address;

	m->builtin = builtin;
	crs_kvm_find(m - crs_kvm_modules, names, &address, 1);
	if (IS_ERR_VALUE(address))
		return address;

	m->nests = true;
	/* Its memory stays as long as the object is held. */
	kobj = kset_find_obj(THIS_MODULE->mkobj.kobj.kset, m->name);
	if (!kobj)
		return 0;
	mod = container_of(kobj, struct module_kobject, kobj)->mod;
	if (mod)
		m->nests = crs_kvm_nested(mod);
	kobject_put(kobj);
	return 0;
}

/**
 * crs_kvm_init - watch KVM's modules come and go
 * @changed: called for each that is here, or came, or goes; of the two vendors'
 *	only for the one that runs on this CPU. May sleep, and fail where memory
 *	does. Those that go have no vCPU any more, those that come none yet.
 *
 * Context: process context, sleeps.
 * Return: 0 or a negative error; crs_kvm_exit() is due in either case.
 */
int crs_kvm_init(int (*changed)(enum crs_module module, bool here))
{
	unsigned int i;
	int ret;

	crs_kvm_changed = changed;
	/* Outside of the lock, which is taken inside of the notifiers' own. */
	ret = register_module_notifier(&crs_kvm_nb);
	mutex_lock(&crs_kvm_lock);
	for (i = 0; i < CRS_NR_MODULES && !ret; i++) {
		if (!crs_kvm_runs(i))
			continue;
		ret = crs_kvm_look(&crs_kvm_modules[i], true);
		if (ret == -ENOENT)
			ret = crs_kvm_look(&crs_kvm_modules[i], false);
		if (!ret)
			ret = crs_kvm_change(i, true);
		else if (ret == -ENOENT)
			ret = 0;
	}
	mutex_unlock(&crs_kvm_lock);
	return ret;
}

/**
 * crs_kvm_exit - what crs_kvm_init() began ends
 *
 * Context: process context, sleeps.
 */
void crs_kvm_exit(void)
{
	unregister_module_notifier(&crs_kvm_nb);
}
