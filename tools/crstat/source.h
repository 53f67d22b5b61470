/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where the module's files are read: debugfs, a folder of captured ones, or a
 * recording.
 */
#ifndef CRSTAT_SOURCE_H
#define CRSTAT_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

#include "read.h"

/* Parameters of KVM that decide what exits: X(module, name). */
#define KVM_PARAMETERS(X)                \
	X(kvm_amd, npt)                  \
	X(kvm_amd, avic)                 \
	X(kvm_intel, ept)                \
	X(kvm_intel, unrestricted_guest) \
	X(kvm_intel, flexpriority)       \
	X(kvm_intel, enable_apicv)

#define KVM_PARAMETER_ENUM(module, name) PARAMETER_##name,
enum kvm_parameter { KVM_PARAMETERS(KVM_PARAMETER_ENUM) NR_KVM_PARAMETERS };

struct kvm_parameter_name {
	const char *module;
	const char *name;
};

extern const struct kvm_parameter_name kvm_parameters[NR_KVM_PARAMETERS];

struct source {
	/* The folder, in debugfs unless @captured; or the recording's path. */
	char *path;
	bool captured;
	/* One snapshot of a recording, NULL if it is none. */
	char *snapshot;
	size_t snapshot_len;
};

/* Which snapshot of a recording. */
enum source_end { SOURCE_FIRST, SOURCE_LAST };

char *source_slurp(const char *path, size_t *len);
void source_open(struct source *source, const char *root, enum source_end end);
void source_close(struct source *source);
void source_check(const struct source *source);
char *source_text(const struct source *source, enum file_id id, size_t *len);
void source_table(const struct source *source, enum file_id id,
		  struct table *table);
bool source_optional(const struct source *source, enum file_id id,
		     struct table *table);
char *source_parameter(const struct source *source, enum kvm_parameter id);
char *source_command_line(const struct source *source, uint64_t pid,
			  size_t *len);

#endif /* CRSTAT_SOURCE_H */
