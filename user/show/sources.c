// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>

#include "lib/json.h"
#include "lib/say.h"
#include "show/show.h"

/* Seconds until a rule's time is up; 0: it is. */
static uint64_t seconds_left(const struct rule *r)
{
	uint64_t now = monotonic_ns();

	return r->expires > now ? (r->expires - now + 999999999) / 1000000000 : 0;
}

static void source_json(const struct rule *r, const char *line, struct counter c)
{
	json_t *o = json_pack("{s:I, s:s, s:s, s:s, s:I, s:I, s:I}", "id", (json_int_t)r->id, "source",
			      r->subject, "action", action_name(r->action), "line", line, "prefixes",
			      (json_int_t)r->prefix_count, "packets", (json_int_t)c.packets, "bytes",
			      (json_int_t)c.bytes);

	if (r->expires)
		json_object_set_new(o, "seconds_left", json_integer(seconds_left(r)));
	json_item(o);
}

static void source_text(const struct rule *r, const char *line, struct counter c)
{
	printf("%15s %18s  %s", grouped(c.packets), grouped(c.bytes), line);
	if (r->from)
		printf("  (%s prefixes)", grouped(r->prefix_count));
	if (r->expires && seconds_left(r))
		printf("  (%s s left)", grouped(seconds_left(r)));
	else if (r->expires)
		printf("  (expired)");
	putchar('\n');
}

static int source_out(const struct rule *r, void *arg)
{
	const struct shown *s = arg;
	char line[RULE_LINE_MAX];

	if (rule_print(r, line, sizeof(line)) >= 0)
		(s->json ? source_json : source_text)(r, line, gate_rule_counter(s->counters, r->id));
	return 0;
}

int show_sources(struct gate *g, const struct call *c)
{
	char heading[40];

	if (c->learned)
		return show_learned(g, c);
	snprintf(heading, sizeof(heading), "%15s %18s", "packets", "bytes");
	return show_lines(g, c, "sources", heading, 1U << ST_SOURCE | 1U << ST_RESOLVER | 1U << ST_LIMIT,
			  source_out);
}
