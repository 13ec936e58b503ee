// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/change.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "gate/events.h"
#include "lib/json.h"
#include "cmd/lockout.h"
#include "cmd/speaks_first.h"
#include "lib/progress.h"
#include "lib/say.h"

/* A path that is cut would be another file's. */
static void note_file(struct gate *g, const char *file)
{
	bool fits = strlen(file) < sizeof(g->meta.policy);

	memset(g->meta.policy, 0, sizeof(g->meta.policy));
	if (fits)
		strcpy(g->meta.policy, file);
	else
		say("the path of the policy has more than %zu bytes and is not remembered: `straygate "
		    "status` "
		    "cannot compare the file with the running policy",
		    sizeof(g->meta.policy) - 1);
}

int note_policy_file(struct gate *g, const char *file)
{
	note_file(g, file);
	return gate_write_meta(g);
}

/* Enforcing nothing is seldom what was meant, and neither is a file in which nothing is
 * judged, as `suggest` makes it where no server runs. */
static void note_nothing(struct policy *now, struct policy *before, const char *file)
{
	size_t i;

	if (!file &&
	    (policy_posture(now) == POSTURE_OBSERVE || policy_posture(before) == policy_posture(now)))
		return;
	for (i = 0; i < policy_count(now); i++)
		if (policy_rule(now, i)->statement == ST_LISTEN)
			return;
	say("no `listen` line yet: nothing is judged");
}

static int note_change(struct gate *g, struct policy *now, struct policy *before, const char *file)
{
	uint64_t seconds = time(NULL);

	note_nothing(now, before, file);
	say_speaks_first(now, before);
	g->meta.applied = seconds;
	if (!g->meta.enforcing || !policy_same_posture(now, before))
		g->meta.enforcing = seconds;
	if (file)
		note_file(g, file);
	return gate_write_meta(g);
}

int change_policy(struct gate *g, struct policy *now, struct policy *before, const char *file)
{
	return change_policy_for(g, now, before, file, 0);
}

/* Since when, of what rules now, and would rule again if this change is not confirmed. While
 * another one waits that is known already. */
static void note_since(struct gate *g)
{
	if (gate_deadline(g))
		return;
	g->meta.enforcing = gate_posture_since(g);
	g->meta.before = g->meta.enforcing;
}

/* Ids of the policy that may rule again are not given away: their counters would be
 * another line's then. */
static int prepare(struct gate *g, struct policy *now, struct policy *before)
{
	cleanup_policy struct policy *base = NULL;
	cleanup_policy struct policy *fallback = NULL;
	struct policy_error err;
	int r = policy_check(now, &err);

	if (r)
		return fail(r, "%s", err.text);
	note_since(g);
	r = gate_fallback(g, &fallback, &base);
	if (r)
		return r;
	r = policy_inherit_beside(now, before, fallback, monotonic_ns());
	if (r == -E2BIG)
		return fail(r, "three policies of this size are too many at once; `straygate confirm` first, "
			       "or wait until the pending one was rolled back");
	return r ? fail(r, "%s", strerror(-r)) : 0;
}

/* For `show events`. Where nothing is different, there is nothing to tell. */
static void announce(struct gate *g, struct policy *now, struct policy *before)
{
	size_t lines = policy_diff(before, now, NULL, NULL);
	const struct rule *canary = policy_canary(now);
	uint32_t postures = EVENT_POSTURES(policy_posture(before), policy_posture(now));

	if (canary)
		postures |= (canary->share ? canary->share : EVENT_POSTURE_NETWORK) << 16;
	if (!policy_same_posture(now, before))
		events_announce(g, EVENT_POSTURE, postures, lines);
	else if (lines)
		events_announce(g, EVENT_POLICY, 0, lines);
}

/* Of a policy with its ids. */
static int publish(struct gate *g, struct policy *now, struct policy *before, const char *file,
		   unsigned int seconds)
{
	int r = gate_shake(g);

	if (!r)
		r = gate_publish(g, now, before, seconds);
	if (!r)
		r = gate_refresh_devices(g);
	return r ? r : note_change(g, now, before, file);
}

int change_policy_for(struct gate *g, struct policy *now, struct policy *before, const char *file,
		      unsigned int seconds)
{
	int r = prepare(g, now, before);

	if (r)
		return r;
	announce(g, now, before);
	return publish(g, now, before, file, seconds);
}

/* A source among many is laid over the others: nothing else is looked at. */
static int change_little(struct gate *g, struct policy *now, struct policy *before, struct policy *base,
			 unsigned int seconds)
{
	int r = prepare(g, now, before);

	if (r)
		return r;
	announce(g, now, before);
	r = gate_publish_over(g, now, before, base, seconds);
	if (r == -EXDEV)
		return publish(g, now, before, NULL, seconds);
	return r ? r : note_change(g, now, before, NULL);
}

int change_line(const struct call *c, const char *line, line_fn *how)
{
	/* Clones, each of the one before: freed the other way round. */
	cleanup_policy struct policy *base = NULL;
	cleanup_policy struct policy *before = NULL;
	cleanup_policy struct policy *now = NULL;
	cleanup_input struct input in = {0};
	cleanup_gate struct gate g = GATE_INIT;
	int r;

	if (input_read(&in, line) || gate_open(&g, c->instance, GATE_WRITE) ||
	    gate_running_lines(&g, &before, &base))
		return EXIT_FAILED;
	now = policy_clone(before);
	if (!now)
		return fail(EXIT_FAILED, "%s", strerror(ENOMEM));
	r = input_lines(now, &in, how);
	if (r < 0)
		return EXIT_FAILED;
	if (refused(&g, now, before, c, line, false))
		return EXIT_FAILED;
	if (r && change_little(&g, now, before, base, c->confirm))
		return EXIT_FAILED;
	print_change(&g, c, r);
	return EXIT_OK;
}

void print_result(const struct call *c, const char *result, unsigned int goes_back_in)
{
	progress_end();
	if (!c->json) {
		puts(result);
		if (goes_back_in)
			printf("rolled back in %u s unless `straygate confirm` is run\n", goes_back_in);
		return;
	}
	json_open(c->instance);
	json_member("result", json_string(result));
	if (goes_back_in)
		json_member("goes_back_in", json_integer(goes_back_in));
	json_close();
}

/* Of a second that has just begun all is left to him who set the deadline. */
void print_change(struct gate *g, const struct call *c, bool changed)
{
	unsigned int left = seconds_left(g);

	if (changed && c->confirm && left == c->confirm - 1)
		left = c->confirm;
	print_result(c, changed ? "changed" : "unchanged", left);
}
