/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What counters were at a moment, and how much more they are now. The kernel counts, but
 * not by the clock, and no daemon writes figures down: what is known are those that
 * `show counters --since` itself has left at each call, and that all were zero when the
 * gate came up.
 *
 * They are kept in memory, as the counters are: root's in /run/straygate, by who has
 * logged in, so that a report of cron and a person's own look do not disturb each other;
 * other users' in their XDG_RUNTIME_DIR.
 */
#ifndef STRAYGATE_SINCE_H
#define STRAYGATE_SINCE_H

#include "gate/gate.h"
#include "lib/moments.h"
#include "show/tally.h"

struct sample {
	uint64_t what; /* a hash of what is counted */
	struct counter counter;
};

struct samples {
	struct sample *list;
	size_t count, room;
};

struct since {
	struct moments moments;
	uint32_t map;  /* of the instance, see struct gate_ruling */
	uint64_t now;  /* ns, CLOCK_BOOTTIME */
	uint64_t real; /* the same moment, ns since 1970 */
	uint64_t from; /* the same, of what it is compared with */
	bool up;       /* that is when the gate came up */
	struct samples then, current;
	int err;
};

/* text: "last", or as when_parse() takes it. Exit status; it says what is wrong. */
int since_begin(struct since *s, struct gate *g, const char *text);
/* From now on the counter is how much more it is than it was; kind, name, number: what
 * is counted. One that is less than it was has begun anew. s NULL: it stays. */
void since_counter(struct since *s, const char *kind, const char *name, unsigned int number,
		   struct counter *c);
/* The same of all that is in a tally. */
void since_tally(struct since *s, struct tally *t);
/* Keeps what is now for the next time. Exit status. */
int since_end(struct since *s);
void since_free(struct since *s);
#define cleanup_since __attribute__((cleanup(since_free)))

/* "since 2026-01-21 15:15:02, 12m3s ago", and as members of a document. */
void since_text(const struct since *s);
void since_json(const struct since *s);

/* The gate is no more: what root has kept of it goes. */
void since_forget(const char *instance);

#endif
