// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <stdlib.h>

#include "cmd/change.h"
#include "cmd/verb.h"
#include "lib/say.h"

/* The options are words of the line: `posture enforce share 5%`. */
static int run(const struct call *c)
{
	char line[256], *words = join_words(c->argc, c->argv);
	const char *option = c->share ? " share " : c->from ? " from " : "";
	const char *value = c->share ? c->share : c->from ? c->from : "";
	int size;

	if (!words)
		return EXIT_FAILED;
	size = snprintf(line, sizeof(line), "posture %s%s%s", words, option, value);
	free(words);
	if (size >= (int)sizeof(line) || (c->share && c->from)) {
		say("posture: expected observe, auto or enforce, and with enforce --share N%% or --from "
		    "PREFIX");
		return EXIT_USAGE;
	}
	return change_line(c, line, policy_add);
}

const struct verb verb_posture = {
	.name = "posture",
	.arguments = "observe|auto|enforce",
	.summary = "count what would happen, enforce the policy, or do so when it is needed",
	.help = "observe counts what would happen and touches nothing. auto does the same until a\n"
		"listener is in trouble, and enforces the policy there until that is over.\n"
		"enforce --share 5% enforces it for some clients, drawn by their address, and observes\n"
		"all others; --from PREFIX for those of one network. In a file the same words are\n"
		"`posture enforce share 5%` and `posture enforce from 203.0.113.0/24`.\n"
		"The policy file is not touched; its `posture` line applies at the next boot.\n",
	.takes = TAKES_JSON | TAKES_FORCE | TAKES_CONFIRM | TAKES_CANARY,
	.least = 1,
	.most = 3,
	.run = run,
};
