// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd/change.h"
#include "lib/json.h"
#include "cmd/lockout.h"
#include "lib/say.h"
#include "cmd/verb.h"

#define POLICY_DIR "/etc/straygate"

/* An instance that was just made, or whose first command was killed, has no
 * policy yet: everything passes until it has one. */
static int first_policy(struct gate *g, struct policy *now, const char *file, const struct call *c)
{
	cleanup_policy struct policy *before = NULL;
	bool waited = gate_deadline(g);

	if (gate_running(g, &before))
		return EXIT_FAILED;
	if (keep_posture(now, before) || (file && refused(g, now, before, c, file, true)))
		return EXIT_FAILED;
	if (change_policy(g, now, before, file))
		return EXIT_FAILED;
	if (waited)
		say("this confirms what waited to be confirmed");
	return EXIT_OK;
}

static int attach(struct gate *g, const char *device, const struct call *c)
{
	struct gate_device *devices;
	size_t count, i;

	if (gate_drain(g, false) || gate_attach(g, device, c->generic) || gate_devices(g, &devices, &count))
		return EXIT_FAILED;
	for (i = 0; i < count; i++)
		if (!strcmp(devices[i].name, device)) {
			const char *mode = devices[i].generic ? "generic" : "native";

			if (c->json)
				json_item(json_pack("{s:s, s:s}", "device", device, "mode", mode));
			else
				printf("%s  %s XDP\n", device, mode);
		}
	gate_devices_free(devices, count);
	return EXIT_OK;
}

/* A gate that was made for nothing is not left behind. */
static int destroy_unused(struct gate *g)
{
	struct gate_device *devices;
	size_t count;

	if (!gate_devices(g, &devices, &count)) {
		gate_devices_free(devices, count);
		if (!count)
			gate_destroy(g);
	}
	return EXIT_FAILED;
}

/* The same, where no device was touched: one that was just made has no policy. */
static int destroy_fresh(struct gate *g)
{
	return CONTROL_SLOT(gate_word(g)) == CONTROL_NO_SLOT ? destroy_unused(g) : EXIT_FAILED;
}

static bool is_attached(const struct gate_device *devices, size_t count, const char *device)
{
	bool attached = false;
	size_t i;

	for (i = 0; i < count; i++)
		attached |= !strcmp(devices[i].name, device) && devices[i].attached;
	return attached;
}

/* A policy knows the addresses that the host had when it was made. A device that
 * comes later, or again, brings others, and these are to be judged, too. What
 * waits to be confirmed is left as it is. */
static int learn_addresses(struct gate *g, const struct call *c)
{
	cleanup_policy struct policy *p = NULL;
	struct gate_device *devices = NULL;
	size_t count = 0;
	int i, come = 0;

	if (gate_devices(g, &devices, &count))
		count = 0;
	for (i = 0; i < c->argc; i++)
		come += !is_attached(devices, count, c->argv[i]);
	gate_devices_free(devices, count);
	if (!come || gate_deadline(g))
		return 0;
	return gate_running(g, &p) || gate_publish(g, p, p, 0);
}

/* `up DEV...`: starts empty, or with what runs already. */
static int up_devices(const struct call *c)
{
	cleanup_policy struct policy *empty = policy_new();
	cleanup_gate struct gate g = GATE_INIT;
	int i, status = EXIT_OK;

	if (!empty)
		return fail(EXIT_FAILED, "%s", strerror(ENOMEM));
	for (i = 0; i < c->argc; i++)
		if (!*c->argv[i] || strlen(c->argv[i]) > DEVICE_SIZE_MAX)
			return fail(EXIT_FAILED, "%.40s: no such device; see `ip link`", c->argv[i]);
	if (gate_make(&g, c->instance, c->netns, c->bound))
		return EXIT_FAILED;
	if (c->group && gate_share(&g, c->group))
		return destroy_fresh(&g);
	if (CONTROL_SLOT(gate_word(&g)) == CONTROL_NO_SLOT)
		status = first_policy(&g, empty, NULL, c);
	else if (learn_addresses(&g, c))
		status = EXIT_FAILED;
	for (i = 0; i < c->argc && status == EXIT_OK; i++)
		status = attach(&g, c->argv[i], c);
	return status == EXIT_OK ? status : destroy_unused(&g);
}

/* `up`: as the file says, devices and posture included. The policy comes first,
 * so that no packet is seen by a gate without one. */
static int up_file(const struct call *c)
{
	cleanup_policy struct policy *p = policy_new();
	cleanup_gate struct gate g = GATE_INIT;
	struct policy_error err;
	char path[128];
	size_t i, devices = 0;

	snprintf(path, sizeof(path), POLICY_DIR "/%.40s.policy", c->instance);
	if (!p)
		return fail(EXIT_FAILED, "%s", strerror(ENOMEM));
	if (access(path, F_OK))
		return fail(EXIT_FAILED,
			    "%s: %s; name the devices (`straygate up DEV...`), or write the file", path,
			    strerror(errno));
	if (policy_read_file(p, path, &err) || policy_check(p, &err)) {
		say("%s", err.text);
		return EXIT_FAILED;
	}
	for (i = 0; i < policy_count(p); i++)
		devices += policy_rule(p, i)->statement == ST_DEVICE;
	if (!devices)
		return fail(EXIT_FAILED, "%s has no `device` line; add one, or name the devices", path);
	if (gate_make(&g, c->instance, c->netns, c->bound))
		return EXIT_FAILED;
	if ((c->group && gate_share(&g, c->group)) || first_policy(&g, p, path, c))
		return destroy_fresh(&g);
	for (i = 0; i < policy_count(p); i++)
		if (policy_rule(p, i)->statement == ST_DEVICE && attach(&g, policy_rule(p, i)->subject, c))
			return destroy_unused(&g);
	return EXIT_OK;
}

static int run(const struct call *c)
{
	int status;

	if (c->json) {
		json_open(c->instance);
		json_list("devices");
	}
	status = c->argc ? up_devices(c) : up_file(c);
	if (c->json) {
		json_list_end();
		json_close();
	}
	return status;
}

const struct verb verb_up = {
	.name = "up",
	.arguments = "[DEV...]",
	.summary = "attach the gate to devices, or replace its program there without a gap",
	.help = "With devices: a new gate starts with an empty policy, posture observe.\n"
		"Without: devices and policy are those of " POLICY_DIR "/INSTANCE.policy.\n"
		"What is loaded stays until `straygate down`; no process is left running.\n",
	.takes = TAKES_JSON | TAKES_NETNS | TAKES_GENERIC | TAKES_FORCE | TAKES_GROUP | TAKES_BOUND,
	.least = 0,
	.most = -1,
	.run = run,
};
