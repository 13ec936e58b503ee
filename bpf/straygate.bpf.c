// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * straygate in the kernel. A packet's way, one function and one header a stage:
 *
 *	parse -> listener? -> resolver? -> source? -> conversation? -> name? -> act -> count
 *
 * and at tc, behind the driver: translate what comes in, bind and translate what
 * goes out (handshake/). A stage returns a reason, or CONTINUE; only act() knows XDP
 * actions.
 */
#include <stdbool.h>
#include <stddef.h>

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/pkt_cls.h>
#include <linux/tcp.h>
#include <linux/udp.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "bpf/maps.h"
#include "bpf/packet.h"
#include "bpf/view.h"

#include "bpf/parse.h"
#include "bpf/canary.h"
#include "bpf/listener.h"
#include "bpf/resolver.h"
#include "bpf/source.h"
#include "bpf/each.h"
#include "bpf/learn.h"
#include "bpf/conversation.h"
#include "bpf/name.h"
#include "bpf/quic.h"
#include "bpf/segment.h"
#include "bpf/act.h"
#include "bpf/handshake/bind.h"
#include "bpf/handshake/translate.h"

char LICENSE[] SEC("license") = "GPL";

/* The first data of a visit, or what goes on with it: is it served? */
stage int judge_data(struct xdp_md *ctx, struct packet *p)
{
	struct scratch *s = scratch_memory();
	__u32 reason = CONTINUE;

	if (!p || !s)
		return REASON_table_missing;
	if (p->resumed == RESUMED_HELD && !resume_held(p, s))
		return REASON_held_forgotten;
	if (p->protocol == IPPROTO_TCP && !p->explain && !acceptable(ctx, p, s))
		return p->shaken ? REASON_unacceptable_dropped : REASON_unacceptable;
	if (!p->under_way) {
		reason = source_spend_visit(p);
		if (!reason && p->each && p->proxied < PROXIED_PEER)
			reason = each_visit(p);
	}
	/* A limit is about who comes, whatever he says. */
	if (!reason && p->protocol == IPPROTO_TCP && p->tcp_flags & TCP_URG)
		reason = REASON_urgent;
	if (!reason)
		reason = p->under_way;
	if (!reason)
		reason = name(ctx, p);
	return remember(p, s, reason);
}

static __always_inline __u32 judge_visit(struct xdp_md *ctx, struct packet *p)
{
	__u32 reason;

	if (p->as == PROTO_QUIC)
		return source_spend_visit(p) ?: quic(ctx, p);
	/* Not from within conversation(): together they need too much stack. Data in a SYN
	 * (TCP Fast Open) comes again after the handshake unless the server has it switched
	 * on, which is not so by default. */
	if (p->protocol == IPPROTO_TCP && p->tcp_flags & TCP_SYN && !p->explain)
		return syn(ctx, p) ?: REASON_handshake;
	reason = conversation(ctx, p);
	return reason ?: judge_data(ctx, p);
}

/* Of a source that is trusted now, or for a listener that is no more: such a packet
 * passes untouched, unless its visit shook hands with the gate before that was said.
 * Then it ends as it began. */
static __always_inline __u32 judge_under_way(struct xdp_md *ctx, struct packet *p, __u32 reason)
{
	__u32 other;

	if (p->protocol != IPPROTO_TCP || p->tcp_flags & TCP_SYN || p->explain || !cookies_about(p))
		return reason;
	p->under_way = reason;
	other = conversation(ctx, p);
	if (!other && p->shaken)
		return judge_data(ctx, p);
	return p->ours ? other : reason;
}

static __always_inline __u32 judge(struct xdp_md *ctx, struct packet *p)
{
	struct image_head *head;
	__u32 reason, entry;
	void *image;

	reason = parse(ctx, p);
	if (reason == REASON_fragment)
		return fragment(ctx, p);
	if (reason)
		return reason;
	p->slot = current_slot();
	image = image_in(p->slot);
	if (!image)
		return REASON_table_missing;
	entry = port_entry(image, p);
	if (!entry && p->flow.client_port != bpf_htons(53))
		return judge_under_way(ctx, p, REASON_no_listener);
	head = image_cell(image, IMAGE_HEAD);
	if (!head)
		return REASON_table_missing;
	p->observe = posture_observes(p, head); /* `auto`: the listener says */
	if (head->flags & IMAGE_HAS_RESOLVERS) {
		reason = unasked(ctx, p);
		if (reason)
			return reason;
	}
	if (!entry)
		return judge_under_way(ctx, p, REASON_no_listener);
	reason = listener(p, entry);
	if (reason)
		return reason;
	if (head->flags & IMAGE_HAS_SOURCES) {
		reason = source(p, (const struct address *)p->flow.client, p->ipv6);
		if (reason == REASON_source_trusted && !p->proxied)
			return judge_under_way(ctx, p, reason);
		/* Trusted is what its headers say. */
		if (reason == REASON_source_trusted)
			p->proxied = PROXIED_PEER;
		else if (reason)
			return reason;
	}
	if (head->flags & IMAGE_HAS_EACH_PACKETS && p->proxied != PROXIED_PEER) {
		reason = each_packet(p);
		if (reason)
			return reason;
	}
	p->each = head->flags & IMAGE_HAS_EACH_VISITS ? 1 : 0;
	if (head->flags & IMAGE_LEARNS && learn_begins(p) && learned_source(p))
		return REASON_learned_dropped;
	reason = judge_visit(ctx, p);
	return learn_from(p, reason);
}

static __always_inline int judge_and_act(struct xdp_md *ctx)
{
	struct packet p = {};
	__u32 reason = judge(ctx, &p);

	if (reason == REASON_syn_answered || reason == REASON_room_full)
		room_sweep(ctx);
	return act(ctx, &p, reason);
}

/* If there is no program behind the gate any more, the call returns. */
static __always_inline int judge_and_chain(struct xdp_md *ctx)
{
	int action = judge_and_act(ctx);

	if (action == XDP_PASS)
		bpf_tail_call(ctx, &chain, 0);
	return action;
}

SEC("xdp.frags")
int straygate(struct xdp_md *ctx)
{
	return judge_and_act(ctx);
}

/* In front of another program, and one that knows no frames in pieces: the kernel lets
 * programs call each other only if both do or neither (bpf_prog_map_compatible() in
 * kernel/bpf/core.c). */
SEC("xdp.frags")
int straygate_chain(struct xdp_md *ctx)
{
	return judge_and_chain(ctx);
}

SEC("xdp")
int straygate_chain_linear(struct xdp_md *ctx)
{
	return judge_and_chain(ctx);
}

SEC("tc")
int straygate_ingress(struct __sk_buff *skb)
{
	int answered = answer_at_tc(skb);

	return answered == TC_ACT_UNSPEC ? translate_in(skb) : answered;
}

SEC("tc")
int straygate_egress(struct __sk_buff *skb)
{
	note_question(skb);
	return bind_or_translate(skb);
}

stage int note_explained(struct packet *p, __u32 reason)
{
	struct explanation *e;
	__u32 zero = 0;

	e = bpf_map_lookup_elem(&explained, &zero);
	if (!p || !e)
		return XDP_ABORTED;
	e->reason = reason;
	e->source_rule = p->source_rule;
	e->name_rule = p->name_rule;
	e->listener = p->listener;
	e->observed = p->observe;
	e->find = p->find;
	return XDP_PASS;
}

/* The same stages for `straygate explain`, on a made-up packet, without a trace:
 * nothing is counted, remembered, spent or changed. */
SEC("xdp.frags")
int straygate_explain(struct xdp_md *ctx)
{
	struct packet p = {.explain = 1};

	each_explain_none();
	return note_explained(&p, judge(ctx, &p));
}
