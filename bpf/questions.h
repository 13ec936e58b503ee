/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DNS questions that this host, or one behind it, sends: seen at tc egress, after
 * any NAT. Whoever is asked may answer, on the very port that asked, for as long as
 * resolvers wait. A socket tells that only if it is connected, and what asks for a
 * container is no socket of ours at all.
 */
#ifndef STRAYGATE_QUESTIONS_H
#define STRAYGATE_QUESTIONS_H

#include "bpf/bpf.h"
#include "bpf/maps.h"
#include "bpf/parse.h"
#include "bpf/view.h"

#define DNS_PORT 53

/* The question's ends, as those of its answer. Only what can be read at once: a
 * datagram's headers always can. */
static __always_inline bool read_question(struct __sk_buff *skb, struct flow_key *key)
{
	void *end = (void *)(long)skb->data_end;
	struct ethhdr *eth = (void *)(long)skb->data;
	struct ipv6hdr *six = (void *)(eth + 1);
	struct iphdr *four = (void *)(eth + 1);
	struct udphdr *udp;

	if ((void *)(four + 1) > end)
		return false;
	if (eth->h_proto == bpf_htons(ETHERTYPE_IPV4)) {
		udp = (void *)(four + 1);
		if (four->protocol != IPPROTO_UDP || four->ihl != 5 || four->frag_off & bpf_htons(0x1fff))
			return false;
		map_address(key->client, four->daddr);
		map_address(key->server, four->saddr);
	} else {
		udp = (void *)(six + 1);
		if ((void *)(six + 1) > end || eth->h_proto != bpf_htons(ETHERTYPE_IPV6) ||
		    six->nexthdr != IPPROTO_UDP)
			return false;
		__builtin_memcpy(key->client, &six->daddr, 16);
		__builtin_memcpy(key->server, &six->saddr, 16);
	}
	if ((void *)(udp + 1) > end || udp->dest != bpf_htons(DNS_PORT))
		return false;
	key->client_port = udp->dest;
	key->server_port = udp->source;
	return true;
}

/* Only where the policy names its resolvers: elsewhere nobody asks for it. */
static __always_inline void note_question(struct __sk_buff *skb)
{
	struct flow_key key = {};
	struct view v;
	__u64 now;

	if (!read_question(skb, &key) || !view_of(&v, current_slot()) ||
	    !(v.head->flags & IMAGE_HAS_RESOLVERS))
		return;
	now = bpf_ktime_get_coarse_ns();
	bpf_map_update_elem(&questions, &key, &now, BPF_ANY);
}

/* Was the sender of this datagram asked, and from this very port? */
static __always_inline bool was_asked(struct packet *p)
{
	struct flow_key key = p->flow;
	__u64 *since = bpf_map_lookup_elem(&questions, &key);

	return since && packet_tick(p) - *since < QUESTIONS_PATIENCE;
}

#endif
