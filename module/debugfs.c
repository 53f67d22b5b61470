// SPDX-License-Identifier: GPL-2.0
/* The files: those of vCPUs, of probes and call sites, and control. */
#include <linux/debugfs.h>
#include <linux/kernel.h>
#include <linux/mutex.h>
#include <linux/seq_file.h>
#include <linux/uaccess.h>

#include "callers.h"
#include "debugfs.h"
#include "kvm_crstat.h"
#include "probe.h"

static struct dentry *crs_dir;

/**
 * crs_head - the first line of a file
 * @m: where to
 * @file: its name
 *
 * Context: any.
 */
void crs_head(struct seq_file *m, const char *file)
{
	seq_printf(m, "# " CRS_NAME " %d %s\n", CRS_FORMAT, file);
}

DEFINE_SEQ_ATTRIBUTE(crs_vcpus);
DEFINE_SEQ_ATTRIBUTE(crs_values);
DEFINE_SEQ_ATTRIBUTE(crs_bits);
DEFINE_SEQ_ATTRIBUTE(crs_sites);
DEFINE_SEQ_ATTRIBUTE(crs_times);

static int crs_callers_show(struct seq_file *m, void *v)
{
	crs_head(m, "callers");
	seq_printf(m, "%-20s %-40s %-9s %-6s %12s\n", "function", "site",
		   "module", "origin", "count");
	crs_callers_rows(m);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(crs_callers);

static int crs_probes_show(struct seq_file *m, void *v)
{
	crs_head(m, "probes");
	seq_printf(m, "%-26s %-9s %-6s %-9s %12s %6s %s\n", "function",
		   "module", "set", "state", "hits", "missed", "hook");
	crs_probe_rows(m);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(crs_probes);

static const struct crs_command {
	const char *text;
	unsigned int sets;
	bool on;
} crs_commands[] = {
	{ "reset" },
	{ "on", CRS_SET_CR | CRS_SET_TPR, true },
	{ "on cr", CRS_SET_CR, true },
	{ "on tpr", CRS_SET_TPR, true },
	{ "on time", CRS_SET_TIME, true },
	{ "off", CRS_SET_CR | CRS_SET_TPR | CRS_SET_TIME, false },
	{ "off cr", CRS_SET_CR, false },
	{ "off tpr", CRS_SET_TPR, false },
	{ "off time", CRS_SET_TIME, false },
};

static ssize_t crs_control_write(struct file *file, const char __user *buf,
				 size_t size, loff_t *pos)
{
	const struct crs_command *c;
	char text[16];
	size_t len = size;

	if (size >= sizeof(text))
		return -EINVAL;
	if (copy_from_user(text, buf, size))
		return -EFAULT;
	if (len && text[len - 1] == '\n')
		len--;

	for (c = crs_commands; c < crs_commands + ARRAY_SIZE(crs_commands); c++)
		if (strlen(c->text) == len && !memcmp(c->text, text, len))
			break;
	if (c == crs_commands + ARRAY_SIZE(crs_commands))
		return -EINVAL;

	if (c->sets)
		return crs_probe_switch(c->sets, c->on) ?: size;
	crs_probe_reset();
	return size;
}

static const struct file_operations crs_control_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = crs_control_write,
	.llseek = noop_llseek,
};

/**
 * crs_debugfs_init - create the files
 *
 * As with all of debugfs, the module works on without them.
 *
 * Context: process context, sleeps; all that the files show is ready.
 */
void crs_debugfs_init(void)
{
	crs_dir = debugfs_create_dir(CRS_NAME, NULL);
#define CRS_X(file, columns, help) \
	debugfs_create_file(#file, 0400, crs_dir, NULL, &crs_##file##_fops);
	CRS_FILES(CRS_X)
#undef CRS_X
	debugfs_create_file("control", 0200, crs_dir, NULL, &crs_control_fops);
}

/**
 * crs_debugfs_exit - remove the files
 *
 * Context: process context, sleeps. On return nobody reads or writes one.
 */
void crs_debugfs_exit(void)
{
	debugfs_remove(crs_dir);
}
