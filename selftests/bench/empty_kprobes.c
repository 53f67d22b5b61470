// SPDX-License-Identifier: GPL-2.0
/*
 * Kprobes whose handler does nothing: what any observer that sits on a function
 * costs at least.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <linux/module.h>

#define MAX_FUNCTIONS 16

static char *functions[MAX_FUNCTIONS];
static int nr_functions;
module_param_array(functions, charp, &nr_functions, 0444);
MODULE_PARM_DESC(functions,
		 "functions to probe, as function or module:function");

static struct kprobe probes[MAX_FUNCTIONS];
static struct kprobe *batch[MAX_FUNCTIONS];

/* Kprobes without a handler would spare the call. */
static int nothing(struct kprobe *kp, struct pt_regs *regs)
{
	return 0;
}

static int __init empty_kprobes_init(void)
{
	int i, ret;

	if (!nr_functions) {
		pr_err("no functions given\n");
		return -EINVAL;
	}
	for (i = 0; i < nr_functions; i++) {
		probes[i].symbol_name = functions[i];
		probes[i].pre_handler = nothing;
		batch[i] = &probes[i];
		ret = register_kprobe(batch[i]);
		if (ret) {
			pr_err("cannot probe %s: error %d\n", functions[i],
			       ret);
			unregister_kprobes(batch, i);
			return ret;
		}
	}
	return 0;
}

static void __exit empty_kprobes_exit(void)
{
	unregister_kprobes(batch, nr_functions);
}

module_init(empty_kprobes_init);
module_exit(empty_kprobes_exit);

MODULE_DESCRIPTION("Kprobes with an empty handler");
MODULE_AUTHOR("The kvm_crstat authors");
MODULE_LICENSE("GPL");
