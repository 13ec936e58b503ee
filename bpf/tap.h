/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who looks on: `straygate watch` and `straygate capture`. Each has a tap, which is a
 * filter, and a ring of perf events a CPU that is there only while its process is. While
 * there is none, a packet reads one more word of a cache line that it reads anyway. A
 * command that was killed stops renewing its lease, and the next packet after that ends
 * it here.
 *
 * act() calls tap_before() with the packet as it came, and tap_after() with what became
 * of it: only then its final reason is known.
 */
#ifndef STRAYGATE_TAP_H
#define STRAYGATE_TAP_H

#include "bpf/bpf.h"
#include "bpf/maps.h"
#include "bpf/packet.h"
#include "bpf/tap_record.h"

static __always_inline struct control *tap_control(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&control, &zero);
}

/* Does anybody look on? */
static __always_inline bool tapped(void)
{
	struct control *c = tap_control();

	return c && c->tapped;
}

static __always_inline bool tap_is_in(const __u64 *set, __u32 reason)
{
	return set[reason / 64 & 1] >> (reason & 63) & 1;
}

/* ---- the filter -------------------------------------------------------------- */

static __always_inline bool tap_same_listener(const struct tap_filter *f, const struct packet *p)
{
	const __u64 *server = (const __u64 *)p->flow.server;

	if (!f->port)
		return true;
	return p->protocol == f->protocol && p->flow.server_port == f->port &&
	       (!f->has_server || (server[0] == f->server[0] && server[1] == f->server[1]));
}

static __always_inline bool tap_same_source(const struct tap_filter *f, const struct packet *p)
{
	const __u64 *client = (const __u64 *)p->flow.client;

	if (!f->family)
		return true;
	return p->protocol && p->ipv6 == (f->family == 6) && !((client[0] ^ f->from[0]) & f->from_mask[0]) &&
	       !((client[1] ^ f->from[1]) & f->from_mask[1]);
}

struct tap_comparison {
	const struct tap_filter *f;
	const struct tap_record *r;
	__u32 from;
	__u32 differs;
};

static long tap_compare(__u32 i, struct tap_comparison *c)
{
	c->differs = c->r->name[(c->from + i) & 255] != c->f->name[i & 255];
	return c->differs;
}

/* The name itself, or one that ends with a dot and it. */
static __always_inline bool tap_same_name(const struct tap_filter *f, const struct tap_record *r)
{
	struct tap_comparison c = {.f = f, .r = r};

	if (!f->name_len)
		return true;
	if (r->name_len < f->name_len)
		return false;
	c.from = r->name_len - f->name_len;
	if (!c.from && !f->name_whole)
		return false;
	if (c.from && (!f->name_below || r->name[(c.from - 1) & 255] != '.'))
		return false;
	bpf_loop(f->name_len, tap_compare, &c, 0);
	return !c.differs;
}

/* CPUs that are here at once as a second begins may lose its first records to one another:
 * there are never more than the rate allows. */
static __always_inline bool tap_within_rate(struct tap *t, __u64 now)
{
	__u64 second = now / 1000000000, before = t->second;

	if (!t->filter.rate)
		return true;
	if (before < second && __sync_val_compare_and_swap(&t->second, before, second) == before)
		__sync_lock_test_and_set(&t->records, 0);
	return t->records < t->filter.rate && __sync_fetch_and_add(&t->records, 1) < t->filter.rate;
}

/* ---- the record ---------------------------------------------------------------- */

static __always_inline void tap_read_name(struct tap_record *r, const struct packet *p)
{
	struct scratch *s = scratch_memory();
	__u32 i;

	r->name_len = 0;
	if (p->find != FIND_FOUND || !s || s->finder.name_len > FIND_NAME_MAX)
		return;
	r->name_len = s->finder.name_len;
	for (i = 0; i < 256; i += 8)
		find_store(&r->name[i], find_load(&s->finder.name[i]));
}

static __always_inline __u8 tap_flags(const struct packet *p)
{
	return (p->observe ? TAP_OBSERVED : 0) | (p->introduce ? TAP_INTRODUCED : 0);
}

static __always_inline void tap_fill(struct xdp_md *ctx, const struct packet *p, struct tap_record *r)
{
	__u32 zero = 0;
	struct device *d = bpf_map_lookup_elem(&device, &zero);

	r->flags = tap_flags(p);
	r->listener = p->listener;
	r->as = p->as;
	r->ifindex = d && d->ifindex ? d->ifindex : ctx->ingress_ifindex;
	r->length = bpf_xdp_get_buff_len(ctx);
	r->captured = 0;
	r->source_rule = p->source_rule;
	r->name_rule = p->name_rule;
	r->protocol = p->protocol;
	r->tcp_flags = p->tcp_flags;
	r->action = p->action;
	r->answer = p->answer;
	r->flow = p->flow;
	tap_read_name(r, p);
}

/* Where the reader is gone there is no ring, and it is lost. */
static __always_inline bool tap_send(struct xdp_md *ctx, struct tap_record *r, __u32 tap, __u64 size,
				     __u64 packet)
{
	void *ring = bpf_map_lookup_elem(&tap_rings, &tap);

	/* Whatever pieces the frame lies in, the kernel puts it together. */
	return ring && !bpf_perf_event_output(ctx, ring, packet << 32 | BPF_F_CURRENT_CPU, r, size);
}

/* ---- before and after ------------------------------------------------------------ */

enum tap_fate { TAP_NOT_WANTED, TAP_WANTED, TAP_SENT, TAP_OVER, TAP_LOST };

struct tap_look {
	struct xdp_md *ctx;
	struct packet *p;
	struct tap_record *r;
	__u32 acted;
	__u32 filled;
};

static __always_inline enum tap_fate tap_packet(struct tap_look *l, struct tap *t, struct tap_cpu *c,
						__u32 tap)
{
	__u64 length = l->r->length;

	if (!tap_within_rate(t, l->r->time))
		return TAP_OVER;
	if (length > t->filter.snaplen)
		length = t->filter.snaplen;
	l->r->kind = TAP_PACKET;
	l->r->acted = l->acted;
	l->r->serial = ++c->serial;
	l->r->captured = length;
	return tap_send(l->ctx, l->r, tap, sizeof(*l->r), length) ? TAP_SENT : TAP_LOST;
}

static long tap_before_one(__u32 tap, struct tap_look *l)
{
	struct tap *t = bpf_map_lookup_elem(&taps, &tap);
	struct tap_cpu *c = bpf_map_lookup_elem(&tap_cpus, &tap);

	if (!t || !c)
		return 0;
	c->fate = TAP_NOT_WANTED;
	if (t->until < l->r->time || !tap_is_in(t->filter.judged, TAP_REASON(l->acted)))
		return 0;
	if (!tap_same_listener(&t->filter, l->p) || !tap_same_source(&t->filter, l->p))
		return 0;
	if (!l->filled)
		tap_fill(l->ctx, l->p, l->r);
	l->filled = 1;
	if (tap_same_name(&t->filter, l->r))
		c->fate = t->filter.packets ? tap_packet(l, t, c, tap) : TAP_WANTED;
	return 0;
}

/* The last lease is over: nobody looks on any more. */
static __always_inline bool tap_is_over(__u64 now)
{
	struct control *c = tap_control();
	__u64 until = c ? c->tapped : 0;

	if (until >= now)
		return false;
	if (c && until)
		__sync_val_compare_and_swap(&c->tapped, until, 0);
	return true;
}

static __always_inline struct tap_record *tap_record_memory(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&tap_record, &zero);
}

/* Returns whether tap_after() is to be called. */
stage int tap_before(struct xdp_md *ctx, struct packet *p, __u32 reason)
{
	struct tap_look l = {.ctx = ctx, .p = p, .r = tap_record_memory(), .acted = TAP_ACTED(0, reason)};

	if (!p || !l.r)
		return 0;
	l.r->time = bpf_ktime_get_ns();
	if (tap_is_over(l.r->time))
		return 0;
	bpf_loop(TAPS_MAX, tap_before_one, &l, 0);
	return l.filled;
}

static long tap_after_one(__u32 tap, struct tap_look *l)
{
	struct tap *t = bpf_map_lookup_elem(&taps, &tap);
	struct tap_cpu *c = bpf_map_lookup_elem(&tap_cpus, &tap);
	__u64 fate;
	bool wanted;

	if (!t || !c || c->fate == TAP_NOT_WANTED)
		return 0;
	fate = c->fate;
	c->fate = TAP_NOT_WANTED;
	wanted = tap_is_in(t->filter.reasons, TAP_REASON(l->acted));
	l->r->acted = l->acted;
	if (fate == TAP_SENT) {
		l->r->kind = TAP_OUTCOME;
		l->r->serial = c->serial;
		if (!tap_send(l->ctx, l->r, tap, TAP_OUTCOME_SIZE, 0))
			fate = TAP_LOST;
	}
	if (!wanted)
		return 0;
	c->counts.matched++;
	if (fate == TAP_WANTED && !tap_within_rate(t, l->r->time)) {
		fate = TAP_OVER;
	} else if (fate == TAP_WANTED) {
		l->r->kind = TAP_VERDICT;
		fate = tap_send(l->ctx, l->r, tap, sizeof(*l->r), 0) ? TAP_SENT : TAP_LOST;
	}
	if (fate == TAP_SENT)
		c->counts.sent++;
	else if (fate == TAP_OVER)
		c->counts.over++;
	else
		c->counts.lost++;
	return 0;
}

/* acted: TAP_ACTED(). */
stage int tap_after(struct xdp_md *ctx, struct packet *p, __u32 acted)
{
	struct tap_look l = {.ctx = ctx, .p = p, .r = tap_record_memory(), .acted = acted};

	if (!p || !l.r)
		return 0;
	l.r->flags = tap_flags(p);
	l.r->captured = 0;
	bpf_loop(TAPS_MAX, tap_after_one, &l, 0);
	return 0;
}

#endif
