// SPDX-License-Identifier: GPL-2.0-or-later
#include "gate/place.h"

#include <stdio.h>
#include <string.h>

#include "gate/object.h"
#include "host/stack.h"
#include "host/xdp.h"

/* Devices of this instance that are attached, or are going to be. */
struct gated {
	const struct gate_device *device;
	size_t count;
	const char (*also)[IFNAMSIZ];
	size_t also_count;
};

/* Of another instance, by its name; that cannot be asked without CAP_SYS_ADMIN. */
static bool runs_straygate(unsigned int ifindex)
{
	char name[BPF_OBJ_NAME_LEN];
	struct xdp_program on;

	if (xdp_running(ifindex, &on) || !on.id)
		return false;
	xdp_program_name(on.id, name);
	return !strcmp(name, "straygate");
}

static bool is_gated(const struct gated *gated, const struct stack_device *d)
{
	size_t i;

	for (i = 0; i < gated->count; i++)
		if (gated->device[i].attached && !strcmp(gated->device[i].name, d->name))
			return true;
	return runs_straygate(d->ifindex);
}

static bool is_planned(const struct gated *gated, const struct stack_device *d)
{
	size_t i;

	for (i = 0; i < gated->also_count; i++)
		if (!strcmp(gated->also[i], d->name))
			return true;
	return false;
}

/* Another gate that sees the packets of this one. */
static const struct stack_device *second_gate(const struct stack *s, const struct stack_device *d,
					      const struct gated *gated)
{
	size_t i;

	for (i = 0; i < s->count; i++) {
		const struct stack_device *other = &s->device[i];

		if (other->ifindex == d->ifindex ||
		    (!stack_lies_on(s, other, d) && !stack_lies_on(s, d, other)))
			continue;
		if (is_gated(gated, other) || is_planned(gated, other))
			return other;
	}
	return NULL;
}

static enum place twice(const struct stack *s, const struct stack_device *d, const struct stack_device *other,
			bool planned, char text[PLACE_TEXT])
{
	if (planned)
		snprintf(text, PLACE_TEXT,
			 "the same packets come by %s, and would be judged twice: name one of the two",
			 other->name);
	else if (stack_lies_on(s, d, other))
		snprintf(text, PLACE_TEXT,
			 "the gate stands on %s already, which its packets come by; they would be judged "
			 "twice: `straygate down %s` first",
			 other->name, other->name);
	else
		snprintf(text, PLACE_TEXT,
			 "the gate stands on %s already, which its packets go on to; they would be judged "
			 "twice: `straygate down %s` first",
			 other->name, other->name);
	return PLACE_WRONG;
}

/* The port of a bridge that leads to the network, if there is one alone. */
static const struct stack_device *uplink(const struct stack *s, const struct stack_device *bridge)
{
	const struct stack_device *found = NULL;
	size_t i;

	for (i = 0; i < s->count; i++) {
		if (s->device[i].master != bridge->ifindex || s->device[i].kind == STACK_VIRTUAL)
			continue;
		if (found)
			return NULL;
		found = &s->device[i];
	}
	return found;
}

static enum place better(const struct stack *s, const struct stack_device *d, char text[PLACE_TEXT])
{
	const struct stack_device *master = stack_numbered(s, d->master),
				  *lower = stack_numbered(s, d->lower);

	if (master && (master->kind == STACK_BOND || master->kind == STACK_TEAM)) {
		snprintf(text, PLACE_TEXT,
			 "it belongs to the %s %s, and packets that arrive on it may be answered on another; "
			 "attach "
			 "to %s: `straygate up %s`",
			 stack_kind_name(master->kind), master->name, master->name, master->name);
		return PLACE_WRONG;
	}
	while (lower && lower->kind == STACK_VLAN && stack_numbered(s, lower->lower))
		lower = stack_numbered(s, lower->lower);
	if (d->kind == STACK_BRIDGE)
		lower = uplink(s, d);
	if (!lower || (d->kind != STACK_VLAN && d->kind != STACK_BRIDGE))
		return PLACE_GOOD;
	snprintf(text, PLACE_TEXT,
		 d->kind == STACK_VLAN
			 ? "it is a VLAN of %s, on which the gate reads the tags of all its VLANs, in the "
			   "driver if that can: `straygate up %s`"
			 : "it is a bridge, and on its port %s the gate runs in the driver if that can: "
			   "`straygate up %s`",
		 lower->name, lower->name);
	return PLACE_SLOWER;
}

static enum place place(const char *device, const struct gated *gated, char text[PLACE_TEXT])
{
	cleanup_stack struct stack s = {0};
	const struct stack_device *d = stack_read(&s) ? NULL : stack_named(&s, device), *other;

	*text = 0;
	if (!d)
		return PLACE_GOOD;
	other = second_gate(&s, d, gated);
	return other ? twice(&s, d, other, !is_gated(gated, other), text) : better(&s, d, text);
}

enum place place_of(struct gate *g, const char *device, const char (*also)[IFNAMSIZ], size_t count,
		    char text[PLACE_TEXT])
{
	struct gated gated = {.also = also, .also_count = count};
	struct gate_device *devices = NULL;
	enum place found;

	if (gate_devices(g, &devices, &gated.count))
		gated.count = 0;
	gated.device = devices;
	found = place(device, &gated, text);
	gate_devices_free(devices, gated.count);
	return found;
}

enum place place_before(const char *device, char text[PLACE_TEXT])
{
	return place(device, &(struct gated){0}, text);
}
