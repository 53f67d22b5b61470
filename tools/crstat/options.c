// SPDX-License-Identifier: GPL-2.0
/* The options and arguments of crstat, and its help. */
#include <argp.h>

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

/*
 * X(key, name, argument, what takes it, where it goes, what goes there, help).
 * A key above all characters is no short form; --vm is what --guest was.
 */
/* clang-format off */
#define OPTIONS(X) \
	X('i', "interval", "SECONDS", INTERVAL, interval, \
	  number_of(state, "-i", arg, false), \
	  "Print events per second, or record, every SECONDS until interrupted; of a recording all intervals") \
	X('n', "count", "COUNT", INTERVAL, count, \
	  number_of(state, "-n", arg, true), \
	  "With -i: stop after COUNT intervals") \
	X('g', "guest", "NAME", SELECT, select.vm, arg, \
	  "Only the guest or VM of this name") \
	X(256, "vm", "NAME", SELECT, select.vm, arg, "The same") \
	X('p', "pid", "PID", SELECT, select.pid, id_of(state, "--pid", arg), \
	  "Only VMs of this process") \
	X(257, "vcpu", "ID", SELECT, select.vcpu, id_of(state, "--vcpu", arg), \
	  "Only vCPUs of this id") \
	X(258, "live", NULL, SELECT, select.live, 1, \
	  "Only vCPUs that are not gone") \
	X(259, "nonzero", NULL, SELECT, select.nonzero, 1, \
	  "Only rows that counted anything") \
	X(260, "sum", "BY", SUM, sum, sum_of(state, arg), \
	  "A row per vcpu (table), per vm (values, bits, sites) or per host") \
	X(261, "per-vcpu", NULL, SUM, sum, SUM_VCPU, "The same as --sum vcpu") \
	X(262, "sort", "COLUMN", SORT, sort, arg, \
	  "Order rows by COLUMN, counts from the largest; -COLUMN: the other way round") \
	X(263, "limit", "N", COLUMNS, limit, \
	  number_of(state, "--limit", arg, true), "The first N rows only") \
	X(264, "columns", "LIST", COLUMNS, columns, arg, \
	  "These columns, with commas between them") \
	X(265, "all", NULL, ALL, all, 1, \
	  "bits: those that never changed too; sites: not just the top") \
	X(266, "kallsyms", "FILE", KALLSYMS, kallsyms, arg, \
	  "sites: name addresses by a guest's /proc/kallsyms or System.map") \
	X(267, "json", NULL, FORMAT, format, FORMAT_JSON, \
	  "Print JSON; numbers are the file's own; with -i an object a line") \
	X(268, "csv", NULL, FORMAT, format, FORMAT_CSV, \
	  "The same as comma-separated values") \
	X(269, "openmetrics", NULL, FORMAT, format, FORMAT_OPENMETRICS, \
	  "The same as OpenMetrics: counters alone") \
	X(270, "prometheus", NULL, FORMAT, format, FORMAT_PROMETHEUS, \
	  "The same as Prometheus' text format, as node_exporter reads it") \
	X(271, "folded", NULL, FOLDED, format, FORMAT_FOLDED, \
	  "sites: folded stacks, for flame graphs") \
	X('o', "output", "FILE", OUTPUT, output, arg, \
	  "record: write to FILE, not to stdout") \
	X(272, "root", "PATH", ROOT, root, arg, \
	  "Read a recording or a folder of captured files, not the module's") \
	X(273, "at", "WHEN", ROOT, at, arg, \
	  "Of a recording the snapshot of this number, from 1, or time")

/* Entries of --help that are no options; the leading blanks are theirs. */
#define OPTION(key, name, argument, takes, to, value, help) \
	{ name, key, argument, 0, help, 0 },
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
	"\vExamples:\n"
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
			const char *text, bool whole)
{
	char *end;
	double number = strtod(text, &end);

	if (*end || !(number > 0 && number <= 1e9) ||
	    (whole && text[strspn(text, "0123456789")]))
		argp_error(state, "%s takes a positive %snumber, not \"%s\"",
			   option, whole ? "whole " : "", text);
	if (number < MIN_INTERVAL)
		argp_error(state, "%s takes at least %g, not %s", option,
			   MIN_INTERVAL, text);
	return number;
}

static const char *id_of(struct argp_state *state, const char *option,
			 const char *text)
{
	if (!*text || text[strspn(text, "0123456789")])
		argp_error(state, "%s takes a whole number, not \"%s\"", option,
			   text);
	return text;
}

static enum sum sum_of(struct argp_state *state, const char *text)
{
	static const char *const names[] = { "", "vcpu", "vm", "host" };
	enum sum sum = SUM_HOST;

	while (sum && strcmp(text, names[sum]))
		sum--;
	if (!sum)
		argp_error(state, "--sum takes vcpu, vm or host, not \"%s\"",
			   text);
	return sum;
}

static void take_operand(struct argp_state *state, char *arg)
{
	bool number = *arg && !arg[strspn(arg, "0123456789.")];
	bool command = chosen >= 0 && views[chosen].run == send_command;
	unsigned int operands = given[DIFF] ? 2 : command;

	/* What stands after "--" is a command, whatever it is. */
	if (state->quoted && state->next > state->quoted) {
		view.command = state->argv + state->next - 1;
		state->next = state->argc;
		given[COMMAND] = "a command";
	} else if (view.nr_operands < operands) {
		view.operands[view.nr_operands++] = arg;
	} else if (number && !view.interval && !given[DIFF]) {
		view.interval = number_of(state, "the interval", arg, false);
		given[INTERVAL] = "--interval";
	} else if (number && !view.count && !given[DIFF]) {
		view.count = number_of(state, "the count", arg, true);
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

#define TAKE(key, name, argument, takes, to, value, help) \
	case key:                                         \
		given[takes] = "--" name;                 \
		view.to = value;                          \
		break;

static error_t parse(int key, char *arg, struct argp_state *state)
{
	switch (key) {
		OPTIONS(TAKE)
	case 'h':
		argp_state_help(state, stdout, ARGP_HELP_STD_HELP);
		break;
	case ARGP_KEY_ARG:
		take_operand(state, arg);
		break;
	case ARGP_KEY_END:
		if (view.count && !view.interval)
			argp_error(state, "-n goes with -i");
		if (view.interval && view.at)
			argp_error(state, "--at goes without -i");
		if (view.interval && view.format > FORMAT_CSV)
			argp_error(state,
				   "rates (-i) are text, --csv or --json");
		if (view.interval && (given[DIFF] || given[COMMAND]))
			argp_error(state, "%s goes without -i",
				   given[DIFF] ?: given[COMMAND]);
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

/* Read the arguments, or end the program with what is wrong with them. */
void options_parse(int argc, char **argv)
{
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.args_doc =
			"[VIEW] [INTERVAL [COUNT]]\n[VIEW] diff FROM [TO]\n"
			"[VIEW] -- COMMAND [ARGUMENT...]\nreset\non|off [SET]",
		.doc = doc,
	};
	const struct select *select = &view.select;
	unsigned int takes;
	bool who;

	view.source.wanted = -1;
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
		/* Views that know one file read no others. */
		who = select->vm || select->pid || select->vcpu;
		view.source.wanted = BIT(view.id) | BIT(FILE_snapshot) |
				     BIT(FILE_guests) | who << FILE_vcpus;
	}
	view.name = chosen == FILE_vcpus ? TABLE : views[chosen].name;
	for (int bit = 0; bit < NR_TAKES; bit++)
		if (!(takes & BIT(bit)) && given[bit])
			fail(FAIL_USAGE, "the view %s does not take %s",
			     view.name, given[bit]);
	if (given[DIFF] && (!view.nr_operands || given[COMMAND]))
		fail(FAIL_USAGE, "diff takes one or two recordings alone");
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
