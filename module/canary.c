// SPDX-License-Identifier: GPL-2.0
/*
 * A function that is hooked and called to see whether hooks are called. Unlike
 * the rest of the module it is an ftrace site, as KVM's functions are.
 */
#include <linux/compiler.h>

#include "hook.h"

/**
 * crs_canary - do nothing, visibly to all that hook it
 *
 * Context: any.
 */
noinline void crs_canary(void)
{
	/* Or the call would be left out. */
	barrier();
}
