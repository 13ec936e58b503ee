// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <string.h>

#include "lib/say.h"
#include "show/show.h"
#include "cmd/verb.h"

static const struct {
	const char *what;
	int (*run)(struct gate *g, const struct call *c);
} shows[] = {
	{"policy", show_policy}, {"counters", show_counters}, {"sources", show_sources},
	{"names", show_names},	 {"flows", show_flows},	      {"strays", show_strays},
	{"events", show_events},
};

static int run(const struct call *c)
{
	cleanup_gate struct gate g = GATE_INIT;
	size_t i;

	for (i = 0; i < sizeof(shows) / sizeof(shows[0]); i++) {
		if (strcmp(c->argv[0], shows[i].what))
			continue;
		if ((c->openmetrics || c->prometheus) && shows[i].run != show_counters) {
			say("--openmetrics and --prometheus go with `show counters`");
			return EXIT_USAGE;
		}
		if (c->top_given && shows[i].run != show_flows && shows[i].run != show_strays) {
			say("--top goes with `show flows` and `show strays`");
			return EXIT_USAGE;
		}
		if (c->follow && shows[i].run != show_events) {
			say("--follow goes with `show events`");
			return EXIT_USAGE;
		}
		if (c->since && shows[i].run != show_events && shows[i].run != show_counters) {
			say("--since goes with `show events` and `show counters`");
			return EXIT_USAGE;
		}
		if (c->since && (c->openmetrics || c->prometheus)) {
			say("--since does not go with --openmetrics and --prometheus: collectors compare "
			    "themselves");
			return EXIT_USAGE;
		}
		if (c->learned && shows[i].run != show_sources) {
			say("--learned goes with `show sources`");
			return EXIT_USAGE;
		}
		return gate_open(&g, c->instance, GATE_READ) ? EXIT_FAILED : shows[i].run(&g, c);
	}
	say("show \"%s\": expected policy, counters, sources, names, flows, strays or events", c->argv[0]);
	return EXIT_USAGE;
}

const struct verb verb_show = {
	.name = "show",
	.arguments = "WHAT",
	.summary = "show the running policy, counters, sources, names, flows, strays or events",
	.help = "  policy    the running policy, as a file that `apply` accepts\n"
		"  counters  packets and bytes by reason, listener and rule; --since last: how many more\n"
		"            than at the last such call\n"
		"  sources   lines about sources, with their counters and remaining time\n"
		"            --learned: the sources that the line `learn` refuses now\n"
		"  names     the served names and zones, with their visits\n"
		"  flows     visits that are remembered, and their state\n"
		"  strays    the stray names most requested and the most active sources of strays\n"
		"  events    what happened to the gate and its listeners, and who changed the policy;\n"
		"            --follow goes on until it is interrupted, with -j a document a line\n",
	.takes = TAKES_JSON | TAKES_OPENMETRICS | TAKES_TOP | TAKES_FOLLOW | TAKES_SINCE | TAKES_LEARNED,
	.least = 1,
	.most = 1,
	.run = run,
};
