// SPDX-License-Identifier: GPL-2.0
/* The reader's parser: what it takes, and that it refuses everything else. */
#include <stdlib.h>

#include "table/table.h"
#include "kselftest_harness.h"

/* The harness compares a literal's int with whatever type it is shown. */
#pragma GCC diagnostic ignored "-Wsign-compare"

#define PROBES_HEAD "# kvm_crstat 1 probes\n"
#define PROBES_COLUMNS "function module set state hits missed\n"
#define PROBES_ROW "kvm_set_cr8 kvm tpr armed 89002 3\n"
#define PROBES PROBES_HEAD PROBES_COLUMNS PROBES_ROW

#define VALUES_HEAD               \
	"# kvm_crstat 1 values\n" \
	"vm pid tid vcpu state reg value count error\n"

void *or_fail(void *memory)
{
	if (!memory)
		abort();
	return memory;
}

struct parsed {
	int result;
	struct table table;
	struct fault fault;
};

/* A copy of exact size, so that a look behind it shows under a sanitizer. */
static struct parsed parse_bytes(enum file_id id, const char *text, size_t len)
{
	char *copy = malloc(len ? len : 1);
	struct parsed parsed = { 0 };
	bool good;

	memcpy(copy, text, len);
	good = table_read(&parsed.table, id, copy, len, &parsed.fault);
	parsed.result = parsed.fault.what;
	if (good && parsed.result)
		abort();
	free(copy);
	return parsed;
}

static struct parsed parse(enum file_id id, const char *text)
{
	return parse_bytes(id, text, strlen(text));
}

static int result_of(enum file_id id, const char *text)
{
	struct parsed parsed = parse(id, text);

	table_free(&parsed.table);
	return parsed.result;
}

TEST(good_file)
{
	struct parsed p = parse(FILE_probes, PROBES);
	const struct cell *row;

	ASSERT_EQ(FAULT_NONE, p.result);
	ASSERT_EQ(1, p.table.nr_rows);
	row = p.table.rows[0];
	EXPECT_STREQ("kvm_set_cr8", cell_word(&row[PROBES_function]));
	EXPECT_STREQ("kvm", cell_word(&row[PROBES_module]));
	EXPECT_STREQ("tpr", cell_word(&row[PROBES_set]));
	EXPECT_STREQ("armed", cell_word(&row[PROBES_state]));
	EXPECT_EQ(CELL_NUMBER, row[PROBES_hits].type);
	EXPECT_EQ(89002, row[PROBES_hits].number);
	EXPECT_EQ(3, row[PROBES_missed].number);
	table_free(&p.table);
}

TEST(no_rows)
{
	struct parsed p = parse(FILE_probes, PROBES_HEAD PROBES_COLUMNS);

	EXPECT_EQ(FAULT_NONE, p.result);
	EXPECT_EQ(0, p.table.nr_rows);
	table_free(&p.table);
}

TEST(aligned_with_blanks_and_tabs)
{
	struct parsed p =
		parse(FILE_probes, PROBES_HEAD
		      "  function \t module set state   hits missed  \n"
		      "  kvm_set_cr8\t- tpr  absent 0     0 \t \n");

	ASSERT_EQ(FAULT_NONE, p.result);
	EXPECT_EQ(CELL_NONE, p.table.rows[0][PROBES_module].type);
	EXPECT_TRUE(cell_is(&p.table.rows[0][PROBES_state], "absent"));
	table_free(&p.table);
}

TEST(every_column_in_its_place)
{
#define COLUMN_NAME(name, kind, help) #name " "
#define COUNTER_ONE(name, kind, help) "7 "
	struct parsed p =
		parse(FILE_vcpus,
		      "# kvm_crstat 1 vcpus\n" CRS_VCPUS_COLUMNS(
			      COLUMN_NAME) "\n"
					   "10-3 10 11 2 1 live " CRS_COUNTERS(
						   COUNTER_ONE) "0xf0 r0,w0\n");
	const struct cell *row;

	ASSERT_EQ(FAULT_NONE, p.result);
	row = p.table.rows[0];
	EXPECT_TRUE(cell_is(&row[VCPUS_vm], "10-3"));
	EXPECT_EQ(10, row[VCPUS_pid].number);
	EXPECT_EQ(11, row[VCPUS_tid].number);
	EXPECT_EQ(2, row[VCPUS_vcpu].number);
	EXPECT_TRUE(cell_is(&row[VCPUS_state], "live"));
	for (int c = VCPUS_cr0_read; c <= VCPUS_tpr_change; c++)
		EXPECT_EQ(7, row[c].number);
	EXPECT_EQ(0xf0, row[VCPUS_tpr].number);
	EXPECT_TRUE(cell_is(&row[VCPUS_armed], "r0,w0"));
	table_free(&p.table);
}

TEST(columns_in_other_order)
{
	struct parsed p = parse(FILE_probes, PROBES_HEAD
				"missed state hits function set module\n"
				"3 armed 89002 kvm_set_cr8 tpr kvm\n");
	const struct cell *row;

	ASSERT_EQ(FAULT_NONE, p.result);
	row = p.table.rows[0];
	EXPECT_TRUE(cell_is(&row[PROBES_function], "kvm_set_cr8"));
	EXPECT_TRUE(cell_is(&row[PROBES_state], "armed"));
	EXPECT_EQ(89002, row[PROBES_hits].number);
	EXPECT_EQ(3, row[PROBES_missed].number);
	table_free(&p.table);
}

TEST(added_columns)
{
	struct parsed p =
		parse(FILE_probes, PROBES_HEAD
		      "new function module set state hits other missed\n"
		      "- kvm_set_cr8 kvm tpr armed 89002 any~thing 3\n");

	ASSERT_EQ(FAULT_NONE, p.result);
	EXPECT_TRUE(cell_is(&p.table.rows[0][PROBES_function], "kvm_set_cr8"));
	EXPECT_EQ(3, p.table.rows[0][PROBES_missed].number);
	table_free(&p.table);
}

TEST(columns_of_a_newer_contract)
{
	struct parsed p = parse(FILE_probes,
				PROBES_HEAD "function module state hits\n"
					    "kvm_set_cr8 kvm armed 89002\n");

	ASSERT_EQ(FAULT_NONE, p.result);
	EXPECT_EQ(CELL_NONE, p.table.rows[0][PROBES_missed].type);
	EXPECT_EQ(CELL_NONE, p.table.rows[0][PROBES_set].type);
	EXPECT_EQ(COLUMN_BIT(PROBES_missed) | COLUMN_BIT(PROBES_set) |
			  COLUMN_BIT(PROBES_hook),
		  p.table.absent);
	EXPECT_EQ(89002, p.table.rows[0][PROBES_hits].number);
	table_free(&p.table);
}

TEST(missing_or_doubled_column)
{
	EXPECT_EQ(FAULT_FOREIGN, result_of(FILE_probes, PROBES_HEAD
					   "module set state hits missed\n"));
	EXPECT_EQ(FAULT_FOREIGN,
		  result_of(FILE_probes, PROBES_HEAD
			    "function module set set state hits missed\n"));
}

TEST(too_many_columns)
{
	char text[4096] = PROBES_HEAD "function ";

	for (int i = 0; i < MAX_COLUMNS; i++)
		strcat(text, "x ");
	strcat(text, "\n");
	EXPECT_EQ(FAULT_FOREIGN, result_of(FILE_probes, text));
}

/* Cut at a line's end a file can't be told from a shorter one. */
TEST(truncated_at_every_byte)
{
	const char *text = PROBES;
	size_t whole = strlen(text);

	for (size_t len = 0; len < whole; len++) {
		struct parsed p = parse_bytes(FILE_probes, text, len);
		bool line = len == strlen(PROBES_HEAD PROBES_COLUMNS);

		EXPECT_EQ(line ? FAULT_NONE : FAULT_TRUNCATED, p.result)
		TH_LOG("cut after %zu bytes", len);
		table_free(&p.table);
	}
}

TEST(row_of_wrong_length)
{
	struct parsed p = parse(FILE_probes, PROBES "kvm_set_cr8 kvm tpr\n");

	EXPECT_EQ(FAULT_TRUNCATED, p.result);
	EXPECT_EQ(4, p.fault.line);
	table_free(&p.table);
	EXPECT_EQ(FAULT_TRUNCATED, result_of(FILE_probes, PROBES "\n"));
	EXPECT_EQ(FAULT_TRUNCATED,
		  result_of(FILE_probes, PROBES_HEAD PROBES_COLUMNS
			    "kvm_set_cr8 kvm tpr armed 1\n"));
	EXPECT_EQ(FAULT_FOREIGN,
		  result_of(FILE_probes, PROBES_HEAD PROBES_COLUMNS
			    "kvm_set_cr8 kvm tpr armed 1 2 3\n"));
}

TEST(foreign)
{
	EXPECT_EQ(FAULT_FOREIGN, result_of(FILE_probes, "hello\n"));
	EXPECT_EQ(FAULT_FOREIGN, result_of(FILE_probes, "h"));
	EXPECT_EQ(FAULT_FOREIGN, result_of(FILE_probes, "\n"));
	EXPECT_EQ(FAULT_FOREIGN, result_of(FILE_vcpus, PROBES));
	EXPECT_EQ(FAULT_FOREIGN,
		  result_of(FILE_probes,
			    "# kvm_crstat x probes\n" PROBES_COLUMNS));
	EXPECT_EQ(FAULT_FOREIGN,
		  result_of(FILE_probes,
			    "# kvm_crstat -1 probes\n" PROBES_COLUMNS));
	EXPECT_EQ(FAULT_FOREIGN,
		  result_of(FILE_probes,
			    "# kvm_crstat 0 probes\n" PROBES_COLUMNS));
	EXPECT_EQ(FAULT_FOREIGN,
		  result_of(FILE_probes,
			    "# kvm_crstat 1 probes and more\n" PROBES_COLUMNS));
}

TEST(newer_format)
{
	EXPECT_EQ(FAULT_NEWER,
		  result_of(FILE_probes, "# kvm_crstat 2 probes\nanything\n"));
	EXPECT_EQ(FAULT_NEWER, result_of(FILE_probes, "# kvm_crstat 10 x\n"));
	EXPECT_EQ(FAULT_NEWER,
		  result_of(FILE_probes,
			    "# kvm_crstat 99999999999999999999999 new\n"));
}

/* Each byte that text does not hold, in each part of a file. */
TEST(binary_junk)
{
	static const char text[] = PROBES;
	char junk[sizeof(text)];

	for (size_t at = 0; at < strlen(text); at++) {
		for (int byte = 0; byte < 256; byte++) {
			struct parsed p;

			if (byte == '\t' || byte == '\n' ||
			    (byte >= ' ' && byte < 0x7f))
				continue;
			memcpy(junk, text, sizeof(text));
			junk[at] = byte;
			p = parse_bytes(FILE_probes, junk, strlen(text));
			EXPECT_NE(FAULT_NONE, p.result)
			TH_LOG("byte 0x%02x at %zu", byte, at);
			table_free(&p.table);
		}
	}
}

TEST(huge_numbers)
{
	struct parsed p = parse(
		FILE_values, VALUES_HEAD
		"1-1 1 1 0 live cr0 0xffffffffffffffff 18446744073709551615 0\n");
	const struct cell *row;

	ASSERT_EQ(FAULT_NONE, p.result);
	row = p.table.rows[0];
	EXPECT_EQ(UINT64_MAX, row[VALUES_value].number);
	EXPECT_EQ(UINT64_MAX, row[VALUES_count].number);
	table_free(&p.table);
	EXPECT_EQ(FAULT_FOREIGN,
		  result_of(FILE_values, VALUES_HEAD
			    "1-1 1 1 0 live cr0 0x1 18446744073709551616 0\n"));
	EXPECT_EQ(FAULT_FOREIGN,
		  result_of(FILE_values, VALUES_HEAD
			    "1-1 1 1 0 live cr0 0x10000000000000000 1 0\n"));
}

TEST(not_a_number)
{
	static const char *const counts[] = { "+1", "-1", "1.5", "0x10",
					      "1a", "--", "one" };
	static const char *const values[] = { "10",  "0x",	"0xg", "x10",
					      "0X1", "nothing", "0xAB" };
	char text[256];

	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
		snprintf(text, sizeof(text),
			 VALUES_HEAD "1-1 1 1 0 live cr0 0x1 %s 0\n",
			 counts[i]);
		EXPECT_EQ(FAULT_FOREIGN, result_of(FILE_values, text))
		TH_LOG("count %s", counts[i]);
	}
	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
		snprintf(text, sizeof(text),
			 VALUES_HEAD "1-1 1 1 0 live cr0 %s 1 0\n", values[i]);
		EXPECT_EQ(FAULT_FOREIGN, result_of(FILE_values, text))
		TH_LOG("value %s", values[i]);
	}
}

TEST(does_not_apply)
{
	struct parsed p = parse(FILE_values, VALUES_HEAD
				"- - - - dropped cr0 unknown 7 -\n");
	const struct cell *row;

	ASSERT_EQ(FAULT_NONE, p.result);
	row = p.table.rows[0];
	EXPECT_EQ(CELL_NONE, row[VALUES_vm].type);
	EXPECT_EQ(CELL_NONE, row[VALUES_vcpu].type);
	EXPECT_EQ(CELL_NONE, row[VALUES_error].type);
	EXPECT_EQ(0, cell_number(&row[VALUES_error]));
	EXPECT_STREQ("-", cell_word(&row[VALUES_vm]));
	EXPECT_EQ(CELL_WORD, row[VALUES_value].type);
	EXPECT_STREQ("unknown", cell_word(&row[VALUES_value]));
	table_free(&p.table);
}

TEST_HARNESS_MAIN
