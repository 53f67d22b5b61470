/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The model of the module's files, and the one parser that builds it.
 *
 * A table holds a file's rows in the contract's order of columns, whatever the
 * order in the file was: row[VCPUS_cr0_write] is that column's cell.
 */
#ifndef CRSTAT_READ_H
#define CRSTAT_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "kvm_crstat.h"

#define READ_VCPUS(name, help) VCPUS_##name,
#define READ_VALUES(name, help) VALUES_##name,
#define READ_BITS(name, help) BITS_##name,
#define READ_SITES(name, help) SITES_##name,
#define READ_CALLERS(name, help) CALLERS_##name,
#define READ_PROBES(name, help) PROBES_##name,

enum { CRS_VCPUS_COLUMNS(READ_VCPUS) NR_VCPUS };
enum { CRS_VALUES_COLUMNS(READ_VALUES) NR_VALUES };
enum { CRS_BITS_COLUMNS(READ_BITS) NR_BITS };
enum { CRS_SITES_COLUMNS(READ_SITES) NR_SITES };
enum { CRS_CALLERS_COLUMNS(READ_CALLERS) NR_CALLERS };
enum { CRS_PROBES_COLUMNS(READ_PROBES) NR_PROBES };

/* The columns of CRS_ID_COLUMNS, which several files begin with. */
#define READ_ID(name, help) ID_##name,
enum { CRS_ID_COLUMNS(READ_ID) NR_ID };

/* What a recording holds besides the module's files. */
#define RECORD_SNAPSHOT_COLUMNS(X)              \
	X(time, "when it was taken, UTC")       \
	X(unix_ms, "the same in ms since 1970") \
	X(host, "name of the host")             \
	X(kernel, "release of its kernel")
#define RECORD_PARAMETERS_COLUMNS(X) \
	X(module, "module of KVM")   \
	X(name, "its parameter")     \
	X(value, "what it is set to")
#define RECORD_GUESTS_COLUMNS(X)                    \
	X(guest, "name that people gave the guest") \
	X(of, "its VM as KVM names it")
#define RECORD_FILES(X)                                                     \
	X(snapshot, RECORD_SNAPSHOT_COLUMNS, "when and where it was taken") \
	X(parameters, RECORD_PARAMETERS_COLUMNS, "parameters of KVM")       \
	X(guests, RECORD_GUESTS_COLUMNS, "names of guests")

#define READ_SNAPSHOT(name, help) SNAPSHOT_##name,
#define READ_PARAMETERS(name, help) PARAMETERS_##name,
#define READ_GUESTS(name, help) GUESTS_##name,
enum { RECORD_SNAPSHOT_COLUMNS(READ_SNAPSHOT) NR_SNAPSHOT };
enum { RECORD_PARAMETERS_COLUMNS(READ_PARAMETERS) NR_PARAMETERS };
enum { RECORD_GUESTS_COLUMNS(READ_GUESTS) NR_GUESTS };

#define READ_FILE(name, columns, help) FILE_##name,
enum file_id {
	CRS_FILES(READ_FILE) NR_MODULE_FILES,
	FILE_last_of_module = NR_MODULE_FILES - 1,
	RECORD_FILES(READ_FILE) NR_FILES
};

/* What a column holds: a counter can be summed, another number can not. */
enum kind { KIND_WORD, KIND_NUMBER, KIND_HEX, KIND_COUNT };

struct column {
	const char *name;
	const char *help;
};

struct file {
	const char *name;
	const char *help;
	const struct column *columns;
	const unsigned char *kinds;
	unsigned int nr_columns;
};

extern const struct file files[NR_FILES];

enum cell_type { CELL_NONE, CELL_NUMBER, CELL_WORD };

/* One field. CELL_NONE is the file's "-": does not apply. */
struct cell {
	enum cell_type type;
	union {
		uint64_t number;
		const char *word;
	};
};

struct table {
	const struct file *file;
	struct cell *cells;
	size_t nr_rows;
	char *text;
};

enum read_result {
	READ_OK,
	READ_TRUNCATED,
	READ_FOREIGN,
	READ_NEWER,
	READ_NO_MEMORY,
};

/* Where and why a text was refused. */
struct read_fault {
	size_t line;
	const char *why;
};

enum read_result read_table(struct table *table, enum file_id id, char *text,
			    size_t len, struct read_fault *fault);
void table_free(struct table *table);

static inline struct cell *table_row(const struct table *table, size_t row)
{
	return table->cells + row * table->file->nr_columns;
}

/* A cell's number; what does not apply counts as nothing. */
static inline uint64_t cell_number(const struct cell *cell)
{
	return cell->type == CELL_NUMBER ? cell->number : 0;
}

/* A cell's word; "-" where there is none. */
static inline const char *cell_word(const struct cell *cell)
{
	return cell->type == CELL_WORD ? cell->word : "-";
}

/* Whether the file's rows belong to vCPUs and begin with CRS_ID_COLUMNS. */
static inline bool file_has_vcpus(const struct file *file)
{
	return !strcmp(file->columns[0].name, "vm");
}

static inline bool cell_is(const struct cell *cell, const char *word)
{
	return !strcmp(cell_word(cell), word);
}

#endif /* CRSTAT_READ_H */
