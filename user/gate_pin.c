// SPDX-License-Identifier: GPL-2.0-only
#include "gate.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "say.h"

#define BPFFS "/sys/fs/bpf"

int pin_mount(void)
{
	struct statfs s;

	if (!statfs(BPFFS, &s) && (uint32_t)s.f_type == BPF_FS_MAGIC)
		return 0;
	if (mount("bpf", BPFFS, "bpf", 0, "mode=0700"))
		return fail(-errno, "cannot mount bpffs on %s: %s; straygate keeps what it loads there",
			    BPFFS, strerror(errno));
	return 0;
}

int pin_open(struct gate *g, const char *name)
{
	char path[PATH_MAX + PIN_NAME_MAX];

	snprintf(path, sizeof(path), "%s/%s", g->dir, name);
	return bpf_obj_get(path);
}

int pin_put(struct gate *g, const char *name, int fd)
{
	char path[PATH_MAX + PIN_NAME_MAX], fresh[PATH_MAX + PIN_NAME_MAX + 8];

	snprintf(path, sizeof(path), "%s/%s", g->dir, name);
	snprintf(fresh, sizeof(fresh), "%s+new", path);
	unlink(fresh);
	fault_point();
	if (bpf_obj_pin(fd, fresh) || chmod(fresh, 0600))
		return fail(-errno, "cannot pin %s: %s", path, strerror(errno));
	fault_point();
	if (rename(fresh, path))
		return fail(-errno, "cannot pin %s: %s", path, strerror(errno));
	return 0;
}

void pin_remove(struct gate *g, const char *name)
{
	char path[PATH_MAX + PIN_NAME_MAX];

	snprintf(path, sizeof(path), "%s/%s", g->dir, name);
	fault_point();
	unlink(path);
}

void fault_point(void)
{
	static long left = -1;
	const char *at;

	if (left < 0) {
		at = getenv("STRAYGATE_FAULT");
		left = at ? strtol(at, NULL, 10) : 0;
	}
	if (left > 0 && !--left)
		raise(SIGKILL);
}

int pin_remove_dir(const char *path)
{
	char inner[PATH_MAX + NAME_MAX + 2];
	struct dirent *e;
	DIR *d = opendir(path);

	if (!d)
		return errno == ENOENT ? 0 : -errno;
	while ((e = readdir(d))) {
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		snprintf(inner, sizeof(inner), "%s/%s", path, e->d_name);
		fault_point();
		if (unlink(inner) && errno == EISDIR)
			pin_remove_dir(inner);
	}
	closedir(d);
	return rmdir(path) ? -errno : 0;
}

void *map_memory(int fd, size_t size, bool write)
{
	size_t page = sysconf(_SC_PAGESIZE);
	void *at = mmap(NULL, (size + page - 1) & ~(page - 1), write ? PROT_READ | PROT_WRITE : PROT_READ,
			MAP_SHARED, fd, 0);

	return at == MAP_FAILED ? NULL : at;
}
