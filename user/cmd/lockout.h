/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What would lock somebody out is not done without --force. */
#ifndef STRAYGATE_LOCKOUT_H
#define STRAYGATE_LOCKOUT_H

#include "gate/gate.h"
#include "cmd/verb.h"

/*
 * Is this change refused? It says why, and each name that `now` stops serving.
 * Refused without --force are
 *
 *	a listener on the port of the SSH session that this runs in, or of an SSH
 *	server, which `before` had not, or had observed only;
 *	that a name is served no more, or a source let pass no more, that had visits;
 *	that visits of a listener are turned away of which none was ever served,
 *	though there were GUARD_VISITS;
 *	a source line that turns away half of all addresses, or more;
 *	a policy without a listener in place of one that had some.
 *
 * A flood of strays is none of these, if only one visit was served.
 * what: the file or line, for the message; whole: it is a whole policy.
 */
bool refused(struct gate *g, struct policy *now, struct policy *before, const struct call *c,
	     const char *what, bool whole);

/* Would visits of this listener be turned away, and not only counted? */
bool carried_out(struct policy *p, const struct rule *listener);

/* The guard of the SSH session (ssh.c of host/). Says why. */
bool locks_out(struct policy *now, struct policy *before);

#define GUARD_VISITS 20

#endif
