// SPDX-License-Identifier: GPL-2.0
/* The options and arguments of crstat, and its help. */
#include <argp.h>
#include <stdlib.h>

#include "crstat.h"
#include "print/print.h"

/* Shorter ones measure crstat. */
#define MIN_INTERVAL 0.001

/* The default view's name; that of its file is one too. */
#define TABLE "table"

/* What not every view takes, each a bit. */
enum takes {
	INTERVAL,
	ROOT,
	SELECT,
	SUM,
	SORT,
	COLUMNS,
	ALL,
	KALLSYMS,
	OUTPUT,
	FORMAT,
	FOLDED,
	DIFF,
	COMMAND,
	NR_TAKES
};

#define OF_FILES                                                              \
	(BIT(INTERVAL) | BIT(ROOT) | BIT(SORT) | BIT(COLUMNS) | BIT(FORMAT) | \
	 BIT(DIFF) | BIT(COMMAND))
#define OF_VCPUS (BIT(SELECT) | BIT(SUM))

static void send_command(void)
{
	source_control(&view.source,
		       text_of("%s%s%s", view.name, view.operands[0] ? " " : "",
			       view.operands[0] ?: ""));
}

/* clang-format off */
#define FILE_VIEW(name, columns, help) { #name, NULL, 0 },
#define COMMAND_VIEW(name, help) { #name, send_command, 0 },
static const struct {
	const char *name;
	void (*run)(void);
	unsigned int takes;
} views[] = {
	CRS_FILES(FILE_VIEW)
	{ "explain", explain_run, BIT(ROOT) | BIT(SELECT) },
	{ "top", top_run, BIT(INTERVAL) | BIT(ROOT) | BIT(SORT) | OF_VCPUS },
	{ "record", record_run, BIT(INTERVAL) | BIT(ROOT) | BIT(OUTPUT) },
	CRS_COMMANDS(COMMAND_VIEW)
};
/* clang-format on */

/* How an option's argument is taken; VALUE: it has none but means this. */
enum how { STRING, ID, WHOLE, SECONDS, NAME_OF_SUM, VALUE };

/*
 * X(key, name, argument, what takes it, how, where to, value, help). A key
 * above all characters is no short form; --vm is what --guest was.
 */
/* clang-format off */
#define OPTIONS(X) \
	X('i', "interval", "SECONDS", INTERVAL, SECONDS, interval, 0, \
	  "Print events per second, or record, every SECONDS until interrupted; of a recording all intervals") \
	X('n', "count", "COUNT", INTERVAL, WHOLE, count, 0, \
	  "With -i: stop after COUNT intervals") \
	X('g', "guest", "NAME", SELECT, STRING, select.vm, 0, \
	  "Only the guest or VM of this name") \
	X(256, "vm", "NAME", SELECT, STRING, select.vm, 0, "The same") \
	X('p', "pid", "PID", SELECT, ID, select.pid, 0, \
	  "Only VMs of this process") \
	X(257, "vcpu", "ID", SELECT, ID, select.vcpu, 0, \
	  "Only vCPUs of this id") \
	X(258, "live", NULL, SELECT, VALUE, select.live, 1, \
	  "Only vCPUs that are not gone") \
	X(259, "nonzero", NULL, SELECT, VALUE, select.nonzero, 1, \
	  "Only rows that counted anything") \
	X(260, "sum", "BY", SUM, NAME_OF_SUM, sum, 0, \
	  "A row per vcpu (table), per vm (values, bits, sites) or per host") \
	X(261, "per-vcpu", NULL, SUM, VALUE, sum, SUM_VCPU, \
	  "The same as --sum vcpu") \
	X(262, "sort", "COLUMN", SORT, STRING, sort, 0, \
	  "Order rows by COLUMN, counts from the largest; -COLUMN: the other way round") \
	X(263, "limit", "N", COLUMNS, WHOLE, limit, 0, \
	  "The first N rows only") \
	X(264, "columns", "LIST", COLUMNS, STRING, columns, 0, \
	  "These columns, with commas between them") \
	X(265, "all", NULL, ALL, VALUE, all, 1, \
	  "bits: those that never changed too; sites: not just the top") \
	X(266, "kallsyms", "FILE", KALLSYMS, STRING, kallsyms, 0, \
	  "sites: name addresses by a guest's /proc/kallsyms or System.map") \
	X(267, "json", NULL, FORMAT, VALUE, format, FORMAT_JSON, \
	  "Print JSON; numbers are the file's own; with -i an object a line") \
	X(268, "csv", NULL, FORMAT, VALUE, format, FORMAT_CSV, \
	  "The same as comma-separated values") \
	X(269, "openmetrics", NULL, FORMAT, VALUE, format, FORMAT_OPENMETRICS, \
	  "The same as OpenMetrics: counters alone") \
	X(270, "prometheus", NULL, FORMAT, VALUE, format, FORMAT_PROMETHEUS, \
	  "The same as Prometheus' text format, as node_exporter reads it") \
	X(271, "folded", NULL, FOLDED, VALUE, format, FORMAT_FOLDED, \
	  "sites: folded stacks, for flame graphs") \
	X('o', "output", "FILE", OUTPUT, STRING, output, 0, \
	  "record: write to FILE, not to stdout") \
	X(272, "root", "PATH", ROOT, STRING, root, 0, \
	  "Read a recording or a folder of captured files, not the module's") \
	X(273, "at", "WHEN", ROOT, STRING, at, 0, \
	  "Of a recording the snapshot of this number, from 1, or time")

#define ENTRY(key, name, arg, takes, how, field, value, help) \
	{ key, takes, how, &view.field, value },
static const struct {
	int key;
	enum takes takes;
	enum how how;
	void *field;
	int value;
} entries[] = { OPTIONS(ENTRY) };

/* Entries of --help that are no options; the leading blanks are theirs. */
#define OPTION(key, name, arg, takes, how, field, value, help) \
	{ name, key, arg, 0, help, 0 },
#define LINE(name, help, group) \
	{ "  " name, 0, NULL, OPTION_DOC | OPTION_NO_USAGE, help, group },
#define FILE_LINE(name, columns, help) LINE(#name, help, 1)
#define COMMAND_LINE(name, help) LINE(#name, help, 2)
#define STATUS_LINE(name, status, help) LINE(#status, help, 3)

static const struct argp_option options[] = {
	OPTIONS(OPTION)
	{ NULL, 'h', NULL, 0, "The same as --help", -1 },
	{ NULL, 0, NULL, 0, "Views:", 1 },
	CRS_FILES(FILE_LINE)
	LINE(TABLE, "the same as vcpus, and the default", 1)
	LINE("explain", "what the numbers mean on this host, in sentences", 1)
	LINE("top", "the views on a full screen; h shows its keys", 1)
	LINE("record", "write all files into one, for --root and diff", 1)
	LINE("diff", "[VIEW] diff FROM [TO]: what happened between two recordings, or from one to now", 1)
	{ NULL, 0, NULL, 0, "Commands to the module:", 2 },
	CRS_COMMANDS(COMMAND_LINE)
	{ NULL, 0, NULL, 0, "Exit status:", 3 },
	LINE("0", "all is well", 3)
	FAIL_STATUSES(STATUS_LINE)
	{ 0 }
};
/* clang-format on */

const char *argp_program_version = "crstat " CRS_VERSION;

static const char doc[] =
	"Show what KVM guests do to their control registers and task priority, "
	"as the kernel module kvm_crstat counts it."
	"\v"
	"Examples:\n"
	"  crstat                 the table of all vCPUs\n"
	"  crstat 1 10            events per second, ten times\n"
	"  crstat sites -- sleep 10   which code did it in that time\n"
	"  crstat values -i 1     what the guests write to CR0, CR3, CR4, CR8 now\n"
	"  crstat sites --kallsyms guest.kallsyms   which code of theirs does\n"
	"  crstat explain         what it means\n"
	"  crstat record -i 1 -o FILE  all of it: crstat --root FILE values -i 1\n";

/* Which view it is, -1: not said yet; and how each bit of takes was given. */
static int chosen = -1;
static const char *given[NR_TAKES];

static double number_of(struct argp_state *state, const char *option,
			const char *text, double least, bool whole)
{
	char *end;
	double number = strtod(text, &end);

	if (end == text || *end || !(number > 0 && number <= 1e9) ||
	    (whole && text[strspn(text, "0123456789")]))
		argp_error(state, "%s takes a positive %snumber, not \"%s\"",
			   option, whole ? "whole " : "", text);
	if (number < least)
		argp_error(state, "%s takes at least %g, not %s", option, least,
			   text);
	return number;
}

static void take_operand(struct argp_state *state, char *arg)
{
	bool number = *arg && !arg[strspn(arg, "0123456789.")];
	unsigned int operands =
		given[DIFF]					 ? 2 :
		chosen >= 0 && views[chosen].run == send_command ? 1 :
								   0;

	/* What stands after "--" is a command, whatever it is. */
	if (state->quoted && state->next > state->quoted) {
		view.command = state->argv + state->next - 1;
		state->next = state->argc;
		given[COMMAND] = "a command";
	} else if (view.nr_operands < operands) {
		view.operands[view.nr_operands++] = arg;
	} else if (number && !view.interval && !given[DIFF]) {
		view.interval = number_of(state, "the interval", arg,
					  MIN_INTERVAL, false);
		given[INTERVAL] = "--interval";
	} else if (number && !view.count && !given[DIFF]) {
		view.count = number_of(state, "the count", arg, 1, true);
	} else if (!strcmp(arg, "diff")) {
		given[DIFF] = "diff";
	} else if (chosen < 0 && !given[DIFF]) {
		for (size_t i = ARRAY_SIZE(views); i--;)
			if (!strcmp(arg, views[i].name))
				chosen = i;
		if (!strcmp(arg, TABLE))
			chosen = FILE_vcpus;
		if (chosen < 0)
			fail(FAIL_USAGE,
			     "no view \"%s\"; crstat --help lists them", arg);
	} else {
		argp_error(state, "too many arguments: %s", arg);
	}
}

static void take_option(struct argp_state *state, size_t nr, char *arg)
{
	static const char *const sums[] = { "", "vcpu", "vm", "host" };
	void *field = entries[nr].field;
	enum how how = entries[nr].how;
	char *name = text_of("--%s", options[nr].name);
	int sum = SUM_HOST;

	given[entries[nr].takes] = name;
	if (entries[nr].key < 256 && how != ID)
		name = text_of("-%c", entries[nr].key);
	if (how == ID && (!*arg || arg[strspn(arg, "0123456789")]))
		argp_error(state, "%s takes a whole number, not \"%s\"", name,
			   arg);
	if (how == ID || how == STRING)
		*(const char **)field = arg;
	else if (how == WHOLE)
		*(unsigned long *)field = number_of(state, name, arg, 1, true);
	else if (how == SECONDS)
		*(double *)field =
			number_of(state, name, arg, MIN_INTERVAL, false);
	else if (how == VALUE)
		*(int *)field = entries[nr].value;
	if (how != NAME_OF_SUM)
		return;
	while (sum && strcmp(arg, sums[sum]))
		sum--;
	if (!sum)
		argp_error(state, "--sum takes vcpu, vm or host, not \"%s\"",
			   arg);
	view.sum = sum;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	size_t nr = 0;

	if (key == 'h')
		argp_state_help(state, stdout, ARGP_HELP_STD_HELP);
	if (key == ARGP_KEY_ARG)
		take_operand(state, arg);
	while (nr < ARRAY_SIZE(entries) && entries[nr].key != key)
		nr++;
	if (nr < ARRAY_SIZE(entries))
		take_option(state, nr, arg);
	else if (key != ARGP_KEY_ARG && key != ARGP_KEY_END)
		return ARGP_ERR_UNKNOWN;
	if (key != ARGP_KEY_END)
		return 0;
	if (view.count && !view.interval)
		argp_error(state, "-n goes with -i");
	if (view.interval && view.at)
		argp_error(state, "--at goes without -i");
	if (view.interval && view.format > FORMAT_CSV)
		argp_error(state, "rates (-i) are text, --csv or --json");
	if (view.interval && (view.command || given[DIFF]))
		argp_error(state, "%s goes without -i",
			   given[DIFF] ?: given[COMMAND]);
	return 0;
}

/* Read the arguments, or end the program with what is wrong with them. */
void options_parse(int argc, char **argv)
{
	static const struct argp argp = {
		options,
		parse,
		"[VIEW] [INTERVAL [COUNT]]\n[VIEW] diff FROM [TO]\n"
		"[VIEW] -- COMMAND [ARGUMENT...]\nreset\non|off [SET]",
		doc,
		NULL,
		NULL,
		NULL
	};
	unsigned int takes;

	argp_err_exit_status = FAIL_USAGE;
	argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, NULL);
	chosen = chosen < 0 ? (int)FILE_vcpus : chosen;
	takes = views[chosen].takes;
	if (!views[chosen].run) {
		view.id = chosen;
		takes |= OF_FILES | (files[chosen].vcpus ? OF_VCPUS : 0);
		if (chosen == FILE_bits || chosen == FILE_sites)
			takes |= BIT(ALL);
		if (chosen == FILE_sites)
			takes |= BIT(KALLSYMS) | BIT(FOLDED);
	}
	view.name = chosen == FILE_vcpus ? TABLE : views[chosen].name;
	for (int bit = 0; bit < NR_TAKES; bit++)
		if (!(takes & BIT(bit)) && given[bit])
			fail(FAIL_USAGE, "the view %s does not take %s",
			     view.name, given[bit]);
	if (given[DIFF] && !view.nr_operands)
		fail(FAIL_USAGE, "diff takes one or two recordings");
	if (view.nr_operands == 2 && view.root)
		fail(FAIL_USAGE,
		     "diff takes two recordings, or one and --root");
	view.root = view.operands[1] ?: view.root;
	view.run = views[chosen].run   ?:
			   given[DIFF] ? series_diff :
		   view.command	       ? series_command :
		   view.interval       ? series_run :
					 series_once;
}
