// SPDX-License-Identifier: GPL-2.0-or-later
#include "gate/gate.h"

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

#include "lib/say.h"

#define READ_AT_ONCE 4096 /* elements */

bool pin_mounted(void)
{
	struct statfs s;

	return !statfs(BPFFS, &s) && (uint32_t)s.f_type == BPF_FS_MAGIC;
}

int pin_mount(void)
{
	if (pin_mounted())
		return 0;
	if (mount("bpf", BPFFS, "bpf", 0, "mode=0700"))
		return fail(-errno, "cannot mount bpffs on %s: %s; straygate keeps what it loads there",
			    BPFFS, strerror(errno));
	return 0;
}

int pin_open(struct gate *g, const char *name)
{
	LIBBPF_OPTS(bpf_obj_get_opts, opts, .file_flags = g->read_only ? BPF_F_RDONLY : 0);
	char path[PATH_MAX + PIN_NAME_MAX];

	snprintf(path, sizeof(path), "%s/%s", g->dir, name);
	return bpf_obj_get_opts(path, &opts);
}

int pin_open_mapped(struct gate *g, const char *name)
{
	int fd = pin_open_object(g, name);

	return fd < 0 && g->read_only && errno != ENOENT ? pin_open(g, name) : fd;
}

int pin_open_object(struct gate *g, const char *name)
{
	char path[PATH_MAX + PIN_NAME_MAX];

	snprintf(path, sizeof(path), "%s/%s", g->dir, name);
	return bpf_obj_get(path);
}

/* bpffs takes no dots, and VLAN devices have one. */
void device_pin_name(char out[PIN_NAME_MAX], const char *device, const char *what)
{
	char *c;

	snprintf(out, PIN_NAME_MAX, "%.*s%s%.20s", IFNAMSIZ, device, *what ? "/" : "", what);
	for (c = out; *c && *c != '/'; c++)
		if (*c == '.')
			*c = '%';
}

int device_pin_open(struct gate *g, const char *device, const char *what)
{
	char name[PIN_NAME_MAX];

	device_pin_name(name, device, what);
	return pin_open(g, name);
}

int device_pin_open_object(struct gate *g, const char *device, const char *what)
{
	char name[PIN_NAME_MAX];

	device_pin_name(name, device, what);
	return pin_open_object(g, name);
}

int device_pin_put(struct gate *g, const char *device, const char *what, int fd)
{
	char name[PIN_NAME_MAX];

	device_pin_name(name, device, what);
	return pin_put(g, name, fd);
}

void device_pin_remove(struct gate *g, const char *device, const char *what)
{
	char name[PIN_NAME_MAX];

	device_pin_name(name, device, what);
	pin_remove(g, name);
}

/* ---- whose they are ---- */

/* What a group may read. Not there: the secrets of cookies (shake) and of names'
 * hashes (image), who the visitors are (bound, introduced, clients), and what they said
 * (held, first_data, partials, early, pieces, questions, scratch). */
static bool may_be_shared(const char *path)
{
	static const char *const names[] = {
		"control",   "meta",	    "policy",	   "counters",	     "device",	      "flows",
		"flow_ends", "engagements", "stray_names", "stray_suffixes", "stray_sources", "room",
		"crossings", "events",	    "alarms",	   "pace",	     "learned",	      "client_room"};
	const char *name = strrchr(path, '/');
	size_t i, len;

	name = name ? name + 1 : path;
	len = strcspn(name, "+");
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strlen(names[i]) == len && !strncmp(names[i], name, len))
			return true;
	return false;
}

static mode_t pin_mode(const struct gate *g, const char *path)
{
	return g->shared && may_be_shared(path) ? 0640 : 0600;
}

/* By mkdir() alone: chmod() would take away the setgid bit that comes from the
 * directory above, unless one is of the group. */
int pin_make_dir(struct gate *g, const char *path)
{
	mode_t mask = umask(g->shared ? 0027 : 0077);
	int err = mkdir(path, 0777) ? -errno : 0;

	umask(mask);
	return err;
}

int pin_share(struct gate *g, const char *dir, gid_t group)
{
	char inner[PATH_MAX + NAME_MAX + 2];
	struct dirent *e;
	DIR *d = opendir(dir);
	int err = d ? 0 : -errno;

	while (!err && (e = readdir(d))) {
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		snprintf(inner, sizeof(inner), "%s/%s", dir, e->d_name);
		if (e->d_type == DT_DIR)
			err = pin_share(g, inner, group);
		else if (chown(inner, -1, group) || chmod(inner, pin_mode(g, inner)))
			err = -errno;
	}
	if (d)
		closedir(d);
	if (!err && (chown(dir, -1, group) || chmod(dir, g->shared ? 02750 : 0700)))
		err = -errno;
	return err;
}

/* ---- putting and removing ---- */

int pin_put(struct gate *g, const char *name, int fd)
{
	char path[PATH_MAX + PIN_NAME_MAX], fresh[PATH_MAX + PIN_NAME_MAX + 8];

	snprintf(path, sizeof(path), "%s/%s", g->dir, name);
	snprintf(fresh, sizeof(fresh), "%s+new", path);
	unlink(fresh);
	fault_point();
	if (bpf_obj_pin(fd, fresh) || chmod(fresh, pin_mode(g, path)))
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

/* All values of an array, one behind the other. */
static int read_values(int fd, uint8_t *to, size_t size)
{
	struct bpf_map_info info = {0};
	__u32 info_size = sizeof(info), done = 0, cursor, got;
	uint32_t *keys;
	int err = 0;

	if (bpf_obj_get_info_by_fd(fd, &info, &info_size))
		return -errno;
	if ((size_t)info.max_entries * info.value_size > size)
		return -EINVAL;
	keys = malloc(READ_AT_ONCE * sizeof(*keys));
	while (keys && !err && done < info.max_entries) {
		got = info.max_entries - done < READ_AT_ONCE ? info.max_entries - done : READ_AT_ONCE;
		if (bpf_map_lookup_batch(fd, done ? &cursor : NULL, &cursor, keys,
					 to + (size_t)done * info.value_size, &got, NULL) &&
		    (errno != ENOENT || !got))
			err = -errno;
		done += got;
	}
	if (!keys)
		err = -ENOMEM;
	free(keys);
	return err;
}

void *map_memory(int fd, size_t size, bool write)
{
	size_t page = sysconf(_SC_PAGESIZE);
	void *at;
	int err;

	size = (size + page - 1) & ~(page - 1);
	at = mmap(NULL, size, write ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, fd, 0);
	if (at != MAP_FAILED || write)
		return at == MAP_FAILED ? NULL : at;
	/* The kernel maps none that is opened read-only: a copy, then. */
	at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (at == MAP_FAILED)
		return NULL;
	err = read_values(fd, at, size);
	if (!err)
		return at;
	munmap(at, size);
	errno = -err;
	return NULL;
}
