/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A file is replaced in one step: whoever opens it, at any moment, reads the old one or the
 * new one, and each of them whole. The new one is written beside it, under the name
 * REPLACE_UNFINISHED, and renamed when nothing can fail any more.
 *
 * A symbolic link stays one: what it leads to is replaced, or made if it is not there. Only a
 * regular file is ever replaced. Another hard link to it keeps what it had.
 *
 * A run that is killed leaves at most one file of that name in a folder, which the next run
 * takes away. One that is still at work in the same folder is waited for.
 */
#ifndef STRAYGATE_REPLACE_H
#define STRAYGATE_REPLACE_H

#include <fcntl.h>
#include <stddef.h>
#include <sys/types.h>

#define REPLACE_UNFINISHED ".straygate+new"
#define REPLACE_WAIT_MS	   10000

/*
 * The file at `path`, which begins in the folder `dir` (a descriptor, or AT_FDCWD) if it is
 * relative, says these bytes now. They stay the caller's.
 *
 * It has the mode, owner and access list (POSIX ACL) of the old one; other extended attributes
 * are not kept. A new one has the caller as its owner, and mode 0666 less the umask. It is on
 * the disk before it takes the old one's place: after a loss of power one of the two is there.
 *
 * 0, or -errno, and then the file is as it was and nothing is left beside it. -EINVAL: there is
 * something that is no regular file. -EBUSY: another run did not end within REPLACE_WAIT_MS, or
 * the file is a mount point. -EPERM: also if the owner cannot be kept.
 */
int replace_file(int dir, const char *path, const void *bytes, size_t len);

/*
 * The same for a file of the program's own that is of no use after a reboot, as those in /run:
 * it is the caller's and has exactly this mode, whatever the old one had, and it is not waited
 * until it is on a disk.
 */
int replace_runtime_file(int dir, const char *path, const void *bytes, size_t len, mode_t mode);

#endif
