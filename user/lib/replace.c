// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/replace.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include "lib/fd.h"

#define LINKS_MOST 40 /* as the kernel follows */
#define TURNS_MOST 100
#define STEP_MS	   10
#define ACL	   "system.posix_acl_access"

struct replacement {
	int dir;		 /* the folder of the file, behind all links */
	char name[NAME_MAX + 1]; /* of the file, there */
	int fd;			 /* the new one; a lock of flock(2) says that it is being written */
	bool done;
};

static void replacement_end(struct replacement *r)
{
	if (r->fd >= 0 && !r->done)
		unlinkat(r->dir, REPLACE_UNFINISHED, 0);
	close_fd(&r->fd);
	close_fd(&r->dir);
}
#define cleanup_replacement __attribute__((cleanup(replacement_end)))

/* ---- where the file is ------------------------------------------------------------------- */

/* Goes to the folder in which the path ends, and notes the name there. */
static int enter(struct replacement *r, int dir, const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	char folder[PATH_MAX] = ".";
	int fd;

	if (!*name || strlen(name) > NAME_MAX || strlen(path) >= sizeof(folder))
		return *name ? -ENAMETOOLONG : -EINVAL;
	if (slash)
		snprintf(folder, sizeof(folder), "%.*s", slash == path ? 1 : (int)(slash - path), path);
	fd = openat(r->dir >= 0 ? r->dir : dir, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	close_fd(&r->dir);
	r->dir = fd;
	strcpy(r->name, name);
	return 0;
}

static int find(struct replacement *r, int dir, const char *path)
{
	char link[PATH_MAX];
	struct stat st;
	ssize_t len;
	int i, err;

	/* The kernel knows which links are not to be followed (fs.protected_symlinks). */
	if (fstatat(dir, path, &st, 0) && errno != ENOENT)
		return -errno;
	for (i = 0; i < LINKS_MOST; i++) {
		err = enter(r, dir, path);
		if (err)
			return err;
		len = readlinkat(r->dir, r->name, link, sizeof(link));
		if (len < 0)
			return errno == EINVAL || errno == ENOENT ? 0 : -errno;
		if (len == sizeof(link))
			return -ENAMETOOLONG;
		link[len] = '\0';
		path = link;
	}
	return -ELOOP;
}

/* ---- the unfinished file ----------------------------------------------------------------- */

/* A file system that knows no locks is taken for one where nobody else is at work. */
static int lock(int fd)
{
	static const struct timespec step = {.tv_nsec = STEP_MS * 1000000L};

	for (int waited = 0; flock(fd, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK; waited += STEP_MS) {
		if (waited >= REPLACE_WAIT_MS)
			return -EBUSY;
		nanosleep(&step, NULL);
	}
	return 0;
}

/* Whoever has the lock of the file that has this name, and nobody else, may take the name away. */
static bool has_name(int dir, int fd)
{
	struct stat file, named;

	return !fstat(fd, &file) && !fstatat(dir, REPLACE_UNFINISHED, &named, AT_SYMLINK_NOFOLLOW) &&
	       file.st_dev == named.st_dev && file.st_ino == named.st_ino;
}

/* Waits for another run, and takes away what one that was killed has left. */
static int clear(int dir)
{
	cleanup_fd int fd = openat(dir, REPLACE_UNFINISHED, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	int err;

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	err = lock(fd);
	if (err || !has_name(dir, fd))
		return err;
	return unlinkat(dir, REPLACE_UNFINISHED, 0) ? -errno : 0;
}

/* Between making and locking it, another run may have taken it for one that was left. */
static int make(struct replacement *r)
{
	for (int i = 0, err; i < TURNS_MOST; i++) {
		cleanup_fd int fd = openat(r->dir, REPLACE_UNFINISHED,
					   O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

		if (fd < 0 && errno != EEXIST)
			return -errno;
		err = fd < 0 ? clear(r->dir) : lock(fd);
		if (err)
			return err;
		if (fd < 0 || !has_name(r->dir, fd))
			continue;
		r->fd = fd;
		fd = -1;
		return 0;
	}
	return -EBUSY;
}

static int put(int fd, const char *bytes, size_t len)
{
	while (len) {
		ssize_t put = write(fd, bytes, len);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return put ? -errno : -EIO;
		bytes += put;
		len -= (size_t)put;
	}
	return 0;
}

/* ---- whose it is, and who may read it ---------------------------------------------------- */

static bool has_no_acl(void)
{
	return errno == ENODATA || errno == EOPNOTSUPP;
}

/* A folder may have given the new file one that the old one has not. */
static int copy_acl(const struct replacement *r)
{
	char acl[XATTR_SIZE_MAX], path[NAME_MAX + 64];
	ssize_t len;

	snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", r->dir, r->name);
	len = lgetxattr(path, ACL, acl, sizeof(acl));
	if (len >= 0)
		return fsetxattr(r->fd, ACL, acl, (size_t)len, 0) ? -errno : 0;
	if (!has_no_acl())
		return -errno;
	return fremovexattr(r->fd, ACL) && !has_no_acl() ? -errno : 0;
}

static int as_umask(int fd)
{
	mode_t mask = umask(0);

	umask(mask);
	return fchmod(fd, 0666 & ~mask) ? -errno : 0;
}

static int as_old(const struct replacement *r, const struct stat *old)
{
	struct stat new;
	int err;

	/* Who owns it already needs no right to give it away. */
	if (fstat(r->fd, &new) || ((new.st_uid != old->st_uid || new.st_gid != old->st_gid) &&
				   fchown(r->fd, old->st_uid, old->st_gid)))
		return -errno;
	err = copy_acl(r);
	if (err)
		return err;
	return fchmod(r->fd, old->st_mode & 07777) ? -errno : 0;
}

/* ---- all of it --------------------------------------------------------------------------- */

#define AS_BEFORE ((mode_t)-1)

static int replace(int dir, const char *path, const void *bytes, size_t len, mode_t mode)
{
	cleanup_replacement struct replacement r = {.dir = -1, .fd = -1};
	int err = find(&r, dir, path);
	bool is_new = false;
	struct stat old;

	if (err)
		return err;
	if (fstatat(r.dir, r.name, &old, AT_SYMLINK_NOFOLLOW)) {
		if (errno != ENOENT)
			return -errno;
		is_new = true;
	} else if (!S_ISREG(old.st_mode)) {
		return -EINVAL;
	}
	err = make(&r);
	if (!err)
		err = put(r.fd, bytes, len);
	if (!err && mode != AS_BEFORE)
		err = fchmod(r.fd, mode) ? -errno : 0;
	else if (!err)
		err = is_new ? as_umask(r.fd) : as_old(&r, &old);
	/* Tells also what close() would, as of a disk that is full behind a network. */
	if (!err && mode == AS_BEFORE && fsync(r.fd))
		err = -errno;
	if (!err && renameat(r.dir, REPLACE_UNFINISHED, r.dir, r.name))
		err = -errno;
	if (err)
		return err;
	r.done = true;
	/* Some file systems cannot. The new file is there in any case. */
	if (mode == AS_BEFORE)
		fsync(r.dir);
	return 0;
}

int replace_file(int dir, const char *path, const void *bytes, size_t len)
{
	return replace(dir, path, bytes, len, AS_BEFORE);
}

int replace_runtime_file(int dir, const char *path, const void *bytes, size_t len, mode_t mode)
{
	return replace(dir, path, bytes, len, mode);
}
