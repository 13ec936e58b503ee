/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Stages 6 and 7: the one place that turns a reason into an action, honours
 * the posture, and counts.
 */
#ifndef STRAYGATE_ACT_H
#define STRAYGATE_ACT_H

#include "bpf/answer.h"
#include "bpf/handshake/engage.h"
#include "bpf/count.h"

static __always_inline __u32 verdict_of(__u32 reason)
{
	switch (reason) {
#define R(nr, name, verdict, text) \
	case nr:                   \
		return VERDICT_##verdict;
		STRAYGATE_REASONS(R)
#undef R
	}
	return VERDICT_PASS;
}

/* Leaves word for adopt, in front of the packet: what the handshake was about. */
stage int leave_word(struct xdp_md *ctx, struct packet *p)
{
	struct scratch *s = scratch_memory();
	struct shake *k = shake_secrets();
	struct adoption *a;
	__u8 tags;

	if (!p || !s || !k)
		return -1;
	if (bpf_xdp_adjust_meta(ctx, -(int)sizeof(*a)))
		return -1;
	a = (void *)(long)ctx->data_meta;
	if ((void *)(a + 1) > (void *)(long)ctx->data)
		return -1;
	tags = p->l3 > ETH_HLEN ? 4 : 0;
	*a = (struct adoption){
		.magic = ADOPTION_MAGIC,
		.tsval = s->agreed.tsval,
		.tsecr = s->agreed.tsecr,
		.mss = s->agreed.mss,
		.l3 = p->l3 - tags,
		.l4 = p->l4 - tags,
		.payload = p->payload - p->l4,
		.scale = s->agreed.scale,
		.our_scale = k->scale,
		.flags = (p->ipv6 ? ADOPTION_IPV6 : 0) | (s->agreed.sack ? ADOPTION_SACK : 0) |
			 (s->agreed.ecn ? ADOPTION_ECN : 0) |
			 (s->agreed.timestamps ? ADOPTION_TIMESTAMPS : 0) |
			 (p->resumed == RESUMED_HELD ? ADOPTION_HELD : 0),
		.listener = p->listener,
	};
	return 0;
}

/* A device whose driver knows no metadata cannot have its visits adopted. */
static __always_inline void cannot_leave_word(struct packet *p)
{
	struct engagement *e = engagement_of(p);

	if (!e)
		return;
	e->shallow = SHALLOW_DEVICE;
	e->until = packet_tick(p) + ENGAGED_REST_MAX;
}

/* A reason whose verdict sends something, or rewrites it. Returns the XDP
 * action, or -1 if the packet could not be made into that. */
stage int rewrite(struct xdp_md *ctx, struct packet *p, __u32 reason)
{
	struct scratch *s = scratch_memory();

	if (!p || !s)
		return -1;
	switch (reason) {
	case REASON_syn_answered:
		return answer_syn(ctx, p, s) ? XDP_TX : -1;
	case REASON_stray_answered:
	case REASON_unnamed_answered:
		if (p->protocol == IPPROTO_UDP)
			return refuse_dns(ctx, p, s) ? XDP_TX : -1;
		return answer_request(ctx, p, s) ? answer_leaves(p) : -1;
	case REASON_tail_answered:
		return answer_request(ctx, p, s) ? answer_leaves(p) : -1;
	case REASON_tail_closed:
		return acknowledge(ctx, p, s, 0) ? XDP_TX : -1;
	case REASON_keepalive_answered:
		return acknowledge(ctx, p, s, !p->payload_len) ? XDP_TX : -1;
	case REASON_quic_fallback:
		return answer_quic(ctx, p, s) ? XDP_TX : -1;
	case REASON_tail_reset:
	case REASON_stray_refused:
	case REASON_unnamed_refused:
	case REASON_unreadable_refused:
	case REASON_silent_closed:
	case REASON_adopt_failed:
		return reset_client(ctx, p, s) ? XDP_TX : -1;
	}
	return reset_server(ctx, p, s) ? XDP_PASS : -1;
}

/* An answer that is longer than the request may not fit its frame. A RST does. */
static __always_inline __u32 shorter(__u32 reason)
{
	switch (reason) {
	case REASON_stray_answered:
		return REASON_stray_refused;
	case REASON_unnamed_answered:
		return REASON_unnamed_refused;
	case REASON_tail_answered:
		return REASON_tail_reset;
	}
	return CONTINUE;
}

/* Carries a verdict out; the reason may become another on the way. */
static __always_inline int carry_out(struct xdp_md *ctx, struct packet *p, __u32 *reason)
{
	int action = rewrite(ctx, p, *reason);

	if (action < 0 && p->protocol == IPPROTO_TCP && shorter(*reason)) {
		*reason = shorter(*reason);
		action = rewrite(ctx, p, *reason);
	}
	if (action >= 0)
		return action;
	*reason = REASON_cannot_rewrite;
	return XDP_PASS;
}

static __always_inline int pass(struct xdp_md *ctx, struct packet *p, __u32 *reason)
{
	if (!p->shaken || *reason == REASON_established || *reason == REASON_cannot_rewrite)
		return XDP_PASS;
	if (!leave_word(ctx, p))
		return XDP_PASS;
	cannot_leave_word(p);
	*reason = REASON_adopt_failed;
	return carry_out(ctx, p, reason);
}

static __always_inline int act(struct xdp_md *ctx, struct packet *p, __u32 reason)
{
	__u32 verdict = verdict_of(reason);
	int action;

	if (p->observe)
		verdict = VERDICT_PASS;
	if (verdict == VERDICT_DROP)
		action = XDP_DROP;
	else if (verdict == VERDICT_PASS)
		action = pass(ctx, p, &reason);
	else
		action = carry_out(ctx, p, &reason);
	count(p, reason);
	return action;
}

#endif
