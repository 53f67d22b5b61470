// SPDX-License-Identifier: GPL-2.0
/* Arguments, threads and the watchdog. */
#include <argp.h>
#include <err.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "crgen.h"

#define DEFAULT_TIMEOUT 60
#define DEFAULT_PAUSE 0.1
#define MAX_VMS 1024
#define MAX_SECONDS 1000000

const char *argp_program_version = "crgen " CRS_VERSION;

static const char doc[] =
	"Run the smallest KVM guest that does what is stated, print what it did, and run COMMAND while its VMs are there.\n"
	"\vEach vCPU of each VM does every OP in the order given, COUNT times (100 if not given), all vCPUs at once. VALUEs are hexadecimal and used in turn: a number, FIRST..LAST[/STEP], or distinct:N for N values of crgen's own choice.\n"
	"\n"
	"Examples:\n"
	"  crgen cr4-write=1000 port=50\n"
	"  crgen --vcpus=8 cr0-write=100 cr8-masked=100 irq\n"
	"  crgen --values cr3-write=1000,distinct:200 cr4-write=6,60,20,30\n"
	"  crgen --apic=user cr8-write=30,f,0\n"
	"  crgen --vms=2 cr4-write=50 -- crstat values\n"
	"  crgen --forever -- crstat -i 1 -n 5\n"
	"  crgen --check\n"
	"  crgen --check --vms=2 --vcpus=4 cr0-write cr4-write=1000,distinct:20 irq\n";

enum {
	KEY_APIC = 256,
	KEY_CHECK,
	KEY_FOREVER,
	KEY_HIGH,
	KEY_HOLD,
	KEY_L1,
	KEY_LIST,
	KEY_RANDOM,
	KEY_SITES,
	KEY_TIME,
	KEY_TIMEOUT,
	KEY_VALUES,
	KEY_VCPUS,
	KEY_VMS
};

static const struct argp_option options[] = {
	{ "vms", KEY_VMS, "N", 0, "Number of VMs (1)", 0 },
	{ "vcpus", KEY_VCPUS, "N", 0, "vCPUs of each VM (1)", 0 },
	{ "apic", KEY_APIC, "kernel|split|user", 0,
	  "Where the local APIC is (kernel); \"user\" is none at all, \"split\" has the others there",
	  0 },
	{ "high", KEY_HIGH, "48|57", OPTION_ARG_OPTIONAL,
	  "Run the guest's code in the upper half of its addresses, of 48 bits or, with five levels of page tables, 57",
	  0 },
	{ "random", KEY_RANDOM, "SEED", 0,
	  "Make VMs, vCPUs and OPs from a number, and say which", 0 },
	{ "check", KEY_CHECK, "[-]WHAT,...", OPTION_ARG_OPTIONAL,
	  "Compare what the guests did (all that KVM can do, if no OP is given) with what the module kvm_crstat counted, and print that instead; only the rows named, or all but those",
	  0 },
	{ "l1-intercepts", KEY_L1, "selective", OPTION_ARG_OPTIONAL,
	  "Let the nested guest's hypervisor intercept what its guest does, by AMD's selective intercept of CR0 writes if so",
	  0 },
	{ "values", KEY_VALUES, NULL, 0,
	  "Print the values written and the bits changed too", 0 },
	{ "sites", KEY_SITES, NULL, 0,
	  "Print the guest instructions and their counts too", 0 },
	{ "time", KEY_TIME, NULL, 0, "Print TSC cycles of each OP too", 0 },
	{ "forever", KEY_FOREVER, "SECONDS", OPTION_ARG_OPTIONAL,
	  "Print \"# ready\" and repeat the OPs (all that KVM can do, if none is given) with a pause of SECONDS (0.1), until COMMAND ends or SIGINT or SIGTERM comes; then print what was done",
	  0 },
	{ "hold", KEY_HOLD, "SECONDS", OPTION_ARG_OPTIONAL,
	  "Then print \"# ready\" and keep the VMs for SECONDS, or until SIGINT or SIGTERM comes or standard input, if no terminal, ends",
	  0 },
	{ "timeout", KEY_TIMEOUT, "SECONDS", 0,
	  "Give up after this long, what is waited for aside (60)", 0 },
	{ "list", KEY_LIST, NULL, 0, "List the OPs and leave", 0 },
	{ NULL, 'h', NULL, OPTION_HIDDEN, NULL, -1 },
	{ 0 }
};

struct arguments {
	struct config *config;
	char **words;
	size_t nr_words;
	bool keep;
	const char *random; /* seed */
	struct hold hold;
};

static unsigned int small_number(const char *arg, unsigned int max,
				 const struct argp_state *state)
{
	char *end;
	unsigned long n;

	errno = 0;
	n = strtoul(arg, &end, 10);
	if (errno || end == arg || *end || *arg == '-' || !n || n > max)
		argp_error(state, "\"%s\" is not a number from 1 to %u", arg,
			   max);
	return (unsigned int)n;
}

static double small_time(const char *arg, const struct argp_state *state)
{
	char *end;
	double n;

	errno = 0;
	n = strtod(arg, &end);
	if (errno || end == arg || *end || !(n >= 0 && n <= MAX_SECONDS))
		argp_error(state, "\"%s\" is not a number of seconds", arg);
	return n;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;
	struct config *c = a->config;

	switch (key) {
	case 'h':
		argp_state_help(state, stdout, ARGP_HELP_STD_HELP);
		break;
	case KEY_VMS:
		c->vms = small_number(arg, MAX_VMS, state);
		break;
	case KEY_VCPUS:
		c->vcpus = small_number(arg, GUEST_MAX_VCPUS, state);
		break;
	case KEY_APIC:
		if (strcmp(arg, "kernel") && strcmp(arg, "split") &&
		    strcmp(arg, "user"))
			argp_error(state, "--apic is kernel, split or user");
		c->user_apic = !strcmp(arg, "user");
		c->split_apic = !strcmp(arg, "split");
		break;
	case KEY_HIGH:
		if (arg && strcmp(arg, "48") && strcmp(arg, "57"))
			argp_error(state, "--high is 48 or 57");
		c->high = arg && *arg == '5' ? GUEST_HIGH_57 : GUEST_HIGH;
		break;
	case KEY_RANDOM:
		a->random = arg;
		break;
	case KEY_CHECK:
		c->check = true;
		c->check_list = arg;
		if (check_unknown(arg))
			argp_error(state, "--check has no row \"%s\"",
				   check_unknown(arg));
		break;
	case KEY_L1:
		c->l1_intercepts = true;
		c->l1_selective = arg;
		if (arg && (strcmp(arg, "selective") || !cpu_is_amd()))
			argp_error(state, "--l1-intercepts=%s is none here",
				   arg);
		break;
	case KEY_VALUES:
		c->values = true;
		break;
	case KEY_SITES:
		c->sites = true;
		break;
	case KEY_TIME:
		c->time = true;
		break;
	case KEY_FOREVER:
		c->forever = true;
		c->pause = arg ? small_time(arg, state) : DEFAULT_PAUSE;
		break;
	case KEY_HOLD:
		a->keep = true;
		if (arg)
			a->hold.seconds = small_number(arg, MAX_SECONDS, state);
		break;
	case KEY_TIMEOUT:
		c->timeout = small_number(arg, MAX_SECONDS, state);
		break;
	case KEY_LIST:
		ops_list();
		exit(0);
	case ARGP_KEY_ARGS:
		a->words = state->argv + state->next;
		a->nr_words = (size_t)(state->argc - state->next);
		break;
	case ARGP_KEY_END:
		if (!a->nr_words && !c->forever && !c->check && !a->random)
			argp_error(state, "no OP given: see --list");
		if (a->keep && (c->forever || a->hold.command))
			argp_error(
				state,
				"--hold goes with neither --forever nor a command");
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static pthread_barrier_t start;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t stopping = PTHREAD_COND_INITIALIZER;
static bool stopped; /* under the lock */

/* After the pause, unless it is enough. */
static bool another_round(const struct config *c)
{
	struct timespec until;
	long ns = (long)((c->pause - (double)(time_t)c->pause) * 1e9);
	bool stop;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += (time_t)c->pause + (until.tv_nsec + ns) / 1000000000;
	until.tv_nsec = (until.tv_nsec + ns) % 1000000000;
	pthread_mutex_lock(&lock);
	while (!stopped && !pthread_cond_clockwait(&stopping, &lock,
						   CLOCK_MONOTONIC, &until))
		;
	stop = stopped;
	pthread_mutex_unlock(&lock);
	return !stop;
}

static void *work(void *vcpu)
{
	struct vcpu *v = vcpu;

	pthread_barrier_wait(&start);
	vcpu_start(v);
	do
		vcpu_round(v);
	while (v->config->forever && another_round(v->config));
	return NULL;
}

static void stop_work(void)
{
	pthread_mutex_lock(&lock);
	stopped = true;
	pthread_cond_broadcast(&stopping);
	pthread_mutex_unlock(&lock);
}

static void say_ready(void)
{
	puts("# ready");
	fflush(stdout);
}

/* All vCPUs' work; for --forever the status of the command meanwhile. */
static int run(const struct vm *vms, struct config *c, const struct hold *until)
{
	unsigned int nr = c->vms * c->vcpus;
	pthread_t *threads = calloc(nr, sizeof(*threads));
	int status = 0;

	if (!threads || pthread_barrier_init(&start, NULL, nr))
		err(STATUS_FAILED, "threads");
	c->all = &start;
	if (c->forever)
		hold_signals();
	for (unsigned int i = 0; i < nr; i++) {
		struct vcpu *v = &vms[i / c->vcpus].vcpus[i % c->vcpus];

		errno = pthread_create(&threads[i], NULL, work, v);
		if (errno)
			err(STATUS_FAILED, "thread %u", i);
	}
	if (c->forever) {
		say_ready();
		alarm(0);
		status = hold(until);
		alarm(c->timeout);
		stop_work();
	}
	for (unsigned int i = 0; i < nr; i++)
		pthread_join(threads[i], NULL);
	free(threads);
	return status;
}

static void give_up(int signal)
{
	static const char text[] = "crgen: not done in time: see --timeout\n";

	(void)signal;
	if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
		_exit(STATUS_FAILED);
	_exit(STATUS_TIMEOUT);
}

/* However the program ends, what it printed must have arrived. */
static void close_stdout(void)
{
	if (fflush(stdout) || ferror(stdout)) {
		warn("standard output");
		_exit(STATUS_FAILED);
	}
}

/* What follows "--" is the command; argp would take it for operations. */
static char **cut_command(int *argc, char **argv)
{
	for (int i = 1; i < *argc; i++) {
		if (strcmp(argv[i], "--"))
			continue;
		*argc = i;
		argv[i] = NULL;
		if (!argv[i + 1])
			errx(STATUS_USAGE, "no command after --");
		return argv + i + 1;
	}
	return NULL;
}

/* Each vCPU of --check has counters of its exits open. */
static void more_files(void)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

int main(int argc, char **argv)
{
	static const struct argp argp = {
		options,
		parse,
		"[OP[=COUNT[,VALUE...]]]... [-- COMMAND [ARG]...]",
		doc,
		NULL,
		NULL,
		NULL
	};
	struct config c = { .vms = 1, .vcpus = 1, .timeout = DEFAULT_TIMEOUT };
	struct arguments a = { .config = &c };
	struct host host = { 0 };
	struct vm *vms;
	int kvm, status;

	atexit(close_stdout);
	argp_err_exit_status = STATUS_USAGE;
	a.hold.command = cut_command(&argc, argv);
	argp_parse(&argp, argc, argv, 0, NULL, &a);
	for (size_t i = 0; i < a.nr_words; i++)
		step_add(&c, a.words[i]);

	signal(SIGALRM, give_up);
	alarm(c.timeout);
	kvm = kvm_open();
	c.cpuid = kvm_cpuid(kvm);
	if (a.random)
		random_steps(&c, kvm, strtoull(a.random, NULL, 0));
	else if (!a.nr_words)
		steps_default(&c, kvm);
	steps_check(&c);
	kvm_check(kvm, &c);

	if (c.check) {
		files_check(c.nested);
		more_files();
		c.host = &host;
	}

	vms = calloc(c.vms, sizeof(*vms));
	if (!vms)
		err(STATUS_FAILED, "VMs");
	for (unsigned int i = 0; i < c.vms; i++)
		vm_create(&vms[i], kvm, &c);
	if (c.check)
		host_find(&host, kvm, &c);
	status = run(vms, &c, &a.hold);
	alarm(0);
	if (!c.check)
		report(vms, &c);
	else if (!check(vms, &c))
		status = STATUS_DIFFERS;
	if (fflush(stdout))
		exit(STATUS_FAILED); /* close_stdout() says it */
	if (status || c.forever || !(a.keep || a.hold.command))
		return status;
	hold_signals();
	if (a.keep)
		say_ready();
	a.hold.input = true;
	return hold(&a.hold);
}
