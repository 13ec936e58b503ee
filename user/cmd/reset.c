// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "cmd/change.h"
#include "cmd/verb.h"
#include "gate/events.h"
#include "lib/say.h"

static int run(const struct call *c)
{
	cleanup_gate struct gate g = GATE_INIT;

	if (strcmp(c->argv[0], "strays")) {
		say("reset \"%.40s\": expected strays; see `straygate reset -h`", c->argv[0]);
		return EXIT_USAGE;
	}
	if (gate_open(&g, c->instance, GATE_WRITE) || gate_clear_heavy(&g, GATE_STRAY_NAMES) ||
	    gate_clear_heavy(&g, GATE_STRAY_SUFFIXES) || gate_clear_heavy(&g, GATE_STRAY_SOURCES))
		return EXIT_FAILED;
	events_write(&g, EVENT_STRAYS_RESET, NULL, 0);
	print_result(c, "reset", 0);
	return EXIT_OK;
}

const struct verb verb_reset = {
	.name = "reset",
	.arguments = "strays",
	.summary = "forget the stray names and sources that `show strays` lists",
	.help = "They are counted anew from now on. Counters of packets are left as they are.\n",
	.takes = TAKES_JSON,
	.least = 1,
	.most = 1,
	.run = run,
};
