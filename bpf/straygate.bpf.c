// SPDX-License-Identifier: GPL-2.0-only
/*
 * straygate in the kernel. A packet's way, one function and one header a stage:
 *
 *	parse -> listener? -> source? -> conversation? -> name? -> act -> count
 *
 * and, behind the driver, adopt, which hands visits that shook hands with the
 * gate to the kernel. A stage returns a reason, or CONTINUE; only act() knows XDP actions.
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
#include "bpf/listener.h"
#include "bpf/source.h"
#include "bpf/resolver.h"
#include "bpf/conversation.h"
#include "bpf/name.h"
#include "bpf/act.h"
#include "bpf/handshake/adopt.h"

char LICENSE[] SEC("license") = "GPL";

static __always_inline __u32 judge(struct xdp_md *ctx, struct packet *p)
{
	struct image_head *head;
	__u32 reason, entry;
	void *image;

	p->frame_len = bpf_xdp_get_buff_len(ctx);
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
		return REASON_no_listener;
	head = image_cell(image, IMAGE_HEAD);
	if (!head)
		return REASON_table_missing;
	p->observe = head->posture == POSTURE_OBSERVE;
	if (head->flags & IMAGE_HAS_RESOLVERS) {
		reason = unasked(ctx, p);
		if (reason)
			return reason;
	}
	if (!entry)
		return REASON_no_listener;
	reason = listener(p, entry);
	if (reason)
		return reason;
	if (head->flags & IMAGE_HAS_SOURCES) {
		reason = source(p);
		if (reason)
			return reason;
	}
	reason = conversation(ctx, p);
	if (reason)
		return reason;
	return name(ctx, p);
}

SEC("xdp.frags")
int straygate(struct xdp_md *ctx)
{
	struct packet p = {};

	return act(ctx, &p, judge(ctx, &p));
}

SEC("tc")
int straygate_adopt(struct __sk_buff *skb)
{
	int answered = answer_at_tc(skb);

	return answered == TC_ACT_UNSPEC ? adopt_packet(skb) : answered;
}

/* For a trial of the way to a listener, before any visitor depends on it: the
 * controller injects the last ACK of a made-up handshake (and then a RST, to
 * which nothing is added); adopt, firewall and server do with it as with any. */
SEC("xdp")
int straygate_trial(struct xdp_md *ctx)
{
	struct packet p = {};
	struct scratch *s = scratch_memory();
	__u32 entry;
	void *image;

	p.frame_len = bpf_xdp_get_buff_len(ctx);
	if (!s || parse(ctx, &p))
		return XDP_DROP;
	p.slot = current_slot();
	image = image_in(p.slot);
	if (!image)
		return XDP_DROP;
	entry = port_entry(image, &p);
	if (!entry || listener(&p, entry))
		return XDP_DROP;
	if (p.tcp_flags & TCP_RST)
		return XDP_PASS;
	if (!proves(ctx, &p, p.seq))
		return XDP_DROP;
	s->agreed = s->options;
	return leave_word(ctx, &p) ? XDP_DROP : XDP_PASS;
}

/* The same stages for `straygate explain`, on a made-up packet, without a trace:
 * nothing is counted, remembered, spent or changed. */
SEC("xdp.frags")
int straygate_explain(struct xdp_md *ctx)
{
	struct packet p = {.explain = 1};
	struct explanation *e;
	__u32 zero = 0;

	e = bpf_map_lookup_elem(&explained, &zero);
	if (!e)
		return XDP_ABORTED;
	e->reason = judge(ctx, &p);
	e->source_rule = p.source_rule;
	e->name_rule = p.name_rule;
	e->listener = p.listener;
	e->observed = p.observe;
	e->find = p.find;
	return XDP_PASS;
}
