// SPDX-License-Identifier: GPL-2.0-or-later
#include "show/findings.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "host/listening.h"
#include "show/alarm.h"
#include "show/changed.h"
#include "show/depth.h"
#include "show/headers.h"
#include "show/status.h"

const char *level_name(enum level l)
{
	static const char *const names[] = {"OK", "WARNING", "CRITICAL", "UNKNOWN"};

	return names[l];
}

unsigned int findings_count(const struct findings *f, enum level level)
{
	unsigned int n = 0;
	size_t i;

	for (i = 0; i < f->count; i++)
		n += f->cause[i].level == level;
	return n;
}

void findings_add(struct findings *f, enum level level, const char *format, ...)
{
	va_list args;

	if (level > f->level)
		f->level = level;
	if (f->count == CAUSES_MOST)
		return;
	va_start(args, format);
	f->cause[f->count].level = level;
	vsnprintf(f->cause[f->count++].text, sizeof(f->cause[0].text), format, args);
	va_end(args);
}

/* ---- what may be wrong ---------------------------------------------------------- */

static void check_device(struct findings *f, struct gate *g, const struct gate_device *d, uint32_t unseen)
{
	char text[PLACE_TEXT];

	if (!d->attached)
		findings_add(f, LEVEL_CRITICAL, "%s: not attached", d->name);
	else if (unseen)
		findings_add(f, LEVEL_CRITICAL, "%s: attached, but of %u packets the gate saw none", d->name,
			     unseen);
	else if (d->tc_lost)
		findings_add(f, LEVEL_CRITICAL, "%s: the filters at tc were removed, bound visits hang",
			     d->name);
	else if (d->shallow != SHALLOW_NONE)
		findings_add(f, LEVEL_WARNING, "%s: judged at data: %s", d->name, shallow_text(d->shallow));
	if (d->attached && d->changed)
		findings_add(f, LEVEL_WARNING, "%s: %s changed since the gate looked", d->name,
			     changed_text(d->changed));
	if (d->attached && place_of(g, d->name, NULL, 0, text) == PLACE_WRONG)
		findings_add(f, LEVEL_WARNING, "%s: %s", d->name, text);
}

static void check_devices(struct findings *f, struct gate *g, const struct sample *before,
			  const struct sample *now)
{
	const struct tally *t = &now->tally;
	size_t i;

	if (!t->device_count)
		findings_add(f, LEVEL_CRITICAL, "on no device");
	for (i = 0; i < t->device_count; i++)
		check_device(f, g, &t->devices[i], sample_unseen(before, now, i));
}

#define VISITS_TO_SHOW 20

static void check_room(struct findings *f, struct gate *g)
{
	struct room room;

	if (!gate_room(g, &room) && room.bound >= room.limit - room.limit / 4)
		findings_add(f, LEVEL_WARNING, "%llu of %llu bound visits", (unsigned long long)room.bound,
			     (unsigned long long)room.limit);
}

static void check_listeners(struct findings *f, struct gate *g, const struct tally *t)
{
	enum shallow devices = devices_shallow(t->devices, t->device_count);
	struct listening listening;
	size_t i;

	if (!t->listener_count)
		findings_add(f, LEVEL_WARNING, "the policy has no listener");
	listening_read(&listening);
	for (i = 0; i < t->listener_count; i++) {
		const struct rule *r = t->listener[i].rule;
		enum shallow why = shallow_on(g, t->policy, r, devices);
		char engaged[160], headers[HEADERS_TEXT];

		alarm_brief(g, t->policy, r, engaged, sizeof(engaged));
		if (*engaged)
			findings_add(f, LEVEL_WARNING, "%s", engaged);
		/* Whoever has had no visitors has nothing to show yet. */
		if (why != SHALLOW_NONE && (why != SHALLOW_UNSEEN || t->listener[i].visits >= VISITS_TO_SHOW))
			findings_add(f, LEVEL_WARNING, "%s: judged at data: %s", r->subject,
				     shallow_text(why));
		headers_text(g, t, r, headers, NULL);
		if (*headers)
			findings_add(f, LEVEL_WARNING, "%s: %s", r->subject, headers);
		if (!listening_has(&listening, r->l4, r->port))
			findings_add(f, LEVEL_WARNING, "%s: no server listens", r->subject);
	}
}

static void check_policy(struct findings *f, struct gate *g)
{
	if (seconds_left(g))
		findings_add(f, LEVEL_WARNING, "a change waits to be confirmed, %u s yet", seconds_left(g));
	if (gate_addresses_changed(g))
		findings_add(f, LEVEL_WARNING, "addresses of this host changed since the gate looked");
}

void findings_of(struct findings *f, struct gate *g, const struct sample *before, const struct sample *now)
{
	check_devices(f, g, before, now);
	check_listeners(f, g, &now->tally);
	check_room(f, g);
	check_policy(f, g);
}
