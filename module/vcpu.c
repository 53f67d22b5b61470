// SPDX-License-Identifier: GPL-2.0
/*
 * The records of vCPUs: find, create, retire, reset. All memory is taken at
 * load; all lifetime is here.
 *
 * A vCPU is known by the address of its struct kvm_vcpu from its first event
 * until kvm_arch_vcpu_destroy(). The address may be used again right after:
 * the record then has no @vcpu, and the next event at that address finds none.
 */
#include <linux/err.h>
#include <linux/hashtable.h>
#include <linux/kvm_host.h>
#include <linux/sched.h>
#include <linux/vmalloc.h>

#include "count.h"
#include "vcpu.h"

/*
 * Protects the table's shape: hash, free and gone lists, dropped, which vCPU
 * a record belongs to, and crs_epoch. Taken by handlers when a vCPU is new to
 * its CPU and unknown, at destruction, and by reset, for a few stores each;
 * never by readers. A handler has preemption disabled, hence a raw spinlock.
 */
static DEFINE_RAW_SPINLOCK(crs_table_lock);

static struct crs_vcpu *crs_table;
static unsigned int crs_table_size;
static DEFINE_HASHTABLE(crs_hash, 10);
static LIST_HEAD(crs_free);
static LIST_HEAD(crs_gone);

/* The sum of the gone rows that were given up for room. */
static struct crs_vcpu crs_dropped;

/*
 * What vCPUs without a record did. One a CPU, so that it has one writer. Its
 * key stays NULL: each event looks again whether there is room by now.
 */
static struct crs_vcpu __percpu *crs_noroom;

/* The number of resets. A record of an older epoch counts as all zero. */
static unsigned int crs_epoch;

/* The record that a CPU used last; never NULL while a probe is armed. */
DEFINE_PER_CPU(struct crs_vcpu *, crs_last);

/* In the write section of @v's seq, by its one writer. */
static void crs_vcpu_clear(struct crs_vcpu *v)
{
	memset(v->s.count, 0, sizeof(v->s.count));
	memset(&v->s.tables, 0, sizeof(v->s.tables));
	v->epoch = crs_epoch;
}

static void crs_vcpu_name(struct crs_stats *s, const struct kvm *kvm)
{
	const struct dentry *dentry = READ_ONCE(kvm->debugfs_dentry);

	s->pid = kvm->userspace_pid;
	if (IS_ERR_OR_NULL(dentry))
		snprintf(s->vm, sizeof(s->vm), "%d-?", s->pid);
	else
		strscpy(s->vm, dentry->d_name.name, sizeof(s->vm));
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
static void crs_vcpu_drop(const struct crs_vcpu *v)
{
	unsigned int i;

	if (v->epoch != crs_epoch)
		return;

	raw_write_seqcount_begin(&crs_dropped.seq);
	crs_dropped.s.state = CRS_DROPPED;
	crs_dropped.s.tpr = CRS_TPR_NONE;
	for (i = 0; i < CRS_NR_COUNTERS; i++)
		crs_dropped.s.count[i] += v->s.count[i];
	crs_bits_add(&crs_dropped.s.tables.cr0, &v->s.tables.cr0);
	crs_bits_add(&crs_dropped.s.tables.cr4, &v->s.tables.cr4);
	raw_write_seqcount_end(&crs_dropped.seq);
}

/* A record for a new vCPU: a free one, else the one gone for longest. */
static struct crs_vcpu *crs_vcpu_room(void)
{
	struct crs_vcpu *v;

	lockdep_assert_held(&crs_table_lock);

	v = list_first_entry_or_null(&crs_free, struct crs_vcpu, list);
	if (!v) {
		v = list_first_entry_or_null(&crs_gone, struct crs_vcpu, list);
		if (!v)
			return NULL;
		crs_vcpu_drop(v);
	}
	list_del(&v->list);
	return v;
}

static struct crs_vcpu *crs_vcpu_lookup(struct kvm_vcpu *vcpu)
{
	struct crs_vcpu *v;

	/*
	 * Records move between chains but are never freed: a walk that was
	 * led astray ends early and the caller looks again under the lock.
	 */
	hash_for_each_possible_rcu_notrace(crs_hash, v, hash,
					   (unsigned long)vcpu) {
		if (READ_ONCE(v->vcpu) == vcpu)
			return v;
	}
	return NULL;
}

static struct crs_vcpu *crs_vcpu_create(struct kvm_vcpu *vcpu)
{
	struct crs_vcpu *v = crs_vcpu_room();

	if (!v)
		return NULL;

	raw_write_seqcount_begin(&v->seq);
	crs_vcpu_clear(v);
	v->origin = CRS_OTHER;
	v->waiting = CRS_NOT_WAITING;
	v->vmcb = ERR_PTR(-ENOENT);
	v->s.vcpu = vcpu->vcpu_id;
	v->s.tid = current->pid;
	v->s.tpr = CRS_TPR_NONE;
	v->s.armed = 0;
	v->s.armed_more = 0;
	v->s.tpr_virtual = false;
	v->s.state = CRS_LIVE;
	crs_vcpu_name(&v->s, vcpu->kvm);
	WRITE_ONCE(v->vcpu, vcpu);
	raw_write_seqcount_end(&v->seq);
	hash_add_rcu(crs_hash, &v->hash, (unsigned long)vcpu);
	return v;
}

/**
 * crs_vcpu_noroom - the record for events that belong to no other
 *
 * Context: kprobe handler, preemption disabled.
 * Return: this CPU's "noroom" record.
 */
struct crs_vcpu *crs_vcpu_noroom(void)
{
	struct crs_vcpu *v = this_cpu_ptr(crs_noroom);

	raw_write_seqcount_begin(&v->seq);
	if (v->waiting != CRS_NOT_WAITING)
		crs_count_abandon(v);
	if (v->epoch != crs_epoch)
		crs_vcpu_clear(v);
	v->s.state = CRS_NOROOM;
	v->s.tpr = CRS_TPR_NONE;
	raw_write_seqcount_end(&v->seq);
	return v;
}

/**
 * crs_vcpu_find - crs_vcpu_get() where the CPU's last record is another
 * @vcpu: the vCPU
 *
 * Finds or creates the record, and clears it where reset asks for it.
 *
 * Context: kprobe handler, preemption disabled. Takes crs_table_lock where
 * the vCPU is new or was reset.
 * Return: the record, or the CPU's "noroom" record.
 */
struct crs_vcpu *crs_vcpu_find(struct kvm_vcpu *vcpu)
{
	struct crs_vcpu *v = crs_vcpu_lookup(vcpu);
	unsigned long flags;

	if (v && READ_ONCE(v->key) == vcpu)
		goto out;

	raw_spin_lock_irqsave(&crs_table_lock, flags);
	v = crs_vcpu_lookup(vcpu) ?: crs_vcpu_create(vcpu);
	if (v) {
		raw_write_seqcount_begin(&v->seq);
		if (v->epoch != crs_epoch)
			crs_vcpu_clear(v);
		/* The key was withdrawn: what was under way is not complete. */
		if (v->waiting != CRS_NOT_WAITING)
			crs_count_abandon(v);
		v->s.lapic = vcpu->arch.apic;
		raw_write_seqcount_end(&v->seq);
		WRITE_ONCE(v->key, vcpu);
	} else {
		v = crs_vcpu_noroom();
	}
	raw_spin_unlock_irqrestore(&crs_table_lock, flags);
out:
	__this_cpu_write(crs_last, v);
	return v;
}

/**
 * crs_vcpu_retire - the vCPU at this address is no more, or is another one
 * @vcpu: the address
 *
 * Its row stays, as gone, until reset or until a new vCPU needs the room.
 *
 * Context: kprobe handler, preemption disabled; no event of the vCPU can be
 * under way. Takes crs_table_lock.
 */
void crs_vcpu_retire(struct kvm_vcpu *vcpu)
{
	struct crs_vcpu *v;
	unsigned long flags;

	raw_spin_lock_irqsave(&crs_table_lock, flags);
	v = crs_vcpu_lookup(vcpu);
	if (v) {
		if (v->waiting != CRS_NOT_WAITING)
			crs_count_abandon(v);
		WRITE_ONCE(v->key, NULL);
		hash_del_rcu(&v->hash);
		raw_write_seqcount_begin(&v->seq);
		WRITE_ONCE(v->vcpu, NULL);
		v->s.state = CRS_GONE;
		raw_write_seqcount_end(&v->seq);
		list_add_tail(&v->list, &crs_gone);
	}
	raw_spin_unlock_irqrestore(&crs_table_lock, flags);
}

static void crs_vcpu_withdraw_locked(void)
{
	unsigned int i;

	lockdep_assert_held(&crs_table_lock);

	for (i = 0; i < crs_table_size; i++)
		WRITE_ONCE(crs_table[i].key, NULL);
}

/**
 * crs_vcpu_withdraw - let no event continue what another began before
 *
 * For when probes were off meanwhile.
 *
 * Context: process context. Takes crs_table_lock.
 */
void crs_vcpu_withdraw(void)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&crs_table_lock, flags);
	crs_vcpu_withdraw_locked();
	raw_spin_unlock_irqrestore(&crs_table_lock, flags);
}

/**
 * crs_vcpu_reset - start every count from zero, forget gone vCPUs
 *
 * Nothing that another CPU writes is touched: readers take a record of an
 * older epoch for zero at once, and its writer, which finds its key
 * withdrawn, clears it before it counts on.
 *
 * Context: process context. Takes crs_table_lock.
 */
void crs_vcpu_reset(void)
{
	struct crs_vcpu *v, *next;
	unsigned long flags;

	raw_spin_lock_irqsave(&crs_table_lock, flags);
	WRITE_ONCE(crs_epoch, crs_epoch + 1);
	crs_vcpu_withdraw_locked();
	list_for_each_entry_safe(v, next, &crs_gone, list) {
		raw_write_seqcount_begin(&v->seq);
		v->s.state = CRS_FREE;
		raw_write_seqcount_end(&v->seq);
		list_move_tail(&v->list, &crs_free);
	}

	raw_write_seqcount_begin(&crs_dropped.seq);
	crs_vcpu_clear(&crs_dropped);
	crs_dropped.s.state = CRS_FREE;
	raw_write_seqcount_end(&crs_dropped.seq);
	raw_spin_unlock_irqrestore(&crs_table_lock, flags);
}

/**
 * crs_vcpu_rows - how many rows crs_vcpu_read() knows, empty ones included
 *
 * Context: any.
 */
unsigned int crs_vcpu_rows(void)
{
	return crs_table_size + 1 + nr_cpu_ids;
}

/**
 * crs_vcpu_read - a consistent copy of a row
 * @row: from 0 to crs_vcpu_rows() - 1: the records, dropped, noroom per CPU
 * @stats: where to
 * @tables: copy the tables, too
 *
 * Never stops the row's writer; retries while it writes.
 *
 * Context: process context; may be preempted. Takes no lock.
 * Return: whether there is such a row now.
 */
bool crs_vcpu_read(unsigned int row, struct crs_stats *stats, bool tables)
{
	const struct crs_vcpu *v;
	unsigned int seq, epoch;
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
		epoch = READ_ONCE(v->epoch);
		memcpy(stats, &v->s, size);
	} while (read_seqcount_retry(&v->seq, seq));

	if (epoch != READ_ONCE(crs_epoch)) {
		if (stats->state == CRS_NOROOM)
			return false;
		memset(stats->count, 0, sizeof(stats->count));
		if (tables)
			memset(&stats->tables, 0, sizeof(stats->tables));
	}
	return stats->state != CRS_FREE;
}

/**
 * crs_vcpu_init - take the memory for all records
 * @max: number of records, at least 1
 *
 * Context: process context, may sleep; before any probe is armed.
 * Return: 0 or -ENOMEM.
 */
int crs_vcpu_init(unsigned int max)
{
	struct crs_vcpu *v;
	unsigned int i;
	int cpu;

	crs_table = vzalloc(array_size(max, sizeof(*crs_table)));
	crs_noroom = alloc_percpu(struct crs_vcpu);
	if (!crs_table || !crs_noroom) {
		crs_vcpu_exit();
		return -ENOMEM;
	}

	crs_table_size = max;
	for (i = 0; i < max; i++) {
		seqcount_init(&crs_table[i].seq);
		list_add_tail(&crs_table[i].list, &crs_free);
	}
	seqcount_init(&crs_dropped.seq);
	for_each_possible_cpu(cpu) {
		v = per_cpu_ptr(crs_noroom, cpu);
		seqcount_init(&v->seq);
		v->waiting = CRS_NOT_WAITING;
		v->vmcb = ERR_PTR(-ENOENT);
		per_cpu(crs_last, cpu) = v;
	}
	return 0;
}

/**
 * crs_vcpu_exit - give the memory back
 *
 * Context: process context, may sleep. No probe is armed any more, every
 * handler has returned, and no file is open.
 */
void crs_vcpu_exit(void)
{
	free_percpu(crs_noroom);
	vfree(crs_table);
}
