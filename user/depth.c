// SPDX-License-Identifier: GPL-2.0-only
#include "depth.h"

#include <netinet/in.h>
#include <stdio.h>

#include "change.h"

/* "handshake", "handshake 1/64", "data", "-" (no TCP). */
const char *depth_text(struct gate *g, struct policy *p, const struct rule *r)
{
	static char text[32];
	struct engagement e;

	if (r->l4 != IPPROTO_TCP)
		return "-";
	if (r->depth == DEPTH_OFF || r->observe || policy_posture(p) == POSTURE_OBSERVE)
		return "data";
	if (gate_engagement(g, r, &e) || !e.enabled || e.until > monotonic_ns() || e.shallow == SHALLOW_MPTCP)
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
	if (e.enabled && e.until <= monotonic_ns() && e.shallow != SHALLOW_MPTCP)
		return "";
	return shallow_text(e.shallow);
}
