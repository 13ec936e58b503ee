/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Answers that do not fit their request's frame. Drivers give a frame a page or
 * half of one; generic XDP and veth give it hardly more than it has (net/core/
 * skbuff.c, skb_pp_cow_data()). At tc a packet grows as it likes. So the XDP
 * program makes the headers, checksum included, and in place of the payload says
 * which one they are for. That frame goes up under an EtherType that no stack
 * takes (IEEE 802 OUI extended, "local experimental"), and tc ingress makes it whole
 * and sends it out of the device it came by.
 */
#ifndef STRAYGATE_ANSWER_TC_H
#define STRAYGATE_ANSWER_TC_H

#include "bpf/answer_http.h"
#include "bpf/handshake/skb.h"
#include "bpf/handshake/syn.h"
#include "bpf/parse.h"

#define ETHERTYPE_ORDER 0x88b5

/* Behind the headers; the name follows, or the payload as it is (ORDER_READY). The
 * secret is the gate's: a frame like this from the wire is nobody's. */
struct order_form {
	__u64 secret;
	__u16 length; /* of the payload in the making */
	__u8 what;    /* enum order */
	__u8 slot;    /* of the image */
	__u8 page;
	__u8 name_len;
	__u8 headers; /* of the answer, which follow first: see answer_both.h */
	__u8 reserved;
};
_Static_assert(sizeof(struct order_form) == 16, "tests/packet/test_mutated.c knows");

static __always_inline __u64 order_secret(void)
{
	struct shake *k = shake_secrets();

	return k ? k->flow_keys[0][0] ^ k->flow_keys[1][1] : 0;
}

/* Writes the form and the name over the payload; returns their length. Between them
 * is room for headers of the answer. */
static __always_inline __u32 put_order(const struct packet *p, struct scratch *s, __u32 at, __u32 length,
				       __u32 headers)
{
	struct order_form form = {
		.secret = order_secret(),
		.length = length,
		.what = p->order,
		.slot = p->slot,
		.page = p->answer,
		.headers = headers,
	};
	__u32 n = s->finder.name_len;

	/* The end of it will do: see page_name(). One more says that there was more. */
	n = n > PAGE_NAME_MAX + 1 ? PAGE_NAME_MAX + 1 : n;
	if (p->order == ORDER_READY)
		n = 0;
	form.name_len = n;
	page_put(s, at, &form, sizeof(form));
	at += sizeof(form) + headers;
	page_put(s, at, s->finder.name + find_place(s->finder.name_len - n), n);
	return sizeof(form) + headers + n;
}

/* In place of write_tcp(). */
static __always_inline bool order_tcp(struct xdp_md *ctx, const struct packet *p, struct scratch *s,
				      const struct draft *d)
{
	__u32 headers = sizeof(struct tcphdr) + d->options;
	__be16 type = bpf_htons(ETHERTYPE_ORDER);

	if (!make_tcp(p, s, d))
		return false;
	if (!lay_over(ctx, p, s, headers + put_order(p, s, REWRITE_L4 + headers, d->length, 0)))
		return false;
	return !bpf_xdp_store_bytes(ctx, p->l3 - sizeof(type), &type, sizeof(type));
}

static __always_inline bool is_vlan(__be16 type)
{
	return type == bpf_htons(ETHERTYPE_VLAN) || type == bpf_htons(ETHERTYPE_QINQ) ||
	       type == bpf_htons(ETHERTYPE_QINQ1);
}

/* A frame at tc. The outermost tag has been taken off it, and where generic XDP made
 * the kernel copy it, its Ethernet header is hidden (mac_len is not copied). */
struct order_frame {
	__u32 l3;      /* where the IP header stands */
	__u32 type_at; /* and the EtherType, before it */
	__u32 hidden;  /* the Ethernet header is not there */
	struct ethhdr eth;
};

static __always_inline bool order_find(struct __sk_buff *skb, struct order_frame *f)
{
	__u32 at, i;
	__be16 type;

	if (bpf_skb_load_bytes_relative(skb, 0, &f->eth, sizeof(f->eth), BPF_HDR_START_MAC))
		return false;
	for (i = 0, at = offsetof(struct ethhdr, h_proto); i <= VLANS_MAX; i++, at += sizeof(struct vlan)) {
		if (bpf_skb_load_bytes(skb, at, &type, sizeof(type)))
			return false;
		if (type == bpf_htons(ETHERTYPE_ORDER)) {
			f->type_at = at;
			f->l3 = at + sizeof(type);
			return true;
		}
		if (!is_vlan(type))
			break;
	}
	f->hidden = 1;
	f->l3 = 0;
	return skb->protocol == bpf_htons(ETHERTYPE_ORDER);
}

/* Sender and receiver change places, and the EtherType is that of the IP packet. */
static __always_inline long order_link(struct __sk_buff *skb, struct order_frame *f, __be16 type)
{
	__u8 mac[ETH_ALEN];

	__builtin_memcpy(mac, f->eth.h_dest, ETH_ALEN);
	__builtin_memcpy(f->eth.h_dest, f->eth.h_source, ETH_ALEN);
	__builtin_memcpy(f->eth.h_source, mac, ETH_ALEN);
	if (f->hidden) {
		f->eth.h_proto = type;
		return bpf_skb_change_head(skb, sizeof(f->eth), 0) ||
		       bpf_skb_store_bytes(skb, 0, &f->eth, sizeof(f->eth), 0);
	}
	return bpf_skb_store_bytes(skb, 0, &f->eth, 2 * ETH_ALEN, 0) ||
	       bpf_skb_store_bytes(skb, f->type_at, &type, sizeof(type), 0);
}

/* Writes the payload that the form asks for to the beginning of scratch->bytes. */
static __always_inline bool order_payload(struct __sk_buff *skb, struct scratch *s,
					  const struct order_form *form, __u32 at)
{
	const struct image_page *page = page_of(form->slot, form->page);
	__u32 n = form->name_len;

	if (!page || n > PAGE_NAME_MAX + 1)
		return false;
	if (form->what == ORDER_BRIEF) {
		page_put(s, 0, (const __u8 *)(page + 1) + IMAGE_BRIEF, page->brief);
		return true;
	}
	s->finder.name_len = n;
	opaque(n);
	n &= 127;
	if (n >= 2 && bpf_skb_load_bytes(skb, at, s->finder.name, n))
		return false;
	if (n == 1 && bpf_skb_load_bytes(skb, at, s->finder.name, 1))
		return false;
	put_page(s, page, 0);
	return true;
}

static __always_inline bool order_carry_out(struct __sk_buff *skb, struct scratch *s, struct order_frame *f)
{
	__u32 payload, length, ip = sizeof(struct iphdr);
	__be16 type = bpf_htons(ETHERTYPE_IPV4);
	struct order_form form;
	__u8 version, doff;

	if (bpf_skb_load_bytes(skb, f->l3, &version, 1))
		return false;
	if (version >> 4 == 6) {
		ip = sizeof(struct ipv6hdr);
		type = bpf_htons(ETHERTYPE_IPV6);
	}
	if (bpf_skb_load_bytes(skb, f->l3 + ip + 12, &doff, 1))
		return false;
	payload = f->l3 + ip + (doff >> 4) * 4;
	if (bpf_skb_load_bytes(skb, payload, &form, sizeof(form)) || !form.secret ||
	    form.secret != order_secret())
		return false;
	if (!order_payload(skb, s, &form, payload + sizeof(form)))
		return false;
	length = form.length;
	if (length < 2 || length > REWRITE_PAYLOAD || bpf_skb_change_tail(skb, payload + length, 0))
		return false;
	opaque(length);
	if (bpf_skb_store_bytes(skb, payload, s->bytes, ((length - 2) & 2047) + 2, 0))
		return false;
	return !order_link(skb, f, type);
}

static __noinline int order_at_tc(struct __sk_buff *skb)
{
	struct scratch *s = scratch_memory();
	struct order_frame f = {};

	if (!skb || !s || !order_find(skb, &f))
		return TC_ACT_UNSPEC;
	if (!order_carry_out(skb, s, &f))
		return TC_ACT_SHOT;
	/* It has the client's numbers: egress leaves them alone. */
	skb->tc_index = SKB_INJECTED;
	return bpf_redirect(skb->ifindex, 0);
}

/* tc ingress, before all else: TC_ACT_UNSPEC if it is no order. */
static __always_inline int answer_at_tc(struct __sk_buff *skb)
{
	__be16 type = skb->protocol;

	return type == bpf_htons(ETHERTYPE_ORDER) || is_vlan(type) ? order_at_tc(skb) : TC_ACT_UNSPEC;
}

#endif
