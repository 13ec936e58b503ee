/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stage 7, count: one line of this device's counters a packet, and one of each
 * rule that had a word in it. All of them are this CPU's own.
 */
#ifndef STRAYGATE_COUNT_H
#define STRAYGATE_COUNT_H

#include "bpf/packet.h"
#include "bpf/view.h"

static __always_inline void count_rule(__u32 id, __u32 bytes)
{
	__u32 segment = id / RULES_SEGMENT, cpu = bpf_get_smp_processor_id();
	struct counter *c;
	void *piece;

	piece = bpf_map_lookup_elem(&rule_counters, &segment);
	if (!piece)
		return;
	c = bpf_map_lookup_elem(piece, &cpu);
	if (!c)
		return;
	opaque(c);
	c += id % RULES_SEGMENT;
	c->packets++;
	c->bytes += bytes;
}

static __always_inline void count(const struct packet *p, __u32 reason)
{
	__u32 index = counter_index(p->listener, p->observe, reason);
	struct counter *c = bpf_map_lookup_elem(&counters, &index);

	if (c) {
		c->packets++;
		c->bytes += p->frame_len;
	}
	if (p->source_rule)
		count_rule(p->source_rule, p->frame_len);
	if (p->name_rule)
		count_rule(p->name_rule, p->frame_len);
}

#endif
