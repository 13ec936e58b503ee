// SPDX-License-Identifier: GPL-2.0-or-later
/* Verdicts as they fall. */
#include <errno.h>
#include <jansson.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/onlook.h"
#include "cmd/verb.h"
#include "lib/say.h"

#define RATE 100 /* a second: what somebody can make out */

struct watcher {
	struct onlooker o;
	struct tap_counts told; /* of which it was said already that they were not shown */
};

static void object_out(struct onlooker *o, json_t *object)
{
	char *text;

	json_object_set_new(object, "format", json_integer(1));
	json_object_set_new(object, "instance", json_string(o->gate->instance));
	text = json_dumps(object, JSON_COMPACT);
	if (text)
		puts(text);
	free(text);
	json_decref(object);
}

static int show(struct onlooker *o, const struct tap_record *r, const uint8_t *bytes)
{
	uint64_t wall = r->time + o->wall;

	(void)bytes;
	if (o->call->json)
		object_out(o, verdict_json(r, o->lines, wall));
	else
		verdict_print(stdout, r, o->lines, wall);
	return 0;
}

static int flush(struct onlooker *o)
{
	if (!fflush(stdout))
		return 0;
	if (errno != EPIPE) {
		fail(0, "standard output cannot be written to: %s", strerror(errno));
		/* Once is enough. */
		__fpurge(stdout);
		clearerr(stdout);
		return -EIO;
	}
	onlook_unread(o);
	return 0;
}

/* What was not shown in the last second. */
static int tell(struct onlooker *o)
{
	struct watcher *w = (struct watcher *)o;
	struct tap_counts now = tap_counts(o->tap);
	uint64_t over = now.over - w->told.over, lost = now.lost - w->told.lost;

	w->told = now;
	if (!over && !lost)
		return 0;
	if (o->call->json) {
		object_out(o, json_pack("{s:I, s:I, s:I}", "not_shown", (json_int_t)(over + lost),
					"over_rate", (json_int_t)over, "lost", (json_int_t)lost));
		return 0;
	}
	if (over)
		say("%s more in the last second, not shown: --rate is %s", grouped(over),
		    grouped(o->filter.rate));
	if (lost)
		say("%s more in the last second, not shown: they came faster than they were read",
		    grouped(lost));
	return 0;
}

static void tell_end(struct onlooker *o)
{
	struct tap_counts c = tap_counts(o->tap);
	uint64_t missed = c.matched - o->taken;
	char why[160];

	if (o->call->json) {
		object_out(o, json_pack("{s:s, s:I, s:I, s:I, s:I, s:I}", "event", "end", "matched",
					(json_int_t)c.matched, "shown", (json_int_t)o->taken, "not_shown",
					(json_int_t)missed, "over_rate", (json_int_t)c.over, "lost",
					(json_int_t)c.lost));
		return;
	}
	onlook_missed(o, &c, why, sizeof(why));
	say("%s shown, %s not%s%s", grouped(o->taken), grouped(missed), missed ? ": " : "",
	    missed ? why : "");
}

static int run(const struct call *c)
{
	cleanup_gate struct gate g = GATE_INIT;
	struct watcher w = {
		.o = {.call = c,
		      .gate = &g,
		      .out = stdout,
		      .count = c->count == UINT_MAX ? 0 : c->count,
		      .take = show,
		      .flush = flush,
		      .second = tell},
	};
	int status = onlook_begin(&w.o, false, RATE);

	if (status == EXIT_OK) {
		status = onlook(&w.o) ? EXIT_FAILED : EXIT_OK;
		if (status == EXIT_OK && (!w.o.unread || !c->json))
			tell_end(&w.o);
	}
	onlook_end(&w.o);
	return status;
}

const struct verb verb_watch = {
	.name = "watch",
	.arguments = "",
	.summary = "print verdicts as they are reached: time, listener, source, reason, name, what was sent",
	.help = "Without --reason it prints the verdicts about visits. --reason takes one or several, with\n"
		"commas between them, of: a reason; served, stray, unnamed, unreadable, unknown, source;\n"
		"pass, drop, answer, reset; all, which includes packets to no listener. Filters work in\n"
		"the kernel. Without --rate at most 100 lines a second are printed; how many were left\n"
		"out is reported on standard error. It costs the gate nothing while nobody watches.\n"
		"  straygate watch --reason stray --from 203.0.113.0/24\n"
		"  straygate watch --name .example.com --rate 0 -j\n",
	.takes = TAKES_JSON | TAKES_WATCH,
	.least = 0,
	.most = 0,
	.run = run,
};
