/* SPDX-License-Identifier: GPL-2.0-only */
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
#include "bpf/handshake/syn.h"

#define ETHERTYPE_ORDER 0x88b5

/* Behind the headers; the name follows. The secret is the gate's: a frame like this
 * from the wire is nobody's. */
struct order_form {
	__u64 secret;
	__u16 length; /* of the payload in the making */
	__u8 what;    /* enum order */
	__u8 slot;    /* of the image */
	__u8 page;
	__u8 name_len;
	__u8 reserved[2];
};

static __always_inline __u64 order_secret(void)
{
	struct shake *k = shake_secrets();

	return k ? k->flow_keys[0][0] ^ k->flow_keys[1][1] : 0;
}

/* Writes the form and the name over the payload; returns their length. */
static __always_inline __u32 put_order(const struct packet *p, struct scratch *s, __u32 at, __u32 length)
{
	struct order_form form = {
		.secret = order_secret(),
		.length = length,
		.what = p->order,
		.slot = p->slot,
		.page = p->answer,
	};
	__u32 n = s->finder.name_len;

	/* The end of it will do: see page_name(). One more says that there was more. */
	n = n > PAGE_NAME_MAX + 1 ? PAGE_NAME_MAX + 1 : n;
	form.name_len = n;
	page_put(s, at, &form, sizeof(form));
	page_put(s, at + sizeof(form), s->finder.name + find_place(s->finder.name_len - n), n);
	return sizeof(form) + n;
}

/* In place of write_tcp(). */
static __always_inline bool order_tcp(struct xdp_md *ctx, const struct packet *p, struct scratch *s,
				      const struct draft *d)
{
	__u32 headers = sizeof(struct tcphdr) + d->options;
	__be16 type = bpf_htons(ETHERTYPE_ORDER);

	if (!make_tcp(p, s, d))
		return false;
	if (!lay_over(ctx, p, s, headers + put_order(p, s, REWRITE_L4 + headers, d->length)))
		return false;
	return !bpf_xdp_store_bytes(ctx, p->l3 - sizeof(type), &type, sizeof(type));
}

static __always_inline bool is_vlan(__be16 type)
{
	return type == bpf_htons(ETHERTYPE_VLAN) || type == bpf_htons(ETHERTYPE_QINQ) ||
	       type == bpf_htons(ETHERTYPE_QINQ1);
}

/* Where the EtherType of an order stands; 0: it is none. The outermost tag has been
 * taken off the packet. */
static __always_inline __u32 order_type_at(struct __sk_buff *skb)
{
	__u32 at, i;
	__be16 type;

	for (i = 0, at = offsetof(struct ethhdr, h_proto); i <= VLANS_MAX; i++, at += sizeof(struct vlan)) {
		if (bpf_skb_load_bytes(skb, at, &type, sizeof(type)))
			return 0;
		if (type == bpf_htons(ETHERTYPE_ORDER))
			return at;
		if (!is_vlan(type))
			return 0;
	}
	return 0;
}

/* Sender and receiver change places, and the EtherType is that of the IP packet. */
static __always_inline long order_link(struct __sk_buff *skb, __u32 type_at, __be16 type)
{
	__u8 mac[2 * ETH_ALEN];

	return bpf_skb_load_bytes(skb, 0, mac, sizeof(mac)) ||
	       bpf_skb_store_bytes(skb, 0, mac + ETH_ALEN, ETH_ALEN, 0) ||
	       bpf_skb_store_bytes(skb, ETH_ALEN, mac, ETH_ALEN, 0) ||
	       bpf_skb_store_bytes(skb, type_at, &type, sizeof(type), 0);
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
	checked(n);
	n &= 127;
	if (n >= 2 && bpf_skb_load_bytes(skb, at, s->finder.name, n))
		return false;
	if (n == 1 && bpf_skb_load_bytes(skb, at, s->finder.name, 1))
		return false;
	put_page(s, page, 0);
	return true;
}

static __always_inline bool order_carry_out(struct __sk_buff *skb, struct scratch *s, __u32 type_at)
{
	__u32 l4, payload, length;
	struct order_form form;
	__u8 version, doff;

	if (bpf_skb_load_bytes(skb, type_at + 2, &version, 1))
		return false;
	l4 = type_at + 2 + (version >> 4 == 6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr));
	if (bpf_skb_load_bytes(skb, l4 + 12, &doff, 1))
		return false;
	payload = l4 + (doff >> 4) * 4;
	if (bpf_skb_load_bytes(skb, payload, &form, sizeof(form)) || !form.secret ||
	    form.secret != order_secret())
		return false;
	if (!order_payload(skb, s, &form, payload + sizeof(form)))
		return false;
	length = form.length;
	if (length < 2 || length > REWRITE_PAYLOAD || bpf_skb_change_tail(skb, payload + length, 0))
		return false;
	checked(length);
	if (bpf_skb_store_bytes(skb, payload, s->bytes, ((length - 2) & 2047) + 2, 0))
		return false;
	return !order_link(skb, type_at,
			   version >> 4 == 6 ? bpf_htons(ETHERTYPE_IPV6) : bpf_htons(ETHERTYPE_IPV4));
}

static __noinline int order_at_tc(struct __sk_buff *skb)
{
	struct scratch *s = scratch_memory();
	__u32 type_at;

	if (!skb || !s)
		return TC_ACT_UNSPEC;
	type_at = order_type_at(skb);
	if (!type_at)
		return TC_ACT_UNSPEC;
	return order_carry_out(skb, s, type_at) ? bpf_redirect(skb->ifindex, 0) : TC_ACT_SHOT;
}

/* tc ingress, before all else: TC_ACT_UNSPEC if it is no order. */
static __always_inline int answer_at_tc(struct __sk_buff *skb)
{
	__be16 type = skb->protocol;

	return type == bpf_htons(ETHERTYPE_ORDER) || is_vlan(type) ? order_at_tc(skb) : TC_ACT_UNSPEC;
}

#endif
