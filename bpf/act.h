/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stages 6 and 7: the one place that turns a reason into an action, honours
 * the posture, and counts.
 */
#ifndef STRAYGATE_ACT_H
#define STRAYGATE_ACT_H

#include "bpf/bpf.h"
#include "bpf/alarm_window.h"
#include "bpf/answer_both.h"
#include "bpf/count.h"
#include "bpf/handshake/introduce.h"
#include "bpf/quic.h"
#include "bpf/tap.h"

struct reason_row {
	__u8 verdict;
	__u8 sends;
};

static __always_inline struct reason_row reason_row(__u32 reason)
{
	switch (reason) {
#define R(nr, name, verdict, sends, counts, text) \
	case nr:                                  \
		return (struct reason_row){VERDICT_##verdict, SENDS_##sends};
		STRAYGATE_REASONS(R)
#undef R
	}
	return (struct reason_row){VERDICT_PASS, SENDS_NOTHING};
}

/* Makes the packet into what its reason sends. Returns the XDP action, or -1 if it
 * could not be made into that. */
stage int rewrite(struct xdp_md *ctx, struct packet *p, __u32 sends)
{
	struct scratch *s = scratch_memory();

	if (!p || !s)
		return -1;
	switch ((enum sends)sends) {
	case SENDS_NOTHING:
		break;
	case SENDS_SYN_ACK:
		return answer_syn(ctx, p, s) ? XDP_TX : -1;
	case SENDS_ANSWER:
		if (p->protocol == IPPROTO_UDP)
			return refuse_dns(ctx, p, s) ? XDP_TX : -1;
		return answer_request(ctx, p, s) ? answer_leaves(p) : -1;
	case SENDS_ACK:
		return acknowledge(ctx, p, s, 0) ? XDP_TX : -1;
	case SENDS_PROBE_ACK:
		return acknowledge(ctx, p, s, !p->payload_len) ? XDP_TX : -1;
	case SENDS_RST_CLIENT:
		return reset_client(ctx, p, s) ? XDP_TX : -1;
	case SENDS_RST_SERVER:
		return turn_at_data(ctx, p, s) ? XDP_PASS : -1;
	case SENDS_SYN:
		return introduce_again(ctx, p, s) ? -1 : XDP_PASS;
	case SENDS_QUIC_VN:
		return answer_quic(ctx, p, s) ? XDP_TX : -1;
	}
	return -1;
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

/* Nobody but a host asks, and by itself. Over TCP a handshake shows that. The frame may
 * be for another MAC than the device's: with macvlan, and VRRP's virtual MAC, an address
 * of this host is reached by one. */
static __always_inline bool answerable(struct xdp_md *ctx, const struct packet *p)
{
	struct ethhdr *eth = (void *)(long)ctx->data;

	if (p->protocol != IPPROTO_UDP)
		return true;
	if ((void *)(eth + 1) > (void *)(long)ctx->data_end || eth->h_dest[0] & 1)
		return false;
	return is_unicast(p) && !same_address(p->flow.client, p->flow.server);
}

/* Carries a verdict out; the reason may become another on the way. */
static __always_inline int carry_out(struct xdp_md *ctx, struct packet *p, __u32 *reason)
{
	bool can = answerable(ctx, p);
	int action = can ? rewrite(ctx, p, reason_row(*reason).sends) : -1;

	if (action < 0 && p->protocol == IPPROTO_TCP && shorter(*reason)) {
		*reason = shorter(*reason);
		action = rewrite(ctx, p, reason_row(*reason).sends);
	}
	if (action >= 0)
		return action;
	/* Its client has spent what it may: what cannot be answered is dropped. */
	if (*reason == REASON_client_answered) {
		*reason = REASON_client_limited;
		return XDP_DROP;
	}
	if (*reason == REASON_introduced_again) {
		*reason = REASON_cannot_introduce;
		return XDP_DROP;
	}
	*reason = can ? REASON_cannot_rewrite : REASON_unanswerable;
	return XDP_PASS;
}

/* The server hears of the visit by this packet, whatever was judged. If that cannot
 * be, nothing may pass: the host would answer with a RST. The client comes again. */
static __always_inline int pass_introduced(struct xdp_md *ctx, struct packet *p, __u32 *reason)
{
	if (!introduce(ctx, p))
		return XDP_PASS;
	*reason = REASON_cannot_introduce;
	return XDP_DROP;
}

static __always_inline void note_alarm(struct xdp_md *ctx, struct packet *p, __u32 reason, int action)
{
	__u32 says = p->alarm ? alarm_word(reason) : ALARM_SAYS_NOTHING;

	/* Its SYN makes up for the server's answer, if there is one. */
	if (says == ALARM_SAYS_SOURCE && action != XDP_PASS)
		says = ALARM_SAYS_TIME;
	if (says)
		alarm_note(ctx, p, says);
}

static __always_inline int act(struct xdp_md *ctx, struct packet *p, __u32 reason)
{
	struct reason_row row = reason_row(reason);
	int action;

	if (tapped())
		p->tapped = tap_before(ctx, p, reason);
	/* A posture is for what is new: what the gate has begun it finishes. */
	if (p->ours && !p->shaken)
		p->observe = 0;
	if (p->introduce)
		action = pass_introduced(ctx, p, &reason);
	else if (p->observe && !(p->shaken && row.verdict == VERDICT_DROP))
		action = XDP_PASS;
	else if (row.sends != SENDS_NOTHING)
		action = carry_out(ctx, p, &reason);
	else
		action = row.verdict == VERDICT_DROP ? XDP_DROP : XDP_PASS;
	count(p, reason);
	if (p->tapped)
		tap_after(ctx, p, TAP_ACTED(action, reason));
	note_alarm(ctx, p, reason, action);
	return action;
}

#endif
