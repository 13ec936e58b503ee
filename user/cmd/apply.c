// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/change.h"
#include "cmd/differences.h"
#include "lib/json.h"
#include "cmd/lockout.h"
#include "cmd/overlaps.h"
#include "lib/progress.h"
#include "lib/say.h"
#include "cmd/verb.h"

static int print_differences(struct policy *before, struct policy *now, const struct call *c)
{
	size_t count;

	progress_end();
	if (c->json)
		json_open(c->instance);
	count = differences_print(before, now, c, 0);
	if (c->json)
		json_close();
	return count && c->exit_code ? EXIT_DIFFERS : EXIT_OK;
}

static int apply(struct gate *g, struct policy *now, const struct call *c)
{
	cleanup_policy struct policy *before = NULL;
	struct policy_error err;
	size_t changes;
	char path[PATH_MAX];

	if (gate_running(g, &before) || keep_posture(now, before))
		return EXIT_FAILED;
	if (policy_check(now, &err)) {
		say("%s", err.text);
		return EXIT_FAILED;
	}
	if (c->diff)
		return print_differences(before, now, c);
	say_overlaps(now);
	progress(NULL, 0, "comparing the policy with what runs");
	changes = policy_diff(before, now, NULL, NULL);
	if (refused(g, now, before, c, c->argv[0], true))
		return EXIT_FAILED;
	/* Also if nothing is different: addresses and settings of the host may be. */
	if (change_policy_for(g, now, before, strcmp(c->argv[0], "-") ? realpath(c->argv[0], path) : NULL,
			      changes ? c->confirm : 0))
		return EXIT_FAILED;
	print_change(g, c, changes);
	return EXIT_OK;
}

static int run(const struct call *c)
{
	cleanup_policy struct policy *now = policy_new();
	cleanup_gate struct gate g = GATE_INIT;
	struct policy_error err;

	if (c->exit_code && !c->diff) {
		say("--exit-code goes with --diff");
		return EXIT_USAGE;
	}
	if (!now)
		return fail(EXIT_FAILED, "%s", strerror(ENOMEM));
	if (policy_read_file(now, input_path(c->argv[0]), &err)) {
		say("%s", err.text);
		return EXIT_FAILED;
	}
	if (gate_open(&g, c->instance, c->diff ? GATE_READ : GATE_WRITE))
		return EXIT_FAILED;
	return apply(&g, now, c);
}

const struct verb verb_apply = {
	.name = "apply",
	.arguments = "FILE | -",
	.summary = "make a policy file the running policy, in one step",
	.help = "`-` is standard input. If the file contains an error, nothing changes. Lines that stay\n"
		"keep their counters, and their time limits continue. Prints \"changed\" or \"unchanged\",\n"
		"and each name that is no longer served; if one of those had visits, --force is needed.\n"
		"A file without a posture line leaves the posture as it is.\n",
	.takes = TAKES_JSON | TAKES_DIFF | TAKES_EXIT_CODE | TAKES_FORCE | TAKES_CONFIRM,
	.least = 1,
	.most = 1,
	.run = run,
};
