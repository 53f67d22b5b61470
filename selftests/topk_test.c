// SPDX-License-Identifier: GPL-2.0
/* The module's heavy-hitter summary, the very code, against a full count. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "kselftest_harness.h"

typedef uint64_t u64;
#include "../module/topk.h"

#define SLOTS 16U
#define KEYS 4096U

FIXTURE(topk)
{
	struct crs_slot slot[SLOTS];
	u64 truth[KEYS];
	u64 total;
};

FIXTURE_SETUP(topk)
{
	memset(self, 0, sizeof(*self));
}

FIXTURE_TEARDOWN(topk)
{
}

static void count(FIXTURE_DATA(topk) * self, u64 key)
{
	crs_topk_add(self->slot, SLOTS, key);
	self->truth[key]++;
	self->total++;
}

/* What holds after any stream. */
static void check(struct __test_metadata *_metadata, FIXTURE_DATA(topk) * self)
{
	bool held[KEYS] = { false };
	u64 sum = 0, key;
	unsigned int i;

	for (i = 0; i < SLOTS && self->slot[i].count; i++) {
		key = self->slot[i].key;
		ASSERT_LT(key, KEYS);
		ASSERT_FALSE(held[key])
		TH_LOG("key %llu twice", (unsigned long long)key);
		held[key] = true;
		sum += self->slot[i].count;
		ASSERT_GE(self->slot[i].count, self->truth[key]);
		ASSERT_LE(self->slot[i].count - self->slot[i].error,
			  self->truth[key]);
		/* Metwally et al., theorem 2: no error exceeds N/m. */
		ASSERT_LE(self->slot[i].error, self->total / SLOTS);
		if (i)
			ASSERT_LE(self->slot[i].count, self->slot[i - 1].count);
	}
	ASSERT_EQ(sum, self->total);
	for (key = 0; key < KEYS; key++)
		if (self->truth[key] > self->total / SLOTS)
			ASSERT_TRUE(held[key])
	TH_LOG("key %llu is missing", (unsigned long long)key);
}

TEST_F(topk, empty)
{
	check(_metadata, self);
}

TEST_F(topk, key_zero)
{
	count(self, 0);
	check(_metadata, self);
	ASSERT_EQ(self->slot[0].count, 1U);
	count(self, 7);
	count(self, 0);
	check(_metadata, self);
	ASSERT_EQ(self->slot[0].key, 0U);
	ASSERT_EQ(self->slot[0].count, 2U);
}

TEST_F(topk, zero_after_others)
{
	count(self, 5);
	count(self, 0);
	count(self, 6);
	count(self, 0);
	check(_metadata, self);
	ASSERT_EQ(self->slot[0].key, 0U);
	ASSERT_EQ(self->slot[0].error, 0U);
}

TEST_F(topk, two_in_turn)
{
	for (unsigned int i = 0; i < 1001; i++)
		count(self, i % 2 ? 0x11 : 0x10);
	check(_metadata, self);
	ASSERT_EQ(self->slot[0].key, 0x10U);
	ASSERT_EQ(self->slot[0].count, 501U);
	ASSERT_EQ(self->slot[1].count, 500U);
}

TEST_F(topk, exact_until_full)
{
	for (unsigned int i = 0; i < 10 * SLOTS; i++)
		count(self, i % SLOTS);
	check(_metadata, self);
	for (unsigned int i = 0; i < SLOTS; i++) {
		ASSERT_EQ(self->slot[i].error, 0U);
		ASSERT_EQ(self->slot[i].count, 10U);
	}
}

TEST_F(topk, one_more_than_full)
{
	for (unsigned int i = 0; i < 10 * (SLOTS + 1); i++)
		count(self, i % (SLOTS + 1));
	check(_metadata, self);
}

TEST_F(topk, all_different)
{
	for (unsigned int i = 0; i < KEYS; i++)
		count(self, i);
	check(_metadata, self);
}

TEST_F(topk, random_streams)
{
	unsigned int skew, i, seed;

	for (seed = 1; seed <= 50; seed++) {
		memset(self, 0, sizeof(*self));
		srand(seed);
		skew = 1 + rand() % 6;
		for (i = 0; i < 5000; i++) {
			double u = (double)rand() / RAND_MAX, x = u;

			for (unsigned int n = 1; n < skew; n++)
				x *= u;
			count(self, x * (KEYS - 1));
			if (i % 500 == 0)
				check(_metadata, self);
		}
		check(_metadata, self);
	}
}

TEST_HARNESS_MAIN
