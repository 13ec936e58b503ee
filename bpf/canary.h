/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A posture that is enforced for some clients alone, and observed for all others, so that
 * a mistake shows before it is everybody's: those of one network, or a share that a keyed
 * hash of the address draws. All connections of a client go the same way, and as long as
 * the share is only raised, who was drawn stays drawn. Of IPv6 the upper half is hashed:
 * browsers change the lower one by the day.
 */
#ifndef STRAYGATE_CANARY_H
#define STRAYGATE_CANARY_H

#include "bpf/handshake/siphash.h"
#include "bpf/network.h"
#include "bpf/packet.h"
#include "bpf/view.h"

#define CANARY_TAG 0x79726e6163ULL /* no other hash by these keys is of this */

static __always_inline bool canary_is_from(const struct image_canary *c, const __u64 *client)
{
	const __u64 *from = (const __u64 *)c->from;
	__u64 lower = c->len > 64 ? network_mask(c->len - 64) : 0;

	return !((client[0] ^ from[0]) & network_mask(c->len)) && !((client[1] ^ from[1]) & lower);
}

/* Is this packet's client one for whom the posture is not? */
stage int canary_spares(struct packet *p)
{
	struct image_canary *c;
	struct siphash h;
	struct shake *s;
	struct view v;
	const __u64 *client;
	__u32 zero = 0;

	if (!p || !view_open(&v, p))
		return 1;
	c = image_cell(v.image, IMAGE_CANARY);
	if (!c)
		return 1;
	client = (const __u64 *)p->flow.client;
	if (c->len != IMAGE_CANARY_SHARE)
		return !p->ipv6 != !c->ipv6 || !canary_is_from(c, client);
	s = bpf_map_lookup_elem(&shake, &zero);
	if (!s)
		return 1;
	siphash_begin(&h, s->name_keys[0], s->name_keys[1]);
	siphash_word(&h, CANARY_TAG);
	siphash_word(&h, bpf_be64_to_cpu(client[p->ipv6 ? 0 : 1]));
	return (__u32)siphash_end(&h) >= c->share;
}

/* Of the head that judges this packet: the posture, for its client. What belongs to no
 * listener is observed under `auto`, since only a listener can be engaged. */
static __always_inline bool posture_observes(struct packet *p, const struct image_head *head)
{
	if (head->flags & IMAGE_HAS_CANARY)
		return canary_spares(p);
	return head->posture != POSTURE_ENFORCE;
}

#endif
