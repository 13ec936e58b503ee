/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How far a listener is engaged at the handshake. The kernel takes a visit over
 * and says so even if a firewall then throws it away; so an adoption counts
 * only when a full socket is seen for the flow. A listener starts with a few of
 * its visits, and widens as they come through; a few lost ones in a row, and it
 * is judged at data for a while.
 */
#ifndef STRAYGATE_ENGAGE_H
#define STRAYGATE_ENGAGE_H

#include "socket.h"

/* Younger than this an adopted visit may still be on its way up. */
#define ADOPTION_PATIENCE FLOW_CLOCK(50000000ULL)

static __always_inline void engage_seen(struct engagement *e)
{
	__u64 seen = __sync_fetch_and_add(&e->seen, 1) + 1;
	__u32 width = e->width;

	e->failures = 0;
	/* Twice as wide with each fourth: from one in 64 to all in 24 visits. */
	if (width < ENGAGED_FULLY && !(seen & 3)) {
		e->width = width * 2 < ENGAGED_FULLY ? width * 2 : ENGAGED_FULLY;
		if (e->width == ENGAGED_FULLY)
			e->rest = 0;
	}
	if (e->shallow == SHALLOW_LOST)
		e->shallow = SHALLOW_NONE;
}

static __always_inline void engage_lost(struct engagement *e, __u64 now)
{
	__u64 rest = e->rest ? e->rest * 2 : ENGAGED_REST;
	__u32 failures;

	__sync_fetch_and_add(&e->lost, 1);
	failures = __sync_fetch_and_add(&e->failures, 1) + 1;
	if (failures != ENGAGED_FAILURES)
		return;
	e->rest = rest < ENGAGED_REST_MAX ? rest : ENGAGED_REST_MAX;
	e->until = now + e->rest;
	e->width = ENGAGED_NARROWLY;
	e->shallow = SHALLOW_LOST;
	e->failures = 0;
}

/* A packet of a visit that was handed to the kernel: is its socket there? True:
 * no, and it is too late for it. */
static __always_inline bool adopted_visit(struct xdp_md *ctx, struct packet *p, struct flow *f,
					  struct scratch *s)
{
	__u32 id = f->listener;
	struct engagement *e = bpf_map_lookup_elem(&engagements, &id);
	__u64 now = packet_tick(p);
	struct socket sk;

	socket_find(ctx, p, &sk, s);
	if (sk.state == SOCKET_FULL) {
		f->state = FLOW_JUDGED;
		if (e)
			engage_seen(e);
		return false;
	}
	if (FLOW_CLOCK(now) - f->since < ADOPTION_PATIENCE || p->seq != f->first)
		return false;
	f->state = FLOW_TURNED;
	f->action = ACT_RESET;
	if (e)
		engage_lost(e, now);
	return true;
}

#endif
