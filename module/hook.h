/* SPDX-License-Identifier: GPL-2.0 */
/* The two ways to be called at a function's entry: a kprobe, an ftrace_ops. */
#ifndef CRS_HOOK_H
#define CRS_HOOK_H

#include <linux/ftrace.h>
#include <linux/kprobes.h>
#include <linux/preempt.h>

#include "compat.h"

/**
 * struct crs_call - a call of a hooked function, all that a handler gets
 * @arg: the first three arguments
 * @site: the return address, or what another tracer put in its place
 * @sp: the stack pointer at the function's entry
 */
struct crs_call {
	unsigned long arg[3];
	unsigned long site;
	unsigned long sp;
};

/**
 * CRS_STUBS - what the kernel calls at a function's entry, one for each way
 * @id: the hook; its handler is crs_on_<id>(const struct crs_call *call)
 *
 * Both call the handler with preemption disabled: kprobes have it so, ftrace
 * leaves it as it was. The handler is to be inline: then it takes out of the
 * registers what it asks for, and no more.
 */
#define CRS_STUBS(id, ...)                                           \
	int crs_kprobe_##id(struct kprobe *kp, struct pt_regs *regs) \
	{                                                            \
		const struct crs_call call = {                       \
			.arg = { regs->di, regs->si, regs->dx },     \
			.site = *(unsigned long *)regs->sp,          \
			.sp = regs->sp,                              \
		};                                                   \
		crs_on_##id(&call);                                  \
		return 0;                                            \
	}                                                            \
	CRS_FTRACE_STUB(id)

#ifdef CONFIG_DYNAMIC_FTRACE_WITH_REGS
#define CRS_FTRACE_STUB(id)                                          \
	void crs_ftrace_##id(unsigned long ip, unsigned long parent, \
			     struct ftrace_ops *ops,                 \
			     struct crs_ftrace_regs *regs)           \
	{                                                            \
		const struct crs_call call = {                       \
			.arg = { crs_ftrace_arg(regs, 0),            \
				 crs_ftrace_arg(regs, 1),            \
				 crs_ftrace_arg(regs, 2) },          \
			.site = parent,                              \
			.sp = crs_ftrace_sp(regs),                   \
		};                                                   \
		preempt_disable_notrace();                           \
		crs_on_##id(&call);                                  \
		preempt_enable_notrace();                            \
	}
#define CRS_STUBS_DECLARE(id, ...)                                    \
	int crs_kprobe_##id(struct kprobe *kp, struct pt_regs *regs); \
	void crs_ftrace_##id(unsigned long ip, unsigned long parent,  \
			     struct ftrace_ops *ops,                  \
			     struct crs_ftrace_regs *regs);
#define CRS_HOOK(id)                                                           \
	{                                                                      \
		.kp.pre_handler = crs_kprobe_##id, .ops.func = crs_ftrace_##id \
	}
#else
#define CRS_FTRACE_STUB(id)
#define CRS_STUBS_DECLARE(id, ...) \
	int crs_kprobe_##id(struct kprobe *kp, struct pt_regs *regs);
#define CRS_HOOK(id)                              \
	{                                         \
		.kp.pre_handler = crs_kprobe_##id \
	}
#endif

/* How a function is hooked, the last two by kprobes. */
enum crs_hook_way {
	CRS_HOOK_NONE,
	CRS_HOOK_FTRACE,
	CRS_HOOK_KPROBE_FTRACE, /* at an ftrace site: ftrace calls kprobes */
	CRS_HOOK_KPROBE, /* a breakpoint or a jump */
	CRS_NR_HOOK_WAYS,
};

/**
 * struct crs_hook - a hook on a function's entry, made by CRS_HOOK()
 * @way: how it is hooked now
 * @kp: the kprobe
 * @ops: ftrace's own, with a trampoline of its own
 */
struct crs_hook {
	enum crs_hook_way way;
	struct kprobe kp;
	struct crs_ftrace_ops ops;
};

/* As many as crs_hook_disarm() takes at once. */
#define CRS_HOOK_BATCH 32

void crs_canary(void);
int crs_hook_arm(struct crs_hook *h, unsigned long address);
void crs_hook_disarm(struct crs_hook *const hooks[], unsigned int n);
const char *crs_hook_name(const struct crs_hook *h);
unsigned long crs_hook_missed(const struct crs_hook *h);
bool crs_hook_silenced(enum crs_hook_way way);
int crs_hook_init(const char *hook);
void crs_hook_exit(void);

#endif /* CRS_HOOK_H */
