// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/overlaps.h"

#include <errno.h>
#include <string.h>

#include "lib/say.h"
#include "policy/overlaps.h"

#define SHOWN 10
#define TEXT  (RULE_LINE_MAX + 128)

/* "/etc/drop.list (a.policy:3, limit 10 visits/s)", or of a line of its own that line. */
static void describe(const struct rule *r, char text[TEXT])
{
	char rate[128] = "";

	if (r->action == ACT_LIMIT) {
		*rate = ' ';
		rate_print(&r->rate, rate + 1, sizeof(rate) - 1);
	}
	if (r->from)
		snprintf(text, TEXT, "%s (%s:%u, %s%s)", r->from, r->origin.file, r->origin.line,
			 action_name(r->action), rate);
	else
		snprintf(text, TEXT, "`source %s %s%s` (%s:%u)", r->subject, action_name(r->action), rate,
			 r->origin.file, r->origin.line);
}

static void say_same(const struct overlap *o, const char *holds, const char *other, const char *inner)
{
	if (o->count == 1)
		say("lists overlap: %s is in %s and in %s; the first of the two holds", inner, holds, other);
	else
		say("lists overlap: %s prefixes, such as %s, are in %s and in %s; the first of the two holds",
		    grouped(o->count), inner, holds, other);
}

static void say_nested(const struct overlap *o, const char *holds, const char *other, const char *inner)
{
	char outer[PREFIX_TEXT];

	prefix_print(&o->outer, outer, sizeof(outer));
	if (o->count == 1)
		say("lists overlap: %s of %s lies in %s of %s; the longer prefix holds", inner, holds, outer,
		    other);
	else
		say("lists overlap: %s prefixes of %s, such as %s, lie in others, such as %s, of %s; the "
		    "longer prefix holds",
		    grouped(o->count), holds, inner, outer, other);
}

static void say_overlap(const struct overlap *o)
{
	char holds[TEXT], other[TEXT], inner[PREFIX_TEXT];

	describe(o->holds, holds);
	describe(o->other, other);
	prefix_print(&o->inner, inner, sizeof(inner));
	if (o->nested)
		say_nested(o, holds, other, inner);
	else
		say_same(o, holds, other, inner);
}

void say_overlaps(struct policy *p)
{
	static struct overlaps o;
	size_t rest = 0;

	if (policy_overlaps(p, &o)) {
		say("where lists overlap is not known: %s", strerror(ENOMEM));
		return;
	}
	for (size_t i = 0; i < o.count; i++) {
		if (i < SHOWN)
			say_overlap(&o.list[i]);
		else
			rest += o.list[i].count;
	}
	if (rest + o.more)
		say("lists overlap: %s prefixes more, in other lists", grouped(rest + o.more));
}
