// SPDX-License-Identifier: GPL-2.0-only
#include "cmd/change.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "lib/json.h"
#include "cmd/lockout.h"
#include "lib/say.h"

/* The one posture line, which has no subject; NULL: there is none. */
static const struct rule *posture_rule(struct policy *p)
{
	return policy_find(p, ST_POSTURE, "");
}

int keep_posture(struct policy *now, struct policy *before)
{
	struct policy_error err;
	char line[64];
	int r;

	if (posture_rule(now) || !posture_rule(before))
		return 0;
	snprintf(line, sizeof(line), "posture %s", posture_name(policy_posture(before)));
	r = policy_add(now, line, &err);
	return r < 0 ? fail(r, "%s", err.text) : 0;
}

static int note_change(struct gate *g, struct policy *now, struct policy *before, const char *file)
{
	uint64_t seconds = time(NULL);

	g->meta.applied = seconds;
	if (!g->meta.enforcing || policy_posture(now) != policy_posture(before))
		g->meta.enforcing = seconds;
	if (file)
		snprintf(g->meta.policy, sizeof(g->meta.policy), "%s", file);
	return gate_write_meta(g);
}

int change_policy(struct gate *g, struct policy *now, struct policy *before, const char *file)
{
	return change_policy_for(g, now, before, file, 0);
}

static int prepare(struct policy *now, struct policy *before)
{
	struct policy_error err;
	int r = policy_check(now, &err);

	if (r)
		return fail(r, "%s", err.text);
	r = policy_inherit(now, before, monotonic_ns());
	return r ? fail(r, "%s", strerror(-r)) : 0;
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

/* Only then is it worth looking whether a name is served no more. (A word in
 * quotes is no statement.) */
static bool about_names(const char *line)
{
	line += strspn(line, " \t");
	return !strncmp(line, "serve", 5) || !strncmp(line, "zone", 4);
}

int change_policy_for(struct gate *g, struct policy *now, struct policy *before, const char *file,
		      unsigned int seconds)
{
	int r = prepare(now, before);

	return r ? r : publish(g, now, before, file, seconds);
}

/* A source among many is laid over the others: nothing else is looked at. */
static int change_little(struct gate *g, struct policy *now, struct policy *before, struct policy *base,
			 unsigned int seconds)
{
	int r = prepare(now, before);

	if (r)
		return r;
	r = gate_publish_over(g, now, before, base, seconds);
	if (r == -EXDEV)
		return publish(g, now, before, NULL, seconds);
	return r ? r : note_change(g, now, before, NULL);
}

int change_line(const struct call *c, const char *line,
		int (*how)(struct policy *p, const char *line, struct policy_error *err))
{
	/* Clones, each of the one before: freed the other way round. */
	cleanup_policy struct policy *base = NULL;
	cleanup_policy struct policy *before = NULL;
	cleanup_policy struct policy *now = NULL;
	cleanup_gate struct gate g = GATE_INIT;
	struct policy_error err;
	bool waited;
	int r;

	if (gate_open(&g, c->instance, GATE_WRITE) || gate_running_lines(&g, &before, &base))
		return EXIT_FAILED;
	now = policy_clone(before);
	if (!now)
		return fail(EXIT_FAILED, "%s", strerror(ENOMEM));
	r = how(now, line, &err);
	if (r < 0) {
		say("%s", err.text);
		return EXIT_FAILED;
	}
	if (refused(&g, now, before, c, line, about_names(line)))
		return EXIT_FAILED;
	waited = gate_deadline(&g);
	if (r && change_little(&g, now, before, base, c->confirm))
		return EXIT_FAILED;
	print_change(&g, c, r, waited);
	return EXIT_OK;
}

unsigned int seconds_left(struct gate *g)
{
	uint64_t deadline = gate_deadline(g), now = monotonic_ns();

	if (!deadline)
		return 0;
	return deadline > now + 1000000000 ? (deadline - now) / 1000000000 : 1;
}

void print_result(const struct call *c, const char *result, unsigned int goes_back_in, bool confirms)
{
	if (!c->json) {
		puts(result);
		if (goes_back_in)
			printf("goes back in %u s unless `straygate confirm` comes\n", goes_back_in);
		if (confirms)
			puts("this confirms what waited to be confirmed");
		return;
	}
	json_open(c->instance);
	json_member("result", json_string(result));
	if (goes_back_in)
		json_member("goes_back_in", json_integer(goes_back_in));
	if (confirms)
		json_member("confirms", json_true());
	json_close();
}

void print_change(struct gate *g, const struct call *c, bool changed, bool waited)
{
	unsigned int left = changed && c->confirm ? c->confirm : seconds_left(g);

	print_result(c, changed ? "changed" : "unchanged", left, waited && !left);
}
