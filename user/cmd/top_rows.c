// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/top_rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/quote.h"
#include "lib/say.h"
#include "show/alarm.h"
#include "show/depth.h"
#include "show/strays.h"

const char *order_name(enum top_order o)
{
	static const char *const names[] = {"as in the policy", "visits", "served", "stray"};

	return names[o];
}

const char *top_heading(enum top_list list)
{
	static const char *const headings[] = {
		"",
		"     visits          as   stray name",
		"     visits          as   source of strays",
		"packets/s     packets verdict reason",
	};

	return headings[list];
}

static struct top_row *new_row(struct top_rows *rows)
{
	struct top_row *r = rows->count < TOP_ROWS ? &rows->row[rows->count++] : NULL;

	if (r)
		*r = (struct top_row){0};
	return r;
}

/* A listener of the filter, or any. */
static const struct listener_tally *filtered(const struct tally *t, const char *filter)
{
	size_t i;

	for (i = 0; *filter && i < t->listener_count; i++)
		if (!strcmp(t->listener[i].rule->subject, filter))
			return &t->listener[i];
	return NULL;
}

/* ---- listeners --------------------------------------------------------------------- */

struct ordered {
	const struct listener_tally *now, *before;
	uint64_t by;
	size_t place;
};

static uint64_t rate(uint64_t now, uint64_t before, const struct watch *w)
{
	uint64_t ns = w->has_before ? w->now.at - w->before.at : SECOND_NS;
	uint64_t n = !w->has_before || now < before ? 0 : now - before;

	return ns ? (n * SECOND_NS + ns / 2) / ns : n;
}

static int by_rate(const void *a, const void *b)
{
	const struct ordered *x = a, *y = b;

	if (x->by != y->by)
		return x->by < y->by ? 1 : -1;
	return x->place < y->place ? -1 : 1;
}

static uint64_t order_by(const struct watch *w, const struct ordered *o, enum top_order order)
{
	switch (order) {
	case ORDER_VISITS:
		return rate(o->now->visits, o->before->visits, w);
	case ORDER_SERVED:
		return rate(o->now->served, o->before->served, w);
	case ORDER_STRAY:
		return rate(o->now->stray, o->before->stray, w);
	default:
		return 0;
	}
}

static void explain_listener(struct top_row *row, const struct watch *w, const struct listener_tally *l,
			     const char *depth, enum shallow why, const char *state)
{
	const char *subject = l->rule->subject;
	int n = 0;

	if (!strcmp(depth, "handshake"))
		n = snprintf(row->explain, sizeof(row->explain),
			     "%s is judged at the handshake: the server hears of served visits alone.",
			     subject);
	else if (why != SHALLOW_NONE)
		n = snprintf(row->explain, sizeof(row->explain), "%s is judged at data: %s.", subject,
			     shallow_text(why));
	else if (*depth == 'd')
		n = snprintf(
			row->explain, sizeof(row->explain),
			"%s is judged at data: its line, its posture or its being asleep asks for no more.",
			subject);
	else
		n = snprintf(row->explain, sizeof(row->explain), "Of %s each packet is judged.", subject);
	snprintf(row->explain + n, sizeof(row->explain) - n,
		 " It is in state %s; so far it had %s visits: %s served, %s stray, %s unnamed.", state,
		 grouped(l->visits), grouped(l->served), grouped(l->stray), grouped(l->unnamed));
	if (!strcmp(state, "observe"))
		snprintf(row->line, sizeof(row->line),
			 "straygate posture enforce --confirm 60s --instance %s", w->instance);
	else
		snprintf(row->line, sizeof(row->line), "straygate posture observe --instance %s",
			 w->instance);
}

static void listener_row(struct top_row *row, const struct watch *w, const struct ordered *o,
			 enum shallow devices)
{
	struct gate *g = (struct gate *)&w->gate;
	struct policy *p = w->now.tally.policy;
	const struct rule *r = o->now->rule;
	const char *depth = depth_on(g, p, r, devices), *state = alarm_state(g, p, r);

	snprintf(row->key, sizeof(row->key), "%s", r->subject);
	row->listener.as = protocol_name(r->as);
	row->listener.depth = depth;
	row->listener.state = state;
	row->listener.number[NUMBER_VISITS] = rate(o->now->visits, o->before->visits, w);
	row->listener.number[NUMBER_SERVED] = rate(o->now->served, o->before->served, w);
	row->listener.number[NUMBER_STRAY] = rate(o->now->stray, o->before->stray, w);
	row->listener.number[NUMBER_UNNAMED] = rate(o->now->unnamed, o->before->unnamed, w);
	row->listener.number[NUMBER_ANSWERED] = rate(o->now->answered, o->before->answered, w);
	row->listener.number[NUMBER_BOUND] = w->bound.known ? w->bound.of[r->id & LISTENERS_MAX] : NOT_KNOWN;
	row->track = track_of(&w->history, r);
	row->turned = rate(o->now->turned, o->before->turned, w) > 0;
	explain_listener(row, w, o->now, depth, shallow_on(g, p, r, devices), state);
}

static void listener_rows(struct top_rows *out, const struct watch *w, enum top_order order,
			  const char *filter)
{
	const struct tally *t = &w->now.tally;
	enum shallow devices = devices_shallow(t->devices, t->device_count);
	struct ordered all[POLICY_LISTENERS_MAX];
	const struct listener_tally *only = filtered(t, filter);
	size_t i, n = 0;

	for (i = 0; i < t->listener_count && n < POLICY_LISTENERS_MAX; i++) {
		if (only && only != &t->listener[i])
			continue;
		all[n] = (struct ordered){
			.now = &t->listener[i],
			.before = tally_same_listener(&w->before.tally, &t->listener[i]),
			.place = i,
		};
		all[n].by = order_by(w, &all[n], order);
		n++;
	}
	qsort(all, n, sizeof(*all), by_rate);
	for (i = 0; i < n; i++) {
		struct top_row *row = new_row(out);

		if (row)
			listener_row(row, w, &all[i], devices);
	}
}

/* ---- names and sources ------------------------------------------------------------- */

static bool is_of(const struct watch *w, const struct heavy *h, const char *filter)
{
	const struct listener_tally *only = filtered(&w->now.tally, filter);

	return !only || only->rule->as == h->protocol;
}

/* Only what is a name can be served. */
static bool plain(const char *name)
{
	return name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-._")] == 0 && *name && *name != '-';
}

static void name_row(struct top_row *row, const struct watch *w, const struct heavy *h, const char *name)
{
	snprintf(row->explain, sizeof(row->explain),
		 "%s is not in the policy, and was asked for about %s times over %s. If it lives here, serve "
		 "it; "
		 "what is served is no stray any more.",
		 name, grouped(h->count), protocol_name(h->protocol));
	if (plain(name) && h->length < sizeof(h->key))
		snprintf(row->line, sizeof(row->line), "straygate add %s %s --instance %s",
			 h->protocol == PROTO_DNS ? "zone" : "serve", name, w->instance);
}

static void source_row(struct top_row *row, const struct watch *w, const struct heavy *h, const char *source)
{
	snprintf(row->explain, sizeof(row->explain),
		 "From %s came about %s strays over %s. Many visitors share an address: a network is no "
		 "proof, "
		 "and a limit harms fewer of them than a drop.",
		 source, grouped(h->count), protocol_name(h->protocol));
	snprintf(row->line, sizeof(row->line),
		 "straygate add source %s limit 200 visits/s for 1h --instance %s", source, w->instance);
}

static void heavy_row(struct top_row *row, const struct watch *w, const struct heavy *h, uint64_t all,
		      bool name)
{
	char text[HEAVY_TEXT];

	heavy_text(text, h, name);
	snprintf(row->key, sizeof(row->key), "%s", text);
	snprintf(row->text, sizeof(row->text), "%11s %5.1f %% %-4s %.360s", grouped(h->count),
		 100.0 * h->count / all, protocol_name(h->protocol), text);
	row->turned = true;
	(name ? name_row : source_row)(row, w, h, text);
}

static void heavy_rows(struct top_rows *out, const struct watch *w, bool names, const char *filter)
{
	const struct heavy *h = names ? w->strays.names : w->strays.sources;
	size_t count = names ? w->strays.name_count : w->strays.source_count, i;
	uint64_t all = 0;

	for (i = 0; i < count; i++)
		all += is_of(w, &h[i], filter) ? h[i].count : 0;
	for (i = 0; i < count && out->count < TOP_ROWS; i++)
		if (is_of(w, &h[i], filter))
			heavy_row(new_row(out), w, &h[i], all, names);
}

/* ---- reasons ----------------------------------------------------------------------- */

static uint64_t of_reason(const struct tally *t, const struct listener_tally *only, unsigned int reason)
{
	uint64_t n = 0;
	size_t i;

	if (only)
		return only->reason[reason].all.packets;
	for (i = 0; i < t->device_count; i++)
		n += t->device[i].reason[reason].all.packets;
	return n;
}

struct counted {
	const struct reason_text *reason;
	uint64_t packets, rate;
};

static int by_count(const void *a, const void *b)
{
	const struct counted *x = a, *y = b;

	if (x->rate != y->rate)
		return x->rate < y->rate ? 1 : -1;
	return (x->packets < y->packets) - (x->packets > y->packets);
}

static void reason_rows(struct top_rows *out, const struct watch *w, const char *filter)
{
	const struct listener_tally *only = filtered(&w->now.tally, filter);
	const struct listener_tally *was = only ? tally_same_listener(&w->before.tally, only) : NULL;
	struct counted all[REASONS_MAX];
	const struct reason_text *r;
	size_t n = 0, i;

	for (r = reasons; r->name; r++) {
		uint64_t now = of_reason(&w->now.tally, only, r->number);

		if (now)
			all[n++] = (struct counted){
				r, now, rate(now, of_reason(&w->before.tally, was, r->number), w)};
	}
	qsort(all, n, sizeof(*all), by_count);
	for (i = 0; i < n && out->count < TOP_ROWS; i++) {
		struct top_row *row = new_row(out);

		r = all[i].reason;
		snprintf(row->key, sizeof(row->key), "%s", r->name);
		snprintf(row->text, sizeof(row->text), "%9s %11s %-7s %s: %s", grouped(all[i].rate),
			 grouped(all[i].packets), verdict_name(r->verdict), r->name, r->text);
		snprintf(row->explain, sizeof(row->explain), "%s (verdict %s): %s. %s packets so far.",
			 r->name, verdict_name(r->verdict), r->text, grouped(all[i].packets));
		row->turned = r->verdict != VERDICT_PASS;
	}
}

void top_rows_make(struct top_rows *out, const struct watch *w, enum top_list list, enum top_order order,
		   const char *filter)
{
	out->count = 0;
	if (!w->open)
		return;
	if (list == TOP_LISTENERS)
		listener_rows(out, w, order, filter);
	else if (list == TOP_REASONS)
		reason_rows(out, w, filter);
	else
		heavy_rows(out, w, list == TOP_NAMES, filter);
}
