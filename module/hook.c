// SPDX-License-Identifier: GPL-2.0
/*
 * The two ways to be called at a function's entry.
 *
 * A kprobe works wherever the kernel has kprobes. An ftrace_ops of one's own
 * for each function costs a quarter: its trampoline calls the stub directly,
 * without a lookup, a full register set and a lock against recursion. Handlers
 * do without that lock, for nothing that they call is hooked.
 *
 * The kernel has switches that keep hooks from being called while all else
 * stays as it was. So each way has a canary: a function that is hooked like the
 * others, to be called and seen.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/printk.h>
#include <linux/string.h>

#include "hook.h"

/* Functions that can be are hooked by ftrace. */
static bool crs_hook_ftrace;

/**
 * struct crs_canary - a hook that is tried
 * @function: what it is on
 * @hits: written by the hook's handler alone, in the thread that calls
 * @hook: the hook
 */
struct crs_canary {
	void (*function)(void);
	unsigned int hits;
	struct crs_hook hook;
};

static struct crs_canary crs_canaries[];

/* No ftrace site, as this whole file is. */
static noinline void crs_canary_plain(void)
{
	barrier();
}

/*
 * With a post_handler a kprobe is not made a jump, which would be taken back
 * some time after it is unregistered: one in a module that has gone meanwhile
 * stays in the kernel's table (kill_optimized_kprobe(), 5.10 to 7.3), for the
 * next kprobe at that address to trip over.
 */
static void crs_canary_stays(struct kprobe *kp, struct pt_regs *regs,
			     unsigned long flags)
{
}

/* X(name, function, way) */
#define CRS_CANARIES(X)                                      \
	X(canary_ftrace, crs_canary, CRS_HOOK_FTRACE)        \
	X(canary_kprobe, crs_canary, CRS_HOOK_KPROBE_FTRACE) \
	X(canary_plain, crs_canary_plain, CRS_HOOK_KPROBE)

#define CRS_X(id, fn, way)                                                   \
	CRS_STUBS_DECLARE(id)                                                \
	static __always_inline void crs_on_##id(const struct crs_call *call) \
	{                                                                    \
		crs_canaries[way].hits++;                                    \
	}                                                                    \
	CRS_STUBS(id)
CRS_CANARIES(CRS_X)
#undef CRS_X

#define CRS_X(id, fn, way) [way] = { .function = fn, .hook = CRS_HOOK(id) },
static struct crs_canary crs_canaries[CRS_NR_HOOK_WAYS] = { CRS_CANARIES(
	CRS_X) };
#undef CRS_X

#ifdef CONFIG_DYNAMIC_FTRACE_WITH_REGS
static int crs_ftrace_arm(struct crs_hook *h, unsigned long address)
{
	int ret;

	h->ops = (struct ftrace_ops){
		.func = h->ops.func,
		/* kernel.ftrace_enabled can't be set to 0 then. */
		.flags = CRS_FTRACE_FLAGS | FTRACE_OPS_FL_PERMANENT,
	};
	ret = ftrace_set_filter_ip(&h->ops, address, 0, 0);
	if (ret)
		return ret;
	ret = register_ftrace_function(&h->ops);
	/* It is 0 already: silenced, until somebody sets it to 1. */
	if (ret == -EBUSY) {
		h->ops.flags &= ~FTRACE_OPS_FL_PERMANENT;
		ret = register_ftrace_function(&h->ops);
	}
	if (ret)
		ftrace_set_filter(&h->ops, NULL, 0, 1);
	return ret;
}

static void crs_ftrace_disarm(struct crs_hook *h)
{
	unregister_ftrace_function(&h->ops);
	ftrace_set_filter(&h->ops, NULL, 0, 1);
}
#else
static int crs_ftrace_arm(struct crs_hook *h, unsigned long address)
{
	return -EOPNOTSUPP;
}

static void crs_ftrace_disarm(struct crs_hook *h)
{
}
#endif

static int crs_kprobe_arm(struct crs_hook *h, unsigned long address)
{
	/* What an earlier registration left there is in the way. */
	h->kp = (struct kprobe){
		.pre_handler = h->kp.pre_handler,
		.post_handler = h->kp.post_handler,
		.addr = (kprobe_opcode_t *)address,
	};
	return register_kprobe(&h->kp);
}

static int crs_hook_arm_by(struct crs_hook *h, unsigned long address,
			   bool ftrace)
{
	int ret = -EINVAL;

	if (ftrace)
		ret = crs_ftrace_arm(h, address);
	if (!ret) {
		h->way = CRS_HOOK_FTRACE;
		h->kp.nmissed = 0;
		return 0;
	}
	/* Other than that it is no ftrace site, which a kprobe can do with. */
	if (ftrace && ret != -EINVAL && ret != -EOPNOTSUPP)
		return ret;
	ret = crs_kprobe_arm(h, address);
	if (!ret)
		h->way = kprobe_ftrace(&h->kp) ? CRS_HOOK_KPROBE_FTRACE :
						 CRS_HOOK_KPROBE;
	return ret;
}

/**
 * crs_hook_arm - have a function's entry call the hook's handler
 * @h: the hook, not armed
 * @address: the function, of crs_kvm_find()
 *
 * Context: process context, sleeps.
 * Return: 0 or a negative error.
 */
int crs_hook_arm(struct crs_hook *h, unsigned long address)
{
	return crs_hook_arm_by(h, address, crs_hook_ftrace);
}

/**
 * crs_hook_disarm - have it call nothing any more
 * @hooks: armed hooks, in the order in which they are to fall silent: ftrace's
 *	first, then the kprobes
 * @n: how many, at most %CRS_HOOK_BATCH
 *
 * Context: process context, sleeps: for an RCU grace period, and for one of RCU
 * tasks for each that ftrace calls, since a task may be in its trampoline. On
 * return no handler runs any more.
 */
void crs_hook_disarm(struct crs_hook *const hooks[], unsigned int n)
{
	struct kprobe *batch[CRS_HOOK_BATCH];
	unsigned int i;
	int nr = 0;

	for (i = 0; i < n; i++) {
		if (hooks[i]->way == CRS_HOOK_FTRACE)
			crs_ftrace_disarm(hooks[i]);
		else if (hooks[i]->way != CRS_HOOK_NONE)
			batch[nr++] = &hooks[i]->kp;
		hooks[i]->way = CRS_HOOK_NONE;
	}
	if (nr)
		unregister_kprobes(batch, nr);
}

/**
 * crs_hook_name - how a function is hooked, as users name it
 * @h: the hook
 *
 * Context: any.
 */
const char *crs_hook_name(const struct crs_hook *h)
{
	static const char *const names[] = {
		[CRS_HOOK_NONE] = "-",
		[CRS_HOOK_FTRACE] = "ftrace",
		[CRS_HOOK_KPROBE_FTRACE] = "kprobe",
		[CRS_HOOK_KPROBE] = "kprobe",
	};

	return names[h->way];
}

/**
 * crs_hook_missed - calls that the kernel could not report, as it says
 * @h: the hook
 *
 * Context: any.
 * Return: the number since it was armed; ftrace misses none.
 */
unsigned long crs_hook_missed(const struct crs_hook *h)
{
	return h->way == CRS_HOOK_FTRACE ? 0 : h->kp.nmissed;
}

/**
 * crs_hook_silenced - whether armed hooks of a sort would not be called now
 * @way: the sort
 *
 * Context: process context; one caller at a time.
 * Return: false where nothing is known of it, too.
 */
bool crs_hook_silenced(enum crs_hook_way way)
{
	struct crs_canary *c = &crs_canaries[way];
	unsigned int hits = READ_ONCE(c->hits);

	if (!c->function || c->hook.way != way)
		return false;
	c->function();
	return READ_ONCE(c->hits) == hits;
}

/**
 * crs_hook_init - choose how functions are hooked, send in the canaries
 * @hook: "kprobe" or "ftrace"
 *
 * Context: process context, sleeps.
 * Return: 0; -EINVAL where @hook is neither; -ENOMEM.
 */
int crs_hook_init(const char *hook)
{
	struct crs_canary *c;
	bool ftrace;
	int ret;

	crs_hook_ftrace = !strcmp(hook, "ftrace");
	if (!crs_hook_ftrace && strcmp(hook, "kprobe")) {
		pr_err("hook=%s is neither kprobe nor ftrace\n", hook);
		return -EINVAL;
	}
	crs_canaries[CRS_HOOK_KPROBE].hook.kp.post_handler = crs_canary_stays;
	for (c = crs_canaries; c < crs_canaries + CRS_NR_HOOK_WAYS; c++) {
		ftrace = c == &crs_canaries[CRS_HOOK_FTRACE];
		if (!c->function || (ftrace && !crs_hook_ftrace))
			continue;
		ret = crs_hook_arm_by(&c->hook, (unsigned long)c->function,
				      ftrace);
		if (ret == -ENOMEM) {
			crs_hook_exit();
			return ret;
		}
	}
	return 0;
}

/**
 * crs_hook_exit - call the canaries back
 *
 * Context: process context, sleeps.
 */
void crs_hook_exit(void)
{
	struct crs_hook *hooks[CRS_NR_HOOK_WAYS];
	unsigned int i;

	for (i = 0; i < CRS_NR_HOOK_WAYS; i++)
		hooks[i] = &crs_canaries[i].hook;
	crs_hook_disarm(hooks, CRS_NR_HOOK_WAYS);
}
