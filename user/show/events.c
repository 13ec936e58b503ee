// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What happened: events of both rings by their time, and what follows from them. A
 * change that nobody confirmed goes back by itself, and no program is there to say so;
 * but the change said when that would be.
 *
 * --follow looks four times a second. The kernel could wake a reader by a BPF ring buffer,
 * but that has one reader, who takes what he reads away: here many may follow, and who
 * comes later reads what was. A look that finds nothing is a few system calls.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "gate/events.h"
#include "lib/clock.h"
#include "lib/json.h"
#include "lib/say.h"
#include "lib/when.h"
#include "show/event_text.h"
#include "show/show.h"

#define LOOK_MS 250

struct feed {
	struct gate *gate;
	const struct call *call;
	struct events_place at;
	struct event next[EVENT_RINGS];
	bool have[EVENT_RINGS];
	uint64_t lost[EVENT_RINGS]; /* before `next` */
	time_t since;
	struct event waits; /* the last change, while it is not confirmed; deadline 0: it is */
};

/* ---- in their order --------------------------------------------------------- */

static int fill(struct feed *f)
{
	enum event_ring ring;

	for (ring = 0; ring < EVENT_RINGS; ring++) {
		uint64_t lost = 0;
		int r;

		if (f->have[ring])
			continue;
		r = events_next(f->gate, ring, &f->at, &f->next[ring], &lost);
		if (r < 0)
			return r;
		f->have[ring] = r;
		f->lost[ring] += lost;
	}
	return 0;
}

/* Of the change that waits: has its time come without another word of a command? */
static bool is_over(const struct feed *f)
{
	if (!f->waits.deadline)
		return false;
	if (f->have[EVENTS_OF_COMMANDS])
		return f->waits.deadline <= f->next[EVENTS_OF_COMMANDS].time;
	return (uint16_t)CONTROL_COUNT(gate_word(f->gate)) == f->waits.count && !gate_deadline(f->gate);
}

static void note_waiting(struct feed *f, const struct event *e)
{
	if (e->count != EVENT_NO_COUNT)
		f->waits = *e;
}

/* 1: *e is the next, *lost how many are not there before it; 0: none; or -errno. */
static int feed_next(struct feed *f, struct event *e, uint64_t *lost)
{
	enum event_ring ring;
	int err = fill(f);

	*lost = 0;
	if (err)
		return err;
	ring = !f->have[EVENTS_OF_COMMANDS] ||
			       (f->have[EVENTS_OF_PROGRAMS] &&
				f->next[EVENTS_OF_PROGRAMS].time <= f->next[EVENTS_OF_COMMANDS].time)
		       ? EVENTS_OF_PROGRAMS
		       : EVENTS_OF_COMMANDS;
	if (is_over(f) && (!f->have[ring] || f->waits.deadline <= f->next[ring].time)) {
		*e = f->waits;
		e->kind = EVENT_ROLLED_BACK;
		e->time = f->waits.deadline;
		f->waits.deadline = 0;
		return 1;
	}
	if (!f->have[ring])
		return 0;
	*e = f->next[ring];
	if (e->kind == EVENT_ASLEEP && e->figure < e->time)
		e->time -= e->figure;
	*lost = f->lost[ring];
	f->have[ring] = false;
	f->lost[ring] = 0;
	if (ring == EVENTS_OF_COMMANDS)
		note_waiting(f, e);
	return 1;
}

/* ---- printing ------------------------------------------------------------------ */

/* ns since 1970 of a time of CLOCK_BOOTTIME. */
static uint64_t wall_clock(uint64_t boottime)
{
	return realtime_ns() - boottime_ns() + boottime;
}

static void json_out(const struct feed *f, json_t *o)
{
	char *text;

	if (!f->call->follow) {
		json_item(o);
		return;
	}
	json_object_set_new(o, "format", json_integer(1));
	json_object_set_new(o, "instance", json_string(f->gate->instance));
	text = json_dumps(o, JSON_COMPACT);
	if (text)
		puts(text);
	free(text);
	json_decref(o);
}

static void print_lost(const struct feed *f, uint64_t lost)
{
	if (f->call->json)
		json_out(f, json_pack("{s:s, s:I}", "event", "lost", "count", (json_int_t)lost));
	else
		printf("%19s  %s event%s before this %s overwritten\n", "", grouped(lost),
		       lost == 1 ? "" : "s", lost == 1 ? "was" : "were");
}

static void print_event(const struct feed *f, const struct event *e)
{
	char time[40], back[40], text[512];

	if (f->call->json) {
		json_t *o = event_json(e);

		when_utc(wall_clock(e->time), time, sizeof(time));
		json_object_set_new(o, "time", json_string(time));
		if (e->deadline && e->kind != EVENT_ROLLED_BACK) {
			when_utc(wall_clock(e->deadline), back, sizeof(back));
			json_object_set_new(o, "goes_back_at", json_string(back));
		}
		json_out(f, o);
		return;
	}
	when_local(wall_clock(e->time), time, sizeof(time));
	event_text(e, text, sizeof(text));
	printf("%s  %s", time, text);
	if (e->deadline && e->kind != EVENT_ROLLED_BACK) {
		when_local(wall_clock(e->deadline), back, sizeof(back));
		printf("; rolled back at %s unless confirmed", back + strlen("2026-01-21 "));
	}
	putchar('\n');
}

/* All that is there now. */
static int print_new(struct feed *f)
{
	struct event e;
	uint64_t lost;
	int r;

	while ((r = feed_next(f, &e, &lost)) > 0) {
		if (lost && !f->call->since)
			print_lost(f, lost);
		if (!f->call->since || wall_clock(e.time) / SECOND_NS >= (uint64_t)f->since)
			print_event(f, &e);
	}
	return r < 0 ? fail(r, "%s/events cannot be read: %s", f->gate->dir, strerror(-r)) : 0;
}

/* ---- following ------------------------------------------------------------------ */

static volatile sig_atomic_t stopped;

static void stop(int signal)
{
	(void)signal;
	stopped = 1;
}

static int follow(struct feed *f)
{
	const struct sigaction sa = {.sa_handler = stop};
	struct pollfd reader = {.fd = STDOUT_FILENO};
	bool gone = false;

	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	while (!stopped && !gone) {
		gone = gate_is_gone(f->gate);
		if (print_new(f))
			return EXIT_FAILED;
		if (fflush(stdout))
			return EXIT_FAILED;
		/* Nobody reads any more: there is nothing to wait for. */
		if (!gone && poll(&reader, 1, LOOK_MS) > 0 && reader.revents & (POLLERR | POLLHUP | POLLNVAL))
			return EXIT_OK;
	}
	if (gone)
		say("instance %s was taken down", f->gate->instance);
	return EXIT_OK;
}

int show_events(struct gate *g, const struct call *c)
{
	struct feed f = {.gate = g, .call = c};
	int err;

	if (c->since && !when_parse(c->since, time(NULL), &f.since)) {
		say("--since %s: expected a time (" WHEN_FORMS ")", c->since);
		return EXIT_USAGE;
	}
	if (c->follow)
		return follow(&f);
	if (c->json) {
		json_open(c->instance);
		json_list("events");
	}
	err = print_new(&f);
	if (c->json) {
		json_list_end();
		json_close();
	}
	return err ? EXIT_FAILED : EXIT_OK;
}
