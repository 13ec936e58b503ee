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
#include "bpf/packet.h"
#include "bpf/view.h"

#define CANARY_TAG 0x79726e6163ULL /* no other hash by these keys is of this */

/* The first `len` bits of an address, by its halves in host order. */
static __always_inline bool canary_is_from(const struct image_canary *c, __u64 upper, __u64 lower)
{
	const __u64 *from = (const __u64 *)c->from;
	__u32 len = c->len;
	__u64 mask_upper = len >= 64 ? ~0ULL : ~(~0ULL >> (len & 63));
	__u64 mask_lower = len >= 128 ? ~0ULL : len <= 64 ? 0 : ~(~0ULL >> (len & 63));

	return !((upper ^ bpf_be64_to_cpu(from[0])) & mask_upper) &&
	       !((lower ^ bpf_be64_to_cpu(from[1])) & mask_lower);
}

/* Is this packet's client one for whom the posture is not? */
stage int canary_spares(struct packet *p)
{
	struct image_canary *c;
	struct siphash h;
	struct shake *s;
	struct view v;
	__u32 zero = 0;
	__u64 upper, lower;

	if (!p || !view_open(&v, p))
		return 1;
	c = image_cell(v.image, IMAGE_CANARY);
	if (!c)
		return 1;
	upper = bpf_be64_to_cpu(*(__u64 *)p->flow.client);
	lower = bpf_be64_to_cpu(*(__u64 *)(p->flow.client + 8));
	if (c->len != IMAGE_CANARY_SHARE)
		return !p->ipv6 != !c->ipv6 || !canary_is_from(c, upper, lower);
	s = bpf_map_lookup_elem(&shake, &zero);
	if (!s)
		return 1;
	siphash_begin(&h, s->name_keys[0], s->name_keys[1]);
	siphash_word(&h, CANARY_TAG);
	siphash_word(&h, p->ipv6 ? upper : lower);
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
