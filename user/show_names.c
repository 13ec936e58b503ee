// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>

#include "json.h"
#include "say.h"
#include "show.h"

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
	if (r->from)
		printf("  (%s names)", grouped(r->name_count));
	putchar('\n');
}

struct names {
	struct rule_counters *counters;
	bool json;
};

/* A name's packets are its visits: each is counted by the one packet at which
 * it was judged. */
static int name_out(const struct rule *r, void *arg)
{
	const struct names *n = arg;

	print_name(r, gate_rule_counter(n->counters, r->id).packets, n->json);
	return 0;
}

int show_names(struct gate *g, const struct call *c)
{
	cleanup_rule_counters struct rule_counters *counters = NULL;
	cleanup_gate_lines struct gate_lines *lines = NULL;
	struct names n;
	int err;

	if (gate_lines(g, &lines) || gate_rule_counters(g, &counters))
		return EXIT_FAILED;
	n = (struct names){counters, c->json};
	if (c->json) {
		json_open(c->instance);
		json_list("names");
	} else {
		printf("%15s\n", "visits");
	}
	err = gate_lines_each(lines, 1U << ST_SERVE | 1U << ST_ZONE, name_out, &n);
	if (c->json) {
		json_list_end();
		json_close();
	}
	return lines_shown(err);
}
