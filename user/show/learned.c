// SPDX-License-Identifier: GPL-2.0-or-later
/* Sources that the line `learn` refuses now. */
#include <stdlib.h>

#include "lib/json.h"
#include "lib/say.h"
#include "policy/rate.h"
#include "show/show.h"

static uint64_t whole_seconds(uint64_t ns)
{
	return (ns + SECOND_NS - 1) / SECOND_NS;
}

static void learned_out(const struct gate_learned *l, bool json)
{
	char source[PREFIX_TEXT], left[64];

	prefix_print(&l->prefix, source, sizeof(source));
	if (json) {
		json_row();
		json_text("source", source);
		json_number("seconds_left", whole_seconds(l->left));
		json_number("times", l->times);
		json_row_end();
		return;
	}
	duration_print(whole_seconds(l->left) * SECOND_NS, left, sizeof(left));
	printf("%15s %6u  %s\n", left, l->times, source);
}

int show_learned(struct gate *g, const struct call *c)
{
	cleanup_policy struct policy *running = NULL;
	struct gate_learned *all;
	size_t count, i;

	if (gate_running(g, &running) || gate_learned(g, &all, &count))
		return EXIT_FAILED;
	if (c->json) {
		json_open(c->instance);
		json_list("learned");
	} else if (!gate_learns(running)) {
		puts("nothing is learned: the policy has no line `learn`; see straygate-policy(5)");
	} else {
		printf("%15s %6s  %s\n", "refused for", "times", "source");
	}
	for (i = 0; i < count && (c->json || gate_learns(running)); i++)
		learned_out(&all[i], c->json);
	if (c->json) {
		json_list_end();
		json_close();
	}
	free(all);
	return EXIT_OK;
}
