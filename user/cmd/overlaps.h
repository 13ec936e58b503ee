/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef STRAYGATE_CMD_OVERLAPS_H
#define STRAYGATE_CMD_OVERLAPS_H

#include "policy/policy.h"

/* Says where lists of sources say different things of the same clients, and which holds. */
void say_overlaps(struct policy *p);

#endif
