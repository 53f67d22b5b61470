/* SPDX-License-Identifier: GPL-2.0 */
/* The module and its files, for tests that need exact system calls. */
#ifndef MODULE_H
#define MODULE_H

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "kvm_crstat.h"

#define MODULE_DIR "/sys/kernel/debug/" CRS_NAME "/"

static const char *const module_files[] = {
#define CRS_X(name, columns, help) MODULE_DIR #name,
	CRS_FILES(CRS_X)
#undef CRS_X
};

#define NR_MODULE_FILES (sizeof(module_files) / sizeof(*module_files))

/* What a file holds, or NULL and errno; to be freed. */
static inline char *module_read(const char *path)
{
	size_t size = 0, room = 1 << 16;
	char *text = malloc(room);
	ssize_t n = -1;
	int fd, error;

	fd = open(path, O_RDONLY);
	while (fd >= 0 && text) {
		n = read(fd, text + size, room - size - 1);
		if (n <= 0)
			break;
		size += n;
		if (room - size < 4096)
			text = realloc(text, room *= 2);
	}
	error = errno;
	if (fd >= 0)
		close(fd);
	if (fd < 0 || !text || n < 0) {
		free(text);
		errno = error;
		return NULL;
	}
	text[size] = '\0';
	return text;
}

/* Loads KVM for the CPU at hand. */
static inline int module_load_kvm(void)
{
	return system("modprobe kvm_amd 2>&- || modprobe kvm_intel 2>&-");
}

/* A file descriptor of kvm_crstat.ko, or -1. */
static inline int module_open(void)
{
	struct utsname name;
	char path[256];

	if (uname(&name))
		return -1;
	snprintf(path, sizeof(path), "/lib/modules/%s/extra/" CRS_NAME ".ko",
		 name.release);
	return open(path, O_RDONLY | O_CLOEXEC);
}

/* By the hook that is tested, see run-tests. */
static inline int module_load(int fd, const char *parameters)
{
	const char *hook = getenv("CRS_HOOK");
	char all[8192];

	snprintf(all, sizeof(all), "hook=%s %s", hook ? hook : "kprobe",
		 parameters);
	return syscall(SYS_finit_module, fd, all, 0);
}

static inline int module_unload(void)
{
	return syscall(SYS_delete_module, CRS_NAME, O_NONBLOCK);
}

#endif /* MODULE_H */
