// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/change.h"
#include "gate/events.h"
#include "lib/say.h"
#include "cmd/verb.h"

static int run(const struct call *c)
{
	cleanup_gate struct gate g = GATE_INIT;

	if (gate_open(&g, c->instance, GATE_WRITE))
		return EXIT_FAILED;
	if (!gate_deadline(&g))
		return fail(EXIT_FAILED,
			    "nothing waits to be confirmed: it was confirmed before, or its time is over "
			    "and the previous policy was restored");
	events_announce(&g, EVENT_CONFIRMED, 0, 0);
	if (gate_confirm(&g))
		return EXIT_FAILED;
	print_result(c, "confirmed", 0);
	return EXIT_OK;
}

const struct verb verb_confirm = {
	.name = "confirm",
	.arguments = "",
	.summary = "keep what was applied with --confirm",
	.help = "Otherwise the kernel restores the previous policy at the deadline; no process has\n"
		"to be running for that.\n",
	.takes = TAKES_JSON,
	.least = 0,
	.most = 0,
	.run = run,
};
