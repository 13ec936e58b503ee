// SPDX-License-Identifier: GPL-2.0-or-later
/* A slip must not cost more than the flood: changes that turn away what is being
 * served are refused, with the figures. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/change.h"
#include "cmd/compared.h"
#include "cmd/lockout.h"
#include "lib/say.h"
#include "show/show.h"
#include "show/tally.h"

/* What a change is about: only that is looked into. */
struct guard {
	struct gate *gate;
	struct policy *now;
	struct policy *before;
	const struct call *call;
	const char *what;
	struct rule_counters *counters; /* read when they are wanted */
	bool names;
	bool judgement;		 /* who is judged, or what happens to whom */
	double share[2];	 /* of all addresses of IPv6 and IPv4, that are newly dropped */
	size_t forgotten;	 /* names */
	size_t visited;		 /* of these */
	const struct rule *list; /* one that stays and loses names */
	size_t lost;		 /* of these */
	char *said;		 /* names that were printed, each with a blank behind */
	bool refused;
};

static uint64_t packets_of(struct guard *d, uint32_t id)
{
	if (!d->counters && gate_rule_counters(d->gate, &d->counters))
		return 0;
	return gate_rule_counter(d->counters, id).packets;
}

/* ---- names ----------------------------------------------------------------- */

#define FORGOTTEN_SHOWN 20

/* One that is served and in a zone, too, is said once. */
static bool said_before(struct guard *d, const char *text)
{
	size_t had = d->said ? strlen(d->said) : 0, len = strlen(text);
	const char *at = d->said;
	char *grown;

	while (at && (at = strstr(at, text))) {
		if ((at == d->said || at[-1] == ' ') && at[len] == ' ')
			return true;
		at++;
	}
	grown = realloc(d->said, had + len + 2);
	if (!grown)
		return false;
	d->said = grown;
	memcpy(grown + had, text, len);
	memcpy(grown + had + len, " ", 2);
	return false;
}

/* A list that loses half of what it had was cut short, as likely as not: by a command
 * that failed, or a disk that was full. A few that go are an ordinary day. Whose the
 * packets were is not known. */
static void guard_list(struct guard *d, const struct rule *old, size_t lost, size_t had, const char *what)
{
	uint64_t packets;

	if (d->call->force || d->refused || !lost || lost < had - lost)
		return;
	packets = packets_of(d, old->id);
	if (!packets)
		return;
	say("%s: `%s %s` had %s %s, and would lose %s of its %s entries; nothing was changed, --force if you "
	    "mean it",
	    d->what, statement_name(old->statement), old->subject, grouped(packets), what, grouped(lost),
	    grouped(had));
	d->refused = true;
}

static void end_list(struct guard *d)
{
	if (d->list)
		guard_list(d, d->list, d->lost, d->list->name_count, "visits");
	d->list = NULL;
	d->lost = 0;
}

static void note_forgotten(const struct name *n, const struct rule *of, void *arg)
{
	struct guard *d = arg;
	uint64_t visits = packets_of(d, of->id);
	char text[260];

	if (of != d->list)
		end_list(d);
	/* A list that stays and lost names: see guard_list(). */
	if (of->from && policy_find(d->now, of->statement, of->subject)) {
		d->list = of;
		d->lost++;
		visits = 0;
	}
	d->visited += visits > 0;
	if (name_print(n, text, sizeof(text)) < 0)
		return;
	if (d->forgotten < FORGOTTEN_SHOWN && said_before(d, text))
		return;
	if (d->forgotten++ >= FORGOTTEN_SHOWN)
		return;
	if (visits && !of->from)
		say("no longer served: %s (%s visits)", text, grouped(visits));
	else
		say("no longer served: %s", text);
}

/* Forgetting a name is an outage: each one is said. How many had visits? */
static void guard_names(struct guard *d)
{
	policy_forgotten(d->before, d->now, ST_SERVE, note_forgotten, d);
	policy_forgotten(d->before, d->now, ST_ZONE, note_forgotten, d);
	end_list(d);
	if (d->forgotten > FORGOTTEN_SHOWN)
		say("no longer served: %s names in all; see `straygate apply --diff`", grouped(d->forgotten));
	if (!d->visited || d->call->force || d->refused)
		return;
	say("%s: it stops serving names that have visitors; nothing was changed, --force if you mean it",
	    d->what);
	d->refused = true;
}

/* ---- sources --------------------------------------------------------------- */

/* What happens to this prefix where it has no line of its own: the line of the
 * longest prefix that covers it. Lists are not looked into. */
static enum action action_above(struct policy *p, const struct prefix *prefix)
{
	const struct rule *best = NULL;
	size_t i;

	for (i = 0; i < policy_count(p); i++) {
		const struct rule *r = policy_rule(p, i);

		if (r->statement == ST_SOURCE && !r->from && prefix_covers(&r->prefixes[0], prefix) &&
		    (!best || best->prefixes[0].len < r->prefixes[0].len))
			best = r;
	}
	return best ? best->action : ACT_NONE;
}

/* Sources that had leave, and used it. */
static void guard_source(struct guard *d, const struct rule *old, const struct rule *r)
{
	enum action becomes = r ? r->action : ACT_NONE;
	uint64_t packets;

	if (policy_posture(d->now) == POSTURE_OBSERVE || d->refused ||
	    (old->action != ACT_TRUST && old->action != ACT_PASS) ||
	    (old->expires && old->expires <= monotonic_ns()))
		return;
	if (r && old->from && becomes == old->action && old->prefix_count > r->prefix_count)
		guard_list(d, old, old->prefix_count - r->prefix_count, old->prefix_count, "packets");
	if (!r && !old->from)
		becomes = action_above(d->now, &old->prefixes[0]);
	if (becomes != ACT_DROP && (old->action != ACT_TRUST || becomes == ACT_TRUST))
		return;
	packets = packets_of(d, old->id);
	if (!packets)
		return;
	say("%s: %s packets came by `source %s %s`, and would be %s; nothing was changed, --force if you "
	    "mean it",
	    d->what, grouped(packets), old->subject, action_name(old->action),
	    becomes == ACT_DROP ? "dropped" : "judged from now on");
	d->refused = true;
}

/* 2000::/3 is all that there is of IPv6. */
static void add_share(struct guard *d, const struct rule *r)
{
	size_t i;

	for (i = 0; i < r->prefix_count; i++) {
		const struct prefix *p = &r->prefixes[i];
		bool v4 = prefix_is_v4(p);

		d->share[v4] += v4 ? ldexp(1, 96 - p->len) : p->len > 3 ? ldexp(1, 3 - p->len) : 1;
	}
}

static void guard_share(struct guard *d)
{
	bool begins = policy_posture(d->before) == POSTURE_OBSERVE;
	size_t i;
	int v4;

	/* What was only observed so far is what is new. */
	for (i = 0; begins && i < policy_count(d->now); i++)
		if (policy_rule(d->now, i)->statement == ST_SOURCE &&
		    policy_rule(d->now, i)->action == ACT_DROP)
			add_share(d, policy_rule(d->now, i));
	for (v4 = 0; v4 < 2 && !d->refused; v4++) {
		if (d->share[v4] < 0.5)
			continue;
		say("%s: it would turn away %.0f %% of all IPv%d addresses; nothing was changed, --force if "
		    "you mean it",
		    d->what, d->share[v4] > 1 ? 100 : 100 * d->share[v4], v4 ? 4 : 6);
		d->refused = true;
	}
}

/* ---- listeners -------------------------------------------------------------- */

/* Of visits that came to this finding: would the policy turn them away? */
static bool turns_away(struct policy *p, enum statement s, const struct rule *listener)
{
	const struct rule *r = policy_find(p, s, protocol_name(listener->as));

	if (!r)
		return s == ST_STRAY;
	return r->action != ACT_PASS && r->action != ACT_LIMIT;
}

/* How many of the visits so far would this policy turn away? */
static uint64_t turned_away(struct policy *p, const struct listener_tally *l)
{
	const struct rule *r = policy_find(p, ST_LISTEN, l->rule->subject);

	if (!r || !carried_out(p, r))
		return 0;
	return (turns_away(p, ST_STRAY, r) ? l->stray : 0) + (turns_away(p, ST_UNNAMED, r) ? l->unnamed : 0) +
	       (turns_away(p, ST_UNREADABLE, r) ? l->unreadable : 0) +
	       (turns_away(p, ST_UNKNOWN, r) ? l->unknown : 0);
}

/* Strays alone are a flood; but where nobody at all was served, the policy knows
 * none of the names that live here. */
static void guard_listeners(struct guard *d)
{
	cleanup_tally struct tally t = {0};
	size_t i;

	if (tally_read(d->gate, &t))
		return;
	for (i = 0; i < t.listener_count && !d->refused; i++) {
		const struct listener_tally *l = &t.listener[i];
		uint64_t turned = turned_away(d->now, l);

		if (l->visits < GUARD_VISITS || l->served || turned <= turned_away(d->before, l))
			continue;
		say("%s: none of the %s visits of %s was for a served name, and %s would be turned away; "
		    "nothing was changed, --force if you mean it",
		    d->what, grouped(l->visits), l->rule->subject,
		    turned == l->visits ? "all" : grouped(turned));
		d->refused = true;
	}
}

static bool has_listener(struct policy *p)
{
	size_t i;

	for (i = 0; i < policy_count(p); i++)
		if (policy_rule(p, i)->statement == ST_LISTEN)
			return true;
	return false;
}

/* As far as it is known: what `suggest` found of the servers. */
static void guard_open(struct guard *d)
{
	cleanup_compared struct compared found;
	size_t i;

	compared_read(&found, d->gate->instance);
	for (i = 0; i < policy_count(d->now) && !d->refused; i++) {
		const struct rule *r = policy_rule(d->now, i), *old;

		if (r->statement != ST_LISTEN || !carried_out(d->now, r) || !compared_open(&found, r))
			continue;
		old = policy_find(d->before, ST_LISTEN, r->subject);
		if (old && carried_out(d->before, old))
			continue;
		say("%s: the server of %s answers any name on purpose, and an allow-list would close that: "
		    "see "
		    "`straygate suggest`; nothing was changed, `listen %s ... observe`, or --force if you "
		    "mean it",
		    d->what, r->subject, r->subject);
		d->refused = true;
	}
}

/* ---- all of them -------------------------------------------------------------- */

static void note_difference(char sign, const struct rule *r, void *arg)
{
	struct guard *d = arg;
	const struct rule *old = sign == '-' ? r : policy_find(d->before, r->statement, r->subject);

	switch (r->statement) {
	case ST_SERVE:
	case ST_ZONE:
		d->names |= sign != '+';
		break;
	case ST_SOURCE:
		if (old && !d->call->force)
			guard_source(d, old, sign == '-' ? NULL : r);
		if (sign != '-' && r->action == ACT_DROP && !(old && old->action == ACT_DROP && !old->from))
			add_share(d, r);
		break;
	case ST_DEVICE:
	case ST_RESOLVER:
		break;
	default:
		d->judgement = true;
	}
}

bool refused(struct gate *g, struct policy *now, struct policy *before, const struct call *c,
	     const char *what, bool whole)
{
	struct guard d = {.gate = g, .now = now, .before = before, .call = c, .what = what};

	policy_diff(before, now, note_difference, &d);
	if (!c->force && d.judgement && !d.refused && locks_out(now, before))
		d.refused = true;
	if (!c->force && !d.refused && whole && !has_listener(now) && has_listener(before)) {
		say("%s: it has no listener, so that nothing would be judged any more; nothing was changed, "
		    "--force if you mean it",
		    what);
		d.refused = true;
	}
	if (!c->force && policy_posture(now) != POSTURE_OBSERVE)
		guard_share(&d);
	if (!c->force && d.judgement && !d.refused)
		guard_listeners(&d);
	if (!c->force && d.judgement && !d.refused)
		guard_open(&d);
	if (d.names && !d.refused)
		guard_names(&d);
	gate_rule_counters_free(d.counters);
	free(d.said);
	return d.refused;
}
