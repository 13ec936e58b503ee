// SPDX-License-Identifier: GPL-2.0-or-later
/* A policy as another one and what was changed in it, and back. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/internal.h"

static bool is_subject_of(const struct rule *a, const struct rule *b)
{
	return a == b || (a->statement == b->statement && !strcmp(a->subject, b->subject));
}

static bool unchanged(const struct rule *a, const struct rule *b)
{
	return a == b || (a->id == b->id && a->expires == b->expires && rule_same(a, b));
}

static int borrow(struct policy *p, struct rule *r)
{
	if (p->count == p->room) {
		size_t room = p->room ? 2 * p->room : 64;
		struct rule **rules = realloc(p->rules, room * sizeof(*rules));

		if (!rules)
			return -ENOMEM;
		p->rules = rules;
		p->room = room;
	}
	p->rules[p->count++] = r;
	return 0;
}

/* policy_add() replaces in place or appends, and policy_del() closes the gap: so
 * rules that both have come in the same order, but for those that were deleted
 * and added again. */
static int collect(struct policy *base, struct policy *now, struct policy *changed, struct policy *gone)
{
	size_t i = 0;
	int err = 0;

	for (size_t k = 0; k < base->count && !err; k++) {
		if (i == now->count || !is_subject_of(base->rules[k], now->rules[i])) {
			err = borrow(gone, base->rules[k]);
			continue;
		}
		if (!unchanged(base->rules[k], now->rules[i]))
			err = borrow(changed, now->rules[i]);
		i++;
	}
	for (; i < now->count && !err; i++)
		err = borrow(changed, now->rules[i]);
	return err;
}

int policy_changes(struct policy *base, struct policy *now, struct policy **changed, struct policy **gone)
{
	int err;

	*changed = policy_new();
	*gone = policy_new();
	err = *changed && *gone ? collect(base, now, *changed, *gone) : -ENOMEM;
	if (err) {
		policy_free(*changed);
		policy_free(*gone);
		*changed = *gone = NULL;
	}
	return err;
}

int policy_make(struct policy *base, struct policy *changed, struct policy *gone)
{
	const struct rule *missing;
	int err = 0;

	if (gone->count) {
		err = policy_remove(base, gone, &missing);
		err = err == -ENOENT ? -EINVAL : err < 0 ? err : 0;
	}
	for (size_t i = 0; i < changed->count && !err; i++)
		err = policy_put(base, changed->rules[i]);
	arena_splice(&base->memory, &changed->memory);
	changed->count = 0;
	return err;
}
