// SPDX-License-Identifier: GPL-2.0-or-later
#include "servers/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "lib/fd.h"

static int open_in(const struct process *p, const char *path, int flags)
{
	const struct open_how how = {.flags = flags | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT};
	cleanup_fd int root = -1;
	char link[64];
	int fd;

	snprintf(link, sizeof(link), "/proc/%d/root", p->container ? p->pid : getpid());
	root = open(link, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return -errno;
	fd = syscall(SYS_openat2, root, path, &how, sizeof(how));
	return fd < 0 ? -errno : fd;
}

int server_open(const struct process *p, const char *path)
{
	cleanup_fd int fd = open_in(p, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	int keep = fd;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode))
		return -EINVAL;
	fd = -1;
	return keep;
}

/* Of a container, all its files together: they stay in memory. Servers are read one after the other. */
static bool too_much(const struct process *p, off_t size)
{
	static pid_t last;
	static size_t total;

	if (!p->container)
		return false;
	total = (last == p->pid ? total : 0) + (size_t)size;
	last = p->pid;
	return total > CONTAINER_BYTES;
}

char *server_read(const struct process *p, const char *path, size_t *len)
{
	cleanup_fd int fd = server_open(p, path);
	struct stat st;
	char *text;
	ssize_t got;

	*len = 0;
	if (fd < 0 || fstat(fd, &st) || st.st_size > FILE_BYTES || too_much(p, st.st_size)) {
		errno = fd < 0 ? -fd : EFBIG;
		return NULL;
	}
	text = malloc(st.st_size + 1);
	while (text && *len < (size_t)st.st_size && (got = read(fd, text + *len, st.st_size - *len)) > 0)
		*len += got;
	if (text)
		text[*len] = '\0';
	return text;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names in a folder that fit, in order; free each and the array. */
static size_t names_in(const struct process *p, const char *folder, const char *pattern, char ***out)
{
	int fd = open_in(p, folder, O_RDONLY | O_DIRECTORY);
	size_t count = 0, room = 0;
	struct dirent *e;
	char **grown;
	DIR *d;

	*out = NULL;
	d = fd < 0 ? NULL : fdopendir(fd);
	if (!d) {
		close_fd(&fd);
		return 0;
	}
	while ((e = readdir(d))) {
		if (fnmatch(pattern, e->d_name, FNM_PERIOD))
			continue;
		if (count == room) {
			room = room ? 2 * room : 16;
			grown = reallocarray(*out, room, sizeof(*grown));
			if (!grown)
				break;
			*out = grown;
		}
		(*out)[count] = strdup(e->d_name);
		count += (*out)[count] != NULL;
	}
	closedir(d);
	if (count)
		qsort(*out, count, sizeof(**out), by_name);
	return count;
}

#define PARTS_MOST 32

static void expand(const struct process *p, const char *done, const char *rest, int depth, server_file_fn *fn,
		   void *arg)
{
	char path[PATH_MAX], part[NAME_MAX + 1], **names;
	const char *slash = strchrnul(rest, '/');
	size_t count, i;

	if (slash - rest > NAME_MAX || depth > PARTS_MOST)
		return;
	memcpy(part, rest, slash - rest);
	part[slash - rest] = '\0';
	if (!strpbrk(part, "*?[")) {
		snprintf(path, sizeof(path), "%s/%s", done, part);
		if (*slash)
			expand(p, path, slash + 1, depth + 1, fn, arg);
		else
			fn(path, arg);
		return;
	}
	count = names_in(p, *done ? done : "/", part, &names);
	for (i = 0; i < count; i++) {
		snprintf(path, sizeof(path), "%s/%s", done, names[i]);
		if (*slash)
			expand(p, path, slash + 1, depth + 1, fn, arg);
		else
			fn(path, arg);
		free(names[i]);
	}
	free(names);
}

void server_glob(const struct process *p, const char *pattern, server_file_fn *fn, void *arg)
{
	if (*pattern == '/')
		expand(p, "", pattern + 1, 0, fn, arg);
}

void server_path(char *out, const char *folder, const char *path)
{
	if (*path == '/')
		snprintf(out, PATH_MAX, "%s", path);
	else
		snprintf(out, PATH_MAX, "%s/%s", folder, path);
}

void server_folder(const struct process *p, char *out)
{
	char link[64];
	ssize_t len;

	snprintf(link, sizeof(link), "/proc/%d/cwd", p->pid);
	len = readlink(link, out, PATH_MAX - 1);
	snprintf(out + (len > 0 ? len : 0), PATH_MAX - (len > 0 ? len : 0), "%s", len > 0 ? "" : "/");
}
