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

/* A count, or where a zero would not say that there was nothing, none. */
static void crs_put_known(struct seq_file *m, u64 count, bool known, int width)
{
	if (count || known)
		crs_put_count(m, count, width);
	else
		crs_put_none(m, width);
}

/* The last column of values and sites, and the end of the row. */
static void crs_put_faults(struct seq_file *m, u64 faults, bool applies)
{
	crs_put_known(m, faults,
		      applies && crs_probe_sees(BIT(CRS_PROBE_exception)), 12);
	seq_putc(m, '\n');
}

/* Who sees accesses, those of nested guests, and writes of the TPR. */
#define CRS_SEE_CR                                                   \
	(BIT(CRS_PROBE_cr_interception) | BIT(CRS_PROBE_handle_cr) | \
	 CRS_TRAPS << CRS_PROBE_cr_trap)
#define CRS_SEE_NESTED \
	(BIT(CRS_PROBE_nested_svm_vmexit) | BIT(CRS_PROBE_nested_vmx_vmexit))
#define CRS_SEE_CALLS (BIT(CRS_PROBE_set_cr8) | BIT(CRS_PROBE_set_tpr))
#define CRS_SEE_LAPIC BIT(CRS_PROBE_set_lapic)
#define CRS_SEE_USER                                          \
	(BIT(CRS_PROBE_set_sregs) | BIT(CRS_PROBE_vcpu_run) | \
	 BIT(CRS_PROBE_emulator_set_cr))

/* A row of one vCPU, not of all those that had no room. */
static bool crs_of_vcpu(const struct crs_stats *s)
{
	return s->state == CRS_LIVE || s->state == CRS_GONE;
}

/* Whether no access that exits could have gone uncounted. */
static bool crs_exits_seen(const struct crs_stats *s)
{
	u32 probes = CRS_SEE_CR;

	if (!crs_of_vcpu(s) || s->level == 2)
		probes |= CRS_SEE_NESTED;
	return s->armed_more && crs_probe_sees(probes);
}

/* Whether no access of a kind could have. */
static bool crs_seen(const struct crs_stats *s, enum crs_reg reg, bool write)
{
	unsigned int cr = crs_reg_number(reg);
	u32 bit = write ? CRS_ARMED_WRITE(cr) : CRS_ARMED_READ(cr);

	/* Whether CR8 exits changes at any time: each exit's sync tells. */
	return s->whole & bit && crs_exits_seen(s) &&
	       (reg != CRS_CR8 || crs_probe_sees(CRS_SEE_CALLS));
}

/*
 * Bits of CR0 or CR4 that could have changed without a count. KVM never takes
 * back that selective writes of CR0 exit (init_vmcb(), 5.10 to 7.3): all but
 * those that change TS and MP alone. APM vol. 2 15.9
 */
static u64 crs_hidden_bits(const struct crs_stats *s, enum crs_reg reg)
{
	if (!crs_exits_seen(s))
		return ~0ULL;
	if (crs_seen(s, reg, true))
		return 0;
	if (s->armed_more == CRS_ARMED_KNOWN)
		return reg == CRS_CR0 ? s->cr0_owned : s->cr4_owned;
	if (reg == CRS_CR0 && s->armed_more & CRS_ARMED_CR0_SEL)
		return X86_CR0_TS | X86_CR0_MP;
	return ~0ULL;
}

/* Whether no write of the TPR could have, where it came to KVM. */
static bool crs_tpr_seen(const struct crs_stats *s)
{
	u32 probes = CRS_SEE_CALLS | BIT(CRS_PROBE_tpr_below_threshold);

	if (!crs_of_vcpu(s) || s->lapic)
		probes |= CRS_SEE_LAPIC;
	if (!crs_of_vcpu(s) || !s->lapic)
		probes |= CRS_SEE_USER;
	return crs_probe_sees(probes);
}

static bool crs_apic_seen(const struct crs_stats *s)
{
	return crs_probe_sees(BIT(CRS_PROBE_reg_write)) && !s->tpr_virtual &&
	       (s->lapic || !crs_of_vcpu(s));
}

/* Whether a counter of 0 says that there was nothing to count. */
static bool crs_known(const struct crs_stats *s, enum crs_counter counter)
{
	switch (counter) {
	case CRS_cr0_read ... CRS_cr8_write:
		return crs_seen(s, (counter - CRS_cr0_read) / 2,
				(counter - CRS_cr0_read) % 2);
	case CRS_cr_other:
		return crs_probe_sees(CRS_SEE_CR | CRS_SEE_NESTED);
	case CRS_cr_reflected:
		return (!crs_of_vcpu(s) || s->level == 2) &&
		       crs_probe_sees(CRS_SEE_CR | CRS_SEE_NESTED);
	case CRS_set_cr8:
	case CRS_set_tpr:
	case CRS_tpr_sync:
		return crs_probe_sees(CRS_SEE_CALLS);
	case CRS_tpr_guest:
		return crs_seen(s, CRS_CR8, true) && crs_tpr_seen(s);
	case CRS_tpr_apic:
		return crs_apic_seen(s);
	case CRS_tpr_change:
		return crs_tpr_seen(s) && (s->count[CRS_tpr_sync] ||
					   (crs_seen(s, CRS_CR8, true) &&
					    (!s->lapic || crs_apic_seen(s))));
	default:
		return crs_tpr_seen(s);
	}
}

static void crs_show_count(struct seq_file *m, const struct crs_stats *s,
			   enum crs_counter counter, int width)
{
	u64 count = s->count[counter];

	/* The TPR is the vCPU's own, whichever guest runs. */
	if (crs_of_vcpu(s) && s->level == 2 && counter >= CRS_set_cr8)
		crs_put_none(m, width);
	/* Of several vCPUs: what was seen last means nothing. */
	else if (counter == CRS_tpr_change && s->state == CRS_NOROOM)
		crs_put_none(m, width);
	else
		crs_put_known(m, count, count || crs_known(s, counter), width);
}

/* Reads, writes, and writes of which the bits that they change decide. */
static void crs_show_armed(struct seq_file *m, const struct crs_stats *s)
{
	u32 some = (s->armed & s->partial) >> 16;
	const struct {
		const char *letter;
		u16 regs;
	} sets[] = {
		{ "r", s->armed },
		{ "w", s->armed >> 16 & ~some },
		{ "s", s->armed_more & CRS_ARMED_CR0_SEL ? some | 1 : some },
	};
	const char *comma = "";
	unsigned int i, n;

	if (!s->armed_more) {
		seq_puts(m, "-");
		return;
	}
	for (i = 0; i < ARRAY_SIZE(sets); i++) {
		for (n = 0; n < 16; n++) {
			if (!(sets[i].regs & BIT(n)))
				continue;
			seq_puts(m, comma);
			seq_put_decimal_ull(m, sets[i].letter, n);
			comma = ",";
		}
	}
	if (!*comma)
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
	if (s->tpr == CRS_TPR_NONE || (crs_of_vcpu(s) && s->level == 2))
		seq_puts(m, "    - ");
	else
		seq_printf(m, " 0x%02x ", s->tpr);
	crs_show_armed(m, s);
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
	u64 hidden = crs_hidden_bits(s, reg);
	unsigned int i;
	char other[8];
	const char *name;
	bool known;

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
		known = !(hidden & BIT_ULL(i));
		crs_put_known(m, bits->set[i], known, 12);
		crs_put_known(m, bits->cleared[i], known, 12);
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
		crs_probe_look();
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
