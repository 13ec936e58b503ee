// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "gate/gate.h"
#include "lib/say.h"
#include "cmd/verb.h"

static int down_device(struct gate *g, const char *device)
{
	struct gate_device *devices;
	size_t count, i;
	bool found = false;

	if (gate_devices(g, &devices, &count))
		return EXIT_FAILED;
	for (i = 0; i < count; i++)
		found |= !strcmp(devices[i].name, device);
	gate_devices_free(devices, count);
	if (!found)
		return fail(EXIT_FAILED, "%s: the gate is not on this device; see `straygate status`",
			    device);
	return gate_detach(g, device) ? EXIT_FAILED : EXIT_OK;
}

/* Down must always work: neither a foreign layout nor a missing map nor a
 * network namespace that is gone keeps it from taking the links away. */
static int run(const struct call *c)
{
	cleanup_gate struct gate g = GATE_INIT;
	int i;

	if (!c->argc) {
		int err = gate_open_any(&g, c->instance);

		if (err == -ENOENT)
			return gate_not_up(EXIT_OK, c->instance, "nothing to do");
		return err || gate_destroy(&g) ? EXIT_FAILED : EXIT_OK;
	}
	if (gate_open(&g, c->instance, GATE_WRITE))
		return EXIT_FAILED;
	for (i = 0; i < c->argc; i++)
		if (down_device(&g, c->argv[i]))
			return EXIT_FAILED;
	return EXIT_OK;
}

const struct verb verb_down = {
	.name = "down",
	.arguments = "[DEV...]",
	.summary = "take the gate off devices, or, without any, away with all it knows",
	.help = "With devices the policy and its counters stay for the others.\n",
	.least = 0,
	.most = -1,
	.run = run,
};
