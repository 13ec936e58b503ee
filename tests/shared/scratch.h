/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files and folders of a test, of which nothing is left behind, however the test ends.
 *
 *	TestSuite(x, .init = scratch_enter, .fini = scratch_leave);
 *
 * What only needs a path that leads to a few bytes takes scratch_file(), which is in memory; a
 * policy does not, since it wants to know where its files really are.
 */
#ifndef STRAYGATE_SCRATCH_H
#define STRAYGATE_SCRATCH_H

#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char scratch[128]; /* the folder, without links; "": there is none */
static pid_t scratch_watcher;

static inline void scratch_must(bool good, const char *what)
{
	if (good)
		return;
	perror(what);
	abort();
}

static inline int scratch_remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	remove(path);
	return 0;
}

static inline void scratch_remove(void)
{
	nftw(scratch, scratch_remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

/* Takes the folder away if the test is killed, or crashes. It has a session of its own, as who
 * ends a test may end its whole process group. */
static inline void scratch_watch(void)
{
	int ends[2];
	char byte;

	scratch_must(!pipe2(ends, O_CLOEXEC), "pipe");
	scratch_watcher = fork();
	scratch_must(scratch_watcher >= 0, "fork");
	if (scratch_watcher) {
		close(ends[0]); /* and the other with this process */
		return;
	}
	setsid();
	dup2(ends[0], 0);
	close_range(1, ~0U, 0);
	while (read(0, &byte, 1) > 0)
		;
	scratch_remove();
	_exit(0);
}

/* Makes a folder below TMPDIR, or /tmp. */
static inline void scratch_make(void)
{
	const char *tmp = getenv("TMPDIR") ?: "/tmp";
	char whole[PATH_MAX];

	scratch_must(realpath(tmp, whole), tmp);
	scratch_must(snprintf(scratch, sizeof(scratch), "%s/straygate-test.XXXXXX", whole) <
			     (int)sizeof(scratch),
		     "TMPDIR: too long");
	scratch_must(mkdtemp(scratch), scratch);
	scratch_watch();
}

static inline void scratch_enter(void)
{
	scratch_make();
	scratch_must(!chdir(scratch), scratch);
}

static inline void scratch_leave(void)
{
	if (!*scratch)
		return;
	scratch_must(!chdir("/"), "/");
	scratch_remove();
	*scratch = '\0';
	kill(scratch_watcher, SIGKILL);
	waitpid(scratch_watcher, NULL, 0);
}

/* A path that leads to these bytes, in memory. close() what it returns, else it is there as long
 * as this process, and its children that have not called exec(3). */
#define SCRATCH_PATH 32
static inline int scratch_file(char path[SCRATCH_PATH], const char *text)
{
	size_t len = strlen(text);
	int fd = memfd_create("scratch", MFD_CLOEXEC);

	scratch_must(fd >= 0 && write(fd, text, len) == (ssize_t)len, "memfd");
	snprintf(path, SCRATCH_PATH, "/proc/self/fd/%d", fd);
	return fd;
}

#endif
