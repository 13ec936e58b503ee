/* SPDX-License-Identifier: GPL-2.0-or-later */
/* File descriptors that close themselves. */
#ifndef STRAYGATE_FD_H
#define STRAYGATE_FD_H

#include <unistd.h>

static inline void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}
#define cleanup_fd __attribute__((cleanup(close_fd)))

#endif
