/* SPDX-License-Identifier: GPL-2.0-only */
/* What would lock somebody out is not done without --force. */
#ifndef STRAYGATE_LOCKOUT_H
#define STRAYGATE_LOCKOUT_H

#include "gate.h"

/* A listener that `before` had not, on the port of the very SSH session that this
 * runs in. Says so. */
bool locks_out(struct policy *now, struct policy *before);

/* Names that `now` stops serving and that had visits since they were applied.
 * Says which, and returns how many; the others it only mentions. */
size_t forgets_visited(struct gate *g, struct policy *now, struct policy *before);

#endif
