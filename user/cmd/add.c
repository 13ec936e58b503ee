// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/change.h"
#include "lib/say.h"
#include "cmd/verb.h"

static int run(const struct call *c, line_fn *how)
{
	char *line = join_words(c->argc, c->argv);
	int status = line ? change_line(c, line, how) : fail(EXIT_FAILED, "%s", strerror(ENOMEM));

	free(line);
	return status;
}

static int run_add(const struct call *c)
{
	return run(c, policy_add);
}

static int run_del(const struct call *c)
{
	return run(c, policy_del);
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
	.run = run_add,
};

const struct verb verb_del = {
	.name = "del",
	.arguments = "LINE | -",
	.summary = "delete one line from the running policy",
	.help = "LINE is a statement and its subject; what follows may be left out, e.g.\n"
		"  straygate del source 203.0.113.0/24\n"
		"  straygate del listen tcp/443 on 192.0.2.10\n"
		"`-` reads lines from standard input and applies them in one step. A line that\n"
		"is not there is \"unchanged\".\n",
	.takes = TAKES_JSON | TAKES_FORCE | TAKES_CONFIRM,
	.least = 1,
	.most = -1,
	.run = run_del,
};
