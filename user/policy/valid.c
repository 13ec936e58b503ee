// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/valid.h"

#include <netinet/in.h>
#include <string.h>

#include "lib/clock.h"
#include "policy/build.h"
#include "policy/rate.h"
#include "policy/rule.h"

static bool listener_valid(const struct rule *r)
{
	static const uint8_t none[16], mapped_none[16] = {[10] = 0xff, [11] = 0xff};
	bool is_none = !memcmp(r->addr, none, 16);

	if (!protocol_on(r->as, r->l4) || !r->port || r->depth > DEPTH_OFF)
		return false;
	if (r->l4 == IPPROTO_UDP && r->depth != DEPTH_AUTO)
		return false;
	return r->any ? is_none : !is_none && memcmp(r->addr, mapped_none, 16);
}

static bool limit_valid(const struct rule *r)
{
	static const uint8_t nothing[16];

	if (!r->bits4 || r->bits4 > 32 || !r->bits6 || r->bits6 > 128 || memcmp(r->addr + 2, nothing, 14))
		return false;
	if (r->answer || (r->over && r->over != ACT_ANSWER))
		return false;
	return !r->over || r->rate.unit == RATE_VISITS;
}

/* Fields that the statement has no use for are as the parser leaves them. */
static bool fields_valid(const struct rule *r)
{
	static const struct rule nothing, listed = {.listed = 1};
	bool listen = r->statement == ST_LISTEN;
	bool fate = rule_is_fate(r), limit = r->statement == ST_LIMIT;

	if (limit && !limit_valid(r))
		return false;
	if (listen && !listener_valid(r))
		return false;
	if (fate &&
	    (r->as < PROTO_HTTP || r->as > PROTO_DNS || (r->statement == ST_UNKNOWN && r->as != PROTO_DNS)))
		return false;
	if (!listen && !fate && r->as)
		return false;
	if (r->statement == ST_POSTURE && r->share &&
	    (r->posture != POSTURE_ENFORCE || r->share >= SHARE_ALL))
		return false;
	if (!listen && !fate && !limit && r->statement != ST_POSTURE && r->port &&
	    (r->statement != ST_ZONE || r->port != listed.port))
		return false;
	if ((r->sleeps && (!listen || r->observe)) || (r->rate.above && !r->sleeps) ||
	    r->rate.above > RATE_MAX)
		return false;
	if (r->proxy && (!listen || !proxy_allowed(r->l4, r->as)))
		return false;
	if (!listen && (r->l4 || r->any || r->depth || r->observe))
		return false;
	if (r->statement == ST_LEARN && !learn_valid(&r->learn))
		return false;
	if (r->statement != ST_LEARN && !listen && !limit && memcmp(r->addr, nothing.addr, 16))
		return false;
	return r->posture <= (r->statement == ST_POSTURE ? POSTURE_AUTO : POSTURE_OBSERVE);
}

static bool action_valid(const struct rule *r)
{
	bool has_action = r->statement == ST_LIMIT || action_allowed(r->statement, r->as, ACT_DROP);

	if (has_action ? !action_allowed(r->statement, r->as, r->action) : r->action != ACT_NONE)
		return false;
	if (r->action == ACT_LIMIT)
		return rate_valid(&r->rate) && unit_allowed(r->statement, r->rate.unit);
	return !r->rate.count && !r->rate.burst && !r->rate.unit;
}

static bool time_valid(const struct rule *r)
{
	if (r->duration % SECOND_NS || r->duration > DURATION_MAX_NS)
		return false;
	return r->duration ? r->statement == ST_SOURCE : !r->expires;
}

bool rule_valid(const struct rule *r)
{
	return fields_valid(r) && action_valid(r) && time_valid(r);
}
