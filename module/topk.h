/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The most frequent keys of a stream in bounded memory: Space-Saving (Metwally,
 * Agrawal, El Abbadi, "Efficient Computation of Frequent and Top-k Elements in
 * Data Streams", ICDT 2005). Nothing of the kernel is needed but u64, so that
 * the tests run this very code in userspace.
 */
#ifndef CRS_TOPK_H
#define CRS_TOPK_H

/**
 * struct crs_slot - one key of a summary
 * @key: what was counted
 * @count: its occurrences, @error of which may have been other keys
 * @error: 0 where @count is exact
 * @faults: how many of @count failed; raised by who counts, bounded by @error
 *	for other keys' as @count is
 */
struct crs_slot {
	u64 key;
	u64 count;
	u64 error;
	u64 faults;
};

/**
 * crs_topk_add - count one occurrence of a key
 * @slot: the summary: @max slots, all zero at first
 * @max: capacity, at least 2
 * @key: what occurred
 *
 * Exact until more than @max keys were seen. The counts of all slots sum to
 * the number of calls, always. One writer; bounded by @max steps. The slots
 * stay ordered by count: a frequent key is found first, and the least count,
 * the one to give up, is the last. A slot with count 0 is free: that its key
 * may equal @key does no harm.
 */
static inline void crs_topk_add(struct crs_slot *slot, unsigned int max,
				u64 key)
{
	struct crs_slot swap;
	unsigned int i, first;

	/* The usual: the most frequent, or one of two in turn. */
	if (slot[0].key == key) {
		slot[0].count++;
		return;
	}
	if (slot[1].key == key && slot[1].count != slot[0].count) {
		slot[1].count++;
		return;
	}

	for (i = 1; i < max; i++)
		if (slot[i].key == key)
			goto found;

	i = max - 1;
	slot[i].key = key;
	slot[i].error = slot[i].count;
found:
	/* To the head of those with the same count: the order then holds. */
	for (first = i; first && slot[first - 1].count == slot[i].count;)
		first--;
	if (first != i) {
		swap = slot[first];
		slot[first] = slot[i];
		slot[i] = swap;
	}
	slot[first].count++;
}

#endif /* CRS_TOPK_H */
