// SPDX-License-Identifier: GPL-2.0-or-later
#include "exporter/live.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/clock.h"
#include "lib/json.h"
#include "lib/say.h"
#include "show/alarm.h"
#include "show/depth.h"
#include "show/status.h"
#include "show/strays.h"

#define TOP    10 /* names, and sources */
#define RECENT 15 /* seconds in each message, so that one that was lost leaves no gap */

/* A second of CLOCK_MONOTONIC as one of the clock on the wall. */
static uint64_t wall(uint64_t second)
{
	return (realtime_ns() - monotonic_ns()) / SECOND_NS + second;
}

static json_t *second_json(const struct second *s)
{
	return json_pack("[I, I, I, I]", (json_int_t)s->served, (json_int_t)s->stray, (json_int_t)s->other,
			 (json_int_t)s->turned);
}

/* {"from": SECOND, "seconds": [[served, stray, other, turned], ...]} */
static json_t *seconds_json(const struct watch *w, uint64_t count)
{
	const struct history *h = &w->history;
	uint64_t had = h->first ? h->last - h->first + 1 : 0, s, from;
	json_t *all = json_array();

	if (count > had)
		count = had;
	from = h->last + 1 - count;
	for (s = from; s < from + count; s++) {
		struct second one = history_at(h, s);

		json_array_append_new(all, second_json(&one));
	}
	return json_pack("{s:I, s:o}", "from", (json_int_t)wall(from), "seconds", all);
}

/* ---- now ----------------------------------------------------------------------- */

/* The same seconds of one listener, by as many as there are of all. */
static json_t *track_json(const struct watch *w, const struct rule *r, uint64_t count)
{
	const struct history *h = &w->history;
	const struct track *t = track_of(h, r);
	uint64_t had = h->first ? h->last - h->first + 1 : 0, s;
	json_t *all = json_array();

	if (count > had)
		count = had;
	for (s = h->last + 1 - count; s < h->last + 1; s++) {
		struct second one = track_at(h, t, s);

		json_array_append_new(all, second_json(&one));
	}
	return all;
}

static json_t *listeners_json(const struct watch *w)
{
	const struct tally *t = &w->now.tally;
	struct gate *g = (struct gate *)&w->gate;
	enum shallow devices = devices_shallow(t->devices, t->device_count);
	json_t *all = json_array();
	size_t i;

	for (i = 0; i < t->listener_count; i++) {
		const struct listener_tally *l = &t->listener[i];
		const struct rule *r = l->rule;
		enum shallow why = shallow_on(g, t->policy, r, devices);
		const char *depth = depth_on(g, t->policy, r, devices);

		json_array_append_new(
			all,
			json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o}",
				  "listener", r->subject, "as", protocol_name(r->as), "depth", depth, "why",
				  shallow_text(why), "state", alarm_state(g, t->policy, r), "visits",
				  (json_int_t)l->visits, "served", (json_int_t)l->served, "stray",
				  (json_int_t)l->stray, "unnamed", (json_int_t)l->unnamed, "unreadable",
				  (json_int_t)l->unreadable, "unknown", (json_int_t)l->unknown, "turned",
				  (json_int_t)l->turned, "recent", track_json(w, r, RECENT)));
	}
	return all;
}

static json_t *devices_json(const struct tally *t)
{
	json_t *all = json_array();
	size_t i;

	for (i = 0; i < t->device_count; i++)
		json_array_append_new(all, json_pack("{s:s, s:s, s:b, s:I}", "device", t->devices[i].name,
						     "mode", t->devices[i].generic ? "generic" : "native",
						     "attached", t->devices[i].attached, "packets",
						     (json_int_t)t->device[i].packets.packets));
	return all;
}

static uint64_t of_reason(const struct tally *t, unsigned int reason)
{
	uint64_t n = 0;
	size_t i;

	for (i = 0; i < t->device_count; i++)
		n += t->device[i].reason[reason].all.packets;
	return n;
}

/* In packets; rate: in the last second. */
static json_t *reasons_json(const struct watch *w)
{
	json_t *all = json_array();
	const struct reason_text *r;

	for (r = reasons; r->name; r++) {
		uint64_t now = of_reason(&w->now.tally, r->number);
		uint64_t before = w->has_before ? of_reason(&w->before.tally, r->number) : now;

		if (now)
			json_array_append_new(all, json_pack("{s:s, s:s, s:s, s:I, s:I}", "reason", r->name,
							     "verdict", verdict_name(r->verdict), "text",
							     r->text, "packets", (json_int_t)now, "rate",
							     (json_int_t)(now > before ? now - before : 0)));
	}
	return all;
}

static json_t *heavy_json(const struct heavy *h, size_t count, bool names)
{
	json_t *all = json_array();
	char text[HEAVY_TEXT];
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < count; i++)
		sum += h[i].count;
	for (i = 0; i < count && i < TOP; i++) {
		heavy_text(text, &h[i], names);
		json_array_append_new(all,
				      json_pack("{s:s, s:s, s:I, s:f}", "text", text, "as",
						protocol_name(h[i].protocol), "visits",
						(json_int_t)h[i].count, "share", (double)h[i].count / sum));
	}
	return all;
}

static json_t *findings_json(const struct findings *f)
{
	json_t *all = json_array();
	size_t i;

	for (i = 0; i < f->count; i++)
		json_array_append_new(all, json_pack("{s:s, s:s}", "level", level_name(f->cause[i].level),
						     "text", f->cause[i].text));
	return all;
}

static json_t *bound_json(struct gate *g)
{
	struct room room;

	if (gate_room(g, &room))
		return json_null();
	return json_pack("{s:I, s:I, s:b}", "visits", (json_int_t)room.bound, "limit", (json_int_t)room.limit,
			 "draining", room.draining != 0);
}

static json_t *now_json(const struct watch *w)
{
	const struct tally *t = &w->now.tally;
	struct gate *g = (struct gate *)&w->gate;
	json_t *o =
		json_pack("{s:i, s:s, s:I, s:b, s:s, s:o, s:o}", "format", 1, "instance", w->instance, "time",
			  (json_int_t)time(NULL), "up", w->open, "level", level_name(w->findings.level),
			  "problems", findings_json(&w->findings), "recent", seconds_json(w, RECENT));

	if (!o || !w->open)
		return o;
	json_object_set_new(o, "posture", json_string(posture_name(policy_posture(t->policy))));
	json_object_set_new(o, "since", json_integer(gate_posture_since(g)));
	json_object_set_new(o, "goes_back_in", seconds_left(g) ? json_integer(seconds_left(g)) : json_null());
	json_object_set_new(o, "served_names", json_integer(t->names));
	json_object_set_new(o, "bound", bound_json(g));
	json_object_set_new(o, "devices", devices_json(t));
	json_object_set_new(o, "listeners", listeners_json(w));
	json_object_set_new(o, "reasons", reasons_json(w));
	json_object_set_new(o, "names", heavy_json(w->strays.names, w->strays.name_count, true));
	json_object_set_new(o, "sources", heavy_json(w->strays.sources, w->strays.source_count, false));
	return o;
}

/* ---- messages -------------------------------------------------------------------- */

/* JSON has no newline in it, so data is one line. */
static char *message(const char *event, json_t *data, size_t *length)
{
	char *json = data ? json_dumps(data, JSON_COMPACT) : NULL, *text = NULL;
	int n;

	json_decref(data);
	if (!json)
		return NULL;
	n = event ? asprintf(&text, "event: %s\ndata: %s\n\n", event, json) : asprintf(&text, "%s\n", json);
	free(json);
	if (n < 0)
		return NULL;
	*length = n;
	return text;
}

/* An hour of all, and a minute of each listener. */
static json_t *history_json(const struct watch *w)
{
	json_t *o = seconds_json(w, HISTORY_SECONDS), *listeners = json_object();
	const struct tally *t = &w->now.tally;
	size_t i;

	for (i = 0; w->open && i < t->listener_count; i++)
		json_object_set_new(listeners, t->listener[i].rule->subject,
				    track_json(w, t->listener[i].rule, HISTORY_LISTENER));
	if (json_object_set_new(o, "listeners", listeners)) {
		json_decref(o);
		return NULL;
	}
	return o;
}

char *live_history(const struct watch *w, size_t *length)
{
	return message("history", history_json(w), length);
}

char *live_history_document(const struct watch *w, size_t *length)
{
	json_t *o = json_pack("{s:i, s:s}", "format", 1, "instance", w->instance);

	if (o)
		json_object_update_new(o, history_json(w));
	return message(NULL, o, length);
}

char *live_second(const struct watch *w, size_t *length)
{
	return message("second", now_json(w), length);
}
