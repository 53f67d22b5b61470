// SPDX-License-Identifier: GPL-2.0
/* Parameters, and the order of init and exit. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>

#include "debugfs.h"
#include "hook.h"
#include "kvm_crstat.h"
#include "probe.h"
#include "record.h"

#ifndef CONFIG_X86_64
#error "kvm_crstat is for 64-bit kernels"
#endif

static unsigned int max_vcpus = 1024;
module_param(max_vcpus, uint, 0444);
MODULE_PARM_DESC(max_vcpus, "vCPUs that there is room for, 1 to 65536 (1024)");

static char *hook = "kprobe";
module_param(hook, charp, 0444);
MODULE_PARM_DESC(
	hook,
	"how functions are probed: kprobe, or ftrace where they are ftrace sites, at a quarter of the price (kprobe)");

#define CRS_MAX_VCPUS 65536

static int __init crs_init(void)
{
	int ret;

	if (!max_vcpus || max_vcpus > CRS_MAX_VCPUS) {
		pr_err("max_vcpus=%u is not from 1 to %u\n", max_vcpus,
		       CRS_MAX_VCPUS);
		return -EINVAL;
	}

	ret = crs_record_init(max_vcpus);
	if (ret)
		return ret;
	ret = crs_hook_init(hook);
	if (ret)
		goto no_hook;
	ret = crs_probe_init();
	if (ret)
		goto no_probe;
	crs_debugfs_init();
	return 0;

no_probe:
	crs_hook_exit();
no_hook:
	crs_record_exit();
	return ret;
}

static void __exit crs_exit(void)
{
	crs_debugfs_exit();
	crs_probe_exit();
	crs_hook_exit();
	crs_record_exit();
}

module_init(crs_init);
module_exit(crs_exit);

MODULE_DESCRIPTION("KVM control register and task priority statistics");
MODULE_AUTHOR("The kvm_crstat authors");
MODULE_LICENSE("GPL");
MODULE_VERSION(CRS_VERSION);
