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
	uint64_t by_source; /* packets that a `source` line decided */
};

struct tally {
	struct gate_lines *lines;
	struct policy *policy; /* of these lines, but for sources and names */
	struct gate_device *devices;
	struct device_tally *device;
	size_t device_count;
	struct listener_tally *listener;
	size_t listener_count;
};

/* Reads everything but the rules. Prints its own errors. 0 or -errno; free with
 * tally_free() in any case. */
int tally_read(struct gate *g, struct tally *t);
void tally_free(struct tally *t);
#define cleanup_tally __attribute__((cleanup(tally_free)))

#endif
