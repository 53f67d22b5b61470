// SPDX-License-Identifier: GPL-2.0
/* Arguments, threads, the watchdog and --hold. */
#include <argp.h>
#include <err.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "crgen.h"

#define DEFAULT_TIMEOUT 60
#define MAX_VMS 1024

const char *argp_program_version = "crgen " CRS_VERSION;

static const char doc[] =
	"Run the smallest KVM guest that does what is stated, then print what it did.\n"
	"\vEach vCPU of each VM does every OP in the order given, COUNT times (100 if not given), all vCPUs at once. VALUEs are hexadecimal and used in turn: a number, FIRST..LAST[/STEP], or distinct:N for N values of crgen's own choice.\n"
	"\n"
	"Examples:\n"
	"  crgen cr4-write=1000 port=50\n"
	"  crgen --vcpus=8 cr0-write=100 cr8-masked=100 irq\n"
	"  crgen --values cr3-write=1000,distinct:200 cr4-write=6,60,20,30\n"
	"  crgen --apic=user cr8-write=30,f,0\n"
	"  crgen --hold --vms=2 cpuid </dev/tty\n";

enum {
	KEY_APIC = 256,
	KEY_HOLD,
	KEY_LIST,
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
	{ "apic", KEY_APIC, "kernel|user", 0,
	  "Where the local APIC is (kernel); \"user\" is none at all", 0 },
	{ "values", KEY_VALUES, NULL, 0,
	  "Print the values written and the bits changed too", 0 },
	{ "sites", KEY_SITES, NULL, 0,
	  "Print the guest instructions and their counts too", 0 },
	{ "time", KEY_TIME, NULL, 0, "Print TSC cycles of each OP too", 0 },
	{ "hold", KEY_HOLD, NULL, 0,
	  "Then print \"# ready\" and keep the VMs until standard input ends or SIGTERM comes",
	  0 },
	{ "timeout", KEY_TIMEOUT, "SECONDS", 0,
	  "Give up after this long, --hold aside (60)", 0 },
	{ "list", KEY_LIST, NULL, 0, "List the OPs and leave", 0 },
	{ 0 }
};

struct arguments {
	struct config *config;
	char **words;
	size_t nr_words;
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

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;
	struct config *c = a->config;

	switch (key) {
	case KEY_VMS:
		c->vms = small_number(arg, MAX_VMS, state);
		break;
	case KEY_VCPUS:
		c->vcpus = small_number(arg, GUEST_MAX_VCPUS, state);
		break;
	case KEY_APIC:
		if (strcmp(arg, "kernel") && strcmp(arg, "user"))
			argp_error(state, "--apic is kernel or user");
		c->user_apic = !strcmp(arg, "user");
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
	case KEY_HOLD:
		c->hold = true;
		break;
	case KEY_TIMEOUT:
		c->timeout = small_number(arg, 1000000, state);
		break;
	case KEY_LIST:
		ops_list();
		exit(0);
	case ARGP_KEY_ARGS:
		a->words = state->argv + state->next;
		a->nr_words = (size_t)(state->argc - state->next);
		break;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "no OP given: see --list");
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static void parse_steps(struct config *c, char **words, size_t nr)
{
	uint64_t address = GUEST_VALUES;

	c->steps = calloc(nr, sizeof(*c->steps));
	if (!c->steps)
		err(STATUS_FAILED, "operations");
	for (c->nr_steps = 0; c->nr_steps < nr; c->nr_steps++) {
		struct step *s = &c->steps[c->nr_steps];

		step_parse(s, words[c->nr_steps], c);
		s->address = address;
		address += s->nr_values * sizeof(*s->values);
	}
}

static pthread_barrier_t start;

static void *work(void *vcpu)
{
	pthread_barrier_wait(&start);
	vcpu_work(vcpu);
	return NULL;
}

static void run(const struct vm *vms, const struct config *c)
{
	unsigned int nr = c->vms * c->vcpus;
	pthread_t *threads = calloc(nr, sizeof(*threads));

	if (!threads || pthread_barrier_init(&start, NULL, nr))
		err(STATUS_FAILED, "threads");
	for (unsigned int i = 0; i < nr; i++) {
		struct vcpu *v = &vms[i / c->vcpus].vcpus[i % c->vcpus];

		errno = pthread_create(&threads[i], NULL, work, v);
		if (errno)
			err(STATUS_FAILED, "thread %u", i);
	}
	for (unsigned int i = 0; i < nr; i++)
		pthread_join(threads[i], NULL);
	free(threads);
}

static void give_up(int signal)
{
	static const char text[] = "crgen: not done in time: see --timeout\n";

	(void)signal;
	if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
		_exit(STATUS_FAILED);
	_exit(STATUS_TIMEOUT);
}

static void hold(void)
{
	struct pollfd wait[] = { { .fd = STDIN_FILENO, .events = POLLIN },
				 { .events = POLLIN } };
	char skipped[256];
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	wait[1].fd = signalfd(-1, &set, SFD_CLOEXEC);
	if (wait[1].fd < 0)
		err(STATUS_FAILED, "signalfd");
	puts("# ready");
	fflush(stdout);
	while (poll(wait, ARRAY_SIZE(wait), -1) > 0) {
		if (wait[1].revents)
			break;
		if (read(STDIN_FILENO, skipped, sizeof(skipped)) <= 0)
			break;
	}
}

int main(int argc, char **argv)
{
	static const struct argp argp = {
		options, parse, "OP[=COUNT[,VALUE...]]...", doc, NULL,
		NULL,	 NULL
	};
	struct config c = { .vms = 1, .vcpus = 1, .timeout = DEFAULT_TIMEOUT };
	struct arguments a = { .config = &c };
	struct vm *vms;
	int kvm;

	argp_err_exit_status = STATUS_USAGE;
	argp_parse(&argp, argc, argv, 0, NULL, &a);

	signal(SIGALRM, give_up);
	alarm(c.timeout);
	kvm = kvm_open();
	c.cpuid = kvm_cpuid(kvm);
	parse_steps(&c, a.words, a.nr_words);
	kvm_check(kvm, &c);

	vms = calloc(c.vms, sizeof(*vms));
	if (!vms)
		err(STATUS_FAILED, "VMs");
	for (unsigned int i = 0; i < c.vms; i++)
		vm_create(&vms[i], kvm, &c);
	run(vms, &c);
	alarm(0);
	report(vms, &c);
	if (fflush(stdout))
		err(STATUS_FAILED, "standard output");
	if (c.hold)
		hold();
	return 0;
}
