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

/* ---- by commands ------------------------------------------------------------- */

/* How this process was called, for its events: once, by main(). */
void events_set_command(int argc, char **argv);

/* What the next store of the control word is to be told as: written before it, and true
 * from it on, so that a command that is killed in between leaves neither a change of
 * which nothing is known nor word of one that did not come. */
void events_announce(struct gate *g, enum event_kind kind, uint32_t cause, uint64_t figure);
/* By publish.c: the store comes now. deadline: as CONTROL_DEADLINE(). */
void events_write_announced(struct gate *g, uint32_t count, uint32_t deadline);
/* What has been done. subject: a device, or NULL. No error: what was done is done. */
void events_write(struct gate *g, enum event_kind kind, const char *subject, uint32_t cause);

/* ---- reading ------------------------------------------------------------------- */

/* How far one has read, or where to begin: zeros are the oldest that is there. */
struct events_place {
	uint64_t read[EVENT_RINGS];	/* serial of the last */
	uint64_t missing[EVENT_RINGS];	/* one that was not there when it was wanted, and */
	uint64_t patience[EVENT_RINGS]; /* until when it is waited for; ns, CLOCK_BOOTTIME */
};

/*
 * Reads the next event of a ring; of commands, those that came true. 1: *e is it, and *lost is how many were
 * overwritten, or never written, before it. 0: there is none yet (*lost may be above 0 all the same). -errno,
 * without a word.
 */
int events_next(struct gate *g, enum event_ring ring, struct events_place *at, struct event *e,
		uint64_t *lost);

#endif
