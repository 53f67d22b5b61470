// SPDX-License-Identifier: GPL-2.0
/*
 * Hooks whose handler does nothing: what any observer that sits on a function
 * costs at least, by kprobes or by an ftrace_ops for each function. Or, on the
 * function that enters the guest, one that adds up for how long it was left.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/ftrace.h>
#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <linux/kvm_host.h>
#include <linux/module.h>
#include <linux/version.h>

#define MAX_FUNCTIONS 16

static char *functions[MAX_FUNCTIONS];
static int nr_functions;
module_param_array(functions, charp, &nr_functions, 0444);
MODULE_PARM_DESC(functions,
		 "functions to hook, as function or module:function");

static bool ftrace;
module_param(ftrace, bool, 0444);
MODULE_PARM_DESC(ftrace, "an ftrace_ops for each, not a kprobe (0)");

static bool timed;
module_param(timed, bool, 0444);
MODULE_PARM_DESC(timed, "add up inside: functions is the one that enters");

static unsigned long inside;
module_param(inside, ulong, 0444);
MODULE_PARM_DESC(
	inside,
	"ticks of the TSC from KVM's reading of it after exits to the function");

static struct kprobe probes[MAX_FUNCTIONS];
static struct kprobe *batch[MAX_FUNCTIONS];
static struct ftrace_ops ops[MAX_FUNCTIONS];

/* One vCPU, whose preempt notifier is the thread's first. */
static void add_up(void)
{
	const struct kvm_vcpu *vcpu =
		container_of(current->preempt_notifiers.first, struct kvm_vcpu,
			     preempt_notifier.link);

	inside += rdtsc() -
		  (vcpu->arch.last_guest_tsc - vcpu->arch.l1_tsc_offset);
}

/* Kprobes without a handler would spare the call. */
static int nothing(struct kprobe *kp, struct pt_regs *regs)
{
	if (timed)
		add_up();
	return 0;
}

/* 5.11 gave callbacks a struct of their own and turned RECURSION round. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 11, 0)
#define ftrace_regs pt_regs
#define FLAGS (FTRACE_OPS_FL_SAVE_REGS | FTRACE_OPS_FL_RECURSION_SAFE)
#else
#define FLAGS 0
#endif

static void nothing_at_all(unsigned long ip, unsigned long parent,
			   struct ftrace_ops *op, struct ftrace_regs *regs)
{
	if (timed)
		add_up();
}

static void empty_hooks_remove(int n)
{
	int i;

	if (!ftrace && n)
		unregister_kprobes(batch, n);
	for (i = 0; ftrace && i < n; i++)
		unregister_ftrace_function(&ops[i]);
	for (i = 0; ftrace && i < n; i++)
		ftrace_set_filter(&ops[i], NULL, 0, 1);
}

static int empty_hook_add(int i)
{
	int ret;

	batch[i] = &probes[i];
	probes[i].symbol_name = functions[i];
	probes[i].pre_handler = nothing;
	/* For ftrace a kprobe looks up the address, and no more. */
	probes[i].flags = ftrace ? KPROBE_FLAG_DISABLED : 0;
	ret = register_kprobe(&probes[i]);
	if (ret || !ftrace)
		return ret;
	ops[i].func = nothing_at_all;
	ops[i].flags = FLAGS;
	ret = ftrace_set_filter_ip(&ops[i], (unsigned long)probes[i].addr, 0,
				   0);
	unregister_kprobe(&probes[i]);
	return ret ?: register_ftrace_function(&ops[i]);
}

static int __init empty_hooks_init(void)
{
	int i, ret;

	if (!nr_functions) {
		pr_err("no functions given\n");
		return -EINVAL;
	}
	for (i = 0; i < nr_functions; i++) {
		ret = empty_hook_add(i);
		if (ret) {
			pr_err("cannot hook %s: error %d\n", functions[i], ret);
			empty_hooks_remove(i);
			return ret;
		}
	}
	return 0;
}

static void __exit empty_hooks_exit(void)
{
	empty_hooks_remove(nr_functions);
}

module_init(empty_hooks_init);
module_exit(empty_hooks_exit);

MODULE_DESCRIPTION("Hooks with an empty handler");
MODULE_AUTHOR("The kvm_crstat authors");
MODULE_LICENSE("GPL");
