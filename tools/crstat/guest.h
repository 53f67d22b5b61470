/* SPDX-License-Identifier: GPL-2.0 */
/* The names that people gave their guests. */
#ifndef CRSTAT_GUEST_H
#define CRSTAT_GUEST_H

#include "source.h"

struct guest {
	const char *vm;
	uint64_t pid;
	/* NULL where it has none that tells it from the others. */
	char *name;
};

struct guests {
	struct guest *list;
	size_t nr;
};

void guests_find(struct guests *guests, const struct source *source,
		 const struct table *table);
void guests_free(struct guests *guests);
const char *guest_own_name(const struct guests *guests, const struct cell *vm);
const char *guest_name(const struct guests *guests, const struct cell *vm);

#endif /* CRSTAT_GUEST_H */
