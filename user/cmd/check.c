// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "parser/read.h"
#include "cmd/input.h"
#include "cmd/overlaps.h"
#include "cmd/speaks_first.h"
#include "policy/policy.h"
#include "lib/progress.h"
#include "lib/say.h"
#include "show/show.h"
#include "cmd/verb.h"

static int run(const struct call *c)
{
	cleanup_policy struct policy *p = policy_new();
	struct policy_error err;

	if (!p)
		return fail(EXIT_FAILED, "%s", strerror(ENOMEM));
	if (policy_read_file(p, input_path(c->argv[0]), &err) || policy_check(p, &err)) {
		say("%s", err.text);
		return EXIT_FAILED;
	}
	say_overlaps(p);
	say_speaks_first(p, NULL);
	progress_end();
	policy_out(p, c);
	return EXIT_OK;
}

const struct verb verb_check = {
	.name = "check",
	.arguments = "FILE | -",
	.summary = "read a policy file and print what was understood; nothing is changed",
	.help = "Each line is printed in full, with the defaults that were filled in.\n"
		"Lists of sources that overlap and have different actions are reported on standard error,\n"
		"and so are ports where the server speaks first. `-` is standard input. It needs no\n"
		"privilege and no kernel support.\n",
	.takes = TAKES_JSON,
	.least = 1,
	.most = 1,
	.run = run,
};
