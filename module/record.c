// SPDX-License-Identifier: GPL-2.0
/*
 * The memory of records: all is taken at load. Which are free, which are those
 * of vCPUs that are gone, what is forgotten by a reset, and the rows that
 * readers see.
 */
#include <linux/err.h>
#include <linux/percpu.h>
#include <linux/vmalloc.h>

#include "record.h"
#include "time.h"
#include "trace.h"

/*
 * Protects the free and gone lists, crs_room, crs_dropped, the generations'
 * writers, and in vcpu.c which vCPU a record belongs to. Taken by handlers when
 * a vCPU is new and there is room, at destruction, and by reset, for a few
 * stores each; never by readers. A handler has preemption disabled, hence a raw
 * spinlock.
 */
DEFINE_RAW_SPINLOCK(crs_table_lock);

static struct crs_vcpu *crs_table;
static unsigned int crs_table_size;
static LIST_HEAD(crs_free);
static LIST_HEAD(crs_gone);

/* Records on the two lists. Read without the lock by who has none. */
unsigned int crs_room;

/* The times of all records, once they are asked for. */
static struct crs_times *crs_times;

/* The sum of the gone rows that were given up for room. */
static struct crs_vcpu crs_dropped;

/* What vCPUs without a record did. One a CPU, so that it has one writer. */
struct crs_vcpu __percpu *crs_noroom;

/* Takes no vCPU's events: what crs_last is where nothing is known. */
static struct crs_vcpu crs_nobody;

/*
 * Resets and the switching of probe sets, counted. What records hold that are
 * older than the last reset counts as zero.
 */
unsigned int crs_generation;
static unsigned int crs_reset_generation;

/*
 * The record that a CPU used last; never NULL while a probe is armed. Written
 * by handlers on that CPU, and by crs_generation_new().
 */
DEFINE_PER_CPU(struct crs_vcpu *, crs_last);

/* Whether what a record holds was counted since the last reset. */
static bool crs_record_current(unsigned int generation)
{
	return (int)(generation - READ_ONCE(crs_reset_generation)) >= 0;
}

/*
 * Let the next event on each CPU look its record up anew.
 *
 * Pairs with crs_vcpu_find(): either the handler that sets crs_last sees the
 * new generation, or its crs_last is overwritten here.
 */
static void crs_generation_new(bool reset)
{
	unsigned int generation = crs_generation + 1;
	int cpu;

	lockdep_assert_held(&crs_table_lock);

	if (reset)
		WRITE_ONCE(crs_reset_generation, generation);
	/* Pairs with the acquire in crs_record_renew(): first what it means. */
	smp_store_release(&crs_generation, generation);
	/* Pairs with that in crs_vcpu_find(). */
	smp_mb();
	for_each_possible_cpu(cpu)
		WRITE_ONCE(per_cpu(crs_last, cpu), &crs_nobody);
}

/* In the write section of @v's seq, by its one writer. */
static void crs_record_clear(struct crs_vcpu *v)
{
	memset(v->s.count, 0, sizeof(v->s.count));
	memset(&v->s.tables, 0, sizeof(v->s.tables));
	v->s.whole = ~v->s.partial;
	v->access.what = 0;
	crs_times_clear(v);
}

/**
 * crs_record_abandon - the value that a write waits for will not come
 * @v: the vCPU's record, with a write that waits
 *
 * The write stays counted, its value stays unknown: the emulator gave up, for
 * instance because the guest's code page went away.
 *
 * Context: handler, preemption disabled.
 */
void crs_record_abandon(struct crs_vcpu *v)
{
	v->waiting = CRS_NOT_WAITING;
	trace_cr_access(&v->s, &v->access, false);
}

CRS_RARE(crs_record_abandon);

/**
 * crs_record_renew - bring a record up to the generation
 * @v: the record
 *
 * What was under way is not complete, and what was counted before a reset is no
 * more.
 *
 * Context: the record's one writer, preemption disabled.
 */
void crs_record_renew(struct crs_vcpu *v)
{
	/* Pairs with the release in crs_generation_new(). */
	unsigned int generation = smp_load_acquire(&crs_generation);

	if (v->generation == generation)
		return;
	if (v->waiting != CRS_NOT_WAITING)
		crs_record_abandon(v);
	raw_write_seqcount_begin(&v->seq);
	if (!crs_record_current(v->generation))
		crs_record_clear(v);
	v->timed = 0;
	v->generation = generation;
	raw_write_seqcount_end(&v->seq);
}

static void crs_bits_add(struct crs_bits *to, const struct crs_bits *from)
{
	unsigned int i;

	for (i = 0; i < BITS_PER_LONG; i++) {
		to->set[i] += from->set[i];
		to->cleared[i] += from->cleared[i];
	}
}

/* Add what was counted in @v to crs_dropped; values become unknown there. */
static void crs_record_drop(const struct crs_vcpu *v)
{
	unsigned int i;

	lockdep_assert_held(&crs_table_lock);

	if (!crs_record_current(v->generation))
		return;

	crs_record_renew(&crs_dropped);
	raw_write_seqcount_begin(&crs_dropped.seq);
	crs_dropped.s.state = CRS_DROPPED;
	crs_dropped.s.tpr = CRS_TPR_NONE;
	crs_dropped.s.armed_more |= v->s.armed_more;
	crs_dropped.s.whole &= v->s.whole;
	crs_dropped.s.tpr_virtual |= v->s.tpr_virtual;
	crs_dropped.s.cr0_owned |= v->s.cr0_owned;
	crs_dropped.s.cr4_owned |= v->s.cr4_owned;
	for (i = 0; i < CRS_NR_COUNTERS; i++)
		crs_dropped.s.count[i] += v->s.count[i];
	crs_bits_add(&crs_dropped.s.tables.cr0, &v->s.tables.cr0);
	crs_bits_add(&crs_dropped.s.tables.cr4, &v->s.tables.cr4);
	for (i = 0; i < CRS_NR_REGS; i++)
		crs_dropped.s.tables.faults[i] += v->s.tables.faults[i];
	crs_times_add(&crs_dropped, v);
	raw_write_seqcount_end(&crs_dropped.seq);
}

/**
 * crs_record_take - a record for a new vCPU
 *
 * A free one, else the one gone for longest, whose counts are dropped.
 *
 * Context: under crs_table_lock.
 * Return: the record, all zero, or NULL.
 */
struct crs_vcpu *crs_record_take(void)
{
	struct crs_vcpu *v;

	lockdep_assert_held(&crs_table_lock);

	v = list_first_entry_or_null(&crs_free, struct crs_vcpu, list);
	if (!v) {
		v = list_first_entry_or_null(&crs_gone, struct crs_vcpu, list);
		if (!v)
			return NULL;
		crs_record_drop(v);
	}
	list_del(&v->list);
	WRITE_ONCE(crs_room, crs_room - 1);
	raw_write_seqcount_begin(&v->seq);
	v->s.partial = 0;
	crs_record_clear(v);
	v->timed = 0;
	v->generation = crs_generation;
	raw_write_seqcount_end(&v->seq);
	return v;
}

/**
 * crs_record_give - the record's vCPU is gone
 * @v: the record; its row stays until reset or until a new vCPU needs the room
 *
 * Where there was no room, vCPUs without a record are made to look again.
 *
 * Context: under crs_table_lock.
 */
void crs_record_give(struct crs_vcpu *v)
{
	int cpu;

	lockdep_assert_held(&crs_table_lock);

	list_add_tail(&v->list, &crs_gone);
	WRITE_ONCE(crs_room, crs_room + 1);
	if (crs_room > 1)
		return;
	/* Pairs with crs_vcpu_noroom(): it sees the room, or loses its key. */
	smp_mb();
	for_each_possible_cpu(cpu)
		WRITE_ONCE(per_cpu_ptr(crs_noroom, cpu)->key, 0);
}

/**
 * crs_record_withdraw - let no event continue what another began before
 *
 * For when probes are off from now on, or were until now.
 *
 * Context: process context. Takes crs_table_lock.
 */
void crs_record_withdraw(void)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&crs_table_lock, flags);
	crs_generation_new(false);
	raw_spin_unlock_irqrestore(&crs_table_lock, flags);
}

/**
 * crs_record_reset - start every count from zero, forget gone vCPUs
 *
 * No record is touched: readers take those of an older generation for zero at
 * once, and who writes one brings it up to date before it counts on. What gone
 * vCPUs leave needs no clearing: who takes such a record makes it its own.
 *
 * Context: process context. Takes crs_table_lock, for a store a CPU.
 */
void crs_record_reset(void)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&crs_table_lock, flags);
	crs_generation_new(true);
	list_splice_init(&crs_gone, &crs_free);
	raw_spin_unlock_irqrestore(&crs_table_lock, flags);
}

/**
 * crs_record_rows - how many rows crs_record_read() knows, empty ones included
 *
 * Context: any.
 */
unsigned int crs_record_rows(void)
{
	return crs_table_size + 1 + nr_cpu_ids;
}

/**
 * crs_record_read - a consistent copy of a row
 * @row: from 0 to crs_record_rows() - 1: the records, dropped, noroom per CPU
 * @stats: where to
 * @tables: copy the tables, too
 * @times: where to put its times, or NULL
 *
 * Never stops the row's writer; retries while it writes.
 *
 * Context: process context; may be preempted. Takes no lock.
 * Return: whether there is such a row now.
 */
bool crs_record_read(unsigned int row, struct crs_stats *stats, bool tables,
		     struct crs_times *times)
{
	const struct crs_vcpu *v;
	unsigned int seq, generation;
	size_t size = tables ? sizeof(*stats) :
			       offsetof(struct crs_stats, tables);

	if (row < crs_table_size)
		v = &crs_table[row];
	else if (row == crs_table_size)
		v = &crs_dropped;
	else if (cpu_possible(row - crs_table_size - 1))
		v = per_cpu_ptr(crs_noroom, row - crs_table_size - 1);
	else
		return false;

	if (READ_ONCE(v->s.state) == CRS_FREE)
		return false;

	do {
		seq = read_seqcount_begin(&v->seq);
		generation = READ_ONCE(v->generation);
		memcpy(stats, &v->s, size);
		if (times)
			crs_times_copy(times, v);
	} while (read_seqcount_retry(&v->seq, seq));

	if (crs_record_current(generation))
		return stats->state != CRS_FREE;
	/* Before the last reset, which forgets all but live ones. */
	if (stats->state != CRS_LIVE)
		return false;
	memset(stats->count, 0, sizeof(stats->count));
	if (tables)
		memset(&stats->tables, 0, sizeof(stats->tables));
	if (times)
		memset(times, 0, sizeof(*times));
	return true;
}

/**
 * crs_record_init - take the memory for all records
 * @max: number of records, at least 1
 *
 * Context: process context, may sleep; before any probe is armed.
 * Return: 0 or -ENOMEM.
 */
int crs_record_init(unsigned int max)
{
	struct crs_vcpu *v;
	unsigned int i;
	int cpu;

	crs_table = vzalloc(array_size(max, sizeof(*crs_table)));
	crs_noroom = alloc_percpu(struct crs_vcpu);
	if (!crs_table || !crs_noroom) {
		crs_record_exit();
		return -ENOMEM;
	}

	crs_table_size = max;
	crs_room = max;
	for (i = 0; i < max; i++) {
		seqcount_init(&crs_table[i].seq);
		list_add_tail(&crs_table[i].list, &crs_free);
	}
	seqcount_init(&crs_dropped.seq);
	crs_dropped.waiting = CRS_NOT_WAITING;
	crs_dropped.s.whole = ~0U;
	for_each_possible_cpu(cpu) {
		v = per_cpu_ptr(crs_noroom, cpu);
		seqcount_init(&v->seq);
		v->waiting = CRS_NOT_WAITING;
		v->s.whole = ~0U;
		v->vmcb = ERR_PTR(-ENOENT);
		per_cpu(crs_last, cpu) = &crs_nobody;
	}
	return 0;
}

/**
 * crs_record_times - take the memory for times, if that has not been done
 *
 * Context: process context, may sleep; one caller at a time.
 * Return: 0; -ENOMEM; -EOPNOTSUPP where the frequency of the TSC is unknown.
 */
int crs_record_times(void)
{
	struct crs_times *t;
	unsigned int i;
	int ret = crs_time_init();

	if (ret || crs_times)
		return ret;
	t = vzalloc(array_size(crs_table_size + 1, sizeof(*t)));
	if (!t)
		return -ENOMEM;
	crs_times = t;
	/* Who finds times finds them to be zero: an address dependency. */
	smp_wmb();
	for (i = 0; i < crs_table_size; i++)
		WRITE_ONCE(crs_table[i].times, t++);
	WRITE_ONCE(crs_dropped.times, t);
	return 0;
}

/**
 * crs_record_exit - give the memory back
 *
 * Context: process context, may sleep. No probe is armed any more, every
 * handler has returned, and no file is open.
 */
void crs_record_exit(void)
{
	vfree(crs_times);
	free_percpu(crs_noroom);
	vfree(crs_table);
}
