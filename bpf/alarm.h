/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Posture `auto` on a packet's way: is its listener asleep or engaged? When it becomes the
 * one or the other is in alarm_state.h, and what is counted for that in alarm_window.h.
 */
#ifndef STRAYGATE_ALARM_H
#define STRAYGATE_ALARM_H

#include "bpf/bpf.h"
#include "bpf/alarm_state.h"
#include "bpf/maps.h"
#include "bpf/packet.h"

static __always_inline struct alarm *alarm_of(__u32 id)
{
	return bpf_map_lookup_elem(&alarms, &id);
}

static __always_inline struct pace *pace_of(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&pace, &zero);
}

static __always_inline __u64 alarm_now(struct packet *p, const struct pace *at)
{
	return at->clock ?: packet_tick(p);
}

/* Does this listener act now? */
static __always_inline bool alarm_engaged(struct packet *p, const struct image_listener *l)
{
	struct alarm *own = alarm_of(l->id), *other = l->follows ? alarm_of(l->follows) : NULL;
	struct pace *at;

	if (!(own && own->until) && !(other && other->until))
		return false;
	at = pace_of();
	if (!at)
		return false;
	return (own && alarm_is_engaged(own, alarm_now(p, at))) ||
	       (other && alarm_is_engaged(other, alarm_now(p, at)));
}

#endif
