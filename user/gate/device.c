// SPDX-License-Identifier: GPL-2.0-or-later
/* Devices of an instance: attach, replace, detach. */
#include "gate/gate.h"

#include <errno.h>
#include <linux/if_link.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "gate/chain.h"
#include "gate/events.h"
#include "gate/info.h"
#include "gate/object.h"
#include "gate/runs.h"
#include "gate/settings.h"
#include "gate/tc.h"
#include "gate/xdp_link.h"
#include "host/driver.h"
#include "host/xdp.h"
#include "lib/say.h"

/* The program that the link runs is pinned as `next` before it takes over, and
 * as `program` when the runs of the one before are counted. */
static int next_becomes_program(struct gate *g, const char *device, int counters, int next)
{
	cleanup_fd int old = device_pin_open_object(g, device, "program");
	int err;

	if (program_info(old).id != program_info(next).id)
		runs_carry(old, counters);
	fault_point();
	err = device_pin_put(g, device, "program", next);
	device_pin_remove(g, device, "next");
	return err;
}

/* A command that was killed while it replaced the program. */
static void finish_replacement(struct gate *g, const char *device, int link, int counters)
{
	cleanup_fd int next = device_pin_open_object(g, device, "next");

	if (next >= 0 && program_info(next).id == link_info(link).prog_id)
		next_becomes_program(g, device, counters, next);
}

/* ---- what the programs must know of the device ----------------------------- */

static int refresh_device(struct gate *g, const struct gate_device *d)
{
	cleanup_fd int map = device_pin_open(g, d->name, "device");

	if (!d->attached || map < 0)
		return 0;
	return settings_write(d->name, map, tc_attached(g, d->name), d->generic);
}

int gate_refresh_devices(struct gate *g)
{
	struct gate_device *devices;
	size_t count, i;
	int err = gate_devices(g, &devices, &count);

	if (err)
		return err;
	for (i = 0; i < count && !err; i++)
		err = refresh_device(g, &devices[i]);
	gate_devices_free(devices, count);
	return err;
}

/* Which way the kernel runs the program of a link. */
static bool runs_generic(int link, const char *device)
{
	struct xdp_program on;

	return !xdp_running(if_nametoindex(device), &on) && on.mode == XDP_ATTACHED_SKB &&
	       on.id == link_info(link).prog_id;
}

/* ---- attaching ----------------------------------------------------------- */

/* By a link of its own, for a driver that no longer runs the program, or for another
 * mode. In between packets pass unjudged; bound visits are translated at tc. */
static int take_off_and_on(struct gate *g, const char *device, int old, const struct loaded *l, bool generic)
{
	cleanup_fd int link = -1;
	unsigned int mtu;
	int err;

	mtu = runs_generic(old, device) ? 0 : driver_holds_program(device);
	if (mtu)
		return fail(
			-EBUSY,
			"%s: with this MTU its driver drops large frames and does not let its program go: "
			"`ip link set %s mtu %u`, then `straygate up %s`",
			device, device, mtu, device);
	if (bpf_link_detach(old))
		return fail(-errno, "%s: cannot take the program off: %s", device, strerror(errno));
	fault_point();
	link = xdp_link(device, l->program, generic);
	if (link < 0)
		return link;
	err = device_pin_put(g, device, "link", link);
	if (!err)
		err = settings_write(device, l->device, tc_attached(g, device), runs_generic(link, device));
	if (err)
		return err;
	events_write(g, EVENT_ATTACHED, device, runs_generic(link, device));
	return 1;
}

/* With a program behind the gate (`behind`, or that of l->chain), or without. */
static int load_programs(struct gate *g, const char *device, struct loaded *l, int behind)
{
	int err;

	if (behind < 0 && l->chain < 0)
		return object_load(g, l);
	err = object_load_chain(g, l, behind);
	if (err == -EINVAL)
		return fail(err,
			    "%s: the kernel does not let the gate call the program that is there: one "
			    "that is not compiled by the JIT, or bound to a device, cannot be chained",
			    device);
	return err == -EBUSY ? chain_fail_replaced(device, behind) : err;
}

/* A driver may refuse what it took before: vmxnet3, when the MTU has grown meanwhile,
 * where it does not run the old program either. Returns 1 if the program was taken off and
 * put on anew: that is an event of its own, with the mode, which may be another now. */
static int update_link(struct gate *g, const char *device, int link, const struct loaded *l, unsigned int how)
{
	int err;

	if (how & ATTACH_ANEW)
		return take_off_and_on(g, device, link, l, how & ATTACH_GENERIC);
	err = bpf_link_update(link, l->program, NULL) ? -errno : 0;
	if (!err)
		return 0;
	if (!xdp_refused_by_driver(err))
		return fail(err, "%s: cannot replace the program: %s", device, strerror(-err));
	if (!driver_holds_program(device))
		say("%s: the driver no longer accepts a new program in place (%s): it is attached again, and "
		    "packets in between pass unjudged",
		    device, strerror(-err));
	return take_off_and_on(g, device, link, l, false);
}

/* In place, unless it is to be ATTACH_ANEW: not a packet in between goes unjudged. */
static int replace_program(struct gate *g, const char *device, int link, unsigned int how)
{
	cleanup_fd int counters = device_pin_open(g, device, "counters");
	cleanup_fd int crossings = device_pin_open(g, device, "crossings");
	cleanup_fd int settings = device_pin_open(g, device, "device");
	bool chain_generic;
	cleanup_fd int chain = chain_open(g, device, &chain_generic);
	cleanup_loaded struct loaded l = LOADED_INIT;
	int err, anew;

	finish_replacement(g, device, link, counters);
	l.counters = counters;
	l.crossings = crossings;
	l.device = settings;
	l.chain = chain;
	err = load_programs(g, device, &l, -1);
	if (err)
		return err;
	err = settings_write(device, l.device, !tc_attach(g, device, l.ingress, l.egress),
			     runs_generic(link, device));
	if (err)
		return err;
	err = device_pin_put(g, device, "next", l.program);
	if (err)
		return err;
	fault_point();
	anew = update_link(g, device, link, &l, how);
	if (anew < 0)
		return anew;
	settings_note_program(l.device, program_info(l.program).id);
	fault_point();
	if (!anew)
		events_write(g, EVENT_REPLACED, device, 0);
	err = next_becomes_program(g, device, counters, l.program);
	return err ? err : gate_note_build(g);
}

static int make_dir(struct gate *g, const char *device)
{
	char dir[PIN_NAME_MAX], path[PATH_MAX + PIN_NAME_MAX];
	int err;

	device_pin_name(dir, device, "");
	snprintf(path, sizeof(path), "%s/%s", g->dir, dir);
	/* What a killed command, or a device that is gone, left. */
	gate_stop(g, device);
	pin_remove_dir(path);
	err = pin_make_dir(g, path);
	return err ? fail(err, "%s: %s", path, strerror(-err)) : 0;
}

/* The pins of a device, before it has a link: what they name is found if this is killed. */
static int pin_programs(struct gate *g, const char *device, const struct loaded *l, const struct chain *chain)
{
	int err = device_pin_put(g, device, "counters", l->counters);

	if (!err)
		err = device_pin_put(g, device, "crossings", l->crossings);
	if (!err)
		err = device_pin_put(g, device, "device", l->device);
	if (!err)
		err = device_pin_put(g, device, "program", l->program);
	if (!err && chain->program >= 0)
		err = chain_pin(g, device, l->chain, chain->generic);
	return err;
}

/* The other program goes just before the gate comes; in between packets pass. It is not
 * left in another mode than its owner chose. */
static int link_in_front(const char *device, int program, const struct chain *chain)
{
	int err = chain_take_off(device, chain), link;

	if (err)
		return err;
	fault_point();
	link = xdp_link(device, program, chain->generic);
	if (link < 0 || chain->generic || !runs_generic(link, device))
		return link;
	close(link);
	return fail(
		-EOPNOTSUPP,
		"%s: the program that is there runs in native mode, and the gate cannot; nothing is changed",
		device);
}

static int link_new(struct gate *g, const char *device, const struct loaded *l, bool generic,
		    const struct chain *chain)
{
	cleanup_fd int link = -1;
	int err;

	fault_point();
	settings_note_program(l->device, program_info(l->program).id);
	link = chain->program >= 0 ? link_in_front(device, l->program, chain)
				   : xdp_link(device, l->program, generic);
	fault_point();
	err = link < 0 ? link : device_pin_put(g, device, "link", link);
	/* Until this is written no handshake is ours. */
	if (!err)
		err = settings_write(device, l->device, !tc_attach(g, device, l->ingress, l->egress),
				     runs_generic(link, device));
	if (err)
		return err;
	settings_note_program(l->device, program_info(l->program).id);
	events_write(g, EVENT_ATTACHED, device, runs_generic(link, device));
	return 0;
}

static int attach_new(struct gate *g, const char *device, unsigned int how)
{
	cleanup_loaded struct loaded l = LOADED_INIT;
	cleanup_chain struct chain chain = CHAIN_INIT;
	int err;

	if (!if_nametoindex(device))
		return fail(-ENODEV, "%s: no such device; see `ip link`", device);
	/* A NIC that was pulled out and is back, or a command that was killed. */
	if (chain_read(g, device).id)
		how |= ATTACH_CHAIN;
	/* First of all: it puts back what was behind the gate. */
	err = make_dir(g, device);
	if (!err && how & ATTACH_CHAIN)
		err = chain_find(device, how & ATTACH_GENERIC, &chain);
	if (!err)
		err = load_programs(g, device, &l, chain.program);
	if (!err)
		err = pin_programs(g, device, &l, &chain);
	if (!err)
		err = link_new(g, device, &l, how & ATTACH_GENERIC, &chain);
	if (err)
		gate_detach(g, device);
	return err;
}

int gate_attach(struct gate *g, const char *device, unsigned int how)
{
	cleanup_fd int link = -1;

	if (!*device || strlen(device) >= IFNAMSIZ)
		return fail(-ENODEV, "%.40s: no such device; see `ip link`", device);
	link = device_pin_open_object(g, device, "link");
	if (link_ifindex(link) && link_ifindex(link) == if_nametoindex(device)) {
		if (how & ATTACH_CHAIN && !chain_read(g, device).id)
			say("%s: --chain: the gate is there already, and no program was there before it",
			    device);
		return replace_program(g, device, link, how);
	}
	return attach_new(g, device, how);
}

int gate_stop(struct gate *g, const char *device)
{
	static const char *const names[] = {"link", "link+new"}; /* pin_put() was killed in between */

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		cleanup_fd int link = device_pin_open_object(g, device, names[i]);
		unsigned int mtu;

		if (link < 0)
			continue;
		mtu = link_ifindex(link) && !runs_generic(link, device) ? driver_holds_program(device) : 0;
		if (mtu)
			say("%s: with this MTU its driver keeps its program, which goes on judging and drops "
			    "large frames: `ip link set %s mtu %u`, then `straygate up %s` and `down` again",
			    device, device, mtu, device);
		bpf_link_detach(link);
	}
	chain_put_back(g, device);
	return 0;
}

int gate_stop_leaving(struct gate *g, const char *device)
{
	cleanup_fd int map = device_pin_open(g, device, "device");

	settings_note_leaving(map);
	return gate_stop(g, device);
}

int gate_detach(struct gate *g, const char *device)
{
	char dir[PIN_NAME_MAX], path[PATH_MAX + PIN_NAME_MAX];
	int err;

	gate_stop(g, device);
	tc_detach(g, device);
	device_pin_name(dir, device, "");
	snprintf(path, sizeof(path), "%s/%s", g->dir, dir);
	err = pin_remove_dir(path);
	return err ? fail(err, "%s: %s", path, strerror(-err)) : 0;
}
