// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/say.h"

#define PATIENCE 300 /* hundredths of a second */

/* Its words, with what is not printable made visible. */
static void command_of(unsigned int pid, char *out, size_t size)
{
	char path[64], words[200];
	cleanup_fd int fd = -1;
	ssize_t got, i;

	*out = 0;
	snprintf(path, sizeof(path), "/proc/%u/cmdline", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	got = fd < 0 ? 0 : read(fd, words, sizeof(words) - 1);
	if (got <= 0)
		return;
	while (got > 0 && !words[got - 1])
		got--;
	for (i = 0; i < got; i++)
		if ((unsigned char)words[i] < 0x20 || words[i] == 0x7f)
			words[i] = ' ';
	words[got] = 0;
	snprintf(out, size, " (%s)", words);
}

bool lock_holder(int fd, char *out, size_t size)
{
	unsigned int pid, high, low;
	char line[256], command[220];
	unsigned long inode;
	bool found = false;
	struct stat st;
	FILE *f;

	if (fstat(fd, &st))
		return false;
	f = fopen("/proc/locks", "re");
	/* "1: FLOCK  ADVISORY  WRITE 1234 00:1d:5678 0 EOF"; "1: ->" is one who waits. */
	while (f && !found && fgets(line, sizeof(line), f))
		found = sscanf(line, "%*u: FLOCK %*s %*s %u %x:%x:%lu", &pid, &high, &low, &inode) == 4 &&
			high == major(st.st_dev) && low == minor(st.st_dev) && inode == st.st_ino;
	if (f)
		fclose(f);
	if (!found)
		return false;
	command_of(pid, command, sizeof(command));
	snprintf(out, size, "pid %u%s", pid, command);
	return true;
}

int lock_exclusive(int fd, const char *what)
{
	char who[256];
	int i;

	for (i = 0; i < PATIENCE; i++) {
		if (!flock(fd, LOCK_EX | LOCK_NB))
			return 0;
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -errno;
		usleep(10000);
	}
	say("%s is being changed by %s; waiting until that is done", what,
	    lock_holder(fd, who, sizeof(who)) ? who : "another command");
	while (flock(fd, LOCK_EX))
		if (errno != EINTR)
			return -errno;
	return 0;
}
