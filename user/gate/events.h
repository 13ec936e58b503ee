/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What happened to an instance: events of the programs (bpf/event.h) and of commands,
 * in the map `events`; see struct event.
 */
#ifndef STRAYGATE_GATE_EVENTS_H
#define STRAYGATE_GATE_EVENTS_H

#include "gate/gate.h"

/* The listeners of a policy that is about to rule get their names there, so that an
 * event has the name of its time. 0 or -errno, which is said. */
int events_name_listeners(struct gate *g, struct policy *p);

/* How far one has read, or where to begin: zeros are the oldest that is there. */
struct events_place {
	uint64_t read[EVENT_RINGS];	/* serial of the last */
	uint64_t missing[EVENT_RINGS];	/* one that was not there when it was wanted, and */
	uint64_t patience[EVENT_RINGS]; /* until when it is waited for; ns, CLOCK_BOOTTIME */
};

/*
 * Reads the next event of a ring. 1: *e is it, and *lost is how many were overwritten, or
 * never written, before it. 0: there is none yet (*lost may be above 0 all the same).
 * -errno, without a word.
 */
int events_next(struct gate *g, enum event_ring ring, struct events_place *at, struct event *e,
		uint64_t *lost);

#endif
