/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What `show events` tells of the programs: the one function that writes an event.
 *
 *	event(EVENT_FALLEN_BACK, id, SHALLOW_UNANSWERED, 0);
 *
 * To be called where something changes, not with every packet that finds it changed:
 * the caller makes sure, by a compare-and-exchange, that one packet alone does it. What
 * goes to and fro all the same is held to a pace, of each kind and listener: what was
 * left out is counted, and told by the next event.
 *
 * A new kind needs its number in enum event_kind (shared.h), and its name and text in
 * user/show/event_text.c.
 */
#ifndef STRAYGATE_EVENT_H
#define STRAYGATE_EVENT_H

#include "bpf/bpf.h"
#include "bpf/maps.h"
#include "bpf/packet.h"

static __always_inline union event_cell *event_cell(__u32 at)
{
	return bpf_map_lookup_elem(&events, &at);
}

/* GCRA, as limit.h has it. CPUs that are here at once may let one more pass. */
static __always_inline bool event_is_due(struct event_listener *l, __u32 kind, __u64 now)
{
	__u64 until = l->until[kind & (EVENT_KINDS_PACED - 1)];

	if (until < now)
		until = now;
	if (until - now > (EVENT_BURST - 1) * EVENT_INTERVAL) {
		l->left_out[kind & (EVENT_KINDS_PACED - 1)]++;
		return false;
	}
	l->until[kind & (EVENT_KINDS_PACED - 1)] = until + EVENT_INTERVAL;
	return true;
}

/*
 * kind: one of the programs'. listener: its id, 0: none, or all. cause and figure: what
 * the kind says they are, or 0. Returns 0, whatever becomes of it: an event is no reason
 * for a packet to fail.
 */
stage int event(__u32 kind, __u32 listener, __u32 cause, __u64 figure)
{
	union event_cell *head = event_cell(EVENTS_OF_PROGRAMS), *of, *e;
	__u64 now = bpf_ktime_get_boot_ns(), serial;

	if (kind >= EVENT_KINDS_PACED || listener > LISTENERS_MAX || !head)
		return 0;
	of = event_cell(EVENT_LISTENER_CELL(listener));
	if (!of || !event_is_due(&of->listener, kind, now))
		return 0;
	serial = __sync_fetch_and_add(&head->event.serial, 1) + 1;
	e = event_cell(EVENT_CELL(EVENTS_OF_PROGRAMS, serial));
	if (!e)
		return 0;
	/* An exchange is a barrier for every CPU. */
	__sync_lock_test_and_set(&e->event.serial, 0);
	e->event.time = now;
	e->event.kind = kind;
	e->event.listener = listener;
	e->event.cause = cause;
	e->event.left_out = of->listener.left_out[kind & (EVENT_KINDS_PACED - 1)];
	of->listener.left_out[kind & (EVENT_KINDS_PACED - 1)] = 0;
	e->event.figure = figure;
	__builtin_memcpy(e->event.subject, of->listener.subject, sizeof(e->event.subject));
	__sync_lock_test_and_set(&e->event.serial, serial);
	return 0;
}

#endif
