// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/moments.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/replace.h"

#define NAME_SIZE 24

static void name_of(uint64_t at, char out[NAME_SIZE])
{
	snprintf(out, NAME_SIZE, "%020llu", (unsigned long long)at);
}

static int by_time(const void *a, const void *b)
{
	const struct moment *x = a, *y = b;

	return (x->at > y->at) - (x->at < y->at);
}

/* What is no moment is litter, and more than there can be are nobody's of ours. */
static void list(struct moments *m)
{
	int fd = openat(m->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	char name[NAME_SIZE];
	struct dirent *e;
	struct stat st;

	if (!dir) {
		close_fd(&fd);
		return;
	}
	while ((e = readdir(dir)) && m->count < MOMENTS_MAX) {
		uint64_t at = strtoull(e->d_name, NULL, 10);

		name_of(at, name);
		if (strcmp(name, e->d_name) || fstatat(m->dir, name, &st, AT_SYMLINK_NOFOLLOW) ||
		    !S_ISREG(st.st_mode))
			continue;
		m->list[m->count++] = (struct moment){.at = at, .size = st.st_size};
	}
	closedir(dir);
	qsort(m->list, m->count, sizeof(*m->list), by_time);
}

int moments_open(struct moments *m, const char *path)
{
	*m = (struct moments){.dir = -1};
	if (mkdir(path, 0700) && errno != EEXIST)
		return -errno;
	m->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (m->dir < 0)
		return -errno;
	return moments_lock(m);
}

int moments_lock(struct moments *m)
{
	if (flock(m->dir, LOCK_EX))
		return -errno;
	m->count = 0;
	list(m);
	return 0;
}

void moments_unlock(struct moments *m)
{
	flock(m->dir, LOCK_UN);
}

int moments_read(const struct moments *m, size_t i, void **buf, size_t *len)
{
	char name[NAME_SIZE];
	cleanup_fd int fd = -1;
	ssize_t got;

	name_of(m->list[i].at, name);
	fd = openat(m->dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return -errno;
	*len = (size_t)m->list[i].size;
	*buf = malloc(*len + 1);
	if (!*buf)
		return -ENOMEM;
	got = read(fd, *buf, *len);
	if (got == (ssize_t)*len)
		return 0;
	free(*buf);
	return got < 0 ? -errno : -EIO;
}

void moments_drop(struct moments *m, size_t i)
{
	char name[NAME_SIZE];

	name_of(m->list[i].at, name);
	unlinkat(m->dir, name, 0);
	m->count--;
	memmove(&m->list[i], &m->list[i + 1], (m->count - i) * sizeof(*m->list));
}

/* Which is missed least? The newest is not asked. */
static size_t least_missed(const struct moments *m)
{
	uint64_t now = m->list[m->count - 1].at;
	size_t least = 0;
	double least_gap = 0;

	for (size_t i = 0; i + 1 < m->count; i++) {
		uint64_t before = i ? m->list[i - 1].at : 0, behind = m->list[i + 1].at;
		double gap = (double)(behind - before) / (double)(now - m->list[i].at);

		if (!i || gap < least_gap) {
			least = i;
			least_gap = gap;
		}
	}
	return least;
}

static void thin(struct moments *m)
{
	off_t size = 0;

	for (size_t i = 0; i < m->count; i++)
		size += m->list[i].size;
	while (m->count > 1 && (m->count > MOMENTS_MAX || size > (off_t)MOMENTS_BYTES)) {
		size_t least = least_missed(m);

		size -= m->list[least].size;
		moments_drop(m, least);
	}
}

int moments_add(struct moments *m, uint64_t at, const void *buf, size_t len)
{
	char name[NAME_SIZE];
	int err;

	name_of(at, name);
	err = replace_runtime_file(m->dir, name, buf, len, 0600);
	if (err)
		return err;
	m->list[m->count++] = (struct moment){.at = at, .size = (off_t)len};
	qsort(m->list, m->count, sizeof(*m->list), by_time);
	thin(m);
	return 0;
}

void moments_close(struct moments *m)
{
	close_fd(&m->dir);
}

void moments_remove(const char *path)
{
	cleanup_moments struct moments m = {.dir = -1};

	if (access(path, F_OK) || moments_open(&m, path))
		return;
	while (m.count)
		moments_drop(&m, m.count - 1);
	unlinkat(m.dir, REPLACE_UNFINISHED, 0);
	rmdir(path);
}
