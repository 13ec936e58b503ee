// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/status_check.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd/change.h"
#include "gate/place.h"
#include "host/listening.h"
#include "lib/json.h"
#include "show/alarm.h"
#include "show/depth.h"
#include "show/changed.h"
#include "show/sample.h"

/* The levels of monitoring plugins, which are their exit statuses. */
enum level { LEVEL_OK, LEVEL_WARNING, LEVEL_CRITICAL, LEVEL_UNKNOWN };

static const char *const level_names[] = {"OK", "WARNING", "CRITICAL", "UNKNOWN"};

#define CAUSES_MOST 16

struct findings {
	enum level level;
	char cause[CAUSES_MOST][PLACE_TEXT + 40];
	size_t count;
};

static void __attribute__((format(printf, 3, 4)))
add(struct findings *f, enum level level, const char *format, ...)
{
	va_list args;

	if (level > f->level)
		f->level = level;
	if (f->count == CAUSES_MOST)
		return;
	va_start(args, format);
	vsnprintf(f->cause[f->count++], sizeof(f->cause[0]), format, args);
	va_end(args);
}

/* ---- what may be wrong ---------------------------------------------------------- */

static void check_device(struct findings *f, struct gate *g, const struct gate_device *d, uint32_t unseen)
{
	char text[PLACE_TEXT];

	if (!d->attached)
		add(f, LEVEL_CRITICAL, "%s: not attached", d->name);
	else if (unseen)
		add(f, LEVEL_CRITICAL, "%s: attached, but of %u packets the gate saw none", d->name, unseen);
	else if (d->tc_lost)
		add(f, LEVEL_CRITICAL, "%s: the filters at tc were removed, bound visits hang", d->name);
	else if (d->shallow != SHALLOW_NONE)
		add(f, LEVEL_WARNING, "%s: judged at data: %s", d->name, shallow_text(d->shallow));
	if (d->attached && d->changed)
		add(f, LEVEL_WARNING, "%s: %s changed since the gate looked", d->name,
		    changed_text(d->changed));
	if (d->attached && place_of(g, d->name, NULL, 0, text) == PLACE_WRONG)
		add(f, LEVEL_WARNING, "%s: %s", d->name, text);
}

static void check_devices(struct findings *f, struct gate *g, const struct sample *before,
			  const struct sample *now)
{
	const struct tally *t = &now->tally;
	size_t i;

	if (!t->device_count)
		add(f, LEVEL_CRITICAL, "on no device");
	for (i = 0; i < t->device_count; i++)
		check_device(f, g, &t->devices[i], sample_unseen(before, now, i));
}

#define VISITS_TO_SHOW 20

static void check_room(struct findings *f, struct gate *g)
{
	struct room room;

	if (!gate_room(g, &room) && room.bound >= room.limit - room.limit / 4)
		add(f, LEVEL_WARNING, "%llu of %llu bound visits", (unsigned long long)room.bound,
		    (unsigned long long)room.limit);
}

static void check_listeners(struct findings *f, struct gate *g, const struct tally *t)
{
	struct listening listening;
	size_t i;

	if (!t->listener_count)
		add(f, LEVEL_WARNING, "the policy has no listener");
	listening_read(&listening);
	for (i = 0; i < t->listener_count; i++) {
		const struct rule *r = t->listener[i].rule;
		enum shallow why = shallow_of(g, t->policy, r);
		char engaged[160];

		alarm_brief(g, t->policy, r, engaged, sizeof(engaged));
		if (*engaged)
			add(f, LEVEL_WARNING, "%s", engaged);
		/* Whoever has had no visitors has nothing to show yet. */
		if (why != SHALLOW_NONE && (why != SHALLOW_UNSEEN || t->listener[i].visits >= VISITS_TO_SHOW))
			add(f, LEVEL_WARNING, "%s: judged at data: %s", r->subject, shallow_text(why));
		if (!listening_has(&listening, r->l4, r->port))
			add(f, LEVEL_WARNING, "%s: no server listens", r->subject);
	}
}

static void check_policy(struct findings *f, struct gate *g)
{
	if (seconds_left(g))
		add(f, LEVEL_WARNING, "a change waits to be confirmed, %u s yet", seconds_left(g));
	if (gate_addresses_changed(g))
		add(f, LEVEL_WARNING, "addresses of this host changed since the gate looked");
}

/* ---- what is said ---------------------------------------------------------------- */

static void print_text(const struct findings *f, const struct tally *t)
{
	uint64_t visits = 0, served = 0, stray = 0;
	size_t i;

	printf("STRAYGATE %s:", level_names[f->level]);
	for (i = 0; i < f->count; i++)
		printf("%s %s", i ? ";" : "", f->cause[i]);
	for (i = 0; !f->count && i < t->device_count; i++)
		printf("%s %s", i ? "," : "", t->devices[i].name);
	if (!f->count)
		printf(" in posture %s, %zu listeners", posture_name(policy_posture(t->policy)),
		       t->listener_count);
	for (i = 0; i < t->listener_count; i++) {
		visits += t->listener[i].visits;
		served += t->listener[i].served;
		stray += t->listener[i].stray;
	}
	/* Performance data: c is a counter. */
	printf(" | visits=%lluc served=%lluc stray=%lluc\n", (unsigned long long)visits,
	       (unsigned long long)served, (unsigned long long)stray);
}

static void print_json(const struct findings *f, const char *instance)
{
	size_t i;

	json_open(instance);
	json_member("status", json_string(level_names[f->level]));
	json_list("causes");
	for (i = 0; i < f->count; i++)
		json_item(json_string(f->cause[i]));
	json_list_end();
	json_close();
}

int status_check(const struct call *c)
{
	cleanup_gate struct gate g = GATE_INIT;
	struct sample before = {0}, now = {0};
	struct findings f = {0};
	int err = gate_open(&g, c->instance, GATE_READ);

	if (err == -ENOENT)
		add(&f, LEVEL_CRITICAL, "instance %s is not up", c->instance);
	else if (!err)
		err = sample_take(&g, &before);
	if (!err) {
		usleep(SAMPLE_US);
		err = sample_take(&g, &now);
	}
	if (err && err != -ENOENT)
		add(&f, LEVEL_UNKNOWN, "the gate cannot be read");
	if (!err) {
		check_devices(&f, &g, &before, &now);
		check_listeners(&f, &g, &now.tally);
		check_room(&f, &g);
		check_policy(&f, &g);
	}
	if (c->json)
		print_json(&f, c->instance);
	else
		print_text(&f, &now.tally);
	sample_free(&before);
	sample_free(&now);
	return f.level;
}
