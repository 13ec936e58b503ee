// SPDX-License-Identifier: GPL-2.0-only
#include "json.h"
#include "say.h"
#include "show.h"

static void policy_json(struct policy *p, const char *instance)
{
	char line[RULE_LINE_MAX];
	size_t i;

	json_open(instance);
	json_list("policy");
	for (i = 0; i < policy_count(p); i++) {
		const struct rule *r = policy_rule(p, i);

		if (rule_print(r, line, sizeof(line)) < 0)
			continue;
		json_item(json_pack("{s:I, s:s, s:s, s:s}", "id", (json_int_t)r->id, "statement",
				    statement_name(r->statement), "subject", r->subject, "line", line));
	}
	json_list_end();
	json_close();
}

void policy_out(struct policy *p, const struct call *c)
{
	if (c->json)
		policy_json(p, c->instance);
	else
		policy_print(p, stdout);
}

int show_policy(struct gate *g, const struct call *c)
{
	cleanup_policy struct policy *p = NULL;

	if (gate_running(g, &p))
		return EXIT_FAILED;
	policy_out(p, c);
	return EXIT_OK;
}
