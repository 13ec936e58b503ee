/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * At data depth one packet has two receivers: a RST frees the server's socket, and the
 * client is to have its answer at once, not when it asks again. XDP makes one packet of
 * one. So the RST carries the client's answer as its data, and tc ingress takes that off,
 * sends it, and lets the RST go on. (A host without that filter takes a RST with data
 * like any other: RFC 9293 3.10.7.)
 */
#ifndef STRAYGATE_ANSWER_BOTH_H
#define STRAYGATE_ANSWER_BOTH_H

#include "bpf/answer.h"
#include "bpf/handshake/skb_write.h"

/* IPv6, TCP, timestamps. */
#define BOTH_HEADERS (REWRITE_L4 + sizeof(struct tcphdr) + 12)
#define BOTH_READY   512 /* bytes of an answer that are carried as they are */

/* Is the client told now? Who has not proved its address waits, as ever; and so does a query
 * whose beginning went to the server: its answer repeats it. */
static __always_inline bool both_wanted(const struct packet *p)
{
	struct device *d;
	__u32 zero = 0;

	if (p->as == PROTO_DNS && p->resumed)
		return false;
	if (!p->proved || (p->action != ACT_ANSWER && p->action != ACT_RESET))
		return false;
	d = bpf_map_lookup_elem(&device, &zero);
	return d && d->flags & DEVICE_SHAKES;
}

/* Of the answer whose payload is in place: its headers to scratch->asked, and behind them the
 * payload, if that is carried as it is. The whole answer is made for its checksum; without a
 * payload it is a RST. Returns how many bytes of each, in the upper and the lower half; 0: not
 * to be had. */
stage int both_answer(struct packet *p, __u32 options, __u32 length)
{
	struct scratch *s = scratch_memory();
	struct draft d;
	__u32 headers;

	if (!p || !s)
		return 0;
	options &= 15;
	if (length > REWRITE_PAYLOAD || (p->order == ORDER_READY && length > BOTH_READY))
		length = 0;
	if (!length) {
		options = 0;
		p->order = ORDER_READY;
	}
	d = reply_draft(p, length ? TCP_FIN | TCP_PSH | TCP_ACK : TCP_RST | TCP_ACK, options, length);
	if (!make_tcp(p, s, &d))
		return 0;
	headers = (p->ipv6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr)) + sizeof(struct tcphdr) + options;
	bpf_probe_read_kernel(s->asked, BOTH_HEADERS, s->bytes + (p->ipv6 ? 0 : 20));
	if (p->order == ORDER_READY)
		bpf_probe_read_kernel(s->asked + headers % 128, BOTH_READY,
				      s->bytes + REWRITE_L4 + sizeof(struct tcphdr) + options);
	return headers << 16 | length;
}

/* The RST for the server, with the client's answer in it. The payload is not put from within
 * both_answer(): together they need too much stack. */
static __always_inline bool reset_both(struct xdp_md *ctx, struct packet *p, struct scratch *s)
{
	__u32 at = REWRITE_L4 + sizeof(struct tcphdr), options = 0, length = 0, both, carried;
	struct draft d = {.flags = TCP_RST};

	p->order = ORDER_READY;
	if (p->action == ACT_ANSWER)
		length = answer_payload(ctx, p, s, &options);
	both = both_answer(p, options, length);
	if (!both)
		return false;
	length = both & 0xffff;
	carried = both >> 16;
	/* What is carried as it is counts as headers of the form: nothing is to be made. */
	d.seq = p->seq;
	d.length = put_order(p, s, at, length, carried);
	if (p->order == ORDER_READY) {
		carried += length;
		d.length += length;
	}
	page_put(s, at + sizeof(struct order_form), s->asked, carried);
	return write_tcp(ctx, p, s, &d);
}

static __always_inline bool turn_at_data(struct xdp_md *ctx, struct packet *p, struct scratch *s)
{
	return (both_wanted(p) && reset_both(ctx, p, s)) || reset_server(ctx, p, s);
}

/* ---- tc ingress ------------------------------------------------------------ */

/* Does a RST of this form carry an answer? Any other has no data. */
static __always_inline bool both_possible(const struct packet *p)
{
	return (p->tcp_flags & (TCP_RST | TCP_ACK)) == TCP_RST && p->payload_len > sizeof(struct order_form);
}

/* No payload is shorter than two bytes. Linux 6.1 wants to see that in the sum: it learns no
 * least value from a comparison. */
static __always_inline bool both_load(struct __sk_buff *skb, __u32 at, struct scratch *s, __u32 length)
{
	length -= 2;
	opaque(length);
	return !bpf_skb_load_bytes(skb, at, s->bytes, (length & 1023) + 2);
}

static __always_inline bool both_store(struct __sk_buff *skb, __u32 at, struct scratch *s, __u32 length)
{
	length -= 2;
	opaque(length);
	return !bpf_skb_store_bytes(skb, at, s->bytes, (length & 2047) + 2, 0);
}

/* Makes the packet into the answer that its form asks for. */
static __always_inline bool both_make(struct __sk_buff *skb, const struct packet *p, struct scratch *s,
				      const struct order_form *form)
{
	__u32 at = p->payload + sizeof(*form), headers = form->headers, length = form->length;
	struct scratch_tc *t = scratch_tc_memory();

	if (!t || headers < 40 || headers > BOTH_HEADERS || length > REWRITE_PAYLOAD)
		return false;
	opaque(headers);
	headers &= 127;
	if (headers < 40 || bpf_skb_load_bytes(skb, at, t->headers, headers))
		return false;
	at += headers;
	if (form->what == ORDER_READY) {
		if (length && !both_load(skb, at, s, length))
			return false;
	} else if (!order_payload(skb, s, form, at)) {
		return false;
	}
	if (bpf_skb_change_tail(skb, p->l3 + headers + length, 0) ||
	    bpf_skb_store_bytes(skb, p->l3, t->headers, headers, 0))
		return false;
	return !length || both_store(skb, p->l3 + headers, s, length);
}

/* The packet in hand becomes the bare RST. */
static __always_inline bool both_reset(struct __sk_buff *skb, const struct packet *p, struct scratch_tc *t,
				       __u32 seq)
{
	struct draft d = {.seq = seq, .flags = TCP_RST};

	write_stamps(t, false, 0, 0);
	return !lay_over_skb(skb, p, t, &d, 0, 0, false);
}

/* Sends the answer, and leaves the RST to the host. Generic XDP makes the kernel copy some
 * packets, and then their Ethernet header is hidden (see struct order_frame): what got it back
 * has to come in once more. */
stage int answer_beside(struct __sk_buff *skb, struct packet *p)
{
	struct scratch_tc *t = scratch_tc_memory();
	struct scratch *s = scratch_memory();
	struct order_frame f = {};
	struct order_form form;
	bool made;
	__be16 type;

	if (!skb || !p || !s || !t || bpf_skb_load_bytes(skb, p->payload, &form, sizeof(form)) ||
	    !form.secret || form.secret != order_secret() ||
	    bpf_skb_load_bytes_relative(skb, 0, &f.eth, sizeof(f.eth), BPF_HDR_START_MAC))
		return TC_ACT_UNSPEC;
	type = bpf_htons(p->ipv6 ? ETHERTYPE_IPV6 : ETHERTYPE_IPV4);
	f.hidden = !p->l3;
	f.type_at = p->l3 - sizeof(type);
	made = both_make(skb, p, s, &form) && !order_link(skb, &f, type);
	if (made) {
		/* It has the client's numbers: egress leaves it alone. */
		skb->tc_index = SKB_INJECTED;
		bpf_clone_redirect(skb, skb->ifindex, 0);
		if (f.hidden) {
			p->l3 += sizeof(f.eth);
			p->l4 += sizeof(f.eth);
		}
		if (swap_macs(skb))
			return TC_ACT_SHOT;
	}
	if (!both_reset(skb, p, t, p->seq))
		return TC_ACT_SHOT;
	if (made && f.hidden)
		return bpf_redirect(skb->ifindex, BPF_F_INGRESS);
	skb->tc_index = 0;
	return TC_ACT_UNSPEC;
}

#endif
