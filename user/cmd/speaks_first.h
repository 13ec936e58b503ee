/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef STRAYGATE_CMD_SPEAKS_FIRST_H
#define STRAYGATE_CMD_SPEAKS_FIRST_H

#include "policy/policy.h"

/* Says of each listener of `now` that is not in `before` (NULL: of each) whether its port
 * is known for a protocol in which the server speaks first. */
void say_speaks_first(struct policy *now, struct policy *before);

#endif
