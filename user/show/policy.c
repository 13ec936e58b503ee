// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/json.h"
#include "lib/say.h"
#include "show/show.h"

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
		json_row();
		json_number("id", r->id);
		json_text("statement", statement_name(r->statement));
		json_text("subject", r->subject);
		json_text("line", line);
		json_row_end();
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
