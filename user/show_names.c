// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>

#include "json.h"
#include "say.h"
#include "show.h"

static void name_out(const struct rule *r, uint64_t visits, bool json)
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

/* A name's packets are its visits: each is counted by the one packet at which
 * it was judged. */
int show_names(struct gate *g, const struct call *c)
{
	cleanup_policy struct policy *p = NULL;
	cleanup_rule_counters struct rule_counters *counters = NULL;
	size_t i;

	if (gate_running(g, &p) || gate_rule_counters(g, &counters))
		return EXIT_FAILED;
	if (c->json) {
		json_open(c->instance);
		json_list("names");
	} else {
		printf("%15s\n", "visits");
	}
	for (i = 0; i < policy_count(p); i++) {
		const struct rule *r = policy_rule(p, i);

		if (r->statement == ST_SERVE || r->statement == ST_ZONE)
			name_out(r, gate_rule_counter(counters, r->id).packets, c->json);
	}
	if (c->json) {
		json_list_end();
		json_close();
	}
	return EXIT_OK;
}
