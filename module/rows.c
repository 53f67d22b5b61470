// SPDX-License-Identifier: GPL-2.0
/* The rows of vCPUs as text. The format: include/kvm_crstat.h. */
#include <linux/kernel.h>
#include <linux/mutex.h>
#include <linux/seq_file.h>

#include "debugfs.h"
#include "probe.h"
#include "record.h"
#include "time.h"

/*
 * The row that is being printed. One reader at a time, one read() at a time:
 * a reader that stops half way holds nothing.
 */
static struct crs_stats crs_row;
static struct crs_times crs_row_times;
static char crs_row_id[64];
static DEFINE_MUTEX(crs_row_lock);

#define CRS_COUNT_WIDTH 10

/* As wide as the name at least. */
#define CRS_WIDTH(name) ((int)max_t(size_t, sizeof(#name) - 1, CRS_COUNT_WIDTH))

static void crs_head_id(struct seq_file *m)
{
	seq_printf(m, "%-14s %7s %7s %5s %5s %-7s", "vm", "pid", "tid", "vcpu",
		   "level", "state");
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
			 "%-14s %7d %7d %5d %5d %-7s", s->vm, s->pid, s->tid,
			 s->vcpu, s->level, names[s->state]);
	else
		snprintf(crs_row_id, sizeof(crs_row_id),
			 "%-14s %7s %7s %5s %5s %-7s", "-", "-", "-", "-", "-",
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

/* The same of what does not apply, which is as frequent. */
static void crs_put_none(struct seq_file *m, int width)
{
	static const char none[] = "                -";

	seq_puts(m, none + sizeof(none) - 2 - width);
}

/* Two columns of a row of values, bits or sites. */
static void crs_put_two(struct seq_file *m, u64 a, u64 b)
{
	crs_put_count(m, a, 12);
	crs_put_count(m, b, 12);
}

/* The last column of values and sites, and the end of the row. */
static void crs_put_faults(struct seq_file *m, u64 faults, bool applies)
{
	if (applies && !crs_probe_absent(CRS_PROBE_exception))
		crs_put_count(m, faults, 12);
	else
		crs_put_none(m, 12);
	seq_putc(m, '\n');
}

/* Whether no access of a kind could have gone unseen: bits as in "armed". */
static bool crs_seen(const struct crs_stats *s, u32 bit)
{
	return s->armed_more && s->whole & bit && crs_set_on(CRS_SET_CR) &&
	       (crs_probe_counts(CRS_PROBE_cr_interception) ||
		crs_probe_counts(CRS_PROBE_handle_cr));
}

static bool crs_apic_seen(const struct crs_stats *s, bool vcpu)
{
	return !crs_probe_absent(CRS_PROBE_reg_write) && !s->tpr_virtual &&
	       crs_set_on(CRS_SET_TPR) && (s->lapic || !vcpu);
}

/* Whether a counter of 0 says that there was nothing to count. */
static bool crs_applies(const struct crs_stats *s, enum crs_counter counter)
{
	bool vcpu = s->state == CRS_LIVE || s->state == CRS_GONE;
	unsigned int cr;

	/* The TPR is the vCPU's own, whichever guest runs. */
	if (vcpu && s->level == 2 && counter >= CRS_set_cr8)
		return false;
	/* Of several vCPUs: what was seen last means nothing. */
	if (counter == CRS_tpr_change && s->state == CRS_NOROOM)
		return false;
	if (s->count[counter])
		return true;

	switch (counter) {
	case CRS_cr0_read ... CRS_cr8_write:
		cr = crs_reg_number((counter - CRS_cr0_read) / 2);
		return crs_seen(s, (counter - CRS_cr0_read) % 2 ?
					   CRS_ARMED_WRITE(cr) :
					   CRS_ARMED_READ(cr));
	case CRS_cr_reflected:
		return !vcpu || s->level == 2;
	case CRS_tpr_guest:
		return crs_seen(s, CRS_ARMED_WRITE(8));
	case CRS_tpr_apic:
		return crs_apic_seen(s, vcpu);
	case CRS_tpr_change:
		return s->count[CRS_tpr_sync] ||
		       (crs_seen(s, CRS_ARMED_WRITE(8)) &&
			(!s->lapic || crs_apic_seen(s, vcpu)));
	default:
		return true;
	}
}

static void crs_show_count(struct seq_file *m, const struct crs_stats *s,
			   enum crs_counter counter, int width)
{
	if (crs_applies(s, counter))
		crs_put_count(m, s->count[counter], width);
	else
		crs_put_none(m, width);
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
#define CRS_X(name, kind, help) seq_printf(m, " %*s", CRS_WIDTH(name), #name);
	CRS_COUNTERS(CRS_X)
#undef CRS_X
	seq_puts(m, "  tpr armed\n");
}

static void crs_show_vcpus(struct seq_file *m, const struct crs_stats *s)
{
	seq_puts(m, crs_row_id);
#define CRS_X(name, kind, help) \
	crs_show_count(m, s, CRS_##name, CRS_WIDTH(name));
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
	seq_printf(m, " %-3s %18s %12s %12s %12s\n", "reg", "value", "count",
		   "error", "faults");
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
	u64 unknown, faults;
	unsigned int reg, i;

	for (reg = 0; reg < CRS_NR_REGS; reg++) {
		unknown = crs_writes(s, reg);
		faults = s->tables.faults[reg];
		for (i = 0; i < CRS_NR_VALUES; i++) {
			slot = &s->tables.values[reg][i];
			if (!slot->count)
				break;
			unknown -= slot->count;
			faults -= slot->faults;
			seq_puts(m, crs_row_id);
			seq_printf(m, " %-3s %#18llx", crs_reg_names[reg],
				   slot->key);
			crs_put_two(m, slot->count, slot->error);
			crs_put_faults(m, slot->faults, reg != CRS_TPR);
		}
		if (!unknown)
			continue;
		seq_puts(m, crs_row_id);
		seq_printf(m, " %-3s %18s %12llu %12s", crs_reg_names[reg],
			   "unknown", unknown, "-");
		crs_put_faults(m, faults, reg != CRS_TPR);
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
		crs_put_two(m, bits->set[i], bits->cleared[i]);
		seq_putc(m, '\n');
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
	seq_printf(m, " %18s %-9s %-3s %-5s %12s %12s %12s\n", "address",
		   "mode", "reg", "dir", "count", "error", "faults");
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
		crs_put_two(m, slot->count, slot->error);
		crs_put_faults(m, slot->faults, what & CRS_WHAT_WRITE);
	}
}

static void crs_head_times(struct seq_file *m)
{
	seq_printf(m, " %-3s %-5s %-7s %10s %12s %16s %12s\n", "reg", "dir",
		   "outcome", "ns", "count", "total", "longest");
}

static void crs_show_times(struct seq_file *m, const struct crs_stats *s)
{
	crs_times_rows(m, crs_row_id, &crs_row_times);
}

/* A file with rows for each vCPU: crs_head_<file>() and crs_show_<file>(). */
static void *crs_rows_start(struct seq_file *m, loff_t *pos)
{
	mutex_lock(&crs_row_lock);
	return *pos <= crs_record_rows() ? pos : NULL;
}

static void *crs_rows_next(struct seq_file *m, void *v, loff_t *pos)
{
	return ++*pos <= crs_record_rows() ? pos : NULL;
}

static void crs_rows_stop(struct seq_file *m, void *v)
{
	mutex_unlock(&crs_row_lock);
}

static void crs_rows_print(struct seq_file *m, loff_t pos, const char *file,
			   void (*head)(struct seq_file *m),
			   void (*show)(struct seq_file *m,
					const struct crs_stats *s),
			   bool tables, struct crs_times *times)
{
	if (!pos) {
		crs_head(m, file);
		crs_head_id(m);
		head(m);
	} else if (crs_record_read(pos - 1, &crs_row, tables, times)) {
		crs_set_id(&crs_row);
		show(m, &crs_row);
	}
}

#define CRS_ROWS_FILE(file, tables, times)                              \
	static int crs_##file##_seq_show(struct seq_file *m, void *v)   \
	{                                                               \
		crs_rows_print(m, *(loff_t *)v, #file, crs_head_##file, \
			       crs_show_##file, tables, times);         \
		return 0;                                               \
	}                                                               \
	const struct seq_operations crs_##file##_sops = {               \
		.start = crs_rows_start,                                \
		.next = crs_rows_next,                                  \
		.stop = crs_rows_stop,                                  \
		.show = crs_##file##_seq_show,                          \
	}

/* vcpus is read often: it copies the counters and leaves the tables alone. */
CRS_ROWS_FILE(vcpus, false, NULL);
CRS_ROWS_FILE(values, true, NULL);
CRS_ROWS_FILE(bits, true, NULL);
CRS_ROWS_FILE(sites, true, NULL);
CRS_ROWS_FILE(times, false, &crs_row_times);
