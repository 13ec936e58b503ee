// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>

#include "lib/json.h"
#include "lib/say.h"
#include "show/show.h"

static void print_name(const struct rule *r, uint64_t visits, bool json)
{
	if (json) {
		json_row();
		json_number("id", r->id);
		json_text("statement", statement_name(r->statement));
		json_text("name", r->subject);
		json_number("names", r->name_count);
		json_number("visits", visits);
		json_row_end();
		return;
	}
	printf("%15s  %-5s %s", grouped(visits), statement_name(r->statement), r->subject);
	if (r->from && r->statement == ST_ZONE && r->listed)
		printf("  (%s names of %s)", grouped(r->name_count), r->from);
	else if (r->from)
		printf("  (%s names)", grouped(r->name_count));
	putchar('\n');
}

/* A name's packets are its visits: each is counted by the one packet at which
 * it was judged. */
static int name_out(const struct rule *r, void *arg)
{
	const struct shown *s = arg;

	print_name(r, gate_rule_counter(s->counters, r->id).packets, s->json);
	return 0;
}

int show_names(struct gate *g, const struct call *c)
{
	char heading[40];

	snprintf(heading, sizeof(heading), "%15s", "visits");
	return show_lines(g, c, "names", heading, 1U << ST_SERVE | 1U << ST_ZONE, name_out);
}
