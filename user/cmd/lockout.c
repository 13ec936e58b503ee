// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/lockout.h"

#include <netinet/in.h>

#include "host/ssh.h"
#include "lib/say.h"

bool carried_out(struct policy *p, const struct rule *listener)
{
	return policy_posture(p) != POSTURE_OBSERVE && !listener->observe;
}

/* Is this a listener by which visits are turned away that were not before? */
static bool is_new(struct policy *now, struct policy *before, const struct rule *r)
{
	const struct rule *old = policy_find(before, ST_LISTEN, r->subject);

	return carried_out(now, r) && !(old && carried_out(before, old));
}

bool locks_out(struct policy *now, struct policy *before)
{
	unsigned int port = ssh_session_port();
	size_t i;

	for (i = 0; i < policy_count(now); i++) {
		const struct rule *r = policy_rule(now, i);

		if (r->statement != ST_LISTEN || r->l4 != IPPROTO_TCP || !is_new(now, before, r))
			continue;
		if (r->port == port)
			say("listen %s is the port of this SSH session; use --force if you mean it",
			    r->subject);
		else if (ssh_has_port(r->port))
			say("listen %s is the port of an SSH server of this host; use --force if you mean it",
			    r->subject);
		else
			continue;
		return true;
	}
	return false;
}
