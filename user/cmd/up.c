// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/change.h"
#include "cmd/differences.h"
#include "lib/json.h"
#include "cmd/lockout.h"
#include "gate/place.h"
#include "host/driver.h"
#include "host/ethtool.h"
#include "host/lockdown.h"
#include "host/netdev.h"
#include "lib/progress.h"
#include "lib/say.h"
#include "show/status.h"
#include "cmd/verb.h"

#define POLICY_DIR "/etc/straygate"

/* What is to be brought up. */
struct up {
	struct policy *policy;	/* of the file; else empty */
	struct policy *running; /* what runs already and is kept, or NULL */
	char file[PATH_MAX];	/* "": none */
	char (*devices)[IFNAMSIZ];
	size_t count;
	bool made; /* the gate, by this very command */
};

static void up_free(struct up *up)
{
	policy_free(up->policy);
	policy_free(up->running);
	free(up->devices);
}
#define cleanup_up __attribute__((cleanup(up_free)))

/* ---- the policy ------------------------------------------------------------ */

static bool is_there(const char *instance)
{
	char dir[128];

	snprintf(dir, sizeof(dir), GATE_ROOT "/%.40s", instance);
	return !access(dir, F_OK);
}

/* The file that --policy names; without devices, the instance's own. A gate that is
 * up does not need one. */
static int find_file(const struct call *c, struct up *up)
{
	if (c->policy && !realpath(c->policy, up->file))
		return fail(-errno, "%.200s: %s", c->policy, strerror(errno));
	if (c->policy || c->argc)
		return 0;
	snprintf(up->file, sizeof(up->file), POLICY_DIR "/%.40s.policy", c->instance);
	if (!access(up->file, F_OK))
		return 0;
	if (!is_there(c->instance))
		return fail(-errno, "%s: %s; name the devices (`straygate up DEV...`), or write the file",
			    up->file, strerror(errno));
	up->file[0] = 0;
	return 0;
}

static int read_file(const struct call *c, struct up *up)
{
	struct policy_error err;

	up->policy = policy_new();
	if (!up->policy)
		return fail(-ENOMEM, "%s", strerror(ENOMEM));
	if (find_file(c, up))
		return -EINVAL;
	if (up->file[0] && (policy_read_file(up->policy, up->file, &err) || policy_check(up->policy, &err)))
		return fail(-EINVAL, "%s", err.text);
	return 0;
}

static int first_policy(struct gate *g, const struct call *c, struct up *up)
{
	cleanup_policy struct policy *before = NULL;
	const char *file = up->file[0] ? up->file : NULL;

	if (gate_running(g, &before))
		return -EIO;
	if (keep_posture(up->policy, before) || (file && refused(g, up->policy, before, c, file, true)))
		return -EINVAL;
	return change_policy(g, up->policy, before, file);
}

/* A gate that is up keeps its policy and posture, with all that was said at the
 * command line; only --policy says otherwise. One to which no policy was ever given
 * has none to lose. */
static int find_kept(struct gate *g, const struct call *c, struct up *up)
{
	up->made = CONTROL_SLOT(gate_word(g)) == CONTROL_NO_SLOT;
	if (up->made || c->policy)
		return 0;
	if (gate_running(g, &up->running))
		return -EIO;
	if (policy_lines(up->running) || g->meta.policy[0] || !up->file[0])
		return keep_posture(up->policy, up->running);
	policy_free(up->running);
	up->running = NULL;
	return 0;
}

#define DIFFERENCES_SHOWN 20

static void print_kept(const struct call *c, const struct up *up)
{
	progress_end();
	if (!up->running || !up->file[0])
		return;
	if (differences_print(up->running, up->policy, c, DIFFERENCES_SHOWN))
		say("what runs was kept, and differs from %s; `straygate apply %s` applies the file",
		    up->file, up->file);
}

/* ---- devices --------------------------------------------------------------- */

static void add_device(struct up *up, const char *name)
{
	size_t i;

	for (i = 0; i < up->count; i++)
		if (!strcmp(up->devices[i], name))
			return;
	snprintf(up->devices[up->count++], IFNAMSIZ, "%s", name);
}

/* Not those that `down` was called for, whose visits have not ended yet. */
static void forget_leaving(struct up *up, const struct gate_device *devices, size_t count)
{
	size_t i, j, kept = 0;

	for (i = 0; i < up->count; i++) {
		for (j = 0; j < count; j++)
			if (devices[j].leaving && !strcmp(devices[j].name, up->devices[i]))
				break;
		if (j == count)
			memmove(up->devices[kept++], up->devices[i], IFNAMSIZ);
	}
	up->count = kept;
}

/* Those that were named; else those of the file, and those where the gate is, where its
 * program is replaced, or was: a NIC that was pulled out and is back. */
static int choose_devices(struct gate *g, const struct call *c, struct up *up)
{
	struct gate_device *devices;
	size_t count, i;

	if (gate_devices(g, &devices, &count))
		return -EIO;
	up->devices = calloc(c->argc + policy_count(up->policy) + count + 1, sizeof(*up->devices));
	for (i = 0; up->devices && i < (size_t)c->argc; i++)
		add_device(up, c->argv[i]);
	for (i = 0; up->devices && !c->argc && i < policy_count(up->policy); i++)
		if (policy_rule(up->policy, i)->statement == ST_DEVICE)
			add_device(up, policy_rule(up->policy, i)->subject);
	for (i = 0; up->devices && !c->argc && i < count; i++)
		if (devices[i].attached || if_nametoindex(devices[i].name))
			add_device(up, devices[i].name);
	if (up->devices && c->again)
		forget_leaving(up, devices, count);
	gate_devices_free(devices, count);
	if (!up->devices)
		return fail(-ENOMEM, "%s", strerror(ENOMEM));
	if (up->count || c->again)
		return 0;
	return up->file[0]
		       ? fail(-EINVAL, "%s has no `device` line; add one, or name the devices", up->file)
		       : fail(-EINVAL, "the gate is on no device; name the devices (`straygate up DEV...`)");
}

/* How the gate is attached to a device already; NULL: it is not. */
static const struct gate_device *find_attached(const struct gate_device *devices, size_t count,
					       const char *name)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (!strcmp(devices[i].name, name) && devices[i].attached)
			return &devices[i];
	return NULL;
}

static bool is_attached(struct gate *g, const char *name)
{
	struct gate_device *devices;
	size_t count;
	bool attached;

	if (gate_devices(g, &devices, &count))
		return false;
	attached = find_attached(devices, count, name);
	gate_devices_free(devices, count);
	return attached;
}

/* Another mode is another attachment: there would be a gap, which is not made in
 * silence. */
static int check_mode(struct gate *g, const char *device, const struct call *c)
{
	const struct gate_device *there;
	struct gate_device *devices;
	size_t count;
	bool native;

	if (!c->generic || c->reattach)
		return 0;
	if (gate_devices(g, &devices, &count))
		return -EIO;
	there = find_attached(devices, count, device);
	native = there && !there->generic;
	gate_devices_free(devices, count);
	return native ? fail(-EBUSY,
			     "%s: it runs in native mode; `straygate up %s --generic "
			     "--reattach` changes that, with a gap",
			     device, device)
		      : 0;
}

/* What is wrong where it is already is said, and left as it is. */
static int check_place(struct gate *g, const struct up *up, const char *device)
{
	char text[PLACE_TEXT];
	enum place place = place_of(g, device, (const char(*)[IFNAMSIZ])up->devices, up->count, text);

	if (place == PLACE_WRONG && !is_attached(g, device))
		return fail(-EBUSY, "%s: %s", device, text);
	if (place != PLACE_GOOD)
		say("%s: %s", device, text);
	return 0;
}

/* Those who are connected by it should know beforehand. */
static void say_reset(struct gate *g, const char *device, const struct call *c)
{
	char name[DRIVER_NAME_SIZE];
	const struct driver *d;
	bool there = is_attached(g, device);

	ethtool_driver(device, name);
	d = driver_known(name);
	/* One that is there goes if it is attached anew, whatever mode comes then. */
	if (!d || !d->resets || (there ? !c->reattach : c->generic))
		return;
	say("%s: its driver (%s) resets the link when a program comes or goes%s%s", device, name,
	    d->downtime ? ", for about " : "", d->downtime ? d->downtime : "");
}

/* Before anything is changed, so that a slip among the devices changes nothing. */
static int check_devices(struct gate *g, const struct call *c, const struct up *up)
{
	size_t i;

	for (i = 0; i < up->count; i++) {
		if (!if_nametoindex(up->devices[i]))
			return fail(-ENODEV, "%s: no such device; see `ip link`", up->devices[i]);
		if (!netdev_has_ethernet(up->devices[i]))
			return fail(
				-EOPNOTSUPP,
				"%s: no Ethernet device (a tunnel?); name the one that its packets come by",
				up->devices[i]);
		if (check_mode(g, up->devices[i], c) || check_place(g, up, up->devices[i]))
			return -EBUSY;
	}
	for (i = 0; i < up->count; i++)
		say_reset(g, up->devices[i], c);
	return 0;
}

static int check_names(const struct call *c)
{
	int i;

	for (i = 0; i < c->argc; i++)
		if (!*c->argv[i] || strlen(c->argv[i]) > DEVICE_SIZE_MAX)
			return fail(-ENODEV, "%.40s: no such device; see `ip link`", c->argv[i]);
	return 0;
}

/* The kernel itself says no more than "Invalid argument" or "Operation not permitted". */
static void explain_refusal(void)
{
	if (lockdown_is_confidential(LOCKDOWN_PATH))
		say("the kernel is locked down (%s: confidentiality), in which programs may not read kernel "
		    "memory; boot with lockdown=integrity or none, or switch Secure Boot's lockdown off",
		    LOCKDOWN_PATH);
}

static void print_attached(const struct gate_device *d, const struct call *c)
{
	const char *mode = d->generic ? "generic" : "native";

	progress_end();
	if (c->json)
		json_item(json_pack("{s:s, s:s, s:o}", "device", d->name, "mode", mode, "chain",
				    chained_json(&d->chain)));
	else if (d->chain.id)
		printf("%s  %s XDP, in front of program %u (\"%s\")\n", d->name, mode, d->chain.id,
		       d->chain.name);
	else
		printf("%s  %s XDP\n", d->name, mode);
}

static int attach(struct gate *g, const char *device, const struct call *c)
{
	struct gate_device *devices;
	size_t count, i;
	unsigned int how = (c->generic ? ATTACH_GENERIC : 0) | (c->reattach ? ATTACH_ANEW : 0) |
			   (c->chain ? ATTACH_CHAIN : 0);

	if (gate_drain(g, false))
		return -EIO;
	if (gate_attach(g, device, how)) {
		explain_refusal();
		return -EIO;
	}
	if (gate_devices(g, &devices, &count))
		return -EIO;
	for (i = 0; i < count; i++)
		if (!strcmp(devices[i].name, device))
			print_attached(&devices[i], c);
	gate_devices_free(devices, count);
	return 0;
}

/* A policy knows the addresses that the host had when it was made. Others may have
 * come since, as with a device that comes later, or again, and these are to be judged,
 * too. What waits to be confirmed is left as it is. */
static int learn_addresses(struct gate *g, const struct up *up)
{
	struct gate_device *devices = NULL;
	size_t count = 0, i, come = 0;

	if (gate_devices(g, &devices, &count))
		count = 0;
	for (i = 0; i < up->count; i++)
		come += !find_attached(devices, count, up->devices[i]);
	gate_devices_free(devices, count);
	if ((!come && !gate_addresses_changed(g)) || gate_deadline(g))
		return 0;
	return gate_publish(g, up->running, up->running, 0);
}

/* ---- all of it --------------------------------------------------------------- */

/* A gate that was made for nothing is not left behind; one that was there before
 * stays, also if it is on no device. */
static int give_up(struct gate *g, const struct up *up)
{
	struct gate_device *devices;
	size_t count;

	if (!up->made || gate_devices(g, &devices, &count))
		return EXIT_FAILED;
	gate_devices_free(devices, count);
	if (!count)
		gate_destroy(g);
	return EXIT_FAILED;
}

/* The policy comes first, so that no packet is seen by a gate without one. */
static int bring_up(struct gate *g, const struct call *c, struct up *up)
{
	size_t i;
	int err = find_kept(g, c, up);

	if (!err)
		err = choose_devices(g, c, up);
	if (!err)
		err = check_devices(g, c, up);
	if (!err && c->group)
		err = gate_share(g, c->group);
	if (!err)
		err = up->running ? learn_addresses(g, up) : first_policy(g, c, up);
	for (i = 0; i < up->count && !err; i++)
		err = attach(g, up->devices[i], c);
	if (err)
		return give_up(g, up);
	return EXIT_OK;
}

/* What was taken down, or is about to be, is no change of devices. */
static bool stays_down(struct gate *g, const struct call *c)
{
	if (!gate_is_draining(g))
		return false;
	say("instance %s is being taken down, and --again leaves it so", c->instance);
	return true;
}

static int run(const struct call *c)
{
	cleanup_gate struct gate g = GATE_INIT;
	cleanup_up struct up up = {0};
	int status;

	if (c->again && !is_there(c->instance))
		return gate_not_up(EXIT_OK, c->instance, "--again does nothing");
	if (check_names(c) || read_file(c, &up) || gate_make(&g, c->instance, c->netns, c->bound))
		return EXIT_FAILED;
	if (c->json) {
		json_open(c->instance);
		json_list("devices");
	}
	status = c->again && stays_down(&g, c) ? EXIT_OK : bring_up(&g, c, &up);
	if (c->json)
		json_list_end();
	if (status == EXIT_OK)
		print_kept(c, &up);
	if (c->json)
		json_close();
	return status;
}

const struct verb verb_up = {
	.name = "up",
	.arguments = "[DEV...]",
	.summary = "attach the gate to devices, or replace its program there without a gap",
	.help = "With devices: a new gate starts with an empty policy, posture observe.\n"
		"Without: devices and policy are those of " POLICY_DIR "/INSTANCE.policy.\n"
		"A gate that is up keeps its policy and posture, and what was added by the\n"
		"command line; how they differ from the file is shown. --policy FILE makes\n"
		"FILE the policy in any case.\n"
		"What is loaded stays until `straygate down`; no process is left running.\n",
	.takes = TAKES_JSON | TAKES_NETNS | TAKES_GENERIC | TAKES_FORCE | TAKES_GROUP | TAKES_POLICY |
		 TAKES_BOUND | TAKES_REATTACH,
	.least = 0,
	.most = -1,
	.run = run,
};
