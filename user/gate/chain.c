// SPDX-License-Identifier: GPL-2.0-or-later
#include "gate/chain.h"

#include <errno.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "gate/info.h"
#include "host/xdp.h"
#include "lib/say.h"

/* libxdp's, which calls programs of its own (xdp-loader, and programs that use libxdp). */
#define DISPATCHER "xdp_dispatcher"

/* The way it is there is in the name: it must come back in the same way. */
static const char *pin_name(bool generic)
{
	return generic ? "chain_generic" : "chain";
}

static struct chained identify(int program)
{
	struct bpf_prog_info info = program_info(program);
	struct chained out = {.id = info.id};

	snprintf(out.name, sizeof(out.name), "%s", info.name);
	return out;
}

/* The link that a device's program is held by; 0: none, it was attached by netlink. Only
 * who owns a link can take its program off. */
static uint32_t link_of(unsigned int ifindex, uint32_t program)
{
	struct bpf_link_info info;
	uint32_t id = 0;

	while (!bpf_link_get_next_id(id, &id)) {
		cleanup_fd int fd = bpf_link_get_fd_by_id(id);
		__u32 size = sizeof(info);

		memset(&info, 0, sizeof(info));
		if (fd >= 0 && !bpf_obj_get_info_by_fd(fd, &info, &size) && info.type == BPF_LINK_TYPE_XDP &&
		    info.xdp.ifindex == ifindex && info.prog_id == program)
			return id;
	}
	return 0;
}

int chain_find(const char *device, bool generic, struct chain *out)
{
	unsigned int ifindex = if_nametoindex(device);
	struct xdp_program on;
	uint32_t link;
	int err = xdp_running(ifindex, &on);

	if (err)
		return fail(err, "%s: cannot ask for its XDP program: %s", device, strerror(-err));
	if (on.mode == XDP_ATTACHED_HW)
		return fail(-EBUSY, "%s: its XDP program runs in the NIC, and cannot be chained", device);
	if (!on.id) {
		say("%s: no other XDP program is attached, so none is behind the gate", device);
		return 0;
	}
	out->generic = on.mode == XDP_ATTACHED_SKB;
	if (generic && !out->generic)
		return fail(-EINVAL,
			    "%s: XDP program %u runs in native mode, and so must a gate in front of it; "
			    "leave out --generic",
			    device, on.id);
	out->program = bpf_prog_get_fd_by_id(on.id);
	if (out->program < 0)
		return fail(-errno, "%s: cannot open XDP program %u: %s", device, on.id, strerror(errno));
	out->id = identify(out->program);
	link = link_of(ifindex, on.id);
	if (link)
		return fail(-EBUSY,
			    "%s: XDP program %u (\"%s\") is attached by a BPF link (id %u), which only its "
			    "owner can release; it cannot be chained. Stop its owner, or attach the program "
			    "with `ip link set dev %s xdp ...`",
			    device, on.id, out->id.name, link, device);
	return 0;
}

int chain_fail_replaced(const char *device, int program)
{
	struct chained id = identify(program);

	if (strcmp(id.name, DISPATCHER))
		return fail(-EBUSY,
			    "%s: functions of XDP program %u (\"%s\") are replaced by other programs, and "
			    "this kernel lets no program call one of that kind; it cannot be chained",
			    device, id.id, id.name);
	return fail(-EBUSY,
		    "%s: XDP program %u is libxdp's dispatcher, which this kernel does not let another "
		    "program call. If it has one program, load that one without the dispatcher: unload it, "
		    "set LIBXDP_SKIP_DISPATCHER=1 for the command that loads it (xdp-loader, xdp-filter), "
		    "then `straygate up %s --chain`",
		    device, id.id, device);
}

static uint32_t mode_flag(bool generic)
{
	return generic ? XDP_FLAGS_SKB_MODE : XDP_FLAGS_DRV_MODE;
}

int chain_take_off(const char *device, const struct chain *c)
{
	LIBBPF_OPTS(bpf_xdp_attach_opts, opts, .old_prog_fd = c->program);
	int err = bpf_xdp_detach(if_nametoindex(device), mode_flag(c->generic), &opts);

	if (err)
		return fail(err, "%s: cannot take XDP program %u (\"%s\") off: %s", device, c->id.id,
			    c->id.name, strerror(-err));
	if (!strcmp(c->id.name, DISPATCHER))
		say("%s: the program behind the gate is libxdp's dispatcher; xdp-loader will not find it, "
		    "until `straygate down` puts it back",
		    device);
	return 0;
}

int chain_open(struct gate *g, const char *device, bool *generic)
{
	int fd = device_pin_open_object(g, device, pin_name(false));

	*generic = fd < 0;
	return fd < 0 ? device_pin_open_object(g, device, pin_name(true)) : fd;
}

int chain_pin(struct gate *g, const char *device, int map, bool generic)
{
	return device_pin_put(g, device, pin_name(generic), map);
}

/* The kernel tells the ids of what is in such a map. */
static int chained_program(struct gate *g, const char *device, bool *generic)
{
	cleanup_fd int map = chain_open(g, device, generic);
	uint32_t zero = 0, id = 0;

	return map < 0 || bpf_map_lookup_elem(map, &zero, &id) ? -1 : bpf_prog_get_fd_by_id(id);
}

struct chained chain_read(struct gate *g, const char *device)
{
	bool generic;
	cleanup_fd int program = chained_program(g, device, &generic);

	return identify(program);
}

/* The id of what is on the device; 0: nothing. */
static uint32_t attached(unsigned int ifindex)
{
	struct xdp_program on;

	return xdp_running(ifindex, &on) || on.mode == XDP_ATTACHED_HW ? 0 : on.id;
}

void chain_put_back(struct gate *g, const char *device)
{
	unsigned int ifindex = if_nametoindex(device);
	bool generic;
	cleanup_fd int program = chained_program(g, device, &generic);
	struct chained id = identify(program);
	uint32_t now;
	int err;

	if (program < 0 || !ifindex)
		return;
	now = attached(ifindex);
	if (now == id.id)
		return;
	err = now ? -EBUSY
		  : bpf_xdp_attach(ifindex, program, mode_flag(generic) | XDP_FLAGS_UPDATE_IF_NOEXIST, NULL);
	if (err == -EBUSY || err == -EEXIST)
		say("%s: XDP program %u (\"%s\"), which was behind the gate, is not put back: another one is "
		    "attached by now",
		    device, id.id, id.name);
	else if (err)
		say("%s: cannot put XDP program %u (\"%s\") back: %s", device, id.id, id.name,
		    strerror(-err));
}
