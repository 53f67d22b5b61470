// SPDX-License-Identifier: GPL-2.0
/*
 * What is done to the module while the VMs live: reset, off and on. It is done
 * to all vCPUs at once, so they wait for each other, at rest.
 */
#include <err.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "crgen.h"

#define CONTROL "/sys/kernel/debug/" CRS_NAME "/control"

static void control(const struct vcpu *v, const char *command)
{
	int fd;

	if (pthread_barrier_wait(v->config->all) ==
	    PTHREAD_BARRIER_SERIAL_THREAD) {
		fd = open(CONTROL, O_WRONLY | O_CLOEXEC);
		if (fd < 0 || write(fd, command, strlen(command)) !=
				      (ssize_t)strlen(command))
			err(STATUS_NO_MODULE, "%s to " CONTROL, command);
		close(fd);
	}
	pthread_barrier_wait(v->config->all);
}

static void keep_exits(const struct vcpu *v, uint64_t exits[NR_EXITS])
{
	for (int i = 0; v->config->check && i < NR_EXITS; i++)
		exits[i] = witness_exits(&v->witness, (enum exits)i);
}

/**
 * do_reset - have the module count from zero
 * @v: vCPU
 */
void do_reset(struct vcpu *v)
{
	uint64_t exits[NR_EXITS] = { 0 };

	control(v, "reset");
	v->count[N_reset]++;
	keep_exits(v, exits);
	for (int i = 0; i < NR_EXITS; i++)
		v->witness.base[i] += exits[i];
	memcpy(v->base, v->count, sizeof(v->base));
	expect_clear(&v->expect);
	if (!v->off)
		return;
	expect_clear(&v->kept);
	memcpy(v->kept_count, v->count, sizeof(v->kept_count));
	memset(v->kept_exits, 0, sizeof(v->kept_exits));
}

/**
 * do_off - have the module count nothing
 * @v: vCPU
 */
void do_off(struct vcpu *v)
{
	control(v, "off");
	v->count[N_off]++;
	v->off = true;
	v->kept = v->expect;
	v->expect.seen = (struct tables){ 0 };
	v->expect.l2_seen = (struct tables){ 0 };
	v->expect.faults = (struct tables){ 0 };
	memcpy(v->kept_count, v->count, sizeof(v->kept_count));
	keep_exits(v, v->kept_exits);
}

/**
 * do_on - the opposite of do_off(): what was done since then is not counted
 * @v: vCPU
 */
void do_on(struct vcpu *v)
{
	struct expect now = v->expect;
	uint64_t exits[NR_EXITS] = { 0 };

	control(v, "on");
	v->count[N_on]++;
	v->off = false;
	v->expect = v->kept;
	v->expect.tpr = now.tpr;
	v->expect.unseen = !!((v->kept.last_tpr ^ now.tpr) & TPR_CLASS);
	v->expect.masked = now.masked;
	for (int i = 0; i < NR_COUNTERS; i++)
		v->base[i] += v->count[i] - v->kept_count[i];
	keep_exits(v, exits);
	for (int i = 0; i < NR_EXITS; i++)
		v->witness.base[i] += exits[i] - v->kept_exits[i];
}
