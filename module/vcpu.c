// SPDX-License-Identifier: GPL-2.0
/*
 * Which record a vCPU has: found, made, given back.
 *
 * A vCPU is known by the address of its struct kvm_vcpu from its first event
 * until kvm_arch_vcpu_destroy(). The address may be used again right after:
 * the record then has no @owner, and the next event at that address finds none.
 * A level at which nothing ever happened has no record.
 */
#include <linux/err.h>
#include <linux/hashtable.h>
#include <linux/kvm_host.h>
#include <linux/sched.h>

#include "probe.h"
#include "record.h"
#include "time.h"

/* By @owner, written under crs_table_lock. */
static DEFINE_HASHTABLE(crs_hash, 10);

/* Odd while the hash is written; who finds nothing meanwhile looks again. */
static seqcount_t crs_hash_seq = SEQCNT_ZERO(crs_hash_seq);

static void crs_vcpu_name(struct crs_stats *s, const struct kvm *kvm)
{
	const struct dentry *dentry = READ_ONCE(kvm->debugfs_dentry);

	s->pid = kvm->userspace_pid;
	if (IS_ERR_OR_NULL(dentry))
		snprintf(s->vm, sizeof(s->vm), "%d-?", s->pid);
	else
		strscpy(s->vm, dentry->d_name.name, sizeof(s->vm));
}

/**
 * crs_vcpu_lookup - the record of a vCPU at a level, if it has one
 * @key: see crs_vcpu_key()
 *
 * Context: the vCPU's thread, preemption disabled, or under crs_table_lock.
 * Return: the record, which may be older than the last reset, or NULL.
 */
struct crs_vcpu *crs_vcpu_lookup(unsigned long key)
{
	struct crs_vcpu *v;
	unsigned int seq;

	/*
	 * Records move between chains but are never freed: a walk that was
	 * led astray ends early, and the hash has changed.
	 */
	do {
		seq = read_seqcount_begin(&crs_hash_seq);
		hash_for_each_possible_rcu_notrace(crs_hash, v, hash, key) {
			if (READ_ONCE(v->owner) == key)
				return v;
		}
	} while (read_seqcount_retry(&crs_hash_seq, seq));
	return NULL;
}

static struct crs_vcpu *crs_vcpu_create(unsigned long key)
{
	const struct kvm_vcpu *vcpu = (const void *)(key & ~1UL);
	struct crs_vcpu *v = crs_record_take();

	if (!v)
		return NULL;

	raw_write_seqcount_begin(&v->seq);
	v->origin = CRS_OTHER;
	v->waiting = CRS_NOT_WAITING;
	v->vmcb = ERR_PTR(-ENOENT);
	v->exits = vcpu->stat.exits - 1;
	v->entered = 0;
	v->s.vcpu = vcpu->vcpu_id;
	v->s.level = 1 + (key & 1);
	v->s.tid = current->pid;
	v->s.tpr = CRS_TPR_NONE;
	v->s.armed = 0;
	v->s.armed_more = 0;
	v->s.cr0_owned = 0;
	v->s.cr4_owned = 0;
	v->s.tpr_virtual = false;
	v->s.tpr_virtual_old = true;
	v->s.state = CRS_LIVE;
	crs_vcpu_name(&v->s, vcpu->kvm);
	v->s.lapic = vcpu->arch.apic;
	WRITE_ONCE(v->owner, key);
	raw_write_seqcount_end(&v->seq);
	WRITE_ONCE(v->key, key);
	raw_write_seqcount_begin(&crs_hash_seq);
	hash_add_rcu(crs_hash, &v->hash, key);
	raw_write_seqcount_end(&crs_hash_seq);
	return v;
}

/**
 * crs_vcpu_noroom - the record for events that belong to no other
 * @key: whose events it is to take from now on, see crs_vcpu_key(), or 0
 *
 * Context: handler, preemption disabled.
 * Return: this CPU's "noroom" record.
 */
struct crs_vcpu *crs_vcpu_noroom(unsigned long key)
{
	struct crs_vcpu *v = this_cpu_ptr(crs_noroom);

	crs_record_renew(v);
	if (v->waiting != CRS_NOT_WAITING)
		crs_record_abandon(v);
	crs_time_end(v);
	raw_write_seqcount_begin(&v->seq);
	v->origin = CRS_OTHER;
	v->vmcb = ERR_PTR(-ENOENT);
	v->exits = ~0ULL;
	v->entered = 0;
	v->s.level = 1 + (key & 1);
	v->s.state = CRS_NOROOM;
	v->s.tpr = CRS_TPR_NONE;
	v->s.tpr_virtual_old = true;
	raw_write_seqcount_end(&v->seq);
	WRITE_ONCE(v->key, key);
	/* Pairs with crs_record_give(): that takes the key, or is seen here. */
	smp_mb();
	if (READ_ONCE(crs_room))
		WRITE_ONCE(v->key, 0);
	return v;
}

/**
 * crs_vcpu_find - crs_vcpu_get() where the CPU's last record is another
 * @key: the vCPU and level, see crs_vcpu_key()
 *
 * Finds or creates the record, and clears it where reset asks for it.
 *
 * Context: handler, preemption disabled. Takes crs_table_lock where the vCPU is
 * new and there is room for it.
 * Return: the record, or the CPU's "noroom" record.
 */
struct crs_vcpu *crs_vcpu_find(unsigned long key)
{
	struct crs_vcpu *v;
	unsigned long flags;

	do {
		v = crs_vcpu_lookup(key);
		if (!v && READ_ONCE(crs_room)) {
			raw_spin_lock_irqsave(&crs_table_lock, flags);
			v = crs_vcpu_lookup(key) ?: crs_vcpu_create(key);
			raw_spin_unlock_irqrestore(&crs_table_lock, flags);
		}
		if (v)
			crs_record_renew(v);
		else
			v = crs_vcpu_noroom(key);
		__this_cpu_write(crs_last, v);
		/* Pairs with that in crs_generation_new(). */
		smp_mb();
	} while (unlikely(v->generation != READ_ONCE(crs_generation)));
	return v;
}

CRS_RARE(crs_vcpu_find);

/**
 * crs_vcpu_nested - the record of what a vCPU does while a nested guest runs
 * @vcpu: the vCPU, in guest mode
 *
 * A write that waits at level 1 was before the nested guest ran.
 *
 * Context: handler, preemption disabled.
 * Return: never NULL; the CPU's "noroom" record where the table is full.
 */
struct crs_vcpu *crs_vcpu_nested(struct kvm_vcpu *vcpu)
{
	struct crs_vcpu *v = crs_vcpu_get(vcpu);
	s16 tpr = v->s.tpr;

	if (v->waiting != CRS_NOT_WAITING)
		crs_record_abandon(v);
	crs_time_nested(v);
	v = crs_vcpu_find(crs_vcpu_key(vcpu, 2));
	raw_write_seqcount_begin(&v->seq);
	v->s.tid = current->pid;
	/* Which is the vCPU's, and what a nested guest's CR8 was. */
	v->s.tpr = tpr;
	raw_write_seqcount_end(&v->seq);
	return v;
}

/*
 * The vCPU at this address is no more, or is another one; no event of it can be
 * under way. Its rows stay, as gone, until reset or until a new vCPU needs the
 * room.
 */
static void crs_vcpu_retire(const struct kvm_vcpu *vcpu)
{
	struct crs_vcpu *v;
	unsigned long flags;
	unsigned int level;

	raw_spin_lock_irqsave(&crs_table_lock, flags);
	for (level = 1; level <= 2; level++) {
		v = crs_vcpu_lookup(crs_vcpu_key(vcpu, level));
		if (!v)
			continue;
		/* Idle since a reset maybe, it is gone after that. */
		crs_record_renew(v);
		if (v->waiting != CRS_NOT_WAITING)
			crs_record_abandon(v);
		/* The VMM gave it up. */
		crs_time_user(v);
		crs_time_end(v);
		WRITE_ONCE(v->key, 0);
		raw_write_seqcount_begin(&crs_hash_seq);
		hash_del_rcu(&v->hash);
		raw_write_seqcount_end(&crs_hash_seq);
		raw_write_seqcount_begin(&v->seq);
		WRITE_ONCE(v->owner, 0);
		v->s.state = CRS_GONE;
		raw_write_seqcount_end(&v->seq);
		crs_record_give(v);
	}
	raw_spin_unlock_irqrestore(&crs_table_lock, flags);
}

/*
 * kvm's kvm_arch_vcpu_create(vcpu): an address at which a vCPU is created
 * belongs to no earlier one, should its destruction have been missed.
 */
static __always_inline void crs_on_vcpu_create(const struct crs_call *call)
{
	crs_hit(vcpu_create);
	crs_vcpu_retire((struct kvm_vcpu *)call->arg[0]);
}

/* kvm's kvm_arch_vcpu_destroy(vcpu). */
static __always_inline void crs_on_vcpu_destroy(const struct crs_call *call)
{
	crs_hit(vcpu_destroy);
	crs_vcpu_retire((struct kvm_vcpu *)call->arg[0]);
}

CRS_PROBES_VCPU(CRS_STUBS)
