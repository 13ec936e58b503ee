/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stage 2, listener: is this packet for a listener, and for an address of this
 * host? Everything else passes at once: what a wildcard listener would catch of
 * traffic that is forwarded to containers and guests, and every port that no
 * line of the policy names.
 */
#ifndef STRAYGATE_LISTENER_H
#define STRAYGATE_LISTENER_H

#include "bpf/alarm.h"
#include "bpf/packet.h"
#include "bpf/view.h"

static __always_inline bool same_address(const __u8 *a, const __u8 *b)
{
	const __u64 *x = (const __u64 *)a, *y = (const __u64 *)b;

	return x[0] == y[0] && x[1] == y[1];
}

/* The entry of a port: 0 for nearly all packets of a host. */
static __always_inline __u32 port_entry(void *image, const struct packet *p)
{
	__u32 port = bpf_ntohs(p->flow.server_port);
	__u32 base = p->protocol == IPPROTO_UDP ? IMAGE_PORTS + IMAGE_PORT_CELLS : IMAGE_PORTS;
	__u16 *ports = image_cell(image, base + port / 32);

	return ports ? ports[port % 32] : 0;
}

/* `on ADDR` goes before the listener of all addresses. */
static __always_inline struct image_listener *find_listener(void *image, struct image_head *head,
							    const struct packet *p, __u32 entry)
{
	__u32 next = IMAGE_PORT_FIRST(entry);
	struct image_listener *l;
	__u32 i;

	for (i = 0; i < ADDRESSES_PER_PORT && next; i++) {
		l = image_listener(image, head, next);
		if (!l)
			return NULL;
		if (same_address(l->addr, p->flow.server))
			return l;
		next = l->next;
	}
	if (!(entry & IMAGE_PORT_LISTENER))
		return NULL;
	return image_listener(image, head, entry & IMAGE_PORT_LISTENER);
}

stage int listener(struct packet *p, __u32 entry)
{
	struct image_listener *l;
	struct view v;

	if (!p || !view_open(&v, p))
		return REASON_table_missing;
	l = find_listener(v.image, v.head, p, entry);
	if (!l)
		return REASON_no_listener;
	if (!address_find(v.image, IMAGE_LOCAL4, p->flow.server, p->ipv6))
		return REASON_not_local;
	p->listener = l->id;
	p->as = l->protocol;
	p->depth = l->depth;
	p->listener_rule = l->rule;
	p->alarm = l->alarm;
	p->proxied = l->proxy ? PROXIED_STRANGER : PROXIED_NOT;
	if (l->alarm == ALARM_ON)
		p->observe = !alarm_engaged(p, l);
	else
		p->observe |= l->observe;
	return CONTINUE;
}

#endif
