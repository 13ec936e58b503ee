// SPDX-License-Identifier: GPL-2.0-or-later
#include "show/alarm.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "bpf/alarm_state.h"
#include "lib/clock.h"
#include "lib/json.h"
#include "lib/say.h"
#include "show/show.h"

static bool sleeps(struct policy *p, const struct rule *r)
{
	return policy_posture_of(p, r) == POSTURE_AUTO;
}

/* The listener with which one of QUIC engages; NULL: it stands alone. */
static const struct rule *followed(struct policy *p, const struct rule *r)
{
	const struct rule *found = NULL;

	for (size_t i = 0; r->as == PROTO_QUIC && i < policy_count(p); i++) {
		const struct rule *tls = policy_rule(p, i);

		if (tls->statement == ST_LISTEN && tls->as == PROTO_TLS &&
		    !memcmp(tls->addr, r->addr, sizeof(r->addr)) && (!found || tls->port == r->port))
			found = tls;
	}
	return found;
}

/* Of the listener itself, or, while that is asleep, of the one that it follows. */
static bool read_alarm(struct gate *g, struct policy *p, const struct rule *r, struct alarm *a)
{
	const struct rule *other = followed(p, r);
	struct alarm its;

	if (!sleeps(p, r) || gate_alarm(g, r, a))
		return false;
	if (!a->until && other && !gate_alarm(g, other, &its) && its.until)
		*a = its;
	return true;
}

bool alarm_acts(struct gate *g, struct policy *p, const struct rule *r)
{
	struct alarm a;

	return read_alarm(g, p, r, &a) && a.until;
}

const char *alarm_state(struct gate *g, struct policy *p, const struct rule *r)
{
	enum posture posture = policy_posture_of(p, r);

	if (posture != POSTURE_AUTO)
		return posture_name(posture);
	return alarm_acts(g, p, r) ? "engaged" : "asleep";
}

uint32_t alarm_times(struct gate *g, const struct rule *r)
{
	struct alarm a;

	return gate_alarm(g, r, &a) ? 0 : a.times;
}

/* ---- words ----------------------------------------------------------------- */

static uint64_t ago(struct gate *g, uint64_t then)
{
	uint64_t now = gate_alarm_now(g);

	return then < now ? (now - then) / SECOND_NS : 0;
}

/* Seconds since 1970. Rounded at the end, so that it is the same whenever it is asked. */
static json_int_t moment(struct gate *g, uint64_t then)
{
	uint64_t now = gate_alarm_now(g);

	return (json_int_t)((realtime_ns() - (then < now ? now - then : 0)) / SECOND_NS);
}

static uint64_t left(struct gate *g, uint64_t then)
{
	uint64_t now = gate_alarm_now(g);

	return then > now ? (then - now + SECOND_NS - 1) / SECOND_NS : 0;
}

/* "2h5m" */
static const char *span(uint64_t seconds)
{
	static char texts[4][32];
	static unsigned int turn;
	char *text = texts[turn++ % 4];

	if (!seconds)
		return "0s";
	duration_print(seconds * SECOND_NS, text, sizeof(texts[0]));
	return text;
}

const char *alarm_cause_text(uint32_t cause)
{
	switch (cause & (ALARM_STRAYS | ALARM_SILENT)) {
	case ALARM_STRAYS | ALARM_SILENT:
		return cause & ALARM_PRESSURE ? "strays and silent visits, and the server's queue is filling"
					      : "strays and silent visits";
	case ALARM_SILENT:
		if (cause & ALARM_FULL)
			return "silent visits fill the server's queue";
		return cause & ALARM_PRESSURE ? "silent visits, and the server's queue is filling"
					      : "silent visits";
	default:
		return cause & ALARM_PRESSURE ? "strays, and the server's queue is filling" : "strays";
	}
}

static const char *times_text(uint32_t times)
{
	static char text[32];

	if (times == 1)
		return "once";
	snprintf(text, sizeof(text), "%u times", times);
	return text;
}

static void print_engaged(struct gate *g, const struct rule *r, const struct alarm *a)
{
	printf("  %s has been engaged for %s (%s so far): %s; ", r->subject, span(ago(g, a->changed)),
	       times_text(a->times), alarm_cause_text(a->cause));
	printf("%s strays of %s visits a second", grouped(a->why.strays), grouped(a->why.visits));
	printf(", %s silent%s\n", grouped(a->why.silent), a->cause & ALARM_FULL ? " in the queue" : "");
	printf("    asleep in %s unless %s strays or %s silent visits come in a second\n",
	       span(left(g, a->until)), grouped((a->need_strays + 1) / 2), grouped((a->need_silent + 1) / 2));
}

static void print_asleep(struct gate *g, const struct rule *r, const struct alarm *a)
{
	uint64_t wait;

	if (a->changed)
		printf("  %s has been asleep for %s", r->subject, span(ago(g, a->changed)));
	else /* no packet came for it yet */
		printf("  %s is asleep", r->subject);
	if (a->times)
		printf(" (engaged %s so far)", times_text(a->times));
	if (gate_alarm_is_armed(g, a, &wait)) {
		printf("; in calm %.1f strays of %.1f visits a second\n",
		       (double)a->calm_strays / (1 << ALARM_CALM_SHIFT),
		       (double)a->calm_visits / (1 << ALARM_CALM_SHIFT));
		return;
	}
	printf(", and watches before it may engage:");
	if (wait)
		printf(" %s", span((wait + SECOND_NS - 1) / SECOND_NS));
	if (a->served < ALARM_SERVED_LEAST)
		printf("%s %u served visits", wait ? " and" : "", (unsigned)(ALARM_SERVED_LEAST - a->served));
	puts(" more");
}

/* Which signals cannot be had, and what decides then. */
static void print_signals(const struct rule *r, const struct alarm *a)
{
	if (r->l4 != IPPROTO_TCP)
		return;
	if (r->depth == DEPTH_OFF)
		printf("  %s: silent visits do not engage it: with handshake off nothing can be done about "
		       "them\n",
		       r->subject);
	if (a->queue == ALARM_QUEUE_NONE)
		printf("  %s: no socket of this host listens there (a container?): its queue cannot be seen, "
		       "and strays and silence alone decide\n",
		       r->subject);
	else if (a->queue == ALARM_QUEUE_SMALL)
		printf("  %s: the server's backlog is %u, too short to tell pressure: strays and silence "
		       "alone decide\n",
		       r->subject, a->backlog);
}

/* So many strays in calm are names that somebody forgot, as likely as not. */
static bool has_many(const struct alarm *a)
{
	return a->calm_windows >= 60 && a->calm_visits && a->calm_strays * 20 > a->calm_visits;
}

void alarm_print(struct gate *g, struct policy *p, const struct rule *r)
{
	const struct rule *other = followed(p, r);
	struct alarm a;

	if (!read_alarm(g, p, r, &a))
		return;
	if (a.until)
		print_engaged(g, r, &a);
	else
		print_asleep(g, r, &a);
	if (other)
		printf("  %s is engaged when %s is\n", r->subject, other->subject);
	print_signals(r, &a);
	if (has_many(&a) && r->as != PROTO_QUIC)
		printf("  %s: in calm %.0f %% of its visits are strays%s: serve what lives here before it is "
		       "engaged (straygate show strays%s)\n",
		       r->subject, 100.0 * a.calm_strays / a.calm_visits,
		       r->as == PROTO_DNS ? " or unknown names that are refused" : "",
		       r->as == PROTO_DNS ? ", straygate suggest --zones" : "");
}

void alarm_brief(struct gate *g, struct policy *p, const struct rule *r, char *out, size_t size)
{
	struct alarm a;

	*out = '\0';
	if (read_alarm(g, p, r, &a) && a.until)
		snprintf(out, size, "%s: engaged for %s: %s", r->subject, span(ago(g, a.changed)),
			 alarm_cause_text(a.cause));
}

/* ---- JSON ------------------------------------------------------------------ */

json_t *alarm_causes_json(uint32_t cause)
{
	json_t *list = json_array();

	if (cause & ALARM_STRAYS)
		json_array_append_new(list, json_string("strays"));
	if (cause & ALARM_SILENT)
		json_array_append_new(list, json_string("silent"));
	if (cause & ALARM_PRESSURE)
		json_array_append_new(list, json_string("pressure"));
	if (cause & ALARM_FULL)
		json_array_append_new(list, json_string("full"));
	return list;
}

static json_t *window_json(const struct alarm_window *w)
{
	return json_pack("{s:I, s:I, s:I, s:I}", "visits", (json_int_t)w->visits, "strays",
			 (json_int_t)w->strays, "answered", (json_int_t)w->answered, "silent",
			 (json_int_t)w->silent);
}

static json_t *queue_json(const struct alarm *a)
{
	static const char *const states[] = {"unseen", "seen", "none", "small"};

	return json_pack("{s:s, s:I, s:I, s:I, s:b}", "state", a->queue < 4 ? states[a->queue] : "?",
			 "accept", (json_int_t)a->accept, "half_open", (json_int_t)a->half_open, "backlog",
			 (json_int_t)a->backlog, "pressure", a->pressed != 0);
}

json_t *alarm_json(struct gate *g, struct policy *p, const struct rule *r)
{
	struct alarm a;
	uint64_t wait;
	bool armed;

	if (!read_alarm(g, p, r, &a))
		return json_null();
	armed = gate_alarm_is_armed(g, &a, &wait);
	return json_pack("{s:s, s:o, s:I, s:I, s:o, s:b, s:I, s:o, s:o, s:{s:I, s:I}, s:{s:f, s:f}, s:o}",
			 "state", a.until ? "engaged" : "asleep", "since",
			 a.changed ? json_integer(moment(g, a.changed)) : json_null(), "asleep_in",
			 (json_int_t)(a.until ? left(g, a.until) : 0), "times", (json_int_t)a.times, "cause",
			 alarm_causes_json(a.cause), "armed", armed, "armed_in",
			 (json_int_t)((wait + SECOND_NS - 1) / SECOND_NS), "last", window_json(&a.last),
			 "why", window_json(&a.why), "needs", "strays", (json_int_t)a.need_strays, "silent",
			 (json_int_t)a.need_silent, "calm", "strays",
			 (double)a.calm_strays / (1 << ALARM_CALM_SHIFT), "visits",
			 (double)a.calm_visits / (1 << ALARM_CALM_SHIFT), "queue", queue_json(&a));
}
