/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Stages 6 and 7: the one place that turns a reason into an action, honours
 * the posture, and counts.
 */
#ifndef STRAYGATE_ACT_H
#define STRAYGATE_ACT_H

#include "answer.h"
#include "count.h"

static __always_inline __u32 verdict_of(__u32 reason)
{
	switch (reason) {
#define R(nr, name, verdict, text) \
	case nr:                   \
		return VERDICT_##verdict;
		STRAYGATE_REASONS(R)
#undef R
	}
	return VERDICT_PASS;
}

/* A reason whose verdict sends something, or rewrites it. Returns the XDP
 * action, or -1 if the packet could not be made into that. */
stage int rewrite(struct xdp_md *ctx, struct packet *p, __u32 reason)
{
	struct scratch *s = scratch_memory();

	if (!p || !s)
		return -1;
	switch (reason) {
	case REASON_tail_answered:
		return answer_request(ctx, p, s) ? XDP_TX : -1;
	case REASON_tail_closed:
		return acknowledge(ctx, p, s) ? XDP_TX : -1;
	case REASON_tail_reset:
		return reset_client(ctx, p, s) ? XDP_TX : -1;
	case REASON_stray_answered:
	case REASON_unnamed_answered:
		return refuse_dns(ctx, p, s) ? XDP_TX : -1;
	}
	return reset_server(ctx, p, s) ? XDP_PASS : -1;
}

static __always_inline int act(struct xdp_md *ctx, struct packet *p, __u32 reason)
{
	__u32 verdict = verdict_of(reason);
	int action = XDP_PASS;

	if (p->observe)
		verdict = VERDICT_PASS;
	if (verdict == VERDICT_DROP) {
		action = XDP_DROP;
	} else if (verdict != VERDICT_PASS) {
		action = rewrite(ctx, p, reason);
		if (action < 0) {
			action = XDP_PASS;
			reason = REASON_cannot_rewrite;
		}
	}
	count(p, reason);
	return action;
}

#endif
