// SPDX-License-Identifier: GPL-2.0-or-later
#include "gate/xdp_link.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "host/driver.h"
#include "host/ethtool.h"
#include "host/netlink.h"
#include "host/veth.h"
#include "host/virtio.h"
#include "host/xdp.h"
#include "lib/fd.h"
#include "lib/say.h"

#define WORDS_SIZE 160

/* ---- what the kernel says --------------------------------------------------- */

/* RTM_SETLINK of a device's program; fd -1 takes it off. */
static int set_by_netlink(unsigned int ifindex, int program, uint32_t flags, char words[WORDS_SIZE])
{
	cleanup_fd int fd = rtnl_open();
	struct {
		struct nlmsghdr n;
		struct ifinfomsg i;
		struct rtattr xdp;
		struct rtattr fd_head;
		int fd;
		struct rtattr flags_head;
		uint32_t flags;
	} q = {
		.n = {.nlmsg_len = sizeof(q), .nlmsg_type = RTM_SETLINK},
		.i = {.ifi_index = ifindex},
		.xdp = {.rta_len = sizeof(q) - offsetof(__typeof__(q), xdp),
			.rta_type = IFLA_XDP | NLA_F_NESTED},
		.fd_head = {.rta_len = RTA_LENGTH(sizeof(int)), .rta_type = IFLA_XDP_FD},
		.fd = program,
		.flags_head = {.rta_len = RTA_LENGTH(sizeof(uint32_t)), .rta_type = IFLA_XDP_FLAGS},
		.flags = flags,
	};

	*words = 0;
	return fd < 0 ? fd : rtnl_change(fd, &q.n, words, WORDS_SIZE);
}

/* A link is refused without a word (Linux 6.18 has none either), a request by netlink
 * with one. It is made only to be refused in the same way; if it is not, the program is
 * taken off again. */
static void ask_why(unsigned int ifindex, int program, uint32_t mode, char words[WORDS_SIZE])
{
	char none[WORDS_SIZE];

	if (!set_by_netlink(ifindex, program, mode | XDP_FLAGS_UPDATE_IF_NOEXIST, words))
		set_by_netlink(ifindex, -1, mode, none);
}

/* "the words (the error)", or the error alone. */
static const char *in_words(char out[2 * WORDS_SIZE], const char *words, int err)
{
	if (*words)
		snprintf(out, 2 * WORDS_SIZE, "%s (%s)", words, strerror(-err));
	else
		snprintf(out, 2 * WORDS_SIZE, "%s", strerror(-err));
	return out;
}

/* ---- what is said ----------------------------------------------------------- */

/* Whose program is there? Never displaced, always named. */
static int say_busy(const char *device, unsigned int ifindex, const char *words, int err)
{
	char text[2 * WORDS_SIZE], name[BPF_OBJ_NAME_LEN];
	struct xdp_program on;

	/* None here: one on the bond above it, say. */
	if (xdp_running(ifindex, &on) || !on.id)
		return fail(-EBUSY, "%s: cannot attach: %s", device, in_words(text, words, err));
	xdp_program_name(on.id, name);
	return fail(-EBUSY,
		    "%s: another XDP program is attached (id %u, \"%s\"); straygate does not displace it. "
		    "`straygate up %s --chain` puts the gate in front of it, see `bpftool net show dev %s`",
		    device, on.id, name, device, device);
}

static void say_generic(const char *device, int err, const char *words)
{
	char driver[DRIVER_NAME_SIZE], remedy[WORDS_SIZE], text[2 * WORDS_SIZE];
	const struct driver *known;
	bool command;

	ethtool_driver(device, driver);
	known = driver_known(driver);
	if (known && known->generic_only) {
		say("%s: %s refuses native XDP: %s; running generic (slower), as always with this driver",
		    device, driver, in_words(text, words, err));
		return;
	}
	driver_remedy(device, err, words, remedy, sizeof(remedy));
	command = strchr(remedy, '(') == NULL;
	say("%s: %s refuses native XDP: %s; running generic (slower)%s%s%s%s%s%s", device,
	    *driver ? driver : "the driver", in_words(text, words, err),
	    !*remedy  ? "; see `straygate features "
	    : command ? ". For native mode: `"
		      : ". For native mode: ",
	    !*remedy ? device : remedy, !*remedy || command ? "`" : "",
	    *remedy ? ", then `straygate up " : "", *remedy ? device : "", *remedy ? " --reattach`" : "");
}

/* ---- attaching --------------------------------------------------------------- */

static int link_create(int program, unsigned int ifindex, uint32_t mode)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = mode);
	int link = bpf_link_create(program, ifindex, BPF_XDP, &opts);

	return link < 0 ? -errno : link;
}

static int refused(const char *device, unsigned int ifindex, int program, int err)
{
	char words[WORDS_SIZE], text[2 * WORDS_SIZE];

	ask_why(ifindex, program, XDP_FLAGS_SKB_MODE, words);
	if (err == -EBUSY || err == -EEXIST)
		return say_busy(device, ifindex, words, err);
	return fail(err, "%s: cannot attach: %s", device, in_words(text, words, err));
}

bool xdp_refused_by_driver(int err)
{
	return err != -EBUSY && err != -EEXIST && err != -EPERM && err != -EACCES && err != -ENODEV;
}

static int link_native(const char *device, unsigned int ifindex, int program)
{
	char words[WORDS_SIZE];
	int link = link_create(program, ifindex, XDP_FLAGS_DRV_MODE), err = link;

	if (link >= 0)
		return link;
	if (!xdp_refused_by_driver(err))
		return refused(device, ifindex, program, err);
	ask_why(ifindex, program, XDP_FLAGS_DRV_MODE, words);
	link = link_create(program, ifindex, XDP_FLAGS_SKB_MODE);
	if (link < 0)
		return refused(device, ifindex, program, link);
	say_generic(device, err, words);
	return link;
}

int xdp_link(const char *device, int program, bool generic)
{
	unsigned int ifindex = if_nametoindex(device);
	enum virtio_xdp virtio;
	int link;

	if (!ifindex)
		return fail(-ENODEV, "%s: no such device; see `ip link`", device);
	/* In generic mode what the program sends goes the ordinary way. */
	if (!generic && veth_sends_back(device) <= 0) {
		say("%s: the other end of this veth device has no XDP program and would drop what the gate "
		    "sends, running generic (slower)",
		    device);
		generic = true;
	}
	/* It would be attached and never run, or refused with a stack trace in the log. */
	virtio = generic ? VIRTIO_GOOD : virtio_xdp(device);
	if (virtio != VIRTIO_GOOD) {
		say("%s: no native XDP: %s; running generic (slower). For native mode: %s in the hypervisor",
		    device, virtio_cause(virtio), virtio_remedy(virtio));
		generic = true;
	}
	if (!generic)
		return link_native(device, ifindex, program);
	link = link_create(program, ifindex, XDP_FLAGS_SKB_MODE);
	return link < 0 ? refused(device, ifindex, program, link) : link;
}
