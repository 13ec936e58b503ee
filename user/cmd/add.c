// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/change.h"
#include "lib/say.h"
#include "cmd/verb.h"

static int run(const struct call *c)
{
	char *line = join_words(c->argc, c->argv);
	int status = line ? change_line(c, line, policy_add) : fail(EXIT_FAILED, "%s", strerror(ENOMEM));

	free(line);
	return status;
}

const struct verb verb_add = {
	.name = "add",
	.arguments = "LINE | -",
	.summary = "add one line to the running policy, or replace it",
	.help = "LINE is a statement as in a policy file, e.g.\n"
		"  straygate add source 203.0.113.0/24 drop for 10m\n"
		"  straygate add serve www.example.com\n"
		"`-` reads lines from standard input and applies them in one step.\n"
		"Prints \"changed\" or \"unchanged\". The file is not changed; `straygate status`\n"
		"reports if it differs from the running policy.\n",
	.takes = TAKES_JSON | TAKES_FORCE | TAKES_CONFIRM,
	.least = 1,
	.most = -1,
	.run = run,
};
