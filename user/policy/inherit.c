// SPDX-License-Identifier: GPL-2.0-or-later
/* What a policy takes over from the one before it: ids, and the times of its rules. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/internal.h"

struct rule *policy_twin(struct policy *p, const struct rule *r)
{
	return p ? policy_find(p, r->statement, r->subject) : NULL;
}

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

static uint32_t free_listener_id(const uint8_t *used)
{
	for (uint32_t id = 1; id <= LISTENERS_MAX; id++)
		if (!used[id])
			return id;
	return 0;
}

/* Listeners are counted by reason, so their ids are few: 1 to LISTENERS_MAX. When the
 * old ones and the new ones together have more, old ones are taken, those of the
 * policy beside last. */
static uint32_t listener_id(struct policy *p, struct policy *beside, uint8_t *used)
{
	uint32_t id = free_listener_id(used);

	if (!id) {
		memset(used, 0, LISTENERS_MAX + 1);
		mark(used, LISTENERS_MAX + 1, p);
		mark(used, LISTENERS_MAX + 1, beside);
		id = free_listener_id(used);
	}
	if (!id) {
		memset(used, 0, LISTENERS_MAX + 1);
		mark(used, LISTENERS_MAX + 1, p);
		id = free_listener_id(used);
	}
	return id;
}

static int number(struct policy *p, struct policy *beside, uint8_t *used)
{
	uint32_t next = LISTENERS_MAX + 1;

	for (size_t i = 0; i < p->count; i++) {
		struct rule *r = p->rules[i];

		if (r->id)
			continue;
		if (r->statement == ST_LISTEN) {
			r->id = listener_id(p, beside, used);
		} else {
			while (used[next])
				next++;
			r->id = next++;
		}
		if (r->id >= RULES_MAX)
			return -E2BIG;
		used[r->id] = 1;
	}
	return 0;
}

/* Is it the very same rule, which a clone shares with p? Asked in p's order; *next is
 * 0 at first. Some before it may have been deleted. */
bool policy_shares(const struct policy *p, size_t *next, const struct rule *r)
{
	size_t count = p ? p->count : 0, at = *next;

	while (at < count && at < *next + 64 && p->rules[at] != r)
		at++;
	if (at >= count || p->rules[at] != r)
		return false;
	*next = at + 1;
	return true;
}

/* Rules that a clone shares with `before` are what they are. */
static void inherit_rules(struct policy *now, struct policy *before, uint64_t now_ns)
{
	size_t next = 0;

	for (size_t i = 0; i < now->count; i++)
		if (!policy_shares(before, &next, now->rules[i]))
			inherit_rule(now->rules[i], policy_twin(before, now->rules[i]), now_ns);
}

int policy_inherit(struct policy *now, struct policy *before, uint64_t now_ns)
{
	return policy_inherit_beside(now, before, NULL, now_ns);
}

int policy_inherit_beside(struct policy *now, struct policy *before, struct policy *beside, uint64_t now_ns)
{
	/* As many ids as rules are taken at most, so the lowest free ones are
	 * below this, whatever ids there are. */
	size_t size =
		now->count + (before ? before->count : 0) + (beside ? beside->count : 0) + LISTENERS_MAX + 2;
	uint8_t *used = calloc(size, 1);
	int err;

	if (!used)
		return -ENOMEM;
	inherit_rules(now, before, now_ns);
	mark(used, size, now);
	mark(used, size, before);
	mark(used, size, beside);
	err = number(now, beside, used);
	free(used);
	return err;
}
