/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the gate may shake hands: a listener is engaged once tc egress has seen a
 * SYN-ACK of it leave, and until introduced visits stay unanswered. That one rule
 * covers asymmetric routes, direct server return, firewalls that drop the SYN, and
 * ports behind which nobody is: no visit has to be tried first.
 */
#ifndef STRAYGATE_ENGAGE_H
#define STRAYGATE_ENGAGE_H

#include "bpf/bpf.h"
#include "bpf/event.h"
#include "bpf/maps.h"
#include "bpf/packet.h"

static __always_inline struct engagement *engagement_by_id(__u32 id)
{
	return bpf_map_lookup_elem(&engagements, &id);
}

static __always_inline struct engagement *engagement_of(const struct packet *p)
{
	return engagement_by_id(p->listener);
}

/* A SYN-ACK of this listener has left, with these options. */
static __always_inline void engage_seen(struct engagement *e, __u32 id, __u32 ipv6, __u32 mss, __u32 now)
{
	if (!e->seen[ipv6 & 1]) {
		if (!__sync_val_compare_and_swap(&e->seen[ipv6 & 1], 0, now | 1))
			event(EVENT_WAY_KNOWN, id, 0, ipv6 ? 6 : 4);
	} else if (e->seen[ipv6 & 1] != (now | 1)) {
		e->seen[ipv6 & 1] = now | 1;
	}
	if (mss && (!e->mss[ipv6 & 1] || mss < e->mss[ipv6 & 1]))
		e->mss[ipv6 & 1] = mss;
	if (e->unanswered)
		e->unanswered = 0;
	if (e->shallow)
		e->shallow = SHALLOW_NONE;
}

/* The server, or somebody for it, has said no: the way back is there. */
static __always_inline void engage_refused(struct engagement *e)
{
	__sync_fetch_and_add(&e->refused, 1);
	e->unanswered = 0;
}

/* An introduction had to be repeated. After some of these in a row, with no answer
 * to any visit in between, the SYNs are the kernel's until one is answered. */
static __always_inline void engage_unanswered(struct engagement *e, __u32 id)
{
	__u32 unanswered = __sync_fetch_and_add(&e->unanswered, 1) + 1;

	if (unanswered < ENGAGED_UNANSWERED)
		return;
	if (unanswered == ENGAGED_UNANSWERED && (e->seen[0] || e->seen[1]))
		event(EVENT_FALLEN_BACK, id, SHALLOW_UNANSWERED, 0);
	e->seen[0] = e->seen[1] = 0;
	e->unanswered = 0;
	e->shallow = SHALLOW_UNANSWERED;
}

static __always_inline bool engage_is_open(const struct engagement *e, __u32 ipv6)
{
	return e->seen[ipv6 & 1];
}

#endif
