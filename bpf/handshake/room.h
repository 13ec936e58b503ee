/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Room for bound visits. One that may live is never evicted, so the table can be
 * full; from 7/8 on new SYNs are the kernel's. Who has shaken hands with the gate
 * before that, and finds it full, waits: its first data is dropped, and served when
 * it comes again and others have left. When it is three quarters full it is
 * searched, a piece a second, for visits whose client has vanished: whose socket is
 * gone, if they are local, and the others if nobody spoke for two hours.
 */
#ifndef STRAYGATE_ROOM_H
#define STRAYGATE_ROOM_H

#include "bpf/bpf.h"
#include "bpf/event.h"
#include "bpf/maps.h"
#include "bpf/socket.h"

#define ROOM_SWEEP    8192			       /* entries that one search looks at */
#define ROOM_PAUSE    1000000000ULL		       /* ns between two searches */
#define ROOM_YOUNG    FLOW_CLOCK(60000000000ULL)       /* not suspected before */
#define ROOM_PATIENCE FLOW_CLOCK(7200ULL * 1000000000) /* without a packet of either side */

static __always_inline struct room *room_of(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&room, &zero);
}

static __always_inline void room_add(__s64 n)
{
	struct room *r = room_of();

	if (r)
		__sync_fetch_and_add(&r->bound, n);
}

static __always_inline bool room_is_short(const struct room *r)
{
	return r->draining || r->bound >= r->limit - r->limit / 8;
}

/* Those that had shaken hands before it was short have the last eighth, but for what
 * is on its way to its server, which would have to be reset there. */
static __always_inline bool room_is_full(void)
{
	const struct room *r = room_of();

	return r && r->bound >= r->limit - r->limit / 64;
}

/* Told when it begins, and when it is over for a while. */
static __always_inline void room_tell(struct room *r, bool is_short)
{
	if (is_short) {
		if (!r->told && !r->draining && !__sync_val_compare_and_swap(&r->told, 0, 1))
			event(EVENT_ROOM_FULL, 0, SHALLOW_ROOM, r->bound);
	} else if (r->told && r->bound <= r->limit - r->limit / 4 &&
		   __sync_val_compare_and_swap(&r->told, 1, 0) == 1) {
		event(EVENT_ROOM_AGAIN, 0, 0, r->bound);
	}
}

/* From `bound` to `ended`: late packets find it there first, and then only there. */
static __always_inline void bound_end(const struct flow_key *key, const struct bound *b)
{
	bpf_map_update_elem(&ended, key, b, BPF_ANY);
	if (!bpf_map_delete_elem(&bound, key))
		room_add(-1);
}

/* Taken away for good. */
static __always_inline void bound_forget(const struct flow_key *key)
{
	bpf_map_delete_elem(&ended, key);
	if (!bpf_map_delete_elem(&bound, key))
		room_add(-1);
}

/* Where it is stands in map memory, which the verifier does not follow from one entry
 * to the next. */
struct sweep {
	struct xdp_md *ctx;
	struct scratch *s;
};

/* Local, and its socket is gone: what is found is the one that listens. */
static __always_inline bool bound_is_gone(struct xdp_md *ctx, const struct flow_key *key)
{
	const __u64 *client = (const __u64 *)key->client;
	struct bpf_sock_tuple t = {};
	__u32 size = socket_tuple(&t, key, client[0] || *(__u32 *)(key->client + 8) != bpf_htonl(0xffff));
	struct bpf_sock *sk = bpf_skc_lookup_tcp(ctx, &t, size, BPF_F_CURRENT_NETNS, 0);
	bool gone;

	if (!sk)
		return true;
	gone = sk->state == SOCKET_LISTEN;
	bpf_sk_release(sk);
	return gone;
}

struct bpf_map;

static long room_step(struct bpf_map *map __attribute__((unused)), const struct flow_key *key,
		      struct bound *b, struct sweep *d)
{
	struct scratch *s = d->s;
	struct flow_key copy;
	__u32 heard, said;

	if (s->sweep.at++ < s->sweep.from)
		return 0;
	if (s->sweep.at > s->sweep.from + ROOM_SWEEP)
		return 1;
	heard = s->sweep.now - b->heard;
	said = s->sweep.now - b->said;
	if (heard < ROOM_YOUNG || said < ROOM_YOUNG)
		return 0;
	copy = *key;
	if ((heard > ROOM_PATIENCE && said > ROOM_PATIENCE) ||
	    (b->agreed & AGREED_LOCAL && bound_is_gone(d->ctx, &copy)))
		bound_end(&copy, b);
	return 0;
}

/* With a SYN in hand: a search, if one is due. */
stage int room_sweep(struct xdp_md *ctx)
{
	struct sweep d = {.ctx = ctx, .s = scratch_memory()};
	struct room *r = room_of();
	__u64 now = bpf_ktime_get_coarse_ns(), before;

	if (!r || !d.s || r->bound < r->limit - r->limit / 4)
		return 0;
	before = r->swept;
	if (now - before < ROOM_PAUSE || __sync_val_compare_and_swap(&r->swept, before, now) != before)
		return 0;
	d.s->sweep.at = 0;
	d.s->sweep.from = r->cursor;
	d.s->sweep.now = FLOW_CLOCK(now);
	bpf_for_each_map_elem(&bound, room_step, &d, 0);
	r->cursor = d.s->sweep.at > d.s->sweep.from + ROOM_SWEEP ? d.s->sweep.from + ROOM_SWEEP : 0;
	return 0;
}

#endif
