/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Does the kernel keep its memory from root as well (kernel_lockdown(7))? */
#ifndef STRAYGATE_LOCKDOWN_H
#define STRAYGATE_LOCKDOWN_H

#include <stdbool.h>

#define LOCKDOWN_PATH "/sys/kernel/security/lockdown"

/* Is it in the mode "confidentiality", in which programs may not read kernel memory
 * and do not load? False also where that cannot be seen. */
bool lockdown_is_confidential(const char *path);

#endif
