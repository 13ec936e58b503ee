// SPDX-License-Identifier: GPL-2.0-or-later
#include "show/status.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gate/place.h"
#include "lib/json.h"
#include "lib/progress.h"
#include "lib/say.h"
#include "parser/read.h"
#include "show/alarm.h"
#include "show/changed.h"
#include "show/depth.h"
#include "show/headers.h"

/* The one posture line, which has no subject; NULL: there is none. */
static const struct rule *posture_rule(struct policy *p)
{
	return policy_find(p, ST_POSTURE, "");
}

int keep_posture(struct policy *now, struct policy *before)
{
	struct policy_error err;
	char line[POSTURE_TEXT + 16], posture[POSTURE_TEXT];
	int r;

	if (posture_rule(now) || !posture_rule(before))
		return 0;
	snprintf(line, sizeof(line), "posture %s", posture_print(posture_rule(before), posture));
	r = policy_add(now, line, &err);
	return r < 0 ? fail(r, "%s", err.text) : 0;
}

unsigned int seconds_left(struct gate *g)
{
	uint64_t deadline = gate_deadline(g), now = monotonic_ns();

	if (!deadline)
		return 0;
	return deadline > now + 1000000000 ? (deadline - now) / 1000000000 : 1;
}

enum drift drift(const struct gate *g, struct policy *running)
{
	cleanup_policy struct policy *file = policy_new();
	struct policy_error err;
	bool unreadable;

	if (!g->meta.policy[0])
		return DRIFT_NO_FILE;
	unreadable = !file || policy_read_file(file, g->meta.policy, &err) || keep_posture(file, running);
	progress_end();
	if (unreadable)
		return DRIFT_UNREADABLE;
	return policy_diff(file, running, NULL, NULL) ? DRIFT_DIFFERS : DRIFT_NONE;
}

int status_exit(const struct tally *t)
{
	size_t i;

	for (i = 0; i < t->device_count; i++)
		if (!t->devices[i].attached)
			return EXIT_FAILED;
	return EXIT_OK;
}

/* "": it stands where it should. */
static const char *misplaced(struct gate *g, const struct gate_device *d)
{
	static char text[PLACE_TEXT];

	return d->attached && place_of(g, d->name, NULL, 0, text) == PLACE_WRONG ? text : "";
}

static const char *headers_said(struct gate *g, const struct tally *t, const struct rule *listener)
{
	static char text[HEADERS_TEXT];

	headers_text(g, t, listener, text, NULL);
	return text;
}

/* How many are refused by the line `learn`; null: there is no such line. */
static json_t *learned_json(struct gate *g, struct policy *running)
{
	struct gate_learned *all;
	size_t count;

	if (!gate_learns(running) || gate_learned(g, &all, &count))
		return json_null();
	free(all);
	return json_integer((json_int_t)count);
}

/* For whom the posture is; null: for all. */
static json_t *canary_json(struct policy *p)
{
	const struct rule *r = policy_canary(p);
	char from[PREFIX_TEXT];

	if (!r)
		return json_null();
	if (r->share)
		return json_pack("{s:f}", "share", r->share / 100.0);
	prefix_print(r->prefixes, from, sizeof(from));
	return json_pack("{s:s}", "from", from);
}

json_t *chained_json(const struct chained *c)
{
	return c->id ? json_pack("{s:I, s:s}", "id", (json_int_t)c->id, "name", c->name) : json_null();
}

int status_json(struct gate *g, const char *instance)
{
	static const char *const drifts[] = {"no file", "no", "yes", "file unreadable"};
	cleanup_tally struct tally t = {0};
	cleanup_policy struct policy *running = NULL;
	struct room room;
	uint64_t unplaced;
	size_t i;

	if (tally_read(g, &t) || gate_running(g, &running))
		return EXIT_FAILED;
	json_open(instance);
	json_member("posture", json_string(posture_name(policy_posture(t.policy))));
	json_member("canary", canary_json(t.policy));
	json_member("since", json_integer(gate_posture_since(g)));
	json_member("applied", json_integer(g->meta.applied));
	json_member("build", json_string(g->meta.build));
	json_member("policy", json_string(g->meta.policy));
	json_member("differs_from_file", json_string(drifts[drift(g, running)]));
	json_member("goes_back_in", seconds_left(g) ? json_integer(seconds_left(g)) : json_null());
	json_member("addresses_changed", json_boolean(gate_addresses_changed(g)));
	if (!gate_room(g, &room))
		json_member("bound", json_pack("{s:I, s:I, s:b}", "visits", (json_int_t)room.bound, "limit",
					       (json_int_t)room.limit, "draining", room.draining != 0));
	json_member("learned", learned_json(g, running));
	if (!gate_unplaced(g, &unplaced))
		json_member("unplaced", json_integer((json_int_t)unplaced));
	json_list("devices");
	for (i = 0; i < t.device_count; i++)
		json_item(json_pack("{s:s, s:s, s:b, s:s, s:b, s:o, s:s, s:o}", "device", t.devices[i].name,
				    "mode", t.devices[i].generic ? "generic" : "native", "attached",
				    t.devices[i].attached, "shallow", shallow_text(t.devices[i].shallow),
				    "tc_lost", t.devices[i].tc_lost, "changed",
				    changed_json(t.devices[i].changed), "misplaced",
				    misplaced(g, &t.devices[i]), "chain", chained_json(&t.devices[i].chain)));
	json_list_end();
	json_list("listeners");
	for (i = 0; i < t.listener_count; i++)
		json_item(json_pack(
			"{s:s, s:s, s:s, s:b, s:b, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:s, s:o}", "listener",
			t.listener[i].rule->subject, "as", protocol_name(t.listener[i].rule->as), "depth",
			depth_text(g, t.policy, t.listener[i].rule), "observe", t.listener[i].rule->observe,
			"proxy", t.listener[i].rule->proxy, "headers",
			headers_said(g, &t, t.listener[i].rule), "visits", (json_int_t)t.listener[i].visits,
			"served", (json_int_t)t.listener[i].served, "stray", (json_int_t)t.listener[i].stray,
			"unnamed", (json_int_t)t.listener[i].unnamed, "unknown",
			(json_int_t)t.listener[i].unknown, "by_source", (json_int_t)t.listener[i].by_source,
			"shallow", shallow_reason(g, t.policy, t.listener[i].rule), "auto",
			alarm_json(g, t.policy, t.listener[i].rule)));
	json_list_end();
	json_close();
	return status_exit(&t);
}
