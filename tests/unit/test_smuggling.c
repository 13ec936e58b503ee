// SPDX-License-Identifier: GPL-2.0-or-later
/* The classics of smuggling: what the finders say, however they are cut. */
#include <criterion/criterion.h>

#include "tests/finders/smuggling/smuggling.h"

static size_t count;

static void check_cut(const struct smuggled *s, size_t first, size_t step)
{
	struct finder f;
	enum find r = smuggled_find(s, &f, first, step);

	cr_assert(r == s->expected, "%s, %s, cut %zu+%zu: got %d, expected %d", s->protocol, s->what, first,
		  step, r, s->expected);
	if (r == FIND_FOUND)
		cr_assert(f.name_len == strlen(s->name) && !memcmp(f.name, s->name, f.name_len),
			  "%s, %s, cut %zu+%zu: %.*s", s->protocol, s->what, first, step, f.name_len, f.name);
}

static void check_member(const struct smuggled *s)
{
	struct finder f;

	/* Of two names it is never the one that is smuggled. */
	if (smuggled_find(s, &f, s->len, 1) == FIND_FOUND)
		cr_assert(memcmp(f.name, "b.example", 9), "%s: %.*s", s->what, f.name_len, f.name);
}

static void check(const struct smuggled *s)
{
	size_t cut;

	count++;
	if (s->any_expected) {
		check_member(s);
		return;
	}
	for (cut = 1; cut <= s->len; cut++)
		check_cut(s, cut, s->len);
	for (cut = 1; cut < 10; cut++)
		check_cut(s, cut, cut);
}

Test(smuggling, http)
{
	smuggling_http(check);
	cr_expect(count > 4000);
}

Test(smuggling, tls)
{
	smuggling_tls(check);
	cr_expect(count > 40);
}

Test(smuggling, dns)
{
	smuggling_dns(check);
	cr_expect(count > 25);
}
