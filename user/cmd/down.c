// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <limits.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gate/events.h"
#include "lib/progress.h"
#include "lib/say.h"
#include "show/since.h"
#include "cmd/change.h"
#include "cmd/verb.h"

#define POLL_US 200000

/* Visits that have shaken hands with the gate and not spoken yet have this long. */
#define GRACE_US 300000

/* until: ns; with --drain alone there is one. */
static void show_waiting(const struct call *c, int64_t left, uint64_t until, bool *said)
{
	uint64_t now = monotonic_ns();

	if (!*said)
		say("waiting for %s bound visit%s to end; `straygate down --now` resets them", grouped(left),
		    left == 1 ? "" : "s");
	*said = true;
	if (c->drain == UINT_MAX)
		progress(NULL, 0, "bound visits left: %s", grouped(left));
	else
		progress(NULL, 0, "bound visits left: %s; reset in %s s", grouped(left),
			 grouped(until > now ? (until - now + SECOND_NS - 1) / SECOND_NS : 0));
}

/* What became of the gate while this command waited. */
enum waited {
	WAITED_ALONE,
	WAITED_GONE, /* another `down` has ended it */
	WAITED_UP,   /* `up` has brought it up again */
};

/* Is it, or this device of it, attached again? */
static bool is_up_again(struct gate *g, const char *device)
{
	struct gate_device *devices;
	size_t count, i;
	bool again = false;

	if (gate_devices(g, &devices, &count))
		return false;
	for (i = 0; i < count; i++)
		again |= devices[i].attached && (!device || !strcmp(devices[i].name, device));
	gate_devices_free(devices, count);
	return again;
}

/* Waits a moment, in which others may do what they want with the gate: `down --now`, or
 * `up`. */
static enum waited wait_for_others(struct gate *g, const char *device)
{
	if (!gate_pause(g, POLL_US))
		return WAITED_GONE;
	return is_up_again(g, device) ? WAITED_UP : WAITED_ALONE;
}

/* How many visits are left, by one device or all, and what ends those. */
typedef int64_t left_fn(struct gate *g, const char *device);
typedef void end_fn(struct gate *g, const char *device, int64_t left);

/* Waits until the last visit that is translated has ended, or as long as was said. */
static enum waited drain(struct gate *g, const struct call *c, const char *device, left_fn *count,
			 end_fn *end)
{
	uint64_t until = monotonic_ns() + c->drain * 1000000000ULL;
	enum waited waited = WAITED_ALONE;
	bool said = false;
	int64_t left;

	while (waited == WAITED_ALONE && (left = count(g, device)) > 0) {
		if (c->now || (c->drain != UINT_MAX && monotonic_ns() >= until)) {
			end(g, device, left);
			break;
		}
		show_waiting(c, left, until, &said);
		waited = wait_for_others(g, device);
	}
	progress_end();
	return waited;
}

static int64_t bound_of(struct gate *g, const char *device)
{
	return gate_bound(g, device ? if_nametoindex(device) : 0);
}

/* Resets what is left. The host's own RSTs take a moment to leave; what has no socket
 * here needs a packet of either side. */
static void cut(struct gate *g, const char *device, int64_t left)
{
	int64_t elsewhere = gate_cut(g, device ? if_nametoindex(device) : 0);
	int i;

	for (i = 0; i < 5 && left > 0; i++) {
		usleep(POLL_US);
		left = bound_of(g, device);
	}
	if (left > 0 && elsewhere > 0)
		say("%lld visits of servers that are not on this host sent no packet for a second, so they "
		    "could not be reset and will hang",
		    (long long)left);
}

/* Of a gate with another layout: what it keeps can be counted, but not reset. */
static int64_t bound_elsewise(struct gate *g, const char *device __attribute__((unused)))
{
	return gate_bound_elsewise(g);
}

static void leave(struct gate *g __attribute__((unused)), const char *device __attribute__((unused)),
		  int64_t left)
{
	say("%lld bound visits will hang: this build cannot reset those of another one", (long long)left);
}

static int fail_up_again(const struct gate *g)
{
	return fail(EXIT_FAILED,
		    "another command has brought instance %s up again, and it was not taken down; see "
		    "`straygate show events`",
		    g->instance);
}

static void stop_devices(struct gate *g)
{
	struct gate_device *devices;
	size_t count, i;

	if (gate_devices(g, &devices, &count))
		return;
	for (i = 0; i < count; i++) {
		gate_stop(g, devices[i].name);
		events_write(g, EVENT_DETACHED, devices[i].name, 0);
	}
	gate_devices_free(devices, count);
}

static enum waited stop_elsewise(struct gate *g, const struct call *c)
{
	stop_devices(g);
	return drain(g, c, NULL, bound_elsewise, leave);
}

static bool is_ours(const struct gate_device *devices, size_t count, const char *device)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (!strcmp(devices[i].name, device))
			return true;
	return false;
}

static int down_device(struct gate *g, const struct call *c, const char *device)
{
	struct gate_device *devices;
	size_t count;
	bool found;

	if (gate_devices(g, &devices, &count))
		return EXIT_FAILED;
	found = is_ours(devices, count, device);
	gate_devices_free(devices, count);
	if (!found)
		return fail(EXIT_FAILED, "%s: the gate is not on this device; see `straygate status`",
			    device);
	gate_stop_leaving(g, device);
	events_write(g, EVENT_DETACHED, device, 0);
	switch (if_nametoindex(device) ? drain(g, c, device, bound_of, cut) : WAITED_ALONE) {
	case WAITED_GONE:
		return EXIT_OK;
	case WAITED_UP:
		return fail_up_again(g);
	case WAITED_ALONE:
		break;
	}
	return gate_detach(g, device) ? EXIT_FAILED : EXIT_OK;
}

/* Judging stops at once, translation with the last bound visit. */
static enum waited stop_all(struct gate *g, const struct call *c)
{
	if (gate_drain(g, true))
		return WAITED_ALONE;
	if (gate_cookies_about(g))
		usleep(GRACE_US);
	stop_devices(g);
	return drain(g, c, NULL, bound_of, cut);
}

/* To people it says nothing when all went well. */
static int down_result(const struct call *c, const char *result)
{
	if (c->json)
		print_result(c, result, 0);
	return EXIT_OK;
}

/* Down must always work: neither a foreign layout nor a missing map nor a
 * network namespace that is gone keeps it from taking the links away. */
static int run(const struct call *c)
{
	cleanup_gate struct gate g = GATE_INIT;
	int i;

	if (!c->argc) {
		int err = gate_open_any(&g, c->instance), room;
		enum waited waited = WAITED_ALONE;

		if (err == -ENOENT) {
			gate_not_up(EXIT_OK, c->instance, "nothing to do");
			return down_result(c, "unchanged");
		}
		room = err ? err : gate_open_room(&g);
		if (!room)
			waited = stop_all(&g, c);
		else if (room == -EPROTO)
			waited = stop_elsewise(&g, c);
		if (waited == WAITED_UP)
			return fail_up_again(&g);
		if (err || (waited == WAITED_ALONE && gate_destroy(&g)))
			return EXIT_FAILED;
		since_forget(c->instance);
		return down_result(c, "changed");
	}
	if (gate_open(&g, c->instance, GATE_WRITE))
		return EXIT_FAILED;
	for (i = 0; i < c->argc; i++)
		if (down_device(&g, c, c->argv[i]))
			return EXIT_FAILED;
	return down_result(c, "changed");
}

const struct verb verb_down = {
	.name = "down",
	.arguments = "[DEV...]",
	.summary = "take the gate off these devices, or, without any, remove it altogether",
	.help = "Judging stops at once. Visits that the gate introduced to the server (bound visits)\n"
		"are translated until the last of them has ended, and the command waits for that.\n"
		"--drain TIME resets those that are left after TIME, --now resets them at once. If\n"
		"the command is interrupted, translation continues, and another `down` goes on waiting.\n"
		"With devices, policy and counters remain for the others.\n",
	.takes = TAKES_JSON | TAKES_DRAIN,
	.least = 0,
	.most = -1,
	.run = run,
};
