/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How far a listener is engaged at the handshake. The kernel takes a visit over
 * and says so even if a firewall then throws it away; so an adoption counts
 * only when a full socket is seen for the flow. A listener starts with a few of
 * its visits, and widens as they come through.
 *
 * A lost visit may also be its client's doing, who let the server's socket die
 * before we saw it. So it speaks for its own network alone: whose new visits
 * shake hands with the kernel for a while, where they are served and judged as
 * well. Only when several networks lost one, and no visit of any came through in
 * between, is the whole listener judged at data.
 */
#ifndef STRAYGATE_ENGAGE_H
#define STRAYGATE_ENGAGE_H

#include "bpf/socket.h"

/* Younger than this an adopted visit may still be on its way up. */
#define ADOPTION_PATIENCE FLOW_CLOCK(50000000ULL)

/* A /24, or a /48, since of smaller ones anybody has many. */
static __always_inline __u32 engage_network(const struct flow_key *k)
{
	const __u64 *client = (const __u64 *)k->client;

	if (!client[0])
		return bpf_ntohl(*(const __be32 *)(k->client + 12)) | 0xff;
	return (__u32)((client[0] & bpf_cpu_to_be64(~0xffffULL)) * 0x9e3779b97f4a7c15ULL >> 32) | 1;
}

/* The witness that this network is already; NULL: none. */
static __always_inline struct witness *engage_witness(struct engagement *e, __u32 network, __u32 *bit)
{
	__u32 i;

	for (i = 0; i < ENGAGED_WITNESSES; i++)
		if (e->witness[i].network == network) {
			*bit = 1u << i;
			return &e->witness[i];
		}
	return NULL;
}

/* Did this client's network lose a visit of late? Seldom any did. */
static __always_inline bool engage_rests(struct engagement *e, const struct packet *p, __u32 clock)
{
	struct witness *w;
	__u32 bit;

	if (!e->resting)
		return false;
	if ((__s32)(e->resting - clock) <= 0) {
		e->resting = 0;
		return false;
	}
	w = engage_witness(e, engage_network(&p->flow), &bit);
	return w && (__s32)(w->until - clock) > 0;
}

static __always_inline void engage_seen(struct engagement *e, const struct flow_key *k)
{
	__u64 seen = __sync_fetch_and_add(&e->seen, 1) + 1;
	__u32 width = e->width, bit;
	struct witness *w;

	w = engage_witness(e, engage_network(k), &bit);
	if (w)
		w->network = 0;
	if (e->lately)
		e->lately = 0;
	/* Twice as wide with each fourth: from one in 64 to all in 24 visits. */
	if (width < ENGAGED_FULLY && !(seen & 3)) {
		e->width = width * 2 < ENGAGED_FULLY ? width * 2 : ENGAGED_FULLY;
		if (e->width == ENGAGED_FULLY)
			e->rest = 0;
	}
	if (e->shallow == SHALLOW_LOST)
		e->shallow = SHALLOW_NONE;
}

/* The whole listener, for a while, twice as long each time. */
static __always_inline void engage_end(struct engagement *e, __u64 now)
{
	__u64 rest = e->rest ? e->rest * 2 : ENGAGED_REST;

	e->rest = rest < ENGAGED_REST_MAX ? rest : ENGAGED_REST_MAX;
	e->until = now + e->rest;
	e->width = ENGAGED_NARROWLY;
	e->shallow = SHALLOW_LOST;
	e->tried = 0;
	e->lately = 0;
}

/* The witness whose time is up first gives way to a new one. */
static __always_inline struct witness *engage_place(struct engagement *e, __u32 clock, __u32 *bit)
{
	__u32 i, oldest = 0;
	__s32 least = 0x7fffffff, left;

	for (i = 0; i < ENGAGED_WITNESSES; i++) {
		left = e->witness[i].network ? (__s32)(e->witness[i].until - clock) : -0x7fffffff;
		if (left < least) {
			least = left;
			oldest = i;
		}
	}
	oldest &= ENGAGED_WITNESSES - 1;
	*bit = 1u << oldest;
	return &e->witness[oldest];
}

/* A visit of this client was handed over, and its socket never seen. */
stage int engage_lost(struct engagement *e, const struct flow_key *k, __u64 now)
{
	__u32 clock = FLOW_CLOCK(now), network, bit = 0, rest, i, networks = 0;
	struct witness *w;

	if (!e || !k)
		return 0;
	__sync_fetch_and_add(&e->lost, 1);
	if (e->until > now)
		return 0; /* was under way when the listener's depth ended */
	network = engage_network(k);
	w = engage_witness(e, network, &bit);
	rest = w ? w->rest * 2 : FLOW_CLOCK(ENGAGED_REST);
	if (!w) {
		w = engage_place(e, clock, &bit);
		w->network = network;
	} else if ((__s32)(w->until - clock) > 0) {
		return 0; /* was under way with the one that counted */
	}
	w->rest = rest < FLOW_CLOCK(ENGAGED_REST_MAX) ? rest : FLOW_CLOCK(ENGAGED_REST_MAX);
	w->until = clock + w->rest;
	if ((__s32)(w->until - e->resting) > 0 || !e->resting)
		e->resting = w->until | 1;
	e->lately |= bit;
	if (e->shallow == SHALLOW_NONE)
		e->shallow = SHALLOW_LOST;
	for (i = 0; i < ENGAGED_WITNESSES; i++)
		networks += e->lately >> i & 1;
	if (networks >= (e->tried ? ENGAGED_DOUBTS : ENGAGED_FAILURES))
		engage_end(e, now);
	return 0;
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
			engage_seen(e, &p->flow);
		return false;
	}
	if (FLOW_CLOCK(now) - f->since < ADOPTION_PATIENCE || p->seq != f->first)
		return false;
	f->state = FLOW_TURNED;
	f->action = ACT_RESET;
	/* A client that took its leave may well have had a socket. */
	if (e && !(f->flags & FLOW_ENDING))
		engage_lost(e, &p->flow, now);
	return true;
}

#endif
