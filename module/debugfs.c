// SPDX-License-Identifier: GPL-2.0
/* Counters into text, and control. The format: include/kvm_crstat.h. */
#include <linux/debugfs.h>
#include <linux/kernel.h>
#include <linux/mutex.h>
#include <linux/seq_file.h>
#include <linux/uaccess.h>

#include "callers.h"
#include "debugfs.h"
#include "probe.h"
#include "vcpu.h"

static struct dentry *crs_dir;

/*
 * The row that is being printed. One reader at a time, one read() at a time:
 * a reader that stops half way holds nothing.
 */
static struct crs_stats crs_row;
static char crs_row_id[64];
static DEFINE_MUTEX(crs_row_lock);

#define CRS_COUNT_WIDTH 10

/* As wide as the name at least. */
#define CRS_WIDTH(name) ((int)max_t(size_t, sizeof(#name) - 1, CRS_COUNT_WIDTH))

static void crs_head(struct seq_file *m, const char *file)
{
	seq_printf(m, "# " CRS_NAME " %d %s\n", CRS_FORMAT, file);
}

static void crs_head_id(struct seq_file *m)
{
	seq_printf(m, "%-14s %7s %7s %5s %-7s", "vm", "pid", "tid", "vcpu",
		   "state");
}

/* The first columns of all rows of a vCPU: a file has dozens of these. */
static void crs_set_id(const struct crs_stats *s)
{
	static const char *const names[] = {
		[CRS_LIVE] = "live",
		[CRS_GONE] = "gone",
		[CRS_DROPPED] = "dropped",
		[CRS_NOROOM] = "noroom",
	};

	if (s->state == CRS_LIVE || s->state == CRS_GONE)
		snprintf(crs_row_id, sizeof(crs_row_id),
			 "%-14s %7d %7d %5d %-7s", s->vm, s->pid, s->tid,
			 s->vcpu, names[s->state]);
	else
		snprintf(crs_row_id, sizeof(crs_row_id),
			 "%-14s %7s %7s %5s %-7s", "-", "-", "-", "-",
			 names[s->state]);
}

/*
 * A blank and a number, to the right. seq_printf() would be most of what a
 * reader of a thousand vCPUs waits for.
 */
static void crs_put_count(struct seq_file *m, u64 count, int width)
{
	static const char blanks[] = "                ";
	u64 bound;

	for (bound = 10; count >= bound && width > 1; bound *= 10)
		width--;
	seq_put_decimal_ull(m, blanks + sizeof(blanks) - 1 - width, count);
}

/* The last two columns of a row of values, bits or sites. */
static void crs_end_row(struct seq_file *m, u64 a, u64 b)
{
	crs_put_count(m, a, 12);
	crs_put_count(m, b, 12);
	seq_putc(m, '\n');
}

/* Whether a counter can count at all for this vCPU on this kernel. */
static bool crs_applies(const struct crs_stats *s, enum crs_counter counter)
{
	bool vcpu = s->state == CRS_LIVE || s->state == CRS_GONE;

	if (counter == CRS_tpr_apic && s->tpr_virtual &&
	    !s->count[CRS_tpr_apic])
		return false;
	if (counter == CRS_tpr_apic)
		return !crs_probe_absent(CRS_PROBE_reg_write) &&
		       (s->lapic || !vcpu);
	if (counter == CRS_tpr_change)
		return s->state != CRS_NOROOM;
	return true;
}

static void crs_show_count(struct seq_file *m, const struct crs_stats *s,
			   enum crs_counter counter, int width)
{
	if (crs_applies(s, counter))
		crs_put_count(m, s->count[counter], width);
	else
		seq_printf(m, " %*s", width, "-");
}

static void crs_show_armed(struct seq_file *m, u32 armed, u32 more)
{
	const char *comma = "";
	unsigned int n;

	if (!more) {
		seq_puts(m, "-");
		return;
	}
	for (n = 0; n < 16; n++) {
		if (armed & BIT(n)) {
			seq_puts(m, comma);
			seq_put_decimal_ull(m, "r", n);
			comma = ",";
		}
	}
	for (n = 0; n < 16; n++) {
		if (armed & BIT(16 + n)) {
			seq_puts(m, comma);
			seq_put_decimal_ull(m, "w", n);
			comma = ",";
		}
	}
	if (more & CRS_ARMED_CR0_SEL)
		seq_printf(m, "%ss0", comma);
	else if (!*comma)
		seq_puts(m, "none");
}

static void crs_head_vcpus(struct seq_file *m)
{
#define CRS_X(name, help) seq_printf(m, " %*s", CRS_WIDTH(name), #name);
	CRS_COUNTERS(CRS_X)
#undef CRS_X
	seq_puts(m, "  tpr armed\n");
}

static void crs_show_vcpus(struct seq_file *m, const struct crs_stats *s)
{
	seq_puts(m, crs_row_id);
#define CRS_X(name, help) crs_show_count(m, s, CRS_##name, CRS_WIDTH(name));
	CRS_COUNTERS(CRS_X)
#undef CRS_X
	if (s->tpr == CRS_TPR_NONE)
		seq_puts(m, "    - ");
	else
		seq_printf(m, " 0x%02x ", s->tpr);
	crs_show_armed(m, s->armed, s->armed_more);
	seq_puts(m, "\n");
}

static const char *const crs_reg_names[] = {
	[CRS_CR0] = "cr0", [CRS_CR3] = "cr3", [CRS_CR4] = "cr4",
	[CRS_CR8] = "cr8", [CRS_TPR] = "tpr",
};

static void crs_head_values(struct seq_file *m)
{
	seq_printf(m, " %-3s %18s %12s %12s\n", "reg", "value", "count",
		   "error");
}

/* What was written to a register in all; CRS_TPR: through the APIC. */
static u64 crs_writes(const struct crs_stats *s, enum crs_reg reg)
{
	return reg == CRS_TPR ? s->count[CRS_tpr_apic] :
				s->count[CRS_cr0_write + 2 * reg];
}

static void crs_show_values(struct seq_file *m, const struct crs_stats *s)
{
	const struct crs_slot *slot;
	u64 unknown;
	unsigned int reg, i;

	for (reg = 0; reg < CRS_NR_REGS; reg++) {
		unknown = crs_writes(s, reg);
		for (i = 0; i < CRS_NR_VALUES; i++) {
			slot = &s->tables.values[reg][i];
			if (!slot->count)
				break;
			unknown -= slot->count;
			seq_puts(m, crs_row_id);
			seq_printf(m, " %-3s %#18llx", crs_reg_names[reg],
				   slot->key);
			crs_end_row(m, slot->count, slot->error);
		}
		if (!unknown)
			continue;
		seq_puts(m, crs_row_id);
		seq_printf(m, " %-3s %18s %12llu %12s\n", crs_reg_names[reg],
			   "unknown", unknown, "-");
	}
}

static void crs_head_bits(struct seq_file *m)
{
	seq_printf(m, " %-3s %3s %-10s %12s %12s\n", "reg", "bit", "name",
		   "set", "cleared");
}

static void crs_show_bits_of(struct seq_file *m, const struct crs_stats *s,
			     enum crs_reg reg, const struct crs_bits *bits,
			     const char *const *names, unsigned int nr_names)
{
	unsigned int i;
	char other[8];
	const char *name;

	for (i = 0; i < BITS_PER_LONG; i++) {
		name = i < nr_names ? names[i] : NULL;
		if (!name) {
			/* Undefined; a guest that tries them gets #GP. */
			if (!bits->set[i] && !bits->cleared[i])
				continue;
			snprintf(other, sizeof(other), "b%u", i);
			name = other;
		}
		seq_puts(m, crs_row_id);
		seq_printf(m, " %-3s %3u %-10s", crs_reg_names[reg], i, name);
		crs_end_row(m, bits->set[i], bits->cleared[i]);
	}
}

static void crs_show_bits(struct seq_file *m, const struct crs_stats *s)
{
#define CRS_X(bit, name) [bit] = #name,
	static const char *const cr0[] = { CRS_CR0_BITS(CRS_X) };
	static const char *const cr4[] = { CRS_CR4_BITS(CRS_X) };
#undef CRS_X

	crs_show_bits_of(m, s, CRS_CR0, &s->tables.cr0, cr0, ARRAY_SIZE(cr0));
	crs_show_bits_of(m, s, CRS_CR4, &s->tables.cr4, cr4, ARRAY_SIZE(cr4));
}

static void crs_head_sites(struct seq_file *m)
{
	seq_printf(m, " %18s %-9s %-3s %-5s %12s %12s\n", "address", "mode",
		   "reg", "dir", "count", "error");
}

static void crs_show_sites(struct seq_file *m, const struct crs_stats *s)
{
	static const char *const modes[] = {
		[CRS_REAL] = "real",
		[CRS_PROTECTED] = "protected",
		[CRS_LONG] = "long",
	};
	const struct crs_slot *slot;
	unsigned int i;
	u8 what;

	for (i = 0; i < CRS_NR_SITES; i++) {
		slot = &s->tables.sites[i];
		if (!slot->count)
			break;
		what = crs_site_what(slot->key);
		seq_puts(m, crs_row_id);
		seq_printf(m, " %#18llx %-9s %-3s %-5s",
			   crs_site_address(slot->key),
			   modes[CRS_WHAT_MODE(what)],
			   crs_reg_names[CRS_WHAT_REG(what)],
			   what & CRS_WHAT_WRITE ? "write" : "read");
		crs_end_row(m, slot->count, slot->error);
	}
}

/* A file with rows for each vCPU: crs_head_<file>() and crs_show_<file>(). */
static void *crs_rows_start(struct seq_file *m, loff_t *pos)
{
	mutex_lock(&crs_row_lock);
	return *pos <= crs_vcpu_rows() ? pos : NULL;
}

static void *crs_rows_next(struct seq_file *m, void *v, loff_t *pos)
{
	return ++*pos <= crs_vcpu_rows() ? pos : NULL;
}

static void crs_rows_stop(struct seq_file *m, void *v)
{
	mutex_unlock(&crs_row_lock);
}

static void crs_rows_print(struct seq_file *m, loff_t pos, const char *file,
			   void (*head)(struct seq_file *m),
			   void (*show)(struct seq_file *m,
					const struct crs_stats *s),
			   bool tables)
{
	if (!pos) {
		crs_head(m, file);
		crs_head_id(m);
		head(m);
	} else if (crs_vcpu_read(pos - 1, &crs_row, tables)) {
		crs_set_id(&crs_row);
		show(m, &crs_row);
	}
}

#define CRS_ROWS_FILE(file, tables)                                     \
	static int crs_##file##_seq_show(struct seq_file *m, void *v)   \
	{                                                               \
		crs_rows_print(m, *(loff_t *)v, #file, crs_head_##file, \
			       crs_show_##file, tables);                \
		return 0;                                               \
	}                                                               \
	static const struct seq_operations crs_##file##_sops = {        \
		.start = crs_rows_start,                                \
		.next = crs_rows_next,                                  \
		.stop = crs_rows_stop,                                  \
		.show = crs_##file##_seq_show,                          \
	};                                                              \
	DEFINE_SEQ_ATTRIBUTE(crs_##file)

/* vcpus is read often: it copies the counters and leaves the tables alone. */
CRS_ROWS_FILE(vcpus, false);
CRS_ROWS_FILE(values, true);
CRS_ROWS_FILE(bits, true);
CRS_ROWS_FILE(sites, true);

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
	seq_printf(m, "%-26s %-9s %-6s %-7s %12s %6s\n", "function", "module",
		   "set", "state", "hits", "missed");
	crs_probe_rows(m);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(crs_probes);

static void crs_reset(void)
{
	/* First what may wait for probes to be disarmed, so that all fits. */
	crs_probe_reset();
	crs_callers_reset();
	crs_vcpu_reset();
}

static const struct crs_command {
	const char *text;
	unsigned int sets;
	bool on;
} crs_commands[] = {
	{ "reset" },
	{ "on", CRS_SET_CR | CRS_SET_TPR, true },
	{ "on cr", CRS_SET_CR, true },
	{ "on tpr", CRS_SET_TPR, true },
	{ "off", CRS_SET_CR | CRS_SET_TPR, false },
	{ "off cr", CRS_SET_CR, false },
	{ "off tpr", CRS_SET_TPR, false },
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
	crs_reset();
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
	debugfs_create_file(#file, 0444, crs_dir, NULL, &crs_##file##_fops);
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
