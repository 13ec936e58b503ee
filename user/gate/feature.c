// SPDX-License-Identifier: GPL-2.0-or-later
#include "gate/feature.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/if_link.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/utsname.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "gate/object.h"
#include "host/netdev.h"
#include "host/vlan.h"

/* A frame that lies in one page, with the room that XDP and the skb want around
 * it: drivers differ by a few bytes. */
#define ONE_BUFFER_MTU 3498

const char *kernel_release(void)
{
	static struct utsname u;

	uname(&u);
	return u.release;
}

static void set(struct feature *f, const char *name, bool here, const char *yes, const char *no)
{
	f->name = name;
	f->here = here ? FEATURE_YES : FEATURE_NO;
	snprintf(f->text, sizeof(f->text), "%s", here ? yes : no);
}

static bool has_function(const struct btf *btf, const char *name)
{
	return btf && btf__find_by_name_kind(btf, name, BTF_KIND_FUNC) > 0;
}

size_t features_kernel(struct feature out[FEATURES_MAX])
{
	struct btf *btf = btf__load_vmlinux_btf();
	size_t n = 0;
	int err = object_try();

	set(&out[n++], "BTF", btf, "the program finds the kernel's fields by itself",
	    "none: rebuild the kernel with CONFIG_DEBUG_INFO_BTF=y");
	set(&out[n++], "judge at data", !err, "the program of this build loads", "the program does not load");
	if (err)
		snprintf(out[n - 1].text, sizeof(out[n - 1].text), "the program does not load: %s%s",
			 strerror(-err),
			 lacks_privilege(err) ? " (run as root)" : "; Linux 6.1 or later is needed");
	if (err && lacks_privilege(err))
		out[n - 1].here = FEATURE_UNKNOWN;
	set(&out[n++], "tcx links", has_function(btf, "tcx_link_attach"),
	    "other software cannot remove the gate's programs at tc",
	    "clsact filters are used at tc, which other software can remove (Linux 6.6 has tcx)");
	btf__free(btf);
	return n;
}

static void set_driver(struct feature *f, const char *device)
{
	struct ethtool_drvinfo info = {.cmd = ETHTOOL_GDRVINFO};
	struct ifreq r;

	set(f, "device", true, "the driver does not report its name", "");
	if (!netdev_ask(device, SIOCETHTOOL, &info, &r))
		snprintf(f->text, sizeof(f->text), "driver %s", info.driver);
}

/* A tag that the NIC has taken off is in no packet that the gate sees or sends. */
static void set_tags(struct feature *f, const char *device)
{
	set(f, "VLAN tags in frames", !vlan_tags_stripped(device),
	    "tagged frames are judged, and answered with their tags",
	    "taken off by the NIC: answers would leave untagged; if there are VLANs, `ethtool -K DEV rxvlan "
	    "off`");
}

static void set_frames(struct feature *f, const char *device, bool many)
{
	struct ifreq r;
	int mtu = netdev_ask(device, SIOCGIFMTU, NULL, &r) ? 0 : r.ifr_mtu;

	set(f, "large frames", many, "any MTU goes with native mode", "");
	if (!many)
		snprintf(f->text, sizeof(f->text),
			 mtu > ONE_BUFFER_MTU
				 ? "MTU %d is too large for native mode here: `up` gets generic, unless "
				   "the MTU is about %d or less"
				 : "no native mode with a large MTU; %d is not (about %d is the limit)",
			 mtu, ONE_BUFFER_MTU);
}

static void set_unknown(struct feature *f, const char *name, const char *text)
{
	set(f, name, false, "", text);
	f->here = FEATURE_UNKNOWN;
}

static size_t set_native(struct feature *f, unsigned int ifindex, const char *device)
{
	uint64_t can = 0;
	size_t n = 0;

	if (netdev_xdp_features(ifindex, &can)) {
		set_unknown(
			&f[n++], "native XDP",
			"this kernel cannot be asked (Linux 6.3 can); `straygate up` tries it and reports "
			"the result");
		return n;
	}
	set(&f[n++], "native XDP", can & NETDEV_XDP_BASIC,
	    "the gate runs in the driver, before an skb is made",
	    "`straygate up` falls back to generic XDP: the same verdicts, each packet costs an skb first");
	if (!(can & NETDEV_XDP_BASIC))
		return n;
	set_frames(&f[n++], device, can & NETDEV_XDP_RX_SG);
	set(&f[n++], "redirect", can & NETDEV_XDP_REDIRECT, "not used by the gate", "not missed by the gate");
	return n;
}

static void set_attached(struct feature *f, const struct bpf_xdp_query_opts *query)
{
	set(f, "XDP attached", query->drv_prog_id || query->skb_prog_id || query->hw_prog_id, "",
	    "none: the place is free for `straygate up`");
	if (f->here)
		snprintf(f->text, sizeof(f->text),
			 "%s, program id %u: `straygate up` replaces its own, and "
			 "refuses to displace another",
			 query->drv_prog_id   ? "native mode"
			 : query->skb_prog_id ? "generic mode (slower)"
					      : "offloaded",
			 query->drv_prog_id   ? query->drv_prog_id
			 : query->skb_prog_id ? query->skb_prog_id
					      : query->hw_prog_id);
}

size_t features_device(const char *device, struct feature out[FEATURES_MAX])
{
	unsigned int ifindex = if_nametoindex(device);
	LIBBPF_OPTS(bpf_xdp_query_opts, query);
	size_t n = 0;

	if (!ifindex) {
		set(&out[n++], "device", false, "", "no such device; see `ip link`");
		return n;
	}
	set_driver(&out[n++], device);
	n += set_native(&out[n], ifindex, device);
	set_tags(&out[n++], device);
	if (!bpf_xdp_query(ifindex, 0, &query))
		set_attached(&out[n++], &query);
	return n;
}
