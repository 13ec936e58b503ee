// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/differences.h"

#include <stdio.h>

#include "lib/json.h"

struct differences {
	const struct call *call;
	size_t most;
	size_t shown;
};

static void print_difference(char sign, const struct rule *r, void *arg)
{
	struct differences *d = arg;
	char line[RULE_LINE_MAX], what[2] = {sign};

	if (rule_print(r, line, sizeof(line)) < 0)
		return;
	if (d->call->json)
		json_item(json_pack("{s:s, s:s}", "sign", what, "line", line));
	else if (!d->most || d->shown++ < d->most)
		printf("%c %s\n", sign, line);
}

size_t differences_print(struct policy *before, struct policy *now, const struct call *c, size_t most)
{
	struct differences d = {c, most, 0};
	size_t count;

	if (c->json)
		json_list("differences");
	count = policy_diff(before, now, print_difference, &d);
	if (c->json)
		json_list_end();
	else if (most && count > most)
		printf("... %zu differences in all\n", count);
	return count;
}
