/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Other processes, by /proc. */
#ifndef STRAYGATE_PROCESS_H
#define STRAYGATE_PROCESS_H

#include <sys/types.h>

/* Its parent (0: none, or it is not to be seen) and its real user. 0 or -errno. */
int process_status(unsigned int pid, unsigned int *parent, uid_t *uid);

#endif
