// SPDX-License-Identifier: GPL-2.0-or-later
/* Which ids a policy gives to its rules, beside another one that may rule again. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "policy_helpers.h"

static struct policy *policy_of(const char *const lines[])
{
	struct policy *p = policy_new();
	struct policy_error err;

	for (; *lines; lines++)
		cr_assert(policy_add(p, *lines, &err) == 1, "%s", err.text);
	return p;
}

static uint32_t id_of(struct policy *p, enum statement s, const char *subject)
{
	const struct rule *r = policy_find(p, s, subject);

	cr_assert(r, "%s", subject);
	return r->id;
}

/* A rules; B rules and waits to be confirmed; then C. */
Test(inherit, ids_of_the_fallback_are_taken)
{
	cleanup_policy struct policy *a = policy_of(
		(const char *[]){"listen tcp/80 as http", "listen tcp/81 as http", "serve a.example",
				 "source 10.0.0.0/8 drop", "source 10.1.0.0/16 drop", NULL});
	cleanup_policy struct policy *b =
		policy_of((const char *[]){"listen tcp/80 as http", "serve a.example", NULL});
	cleanup_policy struct policy *c = policy_of(
		(const char *[]){"listen tcp/80 as http", "listen tcp/82 as http", "serve a.example",
				 "source 10.2.0.0/16 drop", "source 10.3.0.0/16 drop", NULL});

	cr_assert(!policy_inherit(a, NULL, 1) && !policy_inherit(b, a, 2));
	cr_assert(!policy_inherit_beside(c, b, a, 3));
	cr_expect(id_of(c, ST_LISTEN, "tcp/80") == id_of(a, ST_LISTEN, "tcp/80"), "what stays keeps its id");
	for (size_t i = 0; i < policy_count(a); i++)
		for (size_t k = 0; k < policy_count(c); k++) {
			const struct rule *x = policy_rule(a, i), *y = policy_rule(c, k);

			cr_expect(x->id != y->id ||
					  (x->statement == y->statement && !strcmp(x->subject, y->subject)),
				  "%s and %s have id %u", x->subject, y->subject, x->id);
		}
}

static struct policy *with_listeners(unsigned int first, unsigned int count)
{
	struct policy *p = policy_new();
	struct policy_error err;
	char line[64];

	for (unsigned int i = 0; i < count; i++) {
		snprintf(line, sizeof(line), "listen tcp/%u as http", first + i);
		cr_assert(policy_add(p, line, &err) == 1, "%s", err.text);
	}
	return p;
}

/* There are fewer ids of listeners than three policies can want: those that rule
 * now are given away before those that may rule again. */
Test(inherit, listeners_without_end)
{
	cleanup_policy struct policy *a = with_listeners(1, 60);
	cleanup_policy struct policy *b = with_listeners(1001, 60);
	cleanup_policy struct policy *c = with_listeners(2001, 60);
	uint8_t seen[256] = {0};

	cr_assert(!policy_inherit(a, NULL, 1) && !policy_inherit(b, a, 2));
	cr_assert(!policy_inherit_beside(c, b, a, 3));
	for (size_t i = 0; i < policy_count(a); i++)
		seen[policy_rule(a, i)->id]++;
	for (size_t i = 0; i < policy_count(c); i++)
		seen[policy_rule(c, i)->id]++;
	for (size_t i = 1; i < 256; i++)
		cr_expect(seen[i] <= 1, "id %zu is given twice", i);
	cr_expect(!seen[0]);
}
