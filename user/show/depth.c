// SPDX-License-Identifier: GPL-2.0-only
#include "show/depth.h"

#include <netinet/in.h>

/* Why a listener is judged at data although its line and the posture allow more. */
static enum shallow why_shallow(struct gate *g, const struct rule *r)
{
	struct engagement e;
	struct room room;

	if (gate_engagement(g, r, &e))
		return SHALLOW_UNSEEN;
	if (!e.seen[0] && !e.seen[1])
		return e.shallow == SHALLOW_NONE ? SHALLOW_UNSEEN : e.shallow;
	if (!gate_room(g, &room) && room.bound >= room.limit - room.limit / 8)
		return SHALLOW_ROOM;
	return SHALLOW_NONE;
}

/* The listener's line and the posture ask for the handshake. */
static bool may_shake(struct policy *p, const struct rule *r)
{
	return r->l4 == IPPROTO_TCP && r->depth != DEPTH_OFF && !r->observe && policy_posture(p) != POSTURE_OBSERVE;
}

const char *depth_text(struct gate *g, struct policy *p, const struct rule *r)
{
	if (r->l4 != IPPROTO_TCP)
		return "-";
	return may_shake(p, r) && why_shallow(g, r) == SHALLOW_NONE ? "handshake" : "data";
}

const char *shallow_reason(struct gate *g, struct policy *p, const struct rule *r)
{
	return may_shake(p, r) ? shallow_text(why_shallow(g, r)) : "";
}
