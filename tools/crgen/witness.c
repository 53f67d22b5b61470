// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel's own count of a thread's VM exits: the tracepoint kvm:kvm_exit,
 * by perf, with filters. It is the thread's alone, so others don't show.
 */
#include <err.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "crgen.h"

/*
 * Exit codes and what goes with them: AMD APM vol. 2 appendix C and 15.25.6,
 * SDM vol. 3D appendix C and 3C table 28-7. TPR writes exit as page faults of
 * the APIC page, not of the tables that lead to it, as APIC accesses or as
 * WRMSR.
 */
#define SVM_CR                                      \
	"exit_reason < 0x20 || exit_reason == 0x65" \
	" || exit_reason >= 0x90 && exit_reason <= 0x9f"
#define SVM_TPR                                         \
	"(exit_reason == 0x400 || exit_reason == 0x4e)" \
	" && info2 == 0xfee00080 || exit_reason == 0x7c"
#define VMX_CR "exit_reason == 28"
#define VMX_BELOW "exit_reason == 43"
#define VMX_TPR                                                          \
	"exit_reason == 48 && info1 & 0x100 || exit_reason == 49"        \
	" || exit_reason == 44 || exit_reason == 56 || exit_reason == 0" \
	" || exit_reason == 32"

static unsigned long tracepoint(const char *event)
{
	static const char *const folders[] = {
		"/sys/kernel/tracing",
		"/sys/kernel/debug/tracing",
	};
	char path[96];
	unsigned long id;
	FILE *file = NULL;

	for (size_t i = 0; !file && i < ARRAY_SIZE(folders); i++) {
		snprintf(path, sizeof(path), "%s/events/kvm/%s/id", folders[i],
			 event);
		file = fopen(path, "re");
	}
	if (!file || fscanf(file, "%lu", &id) != 1)
		err(STATUS_NO_MODULE, "--check: %s", path);
	fclose(file);
	return id;
}

static int open_counter(const char *event, const char *filter)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_TRACEPOINT,
		.size = sizeof(attr),
		.config = tracepoint(event),
		.disabled = 1,
		.inherit = 1, /* by a thread that goes on */
	};
	int fd = (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1,
			      PERF_FLAG_FD_CLOEXEC);

	if (fd < 0 && (errno == EACCES || errno == EPERM))
		errx(STATUS_NO_PERMISSION,
		     "--check: no permission to count kvm:%s: be root", event);
	if (fd < 0)
		err(STATUS_NO_MODULE, "--check: counting kvm:%s", event);
	if ((filter && ioctl(fd, PERF_EVENT_IOC_SET_FILTER, filter)) ||
	    ioctl(fd, PERF_EVENT_IOC_ENABLE, 0))
		err(STATUS_FAILED, "--check: kvm:%s if %s", event, filter);
	return fd;
}

/**
 * witness_open - count the VM exits of this thread from now on
 * @w: where; never closed
 * @c: the host, and where the guest's code runs
 */
void witness_open(struct witness *w, const struct config *c)
{
	bool amd = c->host->amd;
	char filter[320];

	w->fd[EXITS_ALL] = open_counter("kvm_exit", NULL);
	w->fd[EXITS_CR] = open_counter("kvm_exit", amd ? SVM_CR : VMX_CR);
	snprintf(
		filter, sizeof(filter),
		"(guest_rip == %#lx || guest_rip == %#lx || guest_rip == %#lx) && (%s)",
		guest_code(c, at_tpr_mmio), guest_code(c, at_tpr_msr),
		guest_code(c, at_tpr_hv), amd ? SVM_TPR : VMX_TPR);
	w->fd[EXITS_APIC] = open_counter("kvm_exit", filter);
	/* CR8 writes are intercepted from the one instruction to the other. */
	snprintf(filter, sizeof(filter),
		 "guest_rip >= %#lx && guest_rip <= %#lx",
		 guest_code(c, masked_armed), guest_code(c, at_masked_lower));
	w->fd[EXITS_MASKED] =
		open_counter("kvm_exit", amd ? filter : VMX_BELOW);
	w->fd[EXITS_NESTED] = open_counter("kvm_nested_vmexit", NULL);
}

/**
 * witness_exits - how many there were
 * @w: of any thread
 * @which: which of them
 *
 * Return: the number.
 */
uint64_t witness_exits(const struct witness *w, enum exits which)
{
	uint64_t n;

	if (read(w->fd[which], &n, sizeof(n)) != sizeof(n))
		err(STATUS_FAILED, "--check: reading kvm:kvm_exit");
	return n - w->base[which];
}
