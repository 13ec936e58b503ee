// SPDX-License-Identifier: GPL-2.0-only
#include "show/depth.h"

#include <netinet/in.h>
#include <stdio.h>

/* Of late all that was handed to the kernel was lost, and the network that lost it
 * is judged at data. (Others have to see for themselves.) */
static bool is_doubted(const struct engagement *e)
{
	uint32_t clock = FLOW_CLOCK(monotonic_ns());

	return e->lately && e->resting && (int32_t)(e->resting - clock) > 0;
}

static bool is_at_data(const struct engagement *e)
{
	return !e->enabled || e->until > monotonic_ns() || e->shallow == SHALLOW_MPTCP || is_doubted(e);
}

/* "handshake", "handshake 1/64", "data", "-" (no TCP). */
const char *depth_text(struct gate *g, struct policy *p, const struct rule *r)
{
	static char text[32];
	struct engagement e;

	if (r->l4 != IPPROTO_TCP)
		return "-";
	if (r->depth == DEPTH_OFF || r->observe || policy_posture(p) == POSTURE_OBSERVE)
		return "data";
	if (gate_engagement(g, r, &e) || is_at_data(&e))
		return "data";
	if (e.width >= ENGAGED_FULLY)
		return "handshake";
	snprintf(text, sizeof(text), "handshake 1/%u", ENGAGED_FULLY / e.width);
	return text;
}

/* Why a listener is judged at data although its line would allow more. */
const char *shallow_reason(struct gate *g, const struct rule *r)
{
	struct engagement e;

	if (r->l4 != IPPROTO_TCP || r->depth == DEPTH_OFF || gate_engagement(g, r, &e))
		return "";
	return is_at_data(&e) ? shallow_text(e.shallow) : "";
}
