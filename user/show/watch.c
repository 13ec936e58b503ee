// SPDX-License-Identifier: GPL-2.0-or-later
#include "show/watch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/say.h"
#include "show/groups.h"

#define FINDINGS_NS (3 * SECOND_NS - SECOND_NS / 2)
#define STRAYS_NS   (2 * SECOND_NS)
#define BOUND_NS    (SECOND_NS - SECOND_NS / 10)
#define TIME_SHARE  20 /* of the time, one part */

static struct watch *saying;

/* What the gate's functions say: to whom it concerns, if it is news. */
static void heard(const char *line)
{
	struct watch *w = saying;

	if (!w || !strcmp(w->said, line))
		return;
	snprintf(w->said, sizeof(w->said), "%s", line);
	if (w->news)
		w->news(line);
}

void watch_init(struct watch *w, const char *instance, void (*news)(const char *line))
{
	memset(w, 0, sizeof(*w));
	w->instance = instance;
	w->news = news;
	w->gate = (struct gate)GATE_INIT;
	say_to = heard;
	saying = w;
}

static void close_gate(struct watch *w)
{
	gate_close(&w->gate);
	w->gate = (struct gate)GATE_INIT;
	w->open = false;
}

static void note_findings(struct watch *w)
{
	/* They ask the kernel for more than counters. */
	if (w->open && w->has_before && monotonic_ns() < w->findings_due)
		return;
	w->findings = (struct findings){0};
	w->findings_due = monotonic_ns() + FINDINGS_NS;
	if (!w->open)
		findings_add(&w->findings, LEVEL_CRITICAL, "%s",
			     *w->said ? w->said : "the gate cannot be read");
	else if (!w->has_before)
		w->findings_due = 0;
	else
		findings_of(&w->findings, &w->gate, &w->before, &w->now);
}

void watch_second(struct watch *w, uint64_t second)
{
	bool was_open = w->open;

	close_gate(w);
	sample_free(&w->before);
	w->before = w->now;
	w->now = (struct sample){0};
	w->open = !gate_open(&w->gate, w->instance, GATE_READ) &&
		  !sample_take(&w->gate, &w->now, was_open ? &w->before : NULL);
	w->has_before = was_open && w->open;
	if (w->has_before)
		history_add(&w->history, second, &w->before.tally, &w->now.tally);
	if (w->open && *w->said) {
		*w->said = 0;
		if (w->news)
			w->news("the gate can be read");
	}
	note_findings(w);
}

static void free_served(struct watch *w)
{
	policy_free(w->served);
	policy_free(w->served_base);
	w->served = w->served_base = NULL;
}

static void free_strays(struct strays *s)
{
	free(s->names);
	free(s->sources);
	*s = (struct strays){0};
}

/* A policy may be large, and is the same for a long time. */
static int read_served(struct watch *w)
{
	struct gate_ruling now;

	gate_ruling(&w->gate, &now);
	if (w->served && gate_ruling_same(&now, &w->served_of))
		return 0;
	free_served(w);
	w->served_of = now;
	return gate_running_lines(&w->gate, &w->served, &w->served_base);
}

/* What began then and is done now takes a twentieth of the time at most. */
static uint64_t due_after(uint64_t begin, uint64_t least)
{
	uint64_t took = (monotonic_ns() - begin) * TIME_SHARE;

	return begin + (took > least ? took : least);
}

void watch_strays(struct watch *w)
{
	uint64_t begin = monotonic_ns();
	struct strays *s = &w->strays;

	if (!w->open) {
		free_strays(s);
		return;
	}
	if (begin < s->due)
		return;
	free_strays(s);
	if (!read_served(w) && !strays_read(&w->gate, w->served, &s->names, &s->name_count))
		gate_heavy(&w->gate, GATE_STRAY_SOURCES, &s->sources, &s->source_count);
	s->due = due_after(begin, STRAYS_NS);
}

void watch_bound(struct watch *w)
{
	uint64_t begin = monotonic_ns();

	if (w->open && begin < w->bound.due)
		return;
	w->bound.known = w->open && !gate_bound_by_listener(&w->gate, w->bound.of);
	w->bound.due = due_after(begin, BOUND_NS);
}

void watch_alone(struct watch *w)
{
	free_served(w);
	free_strays(&w->strays);
}

void watch_end(struct watch *w)
{
	watch_alone(w);
	close_gate(w);
	sample_free(&w->before);
	sample_free(&w->now);
	saying = NULL;
	say_to = NULL;
}
