// SPDX-License-Identifier: GPL-2.0-or-later
#include "show/event_text.h"

#include <stdio.h>
#include <string.h>

#include "policy/rate.h"
#include "show/alarm.h"
#include "show/show.h"

static const char *const names[] = {
	[EVENT_WAY_KNOWN] = "way_known",   [EVENT_FALLEN_BACK] = "fallen_back",
	[EVENT_ROOM_FULL] = "room_full",   [EVENT_ROOM_AGAIN] = "room_again",
	[EVENT_ENGAGED] = "engaged",	   [EVENT_ASLEEP] = "asleep",
	[EVENT_POLICY] = "policy_changed", [EVENT_POSTURE] = "posture_changed",
	[EVENT_CONFIRMED] = "confirmed",   [EVENT_ROLLED_BACK] = "rolled_back",
	[EVENT_ATTACHED] = "attached",	   [EVENT_REPLACED] = "replaced",
	[EVENT_DETACHED] = "detached",	   [EVENT_STRAYS_RESET] = "strays_reset",
	[EVENT_LEARNED] = "learned",	   [EVENT_WIDENED] = "widened",
	[EVENT_LIFTED] = "lifted",	   [EVENT_LEARNED_RESET] = "learned_reset",
};
#define NAMES (sizeof(names) / sizeof(names[0]))

const char *event_name(enum event_kind kind)
{
	return (size_t)kind < NAMES && names[kind] ? names[kind] : "unknown";
}

/* ---- in words ------------------------------------------------------------------ */

/* Text that grows at its end, and is cut where there is no more room. */
struct line {
	char *at;
	size_t left;
};

__attribute__((format(printf, 2, 3))) static void put(struct line *l, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(l->at, l->left, format, args);
	va_end(args);
	if (n < 0)
		return;
	if ((size_t)n >= l->left)
		n = l->left ? l->left - 1 : 0;
	l->at += n;
	l->left -= n;
}

static void put_lines(struct line *l, uint64_t lines)
{
	if (lines)
		put(l, ", %s line%s differ%s", grouped(lines), lines == 1 ? "" : "s", lines == 1 ? "s" : "");
}

/* By whom, and by which command. */
static void put_command(struct line *l, const struct event *e)
{
	uid_t who = e->login != EVENT_NO_LOGIN ? e->login : e->uid;

	if (e->who[0])
		put(l, "; by %s", e->who);
	else
		put(l, "; by uid %u", who);
	if (who != e->uid)
		put(l, e->uid ? " as uid %u" : " as root", e->uid);
	if (e->what[0])
		put(l, ": %s", e->what);
}

static const char *learned_text(const struct event *e)
{
	static char text[PREFIX_TEXT];
	struct prefix p;

	learned_prefix(EVENT_LEARN_KIND(e->cause), e->figure, &p);
	prefix_print(&p, text, sizeof(text));
	return text;
}

static void put_learned(struct line *l, const struct event *e)
{
	char time[64];

	if (e->kind == EVENT_LIFTED) {
		put(l, "%s: %s is not refused any more: a visit from there was served", e->subject,
		    learned_text(e));
		return;
	}
	duration_print(EVENT_LEARN_SECONDS(e->cause) * SECOND_NS, time, sizeof(time));
	put(l, "%s: learned %s, which sent strays and nothing else: refused for %s", e->subject,
	    learned_text(e), time);
	if (e->kind == EVENT_WIDENED)
		put(l, ", as eight of its members were");
}

static void put_kind(struct line *l, const struct event *e)
{
	switch ((enum event_kind)e->kind) {
	case EVENT_WAY_KNOWN:
		put(l,
		    "%s: an answer of its server was seen to leave (IPv%llu): it can be judged at the "
		    "handshake",
		    e->subject, (unsigned long long)e->figure);
		return;
	case EVENT_FALLEN_BACK:
		put(l, "%s: fell back to data: %s", e->subject, shallow_text(e->cause));
		return;
	case EVENT_ROOM_FULL:
		put(l, "new connections are judged at data: the table of bound visits is nearly full (%s)",
		    grouped(e->figure));
		return;
	case EVENT_ROOM_AGAIN:
		put(l, "the table of bound visits has room again (%s)", grouped(e->figure));
		return;
	case EVENT_ENGAGED:
		put(l, "%s: engaged: %s (%s %s)", e->subject, alarm_cause_text(e->cause), grouped(e->figure),
		    e->cause & ALARM_FULL ? "of them" : "a second");
		return;
	case EVENT_ASLEEP:
		put(l, "%s: asleep again", e->subject);
		return;
	case EVENT_POLICY:
		put(l, "policy changed");
		put_lines(l, e->figure);
		return;
	case EVENT_POSTURE:
		put(l, "posture %s", posture_name(EVENT_POSTURE_NOW(e->cause)));
		if (EVENT_POSTURE_SHARE(e->cause) == EVENT_POSTURE_NETWORK)
			put(l, " for one network");
		else if (EVENT_POSTURE_SHARE(e->cause))
			put(l, " for %g %% of the clients", EVENT_POSTURE_SHARE(e->cause) / 100.0);
		put(l, ", was %s", posture_name(EVENT_POSTURE_BEFORE(e->cause)));
		put_lines(l, e->figure);
		return;
	case EVENT_CONFIRMED:
		put(l, "confirmed");
		return;
	case EVENT_ROLLED_BACK:
		put(l, "rolled back: nobody confirmed the change");
		return;
	case EVENT_ATTACHED:
		put(l, "%s: attached, %s XDP", e->subject, e->cause ? "generic" : "native");
		return;
	case EVENT_REPLACED:
		put(l, "%s: program replaced", e->subject);
		return;
	case EVENT_DETACHED:
		put(l, "%s: detached", e->subject);
		return;
	case EVENT_LEARNED_RESET:
		put(l, "learned sources reset");
		return;
	case EVENT_LEARNED:
	case EVENT_WIDENED:
	case EVENT_LIFTED:
		put_learned(l, e);
		return;
	case EVENT_STRAYS_RESET:
		put(l, "stray names and sources reset");
		return;
	}
	put(l, "an event of a newer build, which this one does not know (%u)", e->kind);
}

void event_text(const struct event *e, char *out, size_t size)
{
	struct line l = {out, size};

	put_kind(&l, e);
	if (e->left_out)
		put(&l, " (%s more of this kind since the last one were not recorded)", grouped(e->left_out));
	if (e->kind >= EVENT_POLICY)
		put_command(&l, e);
}

/* ---- as JSON ------------------------------------------------------------------- */

static void set(json_t *o, const char *key, json_t *value)
{
	json_object_set_new(o, key, value);
}

static void set_command(json_t *o, const struct event *e)
{
	set(o, "uid", json_integer(e->uid));
	set(o, "login", e->login == EVENT_NO_LOGIN ? json_null() : json_integer(e->login));
	set(o, "user", e->who[0] ? json_string(e->who) : json_null());
	set(o, "pid", json_integer(e->pid));
	set(o, "command", json_string(e->what));
}

static void set_kind(json_t *o, const struct event *e)
{
	switch ((enum event_kind)e->kind) {
	case EVENT_WAY_KNOWN:
		set(o, "family", json_string(e->figure == 6 ? "ipv6" : "ipv4"));
		return;
	case EVENT_FALLEN_BACK:
		set(o, "cause", json_string(shallow_text(e->cause)));
		return;
	case EVENT_ROOM_FULL:
	case EVENT_ROOM_AGAIN:
		set(o, "bound", json_integer(e->figure));
		return;
	case EVENT_ENGAGED:
		set(o, "cause", alarm_causes_json(e->cause));
		set(o, e->cause & ALARM_FULL ? "waiting" : "per_second", json_integer(e->figure));
		return;
	case EVENT_LEARNED:
	case EVENT_WIDENED:
		set(o, "seconds", json_integer(EVENT_LEARN_SECONDS(e->cause)));
		/* fall through */
	case EVENT_LIFTED:
		set(o, "source", json_string(learned_text(e)));
		return;
	case EVENT_POSTURE:
		set(o, "posture", json_string(posture_name(EVENT_POSTURE_NOW(e->cause))));
		if (EVENT_POSTURE_SHARE(e->cause) == EVENT_POSTURE_NETWORK)
			set(o, "for", json_string("network"));
		else if (EVENT_POSTURE_SHARE(e->cause))
			set(o, "share", json_real(EVENT_POSTURE_SHARE(e->cause) / 100.0));
		set(o, "posture_before", json_string(posture_name(EVENT_POSTURE_BEFORE(e->cause))));
		set(o, "lines", json_integer(e->figure));
		return;
	case EVENT_POLICY:
		set(o, "lines", json_integer(e->figure));
		return;
	case EVENT_ATTACHED:
		set(o, "mode", json_string(e->cause ? "generic" : "native"));
		return;
	case EVENT_ASLEEP:
	case EVENT_CONFIRMED:
	case EVENT_ROLLED_BACK:
	case EVENT_REPLACED:
	case EVENT_DETACHED:
	case EVENT_LEARNED_RESET:
	case EVENT_STRAYS_RESET:
		return;
	}
	set(o, "kind", json_integer(e->kind));
}

json_t *event_json(const struct event *e)
{
	json_t *o = json_pack("{s:s}", "event", event_name(e->kind));

	if (e->listener)
		set(o, "listener", json_string(e->subject));
	else if (e->subject[0])
		set(o, "device", json_string(e->subject));
	set_kind(o, e);
	if (e->left_out)
		set(o, "left_out", json_integer(e->left_out));
	if (e->kind >= EVENT_POLICY)
		set_command(o, e);
	return o;
}
