/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What came, second by second: an hour of all listeners together, a minute of each.
 * Memory has a bound. Seconds are those of CLOCK_MONOTONIC; one in which nobody
 * looked gets its share of what came between two looks.
 */
#ifndef STRAYGATE_HISTORY_H
#define STRAYGATE_HISTORY_H

#include <stdint.h>

#include "show/tally.h"

#define HISTORY_SECONDS	 3600
#define HISTORY_LISTENER 60

/* Visits. */
struct second {
	uint32_t served;
	uint32_t stray;
	uint32_t other;	 /* unnamed, unreadable, unknown, over a limit */
	uint32_t turned; /* of all these, what was not let pass */
};

struct track {
	uint32_t id; /* of the listener; 0: free */
	char subject[80];
	struct second seconds[HISTORY_LISTENER]; /* a ring, by time */
};

struct history {
	uint64_t first; /* the second in which it began; 0: it has not */
	uint64_t last;	/* the second up to which it is filled */
	struct second seconds[HISTORY_SECONDS];
	struct track tracks[POLICY_LISTENERS_MAX];
};

/* What came between two tallies, of which the later was taken in this second. */
void history_add(struct history *h, uint64_t second, const struct tally *before, const struct tally *now);
/* 0, 0, ... for one that it does not know (any more). */
struct second history_at(const struct history *h, uint64_t second);
/* The same of one listener; NULL in track_of() and zeros here where there is none. */
const struct track *track_of(const struct history *h, const struct rule *listener);
struct second track_at(const struct history *h, const struct track *t, uint64_t second);

#endif
