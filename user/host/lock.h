/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Locks of flock(2) that another process may hold for long. */
#ifndef STRAYGATE_LOCK_H
#define STRAYGATE_LOCK_H

#include <stdbool.h>
#include <stddef.h>

/* Locks what fd is open on, and waits for whoever has it; if that takes longer than three
 * seconds, says on standard error who it is and that `what` is waited for. 0 or -errno. */
int lock_exclusive(int fd, const char *what);

/* Writes "pid N (COMMAND)" of a process that holds a lock of flock(2) on this file.
 * false: none is known. */
bool lock_holder(int fd, char *out, size_t size);

#endif
