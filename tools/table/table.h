/* SPDX-License-Identifier: GPL-2.0 */
/* The module's files as tables: text to rows of cells. */
#ifndef CRS_TABLE_H
#define CRS_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/param.h>

#include "kvm_crstat.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define BIT(n) (1u << (n))

/*
 * Files and columns: the contract's own lists, and those of a recording. A new
 * one of the contract is known here by itself; enumerators are for what code
 * asks for by name.
 */
#define RECORD_SNAPSHOT_COLUMNS(X)            \
	X(unix_ms, LAST_NUMBER, "since 1970") \
	X(mono_ms, LAST_NUMBER, "on a clock") \
	X(host, LAST, "its name")             \
	X(kernel, LAST, "its release")
#define RECORD_PARAMETERS_COLUMNS(X) \
	X(module, KEY, "of KVM")     \
	X(name, KEY, "of it")        \
	X(value, LAST, "set")
#define RECORD_GUESTS_COLUMNS(X)        \
	X(guest, LAST, "people's name") \
	X(of, KEY, "KVM's name")
#define RECORD_FILES(X)                                            \
	X(snapshot, RECORD_SNAPSHOT_COLUMNS, "when and where")     \
	X(parameters, RECORD_PARAMETERS_COLUMNS, "KVM's settings") \
	X(guests, RECORD_GUESTS_COLUMNS, "names of guests")

#define ID_COLUMN(name, kind, help) ID_##name,
#define VCPUS_COLUMN(name, kind, help) VCPUS_##name,
#define VALUES_COLUMN(name, kind, help) VALUES_##name,
#define BITS_COLUMN(name, kind, help) BITS_##name,
#define SITES_COLUMN(name, kind, help) SITES_##name,
#define TIMES_COLUMN(name, kind, help) TIMES_##name,
#define CALLERS_COLUMN(name, kind, help) CALLERS_##name,
#define PROBES_COLUMN(name, kind, help) PROBES_##name,
#define SNAPSHOT_COLUMN(name, kind, help) SNAPSHOT_##name,
#define PARAMETERS_COLUMN(name, kind, help) PARAMETERS_##name,
#define GUESTS_COLUMN(name, kind, help) GUESTS_##name,
/* The columns that the files of vCPUs begin with. */
enum { CRS_ID_COLUMNS(ID_COLUMN) NR_ID };
enum { CRS_VCPUS_COLUMNS(VCPUS_COLUMN) NR_VCPUS };
enum { CRS_VALUES_COLUMNS(VALUES_COLUMN) };
enum { CRS_BITS_COLUMNS(BITS_COLUMN) };
enum { CRS_SITES_COLUMNS(SITES_COLUMN) };
enum { CRS_TIMES_COLUMNS(TIMES_COLUMN) };
enum { CRS_CALLERS_COLUMNS(CALLERS_COLUMN) };
enum { CRS_PROBES_COLUMNS(PROBES_COLUMN) };
enum { RECORD_SNAPSHOT_COLUMNS(SNAPSHOT_COLUMN) NR_SNAPSHOT };
enum { RECORD_PARAMETERS_COLUMNS(PARAMETERS_COLUMN) NR_PARAMETERS };
enum { RECORD_GUESTS_COLUMNS(GUESTS_COLUMN) NR_GUESTS };

#define FILE_ENUM(name, columns, help) FILE_##name,
enum file_id { CRS_FILES(FILE_ENUM) RECORD_FILES(FILE_ENUM) NR_FILES };
#define NR_MODULE_FILES FILE_snapshot

#define KIND_ENUM(name, help) KIND_##name,
enum kind { CRS_KINDS(KIND_ENUM) NR_KINDS };

/* Sets of kinds. */
#define KEYS (BIT(KIND_KEY) | BIT(KIND_KEY_NUMBER) | BIT(KIND_KEY_HEX))
#define COUNTS (BIT(KIND_COUNT) | BIT(KIND_PART))
#define BOUNDS BIT(KIND_BOUND)
#define DECIMALS                                                          \
	(COUNTS | BOUNDS | BIT(KIND_KEY_NUMBER) | BIT(KIND_LAST_NUMBER) | \
	 BIT(KIND_MOST))
#define HEXADECIMALS (BIT(KIND_KEY_HEX) | BIT(KIND_LAST_HEX))

/* A set of columns is a word; a letter of a recording names one of them. */
#define FILE_MAX_COLUMNS 62
#define COLUMN_BIT(column) (1ull << (column))
#define IDS (COLUMN_BIT(NR_ID) - 1)
#define CR_ACCESSES \
	(COLUMN_BIT(VCPUS_cr_other + 1) - COLUMN_BIT(VCPUS_cr0_read))
#define TPR_COUNTERS (COLUMN_BIT(VCPUS_tpr) - COLUMN_BIT(VCPUS_set_cr8))
#define TPR_EXITS (COLUMN_BIT(VCPUS_tpr_guest) | COLUMN_BIT(VCPUS_tpr_apic))
#define FIRST(columns) __builtin_ctzll(columns)

/* Each column of a set, from the first. */
#define for_each_column(c, columns)                   \
	for (uint64_t c##_left = (columns), c;        \
	     c##_left && (c = FIRST(c##_left), true); \
	     c##_left &= c##_left - 1)

struct column {
	const char *name;
	enum kind kind;
	const char *help;
};

struct file {
	const char *name;
	const char *help;
	const struct column *columns;
	unsigned int nr_columns;
	/* Whether the rows belong to vCPUs and begin with CRS_ID_COLUMNS. */
	bool vcpus;
	/*
	 * Sets of columns: keys, with them that of lives; keys but vCPUs'; what
	 * is subtracted and summed, and of that what counts each event once.
	 */
	uint64_t all;
	uint64_t keys;
	uint64_t lives;
	uint64_t others;
	uint64_t counts;
	uint64_t events;
	uint64_t bounds;
};

extern struct file files[NR_FILES];

int file_column(const struct file *file, const char *name, size_t len);

/* Whether a column is of one of some kinds. */
static inline bool is_of(const struct file *file, unsigned int column,
			 unsigned int kinds)
{
	return kinds >> file->columns[column].kind & 1;
}

/* Kept for good, so that equal words are one pointer. */
struct word {
	/* Of a VM: the name that people gave it. */
	struct word *guest;
	/* Of such a name: the VM that has it; that name itself if two have. */
	struct word *vm;
	char text[];
};

/* One field of a row. CELL_NONE is the file's "-": does not apply. */
struct cell {
	enum { CELL_NONE, CELL_NUMBER, CELL_WORD } type;
	union {
		uint64_t number;
		struct word *word;
	};
};

/* More columns than any module will have, and a bound for the map of them. */
#define MAX_COLUMNS 128

/*
 * Rows of a file: the cells in the contract's order, whatever that of the text
 * was, and one more for who computes with the table.
 */
struct table {
	const struct file *file;
	/* As many as max_rows; those behind nr_rows are used again. */
	struct cell **rows;
	size_t nr_rows;
	size_t max_rows;
	/* Columns of the contract that the text did not have. */
	uint64_t absent;
	/* For each column of the text the contract's, -1 where it has none. */
	signed char heading[MAX_COLUMNS];
	unsigned int nr_heading;
};

/* Where and why a text was refused. */
struct fault {
	enum { FAULT_NONE, FAULT_TRUNCATED, FAULT_FOREIGN, FAULT_NEWER } what;
	size_t line;
	const char *why;
};

/* Room for any number's text. */
#define CELL_TEXT_LEN 24

/* Of who uses it: @memory, or an end of the program where that is NULL. */
void *or_fail(void *memory);

char *slurp(const char *path, size_t *len);
struct word *word_keep(const char *text, size_t len);
const char *cell_text(const struct cell *cell, enum kind kind,
		      char text[CELL_TEXT_LEN], size_t *len);
bool cell_read(struct cell *cell, enum kind kind, const char *text, size_t len);
bool refuse(struct fault *fault, int what, const char *why);
bool row_read(struct table *table, size_t at, const char *line, const char *end,
	      struct fault *fault);
bool table_read(struct table *table, enum file_id id, const char *text,
		size_t len, struct fault *fault);
struct cell *table_insert(struct table *table, size_t at);
struct cell *table_add(struct table *table, const struct cell *row);
void table_remove(struct table *table, size_t at);
void table_copy(struct table *copy, const struct table *table);
void table_free(struct table *table);
bool rows_equal(const struct cell *a, const struct cell *b, uint64_t columns);
uint64_t row_sum(const struct cell *row, uint64_t columns);

/* A cell's number; what does not apply counts as nothing. */
static inline uint64_t cell_number(const struct cell *cell)
{
	return cell->type == CELL_NUMBER ? cell->number : 0;
}

static inline const char *cell_word(const struct cell *cell)
{
	return cell->type == CELL_WORD ? cell->word->text : "-";
}

/* Whether each access to a register makes an exit, or with "s" some writes. */
static inline bool reg_armed(const char *armed, char access, char reg)
{
	return strstr(armed, (char[]){ access, reg, '\0' });
}

static inline bool cell_is(const struct cell *cell, const char *word)
{
	return cell->type == CELL_WORD && !strcmp(cell->word->text, word);
}

/* Each row of a table, from the first. The outer loop names the table. */
#define for_each_row(row, in)                                                \
	for (const struct table *row##_of = (in); row##_of; row##_of = NULL) \
		for (struct cell **row##_at = row##_of->rows, *(row);        \
		     row##_of->nr_rows &&                                    \
		     row##_at != row##_of->rows + row##_of->nr_rows &&       \
		     ((row) = *row##_at);                                    \
		     row##_at++)

#endif /* CRS_TABLE_H */
