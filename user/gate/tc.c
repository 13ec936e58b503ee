// SPDX-License-Identifier: GPL-2.0-or-later
#include "gate/tc.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "gate/info.h"
#include "lib/say.h"

/* <linux/bpf.h> of Linux 6.6; older headers, which we may be built with, lack them. */
#define TCX_INGRESS 46
#define TCX_EGRESS  47
#define TCX_BEFORE  (1U << 3) /* BPF_F_BEFORE: with no other named, before all of them */

/* Of a clsact filter: the first priority, and a handle that says whose it is. */
#define CLSACT_PRIORITY 1
#define CLSACT_HANDLE	0x5347

static const struct side {
	const char *program; /* names of the pins */
	const char *link;
	int tcx;
	enum bpf_tc_attach_point clsact;
} sides[] = {
	{"ingress", "ingress_link", TCX_INGRESS, BPF_TC_INGRESS},
	{"egress", "egress_link", TCX_EGRESS, BPF_TC_EGRESS},
};
#define SIDES (sizeof(sides) / sizeof(sides[0]))

/* The program of our filter at clsact; 0: there is none, or no qdisc, which libbpf would
 * say on standard error. */
static uint32_t clsact_program(const struct side *side, unsigned int ifindex)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex, .attach_point = side->clsact);
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = CLSACT_HANDLE, .priority = CLSACT_PRIORITY);
	libbpf_print_fn_t said = libbpf_set_print(NULL);
	int err = bpf_tc_query(&hook, &opts);

	libbpf_set_print(said);
	return err ? 0 : opts.prog_id;
}

static int clsact_attach(const struct side *side, unsigned int ifindex, int program)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex, .attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS);
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = CLSACT_HANDLE, .priority = CLSACT_PRIORITY,
		    .prog_fd = program, .flags = BPF_TC_F_REPLACE);
	int err = bpf_tc_hook_create(&hook);

	if (err && err != -EEXIST)
		return err;
	hook.attach_point = side->clsact;
	return bpf_tc_attach(&hook, &opts);
}

/* The qdisc stays: others may have filters there. */
static void clsact_detach(const struct side *side, unsigned int ifindex)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex, .attach_point = side->clsact);
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = CLSACT_HANDLE, .priority = CLSACT_PRIORITY);

	bpf_tc_detach(&hook, &opts);
}

/* For tests of the older way on a newer kernel. */
static bool tcx_wanted(void)
{
	return !getenv("STRAYGATE_NO_TCX");
}

static int attach_side(struct gate *g, const char *device, const struct side *side, int program)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = TCX_BEFORE);
	cleanup_fd int link = device_pin_open_object(g, device, side->link);
	unsigned int ifindex = if_nametoindex(device);
	int err;

	if (link >= 0 && link_ifindex(link) == ifindex && !bpf_link_update(link, program, NULL))
		return device_pin_put(g, device, side->program, program);
	close_fd(&link);
	device_pin_remove(g, device, side->link);
	link = tcx_wanted() ? bpf_link_create(program, ifindex, side->tcx, &opts) : -1;
	if (link >= 0) {
		err = device_pin_put(g, device, side->program, program);
		return err ? err : device_pin_put(g, device, side->link, link);
	}
	err = clsact_attach(side, ifindex, program);
	return err ? err : device_pin_put(g, device, side->program, program);
}

int tc_attach(struct gate *g, const char *device, int ingress, int egress)
{
	int err = attach_side(g, device, &sides[0], ingress);

	if (!err)
		err = attach_side(g, device, &sides[1], egress);
	if (err)
		say("%s: cannot attach at tc (%s); visits are judged at data", device, strerror(-err));
	return err;
}

bool tc_attached(struct gate *g, const char *device)
{
	unsigned int ifindex = if_nametoindex(device);
	size_t i;

	for (i = 0; i < SIDES; i++) {
		cleanup_fd int link = device_pin_open_object(g, device, sides[i].link);
		cleanup_fd int program = device_pin_open_object(g, device, sides[i].program);

		if (link >= 0 ? link_ifindex(link) != ifindex
			      : !program_info(program).id ||
					clsact_program(&sides[i], ifindex) != program_info(program).id)
			return false;
	}
	return true;
}

void tc_detach(struct gate *g, const char *device)
{
	unsigned int ifindex = if_nametoindex(device);
	size_t i;

	for (i = 0; i < SIDES; i++) {
		cleanup_fd int link = device_pin_open_object(g, device, sides[i].link);
		cleanup_fd int program = device_pin_open_object(g, device, sides[i].program);

		if (link >= 0)
			bpf_link_detach(link);
		else if (program >= 0 && clsact_program(&sides[i], ifindex) == program_info(program).id)
			clsact_detach(&sides[i], ifindex);
	}
}
