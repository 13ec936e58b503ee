// SPDX-License-Identifier: GPL-2.0-or-later
/* What is wrong with a policy as a whole. */
#include <errno.h>
#include <string.h>

#include "lib/progress.h"
#include "parser/complain.h"
#include "policy/rule.h"

static struct place place_of(const struct rule *r, struct policy_error *err)
{
	return (struct place){.file = r->origin.file, .line = r->origin.line, .err = err};
}

static int too_many(const struct rule *r, size_t most, const char *what, struct policy_error *err)
{
	struct place at = place_of(r, err);

	complain(&at, r->origin.column, "policy larger than the tables; expected at most %zu %s", most, what);
	return -E2BIG;
}

static int check_sizes(struct policy *p, struct policy_error *err)
{
	size_t listeners = 0, prefixes = 0, names = 0;

	for (size_t i = 0; i < policy_count(p); i++) {
		const struct rule *r = policy_rule(p, i);

		listeners += r->statement == ST_LISTEN;
		prefixes += r->prefix_count;
		names += r->name_count;
		if (listeners > POLICY_LISTENERS_MAX)
			return too_many(r, POLICY_LISTENERS_MAX, "listeners", err);
		if (prefixes > POLICY_PREFIXES_MAX)
			return too_many(r, POLICY_PREFIXES_MAX, "prefixes", err);
		if (names > POLICY_NAMES_MAX)
			return too_many(r, POLICY_NAMES_MAX, "names", err);
	}
	return 0;
}

/* The statement whose names a listener's visits must be among; ST_COUNT: none. */
static enum statement names_for(const struct rule *r)
{
	if (r->statement != ST_LISTEN)
		return ST_COUNT;
	switch (r->as) {
	case PROTO_HTTP:
	case PROTO_TLS:
		return ST_SERVE;
	case PROTO_DNS:
		return ST_ZONE;
	default: /* names in QUIC are not read yet */
		return ST_COUNT;
	}
}

/* Listeners of single addresses of one port are a chain that each packet for it
 * walks, so there are not many. */
static int check_addresses(struct policy *p, struct policy_error *err)
{
	for (size_t i = 0; i < policy_count(p); i++) {
		const struct rule *r = policy_rule(p, i);
		struct place at = place_of(r, err);
		unsigned int same = 0;

		if (r->statement != ST_LISTEN || r->any)
			continue;
		for (size_t k = 0; k <= i; k++)
			same += policy_rule(p, k)->statement == ST_LISTEN && !policy_rule(p, k)->any &&
				policy_rule(p, k)->port == r->port && policy_rule(p, k)->l4 == r->l4;
		if (same > ADDRESSES_PER_PORT)
			return complain(&at, r->origin.column,
					"port %u has more than %d `on ADDR` lines; expected fewer, or one "
					"without `on`",
					r->port, ADDRESSES_PER_PORT);
	}
	return 0;
}

/* A packet may be of each of these lines. Those behind `for` must be there: the line would
 * limit nobody, and nobody would know. */
static int check_limit(struct policy *p, const struct rule *limit, struct policy_error *err)
{
	struct place at = place_of(limit, err);

	for (uint32_t i = 0; i < limit->name_count; i++) {
		const struct rule one = {.rate = limit->rate, .names = &limit->names[i], .name_count = 1};
		const char *text = limit->names[i].text;
		bool found = false, fits = false;

		for (size_t k = 0; k < policy_count(p); k++) {
			const struct rule *r = policy_rule(p, k);
			struct rule any = one;

			any.rate.unit = RATE_PACKETS;
			found |= r->statement == ST_LISTEN && rule_limits(&any, r);
			fits |= r->statement == ST_LISTEN && rule_limits(&one, r);
		}
		if (!found)
			return complain(
				&at, limit->origin.column,
				"limit each is for %s, but the policy has no such listener; expected a "
				"line listen %s",
				text, text);
		if (!fits)
			return complain(
				&at, limit->origin.column,
				"limit each counts visits of %s, but those of QUIC are not told apart; "
				"expected packets/s",
				text);
	}
	return 0;
}

static int check_limits(struct policy *p, struct policy_error *err)
{
	size_t count = 0;
	int got = 0;

	for (size_t i = 0; i < policy_count(p) && !got; i++) {
		const struct rule *r = policy_rule(p, i);

		if (r->statement != ST_LIMIT)
			continue;
		if (++count > LIMIT_EACH_MAX)
			return too_many(r, LIMIT_EACH_MAX, "lines limit each", err);
		got = check_limit(p, r, err);
	}
	return got;
}

/* Has this prefix a line of its own? */
static bool has_line(struct policy *p, const struct prefix *prefix)
{
	char text[PREFIX_TEXT];

	prefix_print(prefix, text, sizeof(text));
	return policy_find(p, ST_SOURCE, text);
}

/* A prefix that stands in both lists and has no line of its own, or NULL. */
static const struct prefix *in_both(struct policy *p, const struct rule *a, const struct rule *b)
{
	size_t i = 0, k = 0;

	while (i < a->prefix_count && k < b->prefix_count) {
		int order = prefix_order(&a->prefixes[i], &b->prefixes[k]);

		if (!order && !has_line(p, &a->prefixes[i]))
			return &a->prefixes[i];
		if (!order) {
			i++;
			continue;
		}
		if (order < 0)
			i = prefix_seek(a->prefixes, a->prefix_count, i, &b->prefixes[k]);
		else
			k = prefix_seek(b->prefixes, b->prefix_count, k, &a->prefixes[i]);
	}
	return NULL;
}

/* Of a prefix on a line of its own the precedence says what holds. Of one that two lists
 * have nobody would know. */
static int check_trust(struct policy *p, const struct rule *trust, struct policy_error *err)
{
	struct place at = place_of(trust, err);
	char text[PREFIX_TEXT];

	for (size_t i = 0; i < policy_count(p); i++) {
		const struct rule *r = policy_rule(p, i);
		const struct prefix *both;

		if (r->statement != ST_SOURCE || !r->from || r->action == ACT_TRUST)
			continue;
		both = in_both(p, trust, r);
		if (!both)
			continue;
		prefix_print(both, text, sizeof(text));
		return complain(&at, trust->origin.column,
				"%s is trusted here and not in %s; expected it in one of the lists, or on a "
				"line of its own, which goes before both",
				text, text_shown(&at, r->from, strlen(r->from)));
	}
	return 0;
}

static int check_lists(struct policy *p, struct policy_error *err)
{
	int got = 0;

	for (size_t i = 0; i < policy_count(p) && !got; i++) {
		const struct rule *r = policy_rule(p, i);

		if (r->statement == ST_SOURCE && r->from && r->action == ACT_TRUST)
			got = check_trust(p, r, err);
	}
	return got;
}

/* What `auto` counts to see whether it is over would be of all clients, and what it does of
 * some. */
static int check_canary(struct policy *p, struct policy_error *err)
{
	for (size_t i = 0; policy_canary(p) && i < policy_count(p); i++) {
		const struct rule *r = policy_rule(p, i);
		struct place at = place_of(r, err);

		if (r->statement == ST_LISTEN && r->sleeps)
			return complain(&at, r->origin.column,
					"%s is `auto`, and the posture is enforced for some clients alone; "
					"expected one of the two",
					text_shown(&at, r->subject, strlen(r->subject)));
	}
	return 0;
}

int policy_check(const struct policy *policy, struct policy_error *err)
{
	struct policy *p = (struct policy *)policy;
	bool have[ST_COUNT + 1] = {[ST_COUNT] = true};

	progress(NULL, 0, "checking the policy");
	errors_begin(err);
	have[ST_SERVE] = policy_entries(p, ST_SERVE);
	have[ST_ZONE] = policy_entries(p, ST_ZONE);
	for (size_t i = 0; i < policy_count(p); i++) {
		const struct rule *r = policy_rule(p, i);
		struct place at = place_of(r, err);
		enum statement needs = names_for(r);

		if (!have[needs])
			return complain(&at, r->origin.column,
					"%s judges names as %s, but the policy has none: it would close the "
					"site; expected a %s line",
					text_shown(&at, r->subject, strlen(r->subject)), protocol_name(r->as),
					statement_name(needs));
	}
	return check_canary(p, err) ?: check_addresses(p, err) ?: check_limits(p, err) ?: check_lists(p, err) ?: check_sizes(p, err);
}
