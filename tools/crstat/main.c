// SPDX-License-Identifier: GPL-2.0
/* The arguments of crstat, and nothing else. */
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "machine.h"

/* Options without a short form, above all characters. */
enum {
	OPT_ROOT = 256,
	OPT_PER_VCPU,
	OPT_ALL,
	OPT_KALLSYMS,
	OPT_VM,
	OPT_PID,
	OPT_VCPU,
	OPT_LIVE,
	OPT_NONZERO,
	OPT_SUM,
	/* As many as there are formats but text, in their order. */
	OPT_JSON,
	OPT_CSV,
	OPT_OPENMETRICS,
	OPT_PROMETHEUS,
};

/* Options that not every view takes, a bit each, and their names in order. */
enum {
	TAKES_INTERVAL = 1,
	TAKES_SELECT = 2,
	TAKES_SUM = 4,
	TAKES_ALL = 8,
	TAKES_KALLSYMS = 16,
	TAKES_OUTPUT = 32,
	TAKES_FORMAT = 64,
};

static const char *const option_names[] = {
	"-i", "rows to select", "--sum", "--all", "--kallsyms",
	"-o", "a format",
};

/* X(name, options that it takes, help) */
#define VIEWS(X)                                                            \
	X(table, TAKES_INTERVAL | TAKES_SELECT | TAKES_SUM | TAKES_FORMAT,  \
	  "counters of each vCPU (the default)")                            \
	X(values, TAKES_SELECT | TAKES_SUM | TAKES_FORMAT,                  \
	  "values written to registers, with bits")                         \
	X(bits, TAKES_SELECT | TAKES_SUM | TAKES_FORMAT | TAKES_ALL,        \
	  "bits of CR0 and CR4 that toggled")                               \
	X(sites,                                                            \
	  TAKES_SELECT | TAKES_SUM | TAKES_FORMAT | TAKES_ALL |             \
		  TAKES_KALLSYMS,                                           \
	  "guest instructions that accessed registers")                     \
	X(callers, TAKES_FORMAT,                                            \
	  "call sites of the functions that write the TPR")                 \
	X(probes, TAKES_FORMAT, "the probes that everything is counted by") \
	X(explain, TAKES_SELECT,                                            \
	  "what the numbers mean on this host, in sentences")               \
	X(top, TAKES_INTERVAL | TAKES_SELECT | TAKES_SUM,                   \
	  "the table on a full screen; h shows its keys")                   \
	X(record, TAKES_INTERVAL | TAKES_OUTPUT,                            \
	  "write all files into one, for --root and diff")                  \
	X(diff, TAKES_SELECT | TAKES_SUM | TAKES_FORMAT,                    \
	  "FROM [TO]: what happened between two recordings, or from one to now")

#define VIEW_ENTRY(name, takes, help) { #name, takes, name##_view },

static const struct {
	const char *name;
	unsigned int takes;
	void (*print)(const struct view *view);
} views[] = { VIEWS(VIEW_ENTRY) };

/* Entries of --help that are no options; the leading blanks are theirs. */
#define HELP_ENTRY(name, help, group) \
	{ "  " name, 0, NULL, OPTION_DOC | OPTION_NO_USAGE, help, group },
#define VIEW_HELP(name, takes, help) HELP_ENTRY(#name, help, 1)
#define STATUS_HELP(name, status, help) HELP_ENTRY(#status, help, 2)

static const struct argp_option options[] = {
	{ "interval", 'i', "SECONDS", 0,
	  "Print events per second, or record, every SECONDS until interrupted",
	  0 },
	{ "count", 'n', "COUNT", 0, "With -i: stop after COUNT intervals", 0 },
	{ "vm", OPT_VM, "NAME", 0, "Only the guest or VM of this name", 0 },
	{ "pid", OPT_PID, "PID", 0, "Only VMs of this process", 0 },
	{ "vcpu", OPT_VCPU, "ID", 0, "Only vCPUs of this id", 0 },
	{ "live", OPT_LIVE, NULL, 0, "Only vCPUs that are not gone", 0 },
	{ "nonzero", OPT_NONZERO, NULL, 0, "Only rows that counted anything",
	  0 },
	{ "sum", OPT_SUM, "BY", 0,
	  "A row per vcpu (table), per vm (values, bits, sites) or per host",
	  0 },
	{ "per-vcpu", OPT_PER_VCPU, NULL, 0, "The same as --sum vcpu", 0 },
	{ "all", OPT_ALL, NULL, 0,
	  "bits: those that never changed too; sites: not just the top", 0 },
	{ "kallsyms", OPT_KALLSYMS, "FILE", 0,
	  "sites: name addresses by a guest's /proc/kallsyms or System.map",
	  0 },
	{ "json", OPT_JSON, NULL, 0, "Print JSON; numbers are the file's own",
	  0 },
	{ "csv", OPT_CSV, NULL, 0, "The same as comma-separated values", 0 },
	{ "openmetrics", OPT_OPENMETRICS, NULL, 0,
	  "The same as OpenMetrics: counters alone", 0 },
	{ "prometheus", OPT_PROMETHEUS, NULL, 0,
	  "The same as Prometheus' text format, as node_exporter reads it", 0 },
	{ "output", 'o', "FILE", 0, "record: write to FILE, not to stdout", 0 },
	{ "root", OPT_ROOT, "PATH", 0,
	  "Read a recording or a folder of captured files, not the module's",
	  0 },
	{ NULL, 0, NULL, 0, "Views:", 1 },
	/* The lists bring their own commas. */
	/* clang-format off */
	VIEWS(VIEW_HELP)
	{ NULL, 0, NULL, 0, "Exit status:", 2 },
	HELP_ENTRY("0", "all is well", 2)
	FAIL_STATUSES(STATUS_HELP)
	{ 0 }
	/* clang-format on */
};

const char *argp_program_version = "crstat " CRS_VERSION;

static const char doc[] =
	"Show what KVM guests do to their control registers and task priority, "
	"as the kernel module kvm_crstat counts it."
	"\v"
	"Examples:\n"
	"  crstat                 the table of all vCPUs\n"
	"  crstat -i 1 -n 10      events per second, ten times\n"
	"  crstat -- sleep 10     what happened in that time\n"
	"  crstat values          what the guests write to CR0, CR3, CR4, CR8\n"
	"  crstat sites --kallsyms guest.kallsyms   which code of theirs does\n"
	"  crstat explain         what it means\n"
	"  crstat record -o FILE  all of it, for a colleague: crstat --root FILE\n";

struct arguments {
	struct view view;
	const char *root;
	const char *name;
	char **command;
	unsigned int given;
};

/* A whole argument as a positive number. */
static double parse_positive(struct argp_state *state, const char *option,
			     const char *text)
{
	char *end;
	double number = strtod(text, &end);

	if (end == text || *end || !(number > 0 && number <= 1e9))
		argp_error(state, "%s takes a positive number, not \"%s\"",
			   option, text);
	return number;
}

static const char *check_whole(struct argp_state *state, const char *option,
			       const char *text)
{
	if (!*text || text[strspn(text, "0123456789")])
		argp_error(state, "%s takes a whole number, not \"%s\"", option,
			   text);
	return text;
}

static enum sum parse_sum(struct argp_state *state, const char *text)
{
	static const char *const names[] = {
		[SUM_VCPU] = "vcpu",
		[SUM_VM] = "vm",
		[SUM_HOST] = "host",
	};

	for (int sum = SUM_VCPU; sum <= SUM_HOST; sum++)
		if (!strcmp(text, names[sum]))
			return sum;
	argp_error(state, "--sum takes vcpu, vm or host, not \"%s\"", text);
	return SUM_DEFAULT;
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct arguments *arguments = state->input;
	struct view *view = &arguments->view;

	switch (key) {
	case 'i':
		view->interval = parse_positive(state, "-i", arg);
		arguments->given |= TAKES_INTERVAL;
		break;
	case 'n':
		view->count = parse_positive(state, "-n", arg);
		if (!view->count)
			argp_error(state, "-n takes a whole number");
		break;
	case OPT_VM:
		view->select.vm = arg;
		arguments->given |= TAKES_SELECT;
		break;
	case OPT_PID:
		view->select.pid = check_whole(state, "--pid", arg);
		arguments->given |= TAKES_SELECT;
		break;
	case OPT_VCPU:
		view->select.vcpu = check_whole(state, "--vcpu", arg);
		arguments->given |= TAKES_SELECT;
		break;
	case OPT_LIVE:
		view->select.live = true;
		arguments->given |= TAKES_SELECT;
		break;
	case OPT_NONZERO:
		view->select.nonzero = true;
		arguments->given |= TAKES_SELECT;
		break;
	case OPT_SUM:
		view->select.sum = parse_sum(state, arg);
		arguments->given |= TAKES_SUM;
		break;
	case OPT_PER_VCPU:
		view->select.sum = SUM_VCPU;
		arguments->given |= TAKES_SUM;
		break;
	case OPT_ALL:
		view->all = true;
		arguments->given |= TAKES_ALL;
		break;
	case OPT_KALLSYMS:
		view->kallsyms = arg;
		arguments->given |= TAKES_KALLSYMS;
		break;
	case OPT_JSON ... OPT_PROMETHEUS:
		view->format = FORMAT_JSON + key - OPT_JSON;
		arguments->given |= TAKES_FORMAT;
		break;
	case 'o':
		view->output = arg;
		arguments->given |= TAKES_OUTPUT;
		break;
	case OPT_ROOT:
		arguments->root = arg;
		break;
	case ARGP_KEY_ARG:
		/* What stands after "--" is a command, whatever it is. */
		if (state->quoted && state->next > state->quoted) {
			arguments->command = state->argv + state->next - 1;
			state->next = state->argc;
			break;
		}
		if (!arguments->name)
			arguments->name = arg;
		else if (view->nr_operands < 2 &&
			 !strcmp(arguments->name, "diff"))
			view->operands[view->nr_operands++] = arg;
		else
			argp_error(state, "too many arguments: %s", arg);
		break;
	case ARGP_KEY_END:
		if (view->count && !view->interval)
			argp_error(state, "-n goes with -i");
		if (view->format && view->interval)
			argp_error(state, "rates (-i) are text alone");
		if (arguments->command && (arguments->name || view->interval))
			argp_error(state, "a command goes without view and -i");
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static const struct argp argp = {
	.options = options,
	.parser = parse_option,
	.args_doc = "[VIEW]\ndiff FROM [TO]\n-- COMMAND [ARGUMENT...]",
	.doc = doc,
};

/* Views that are named after their file are printed as it is. */
static bool print_machine(const struct view *view, const char *name)
{
	for (int id = 0; id < NR_MODULE_FILES; id++) {
		if (!strcmp(files[id].name, name)) {
			machine_view(view, id);
			return true;
		}
	}
	return false;
}

static int run(struct arguments *arguments)
{
	const char *name = arguments->name ? arguments->name : views[0].name;
	struct view *view = &arguments->view;
	int status = 0;
	unsigned int unwanted;
	size_t i = 0;

	while (i < sizeof(views) / sizeof(*views) &&
	       strcmp(views[i].name, name))
		i++;
	if (i == sizeof(views) / sizeof(*views))
		fail(FAIL_USAGE, "no view \"%s\"; crstat --help lists them",
		     name);
	unwanted = arguments->given & ~views[i].takes;
	if (unwanted)
		fail(FAIL_USAGE, "the view %s does not take %s", name,
		     option_names[__builtin_ctz(unwanted)]);
	if (views[i].print == diff_view) {
		if (!view->nr_operands)
			fail(FAIL_USAGE, "diff takes one or two recordings");
		arguments->root = view->operands[1];
	}
	view_terminal(view);
	source_open(&view->source, arguments->root, SOURCE_LAST);
	if (arguments->command)
		status = command_view(view, arguments->command);
	else if (view->interval && views[i].print == table_view)
		rates_view(view);
	else if (!view->format || !print_machine(view, name))
		views[i].print(view);
	source_close(&view->source);
	return status;
}

int main(int argc, char **argv)
{
	struct arguments arguments = { 0 };
	int status;

	argp_err_exit_status = FAIL_USAGE;
	argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &arguments);
	status = run(&arguments);
	/* A full disk shows itself here at the latest. */
	if (fflush(stdout) || ferror(stdout))
		fail(FAIL_SYSTEM, "cannot write: %s", strerror(errno));
	return status;
}
