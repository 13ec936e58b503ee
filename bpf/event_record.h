/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is remembered of an event: the contract between the programs, which write it by
 * event.h, and the commands. */
#ifndef STRAYGATE_EVENT_RECORD_H
#define STRAYGATE_EVENT_RECORD_H

#include "bpf/shared.h"

/*
 * What happened, for `show events`: two rings, of EVENTS_MAX events each, so that
 * a listener that goes to and fro pushes out no command. Numbers are never used for
 * another kind; user/show/event_text.c has their names and texts.
 */
enum event_kind {
	/* by the programs (bpf/event.h) */
	EVENT_WAY_KNOWN = 1,   /* listener: a SYN-ACK of it was seen to leave; figure: 4 or 6 */
	EVENT_FALLEN_BACK = 2, /* listener, from the handshake to data; cause: enum shallow */
	EVENT_ROOM_FULL = 3,   /* the table of bound visits is 7/8 full; figure: visits */
	EVENT_ROOM_AGAIN = 4,  /* it is no more than 3/4 full again; figure: visits */
	EVENT_ENGAGED = 5,     /* listener, in posture auto: it acts from now on; cause: ALARM_...;
				  figure: strays a second, or with ALARM_SILENT alone, of silent visits */
	EVENT_ASLEEP = 6,      /* listener, in posture auto: it only observes again; figure: since so
				  many ns, since it is told with the next packet */
	EVENT_LEARNED = 7,     /* listener that it sent strays to; cause: EVENT_LEARN(); figure: the
				  source's key, of learn_table.h */
	EVENT_WIDENED = 8,     /* the same of a network */
	EVENT_LIFTED = 9,      /* the same, for 0 s: it, or one of the network, had a served visit */
	/* by commands (user/gate/events.c) */
	EVENT_POLICY = 32,	/* changed; figure: lines that are different */
	EVENT_POSTURE = 33,	/* changed, and perhaps lines, too; cause: EVENT_POSTURES() */
	EVENT_CONFIRMED = 34,	/* what waited to be confirmed */
	EVENT_ROLLED_BACK = 35, /* nobody writes it: it follows from the deadline of a change */
	EVENT_ATTACHED = 36,	/* subject: device; cause: 1: generic XDP */
	EVENT_REPLACED = 37,	/* subject: device; the program there */
	EVENT_DETACHED = 38,	/* subject: device */
	EVENT_STRAYS_RESET = 39,
	EVENT_LEARNED_RESET = 42,
};
#define EVENT_POSTURES(before, now) ((__u32)(before) | (__u32)(now) << 8)
/* And of the new one, for whom: a share in 1/100 %, one network; 0: all */
#define EVENT_POSTURE_SHARE(cause)  ((cause) >> 16)
#define EVENT_POSTURE_NETWORK	    0xffffu
#define EVENT_POSTURE_BEFORE(cause) ((cause)&0xff)
#define EVENT_POSTURE_NOW(cause)    (((cause) >> 8) & 0xff)
#define EVENT_LEARN(kind, seconds)  ((__u32)(kind) | (__u32)(seconds) << 4)
#define EVENT_LEARN_KIND(cause)	    ((cause)&15)
#define EVENT_LEARN_SECONDS(cause)  ((cause) >> 4)
#define EVENT_KINDS_PACED	    16 /* of the programs */

/*
 * Who takes a number from the ring's head writes the event of this number: first 0
 * as its serial, then all else, then the serial. A reader that finds the number as
 * serial, and afterwards the head not EVENTS_MAX further, has read it whole.
 * The programs leave out what stands behind `subject`.
 */
struct event {
	__u64 serial; /* from 1 on, in each ring; in the ring's head: the last that was taken */
	__u64 time;   /* ns of CLOCK_BOOTTIME */
	__u32 kind;
	__u32 listener; /* id; 0: none, or all */
	__u32 cause;
	__u32 left_out; /* of this kind and listener since the last: they came too fast */
	__u64 figure;
	char subject[64]; /* of the listener's line as it was then; or a device */
	/* by commands alone */
	__u64 deadline; /* ns of CLOCK_BOOTTIME: it goes back then, unless confirmed; 0: it stays */
	__u32 count;	/* CONTROL_COUNT() of the word that makes it true; EVENT_NO_COUNT: it is */
	__u32 uid;	/* of the command */
	__u32 login;	/* whose session it ran in, as far as that is known; EVENT_NO_LOGIN: it is not */
	__u32 pid;
	char who[32];  /* the name of `login` or, if that is not known, of `uid`; or "" */
	char what[96]; /* the command, cut to this length */
};
#define EVENT_NO_LOGIN 0xffffffffu
#define EVENT_NO_COUNT 0xffffffffu

/* What event() knows of a listener, or, with id 0, of all. */
struct event_listener {
	char subject[64];		   /* controller, when the id goes to a listener */
	__u64 until[EVENT_KINDS_PACED];	   /* programs: GCRA, ns of CLOCK_BOOTTIME */
	__u32 left_out[EVENT_KINDS_PACED]; /* programs */
};
/* Of one kind and listener as many at once, and then one in so long. */
#define EVENT_BURST    8
#define EVENT_INTERVAL 10000000000ULL /* ns */

/* The map: heads of both rings, listeners, events. */
union event_cell {
	struct event event;
	struct event_listener listener;
};
enum event_ring { EVENTS_OF_PROGRAMS, EVENTS_OF_COMMANDS, EVENT_RINGS };
#define EVENT_LISTENER_CELL(id) (EVENT_RINGS + (id))
#define EVENT_CELL(ring, serial) \
	(EVENT_RINGS + LISTENERS_MAX + 1 + (ring)*EVENTS_MAX + (__u32)((serial) % EVENTS_MAX))
#define EVENT_CELLS (EVENT_RINGS + LISTENERS_MAX + 1 + EVENT_RINGS * EVENTS_MAX)

_Static_assert(sizeof(struct event) == 256, "event has no padding");
_Static_assert(sizeof(struct event_listener) == sizeof(struct event), "cells are of one size");

#endif
