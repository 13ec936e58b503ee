// SPDX-License-Identifier: GPL-2.0-or-later
/* Two policies side by side: what is different. */
#include "policy/internal.h"

size_t policy_diff(struct policy *a, struct policy *b, void (*fn)(char sign, const struct rule *r, void *arg),
		   void *arg)
{
	size_t differences = 0, next = 0;

	for (size_t i = 0; i < a->count; i++) {
		if (policy_shares(b, &next, a->rules[i]) || policy_twin(b, a->rules[i]))
			continue;
		differences++;
		if (fn)
			fn('-', a->rules[i], arg);
	}
	next = 0;
	for (size_t i = 0; i < b->count; i++) {
		const struct rule *old;

		if (policy_shares(a, &next, b->rules[i]))
			continue;
		old = policy_twin(a, b->rules[i]);
		if (old && rule_same(old, b->rules[i]))
			continue;
		differences++;
		if (fn)
			fn(old ? '~' : '+', b->rules[i], arg);
	}
	return differences;
}
