// SPDX-License-Identifier: GPL-2.0-only
/* Two policies side by side: what is different. */
#include "policy/rule.h"

static struct rule *twin(struct policy *p, const struct rule *r)
{
	return policy_find(p, r->statement, r->subject);
}

size_t policy_diff(struct policy *a, struct policy *b, void (*fn)(char sign, const struct rule *r, void *arg),
		   void *arg)
{
	size_t differences = 0;

	for (size_t i = 0; i < policy_count(a); i++) {
		if (twin(b, policy_rule(a, i)))
			continue;
		differences++;
		if (fn)
			fn('-', policy_rule(a, i), arg);
	}
	for (size_t i = 0; i < policy_count(b); i++) {
		const struct rule *old = twin(a, policy_rule(b, i));

		if (old && rule_same(old, policy_rule(b, i)))
			continue;
		differences++;
		if (fn)
			fn(old ? '~' : '+', policy_rule(b, i), arg);
	}
	return differences;
}
