/* SPDX-License-Identifier: GPL-2.0-only */
/* What would lock somebody out is not done without --force. */
#ifndef STRAYGATE_LOCKOUT_H
#define STRAYGATE_LOCKOUT_H

#include "gate/gate.h"
#include "cmd/verb.h"

/*
 * Is this change refused? It says why, and each name that `now` stops serving.
 * Refused without --force are
 *
 *	a listener on the port of the very SSH session that this runs in, which
 *	`before` had not, or had observed only;
 *	that a name is served no more which had visits since it was applied.
 *
 * what: the file or line, for the message; names: it may be about names.
 */
bool refused(struct gate *g, struct policy *now, struct policy *before, const struct call *c,
	     const char *what, bool names);

#endif
