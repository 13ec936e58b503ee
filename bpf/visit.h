/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is remembered of a TCP visit between its packets, and what a reason makes of
 * it. (Where, see flow_table.h; what the first bytes of an undecided one were, see
 * handshake/hold.h.)
 */
#ifndef STRAYGATE_VISIT_H
#define STRAYGATE_VISIT_H

#include "bpf/bpf.h"
#include "bpf/conversation.h"
#include "bpf/handshake/hold.h"

static __always_inline __u32 state_after(const struct packet *p, __u32 reason)
{
	switch (reason) {
	case REASON_undecided:
	case REASON_cannot_hold:
		return FLOW_PARTIAL;
	case REASON_held:
		return FLOW_HELD;
	case REASON_served:
	case REASON_stray_passed:
	case REASON_stray_familiar:
	case REASON_unnamed_passed:
	case REASON_unreadable_passed:
	case REASON_acme_passed:
	case REASON_unknown_passed:
	case REASON_unknown_familiar:
	case REASON_table_missing:
	case REASON_forgotten:
	case REASON_urgent:
	case REASON_source_trusted:
	case REASON_no_listener:
		return p->shaken ? FLOW_INTRODUCED : FLOW_JUDGED;
	}
	if (!p->observe)
		return FLOW_TURNED;
	return p->shaken ? FLOW_INTRODUCED : FLOW_JUDGED;
}

/* What must be remembered of a TCP visit for its later packets. One that shook hands
 * with the gate and passes is introduced to its server by this very packet, unless it was
 * before. Returns the reason. */
static __always_inline __u32 remember(struct packet *p, struct scratch *s, __u32 reason)
{
	__u32 state = state_after(p, reason), first = p->seq;
	struct flow_key key;

	if (p->protocol != IPPROTO_TCP || p->explain)
		return reason;
	key = p->flow;
	p->introduce = p->shaken && (state == FLOW_INTRODUCED || state == FLOW_PARTIAL);
	if (p->introduce && !p->resumed && is_replay(p)) {
		p->introduce = 0;
		reason = REASON_replayed;
		state = FLOW_JUDGED;
	}
	if (state == FLOW_PARTIAL)
		bpf_map_update_elem(&partials, &key, &s->finder, BPF_ANY);
	else if (p->resumed == RESUMED_PARTIAL)
		bpf_map_delete_elem(&partials, &key);
	if (p->resumed == RESUMED_HELD)
		first = s->held.kept.first;
	if (state == FLOW_TURNED && (p->again || p->resumed == RESUMED_HELD))
		bpf_map_delete_elem(&held, &key);
	flow_remember(p, state, first, p->ack);
	return reason;
}

/* Copied to scratch memory: another CPU may evict and overwrite it any time. */
static __always_inline bool resume(struct packet *p, struct scratch *s)
{
	struct flow_key key = p->flow;
	struct finder *waiting;

	if (p->resumed == RESUMED_HELD) {
		__builtin_memcpy(&s->finder, &s->held.finder, sizeof(s->finder));
		return true;
	}
	waiting = bpf_map_lookup_elem(&partials, &key);
	if (!waiting)
		return false;
	__builtin_memcpy(&s->finder, waiting, sizeof(s->finder));
	return true;
}

/* What was held of the visit in hand, to scratch memory, before anything is asked of
 * its next segment. */
static __always_inline bool resume_held(struct packet *p, struct scratch *s)
{
	struct flow_key key = p->flow;
	struct held *kept = bpf_map_lookup_elem(&held, &key);

	if (!kept)
		return false;
	bpf_probe_read_kernel(&s->held, sizeof(s->held), kept);
	s->agreed = s->held.agreed;
	return s->held.kept.serial == s->held.kept.serial_end &&
	       s->held.kept.first + s->held.kept.length == p->seq;
}

#endif
