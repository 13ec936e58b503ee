// SPDX-License-Identifier: GPL-2.0-or-later
#include "show/depth.h"

#include <netinet/in.h>

#include "show/alarm.h"

enum shallow devices_shallow(const struct gate_device *devices, size_t count)
{
	enum shallow why = SHALLOW_NONE;
	size_t i;

	for (i = 0; i < count; i++) {
		why = devices[i].shallow;
		if (why == SHALLOW_NONE)
			break;
	}
	return why;
}

static enum shallow read_devices(struct gate *g)
{
	enum shallow why = SHALLOW_NONE;
	struct gate_device *devices;
	size_t count;

	if (gate_devices(g, &devices, &count))
		return SHALLOW_NONE;
	why = devices_shallow(devices, count);
	gate_devices_free(devices, count);
	return why;
}

/* Why a listener is judged at data although its line and the posture allow more. */
static enum shallow why_shallow(struct gate *g, const struct rule *r, enum shallow why)
{
	struct engagement e;
	struct room room;

	if (why != SHALLOW_NONE)
		return why;
	if (gate_engagement(g, r, &e))
		return SHALLOW_UNSEEN;
	if (!e.seen[0] && !e.seen[1])
		return e.shallow == SHALLOW_NONE ? SHALLOW_UNSEEN : e.shallow;
	if (!gate_room(g, &room) && room.bound >= room.limit - room.limit / 8)
		return SHALLOW_ROOM;
	return SHALLOW_NONE;
}

static bool depth_asked(struct policy *p, const struct rule *r)
{
	return r->l4 == IPPROTO_TCP && r->depth != DEPTH_OFF && !r->observe &&
	       policy_posture(p) != POSTURE_OBSERVE;
}

const char *depth_text(struct gate *g, struct policy *p, const struct rule *r)
{
	return r->l4 == IPPROTO_TCP ? depth_on(g, p, r, read_devices(g)) : "-";
}

const char *depth_on(struct gate *g, struct policy *p, const struct rule *r, enum shallow devices)
{
	if (r->l4 != IPPROTO_TCP)
		return "-";
	if (policy_posture_of(p, r) == POSTURE_AUTO && !alarm_acts(g, p, r))
		return "data";
	return depth_asked(p, r) && why_shallow(g, r, devices) == SHALLOW_NONE ? "handshake" : "data";
}

enum shallow shallow_on(struct gate *g, struct policy *p, const struct rule *r, enum shallow devices)
{
	return depth_asked(p, r) ? why_shallow(g, r, devices) : SHALLOW_NONE;
}

enum shallow shallow_of(struct gate *g, struct policy *p, const struct rule *r)
{
	return depth_asked(p, r) ? why_shallow(g, r, read_devices(g)) : SHALLOW_NONE;
}

const char *shallow_reason(struct gate *g, struct policy *p, const struct rule *r)
{
	return shallow_text(shallow_of(g, p, r));
}
