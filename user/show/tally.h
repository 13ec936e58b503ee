/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Counters as people ask for them: per reason of a device, per listener, per
 * rule; the same sums for text, JSON and OpenMetrics.
 */
#ifndef STRAYGATE_TALLY_H
#define STRAYGATE_TALLY_H

#include "gate/gate.h"

struct reason_text {
	unsigned int number;
	const char *name;
	enum verdict verdict;
	enum counts_as counts;
	const char *text;
};

/* All reasons in order of their numbers; the last has name NULL. */
extern const struct reason_text reasons[];
const struct reason_text *reason_text(unsigned int number);
const char *verdict_name(enum verdict v);

/* Of one reason: all packets, and those of them that were only observed. */
struct sum {
	struct counter all;
	struct counter observed;
};

struct device_tally {
	struct gate_device *device; /* owned by the gate's list */
	struct sum reason[REASONS_MAX];
	struct counter packets; /* the sum over its reasons */
};

struct listener_tally {
	const struct rule *rule;
	struct sum reason[REASONS_MAX]; /* over all devices */
	uint64_t visits;
	uint64_t served;
	uint64_t stray;
	uint64_t unnamed;
	uint64_t unreadable;
	uint64_t unknown;
	uint64_t by_source; /* packets that a `source` or `limit each` line decided */
	uint64_t limited;   /* visits over a limit of theirs, as far as they can be told from packets */
	uint64_t answered;  /* visits that the gate answered */
	uint64_t turned;    /* visits that it answered, reset or dropped */
};

struct tally {
	struct gate_ruling ruling; /* when the lines were read */
	struct gate_lines *lines;
	struct policy *policy; /* of these lines, but for sources and names */
	struct gate_device *devices;
	struct device_tally *device;
	size_t device_count;
	struct listener_tally *listener;
	size_t listener_count;
	size_t names;	/* of `serve` lines and lists, and zones */
	size_t sources; /* prefixes of `source` lines and lists */
	bool trusts;	/* one of them at least */
};

/* Reads everything but the rules. Prints its own errors. 0 or -errno; free with
 * tally_free() in any case. */
int tally_read(struct gate *g, struct tally *t);
/* The same for who reads again and again: while the policy is the same, its lines are
 * taken over from `before`, which keeps its figures alone, with rules that are t's. */
int tally_again(struct gate *g, struct tally *t, struct tally *before);
/* What a listener of another tally counted in this one; all zero if it was not there. */
const struct listener_tally *tally_same_listener(const struct tally *t, const struct listener_tally *l);
/* Its figures anew, from those of its reasons. */
void tally_sum_listener(struct listener_tally *l);
void tally_free(struct tally *t);
#define cleanup_tally __attribute__((cleanup(tally_free)))

#endif
