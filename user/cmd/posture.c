// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>

#include "cmd/change.h"
#include "cmd/verb.h"

static int run(const struct call *c)
{
	char line[64];

	snprintf(line, sizeof(line), "posture %.40s", c->argv[0]);
	return change_line(c, line, policy_add);
}

const struct verb verb_posture = {
	.name = "posture",
	.arguments = "observe|auto|enforce",
	.summary = "count what would happen, enforce the policy, or do so when it is needed",
	.help = "observe counts what would happen and touches nothing. auto does the same until a\n"
		"listener is in trouble, and enforces the policy there until that is over.\n"
		"The policy file is not touched; a `posture` line in it says what a reboot brings.\n",
	.takes = TAKES_JSON | TAKES_FORCE | TAKES_CONFIRM,
	.least = 1,
	.most = 1,
	.run = run,
};
