/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What one who looks on knows of the gate, `top` and the exporter: read once a second, kept until the next,
 * with an hour of history. A gate that goes down and comes again, or is upgraded, is simply opened anew each
 * time.
 */
#ifndef STRAYGATE_WATCH_H
#define STRAYGATE_WATCH_H

#include "gate/gate.h"
#include "show/findings.h"
#include "show/history.h"

/* The most active strays, which are looked for only while somebody wants to see them. */
struct strays {
	struct heavy *names, *sources;
	size_t name_count, source_count;
	uint64_t due; /* ns: not again before */
};

/* Bound visits of each listener, by its id. */
struct bound_now {
	bool known; /* not to one who may not read the table */
	uint32_t of[LISTENERS_MAX + 1];
	uint64_t due; /* ns: not again before */
};

struct watch {
	const char *instance;
	bool open; /* the gate could be read, and all that follows is true */
	struct gate gate;
	bool has_before; /* `before` is the sample of a second ago */
	struct sample before, now;
	struct findings findings; /* of the last seconds; if it could not be read: why */
	uint64_t findings_due;
	struct history history;
	struct strays strays;
	struct bound_now bound;
	/* names that are served, while strays are shown */
	struct policy *served, *served_base;
	struct gate_ruling served_of;
	void (*news)(const char *line);
	char said[512]; /* the last message, so that none comes every second */
};

/* news: who gets what the gate's functions say, each message once; NULL: nobody. Until
 * watch_end() nothing else is said. */
void watch_init(struct watch *w, const char *instance, void (*news)(const char *line));
/* Reads the gate, in this second of CLOCK_MONOTONIC. */
void watch_second(struct watch *w, uint64_t second);
/* Brings w->strays up to date if that is due: it takes a twentieth of the time at most. */
void watch_strays(struct watch *w);
/* The same of w->bound. */
void watch_bound(struct watch *w);
/* Nobody looks any more: what only they needed is freed. */
void watch_alone(struct watch *w);
void watch_end(struct watch *w);

#endif
