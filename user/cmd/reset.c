// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "cmd/change.h"
#include "cmd/verb.h"
#include "gate/events.h"
#include "lib/say.h"

static int reset_strays(struct gate *g)
{
	int err = gate_clear_heavy(g, GATE_STRAY_NAMES);

	if (!err)
		err = gate_clear_heavy(g, GATE_STRAY_SUFFIXES);
	return err ? err : gate_clear_heavy(g, GATE_STRAY_SOURCES);
}

static const struct {
	const char *what;
	int (*reset)(struct gate *g);
	enum event_kind event;
} resets[] = {
	{"strays", reset_strays, EVENT_STRAYS_RESET},
	{"learned", gate_clear_learned, EVENT_LEARNED_RESET},
};

static int run(const struct call *c)
{
	cleanup_gate struct gate g = GATE_INIT;
	size_t i, count = sizeof(resets) / sizeof(resets[0]);

	for (i = 0; i < count && strcmp(c->argv[0], resets[i].what); i++)
		;
	if (i == count) {
		say("reset \"%.40s\": expected strays or learned; see `straygate reset -h`", c->argv[0]);
		return EXIT_USAGE;
	}
	if (c->argc > 1 && resets[i].reset != gate_clear_learned) {
		say("reset %s takes no file; see `straygate reset -h`", resets[i].what);
		return EXIT_USAGE;
	}
	if (gate_open(&g, c->instance, GATE_WRITE) ||
	    (c->argc > 1 ? gate_restore_learned(&g, c->argv[1]) : resets[i].reset(&g)))
		return EXIT_FAILED;
	events_write(&g, resets[i].event, NULL, 0);
	print_result(c, "reset", 0);
	return EXIT_OK;
}

const struct verb verb_reset = {
	.name = "reset",
	.arguments = "WHAT [FILE]",
	.summary = "forget the strays that `show strays` lists, or the sources that were learned",
	.help = "  strays   the names and sources of `show strays`; they are counted anew from now on\n"
		"  learned  the sources that the line `learn` refuses, and the strays that were counted\n"
		"           of others; who is a regular stays one. With FILE, those that `save --learned`\n"
		"           wrote are refused from now on, for what is left of their time\n"
		"Counters of packets are left as they are.\n",
	.takes = TAKES_JSON,
	.least = 1,
	.most = 2,
	.run = run,
};
