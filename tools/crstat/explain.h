/* SPDX-License-Identifier: GPL-2.0 */
/* What explain's sentences are made of. */
#ifndef CRSTAT_EXPLAIN_H
#define CRSTAT_EXPLAIN_H

#include <inttypes.h>

#include "view.h"

enum vendor { VENDOR_UNKNOWN, VENDOR_AMD, VENDOR_INTEL };

struct facts {
	const struct view *view;
	struct table tables[NR_MODULE_FILES];
	/* All rows of the file vcpus in one. */
	struct cell sum[NR_VCPUS];
	enum vendor vendor;
	/* "Y", "N" or what else it is, "unknown" where it can't be read. */
	char *parameters[NR_KVM_PARAMETERS];
};

/* Of vCPUs that tell what is armed: how many there are, how many have it. */
struct armed {
	size_t known;
	size_t on;
	const char *example;
};

struct armed facts_armed(const struct facts *facts, char access,
			 unsigned int reg);
const char *plural(uint64_t n);

void say_heading(const char *heading);
void say(const struct facts *facts, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

void explain_registers(const struct facts *facts);
void explain_priority(const struct facts *facts);
void explain_losses(const struct facts *facts);

#endif /* CRSTAT_EXPLAIN_H */
