/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stray names that are served by now are no strays any more. */
#ifndef STRAYGATE_SERVED_H
#define STRAYGATE_SERVED_H

#include "gate/gate.h"

/* Leaves those of the names that p does not serve, in their order: in DNS that are in
 * no zone. Of a name of which only the end is known it is what that end tells.
 * Returns how many are left. */
size_t strays_only(struct heavy *names, size_t count, struct policy *p);

#endif
