// SPDX-License-Identifier: GPL-2.0-only
#include "cmd/lockout.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/say.h"

/* SSH_CONNECTION: client, its port, server, its port (ssh(1)). */
static unsigned int ssh_port(void)
{
	const char *session = getenv("SSH_CONNECTION");
	unsigned int port;

	return session && sscanf(session, "%*s %*s %*s %u", &port) == 1 ? port : 0;
}

static bool carried_out(struct policy *p, const struct rule *listener)
{
	return policy_posture(p) != POSTURE_OBSERVE && !listener->observe;
}

static bool locks_out(struct policy *now, struct policy *before)
{
	unsigned int port = ssh_port();
	size_t i;

	for (i = 0; port && i < policy_count(now); i++) {
		const struct rule *r = policy_rule(now, i), *old;

		if (r->statement != ST_LISTEN || r->l4 != IPPROTO_TCP || r->port != port)
			continue;
		old = policy_find(before, ST_LISTEN, r->subject);
		if (old && (carried_out(before, old) || !carried_out(now, r)))
			continue;
		say("listen %s is the port of this very SSH session; --force if you mean it", r->subject);
		return true;
	}
	return false;
}

#define FORGOTTEN_SHOWN 20

struct forgotten {
	const struct rule_counters *counters;
	struct policy *now;
	size_t all;
	size_t visited;
};

static void forgotten(const struct name *n, const struct rule *of, void *arg)
{
	struct forgotten *f = arg;
	uint64_t visits = gate_rule_counter(f->counters, of->id).packets;
	char text[260];

	/* A list that stays and lost names: whose the visits were is not known. */
	if (of->from && policy_find(f->now, of->statement, of->subject))
		visits = 0;
	f->visited += visits > 0;
	if (f->all++ >= FORGOTTEN_SHOWN || name_print(n, text, sizeof(text)) < 0)
		return;
	if (visits && !of->from)
		say("no longer served: %s (%llu visits)", text, (unsigned long long)visits);
	else
		say("no longer served: %s", text);
}

/* Forgetting a name is an outage: each one is said. How many had visits? */
static size_t forgets_visited(struct gate *g, struct policy *now, struct policy *before)
{
	cleanup_rule_counters struct rule_counters *counters = NULL;
	struct forgotten f = {0};

	if (gate_rule_counters(g, &counters))
		return 0;
	f.counters = counters;
	f.now = now;
	policy_forgotten(before, now, ST_SERVE, forgotten, &f);
	policy_forgotten(before, now, ST_ZONE, forgotten, &f);
	if (f.all > FORGOTTEN_SHOWN)
		say("no longer served: %zu names in all; see `straygate apply --diff`", f.all);
	return f.visited;
}

bool refused(struct gate *g, struct policy *now, struct policy *before, const struct call *c,
	     const char *what, bool names)
{
	if (!c->force && locks_out(now, before))
		return true;
	if (!names || !forgets_visited(g, now, before) || c->force)
		return false;
	say("%s: it stops serving names that have visitors; nothing was changed, --force if you mean it",
	    what);
	return true;
}
