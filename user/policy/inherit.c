// SPDX-License-Identifier: GPL-2.0-only
/* What a policy takes over from the one before it: ids, and the times of its rules. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/internal.h"

static void inherit_rule(struct rule *r, const struct rule *old, uint64_t now_ns)
{
	r->id = old ? old->id : 0;
	/* the line alone: new content of its list does not start its time anew */
	if (old && old->expires && !r->restart && rule_says_same(r, old))
		r->expires = old->expires;
	else
		r->expires = r->duration ? now_ns + r->duration : 0;
	r->restart = false;
}

static void mark(uint8_t *used, size_t size, const struct policy *p)
{
	for (size_t i = 0; p && i < p->count; i++)
		if (p->rules[i]->id < size)
			used[p->rules[i]->id] = 1;
}

_Static_assert(2 * POLICY_RULES_MAX + LISTENERS_MAX + 2 <= RULES_MAX, "an id for every rule of two policies");
_Static_assert(POLICY_LISTENERS_MAX <= LISTENERS_MAX, "an id for every listener");

/* Listeners are counted by reason, so their ids are few: 1 to LISTENERS_MAX.
 * When the old ones and the new ones together have more, old ones are taken. */
static uint32_t listener_id(struct policy *p, uint8_t *used)
{
	for (uint32_t id = 1; id <= LISTENERS_MAX; id++)
		if (!used[id])
			return id;
	memset(used, 0, LISTENERS_MAX + 1);
	mark(used, LISTENERS_MAX + 1, p);
	for (uint32_t id = 1; id <= LISTENERS_MAX; id++)
		if (!used[id])
			return id;
	return 0;
}

static void number(struct policy *p, uint8_t *used)
{
	uint32_t next = LISTENERS_MAX + 1;

	for (size_t i = 0; i < p->count; i++) {
		struct rule *r = p->rules[i];

		if (r->id)
			continue;
		if (r->statement == ST_LISTEN) {
			r->id = listener_id(p, used);
		} else {
			while (used[next])
				next++;
			r->id = next++;
		}
		used[r->id] = 1;
	}
}

/* Rules that a clone shares with `before` are what they are. */
static void inherit_rules(struct policy *now, struct policy *before, uint64_t now_ns)
{
	size_t count = before ? before->count : 0, k = 0;

	for (size_t i = 0; i < now->count; i++) {
		struct rule *r = now->rules[i];
		size_t at = k;

		/* Some before it may have been deleted. */
		while (at < count && at < k + 64 && before->rules[at] != r)
			at++;
		if (at < count && before->rules[at] == r)
			k = at + 1;
		else
			inherit_rule(r, before ? policy_find(before, r->statement, r->subject) : NULL,
				     now_ns);
	}
}

int policy_inherit(struct policy *now, struct policy *before, uint64_t now_ns)
{
	/* As many ids as rules are taken at most, so the lowest free ones are
	 * below this, whatever ids there are. */
	size_t size = now->count + (before ? before->count : 0) + LISTENERS_MAX + 2;
	uint8_t *used = calloc(size, 1);

	if (!used)
		return -ENOMEM;
	inherit_rules(now, before, now_ns);
	mark(used, size, now);
	mark(used, size, before);
	number(now, used);
	free(used);
	return 0;
}
