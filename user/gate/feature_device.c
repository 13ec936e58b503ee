// SPDX-License-Identifier: GPL-2.0-or-later
/* What a device can do for the gate, and what the gate does to it. */
#include <errno.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "gate/feature.h"
#include "gate/place.h"
#include "host/driver.h"
#include "host/ethtool.h"
#include "host/netdev.h"
#include "host/veth.h"
#include "host/virtio.h"
#include "host/vlan.h"
#include "host/xdp.h"

/* A frame that lies in one page, with the room that XDP and the skb want around
 * it: drivers differ by a few bytes. */
#define ONE_BUFFER_MTU 3498

/* What is told of one device. */
struct told {
	const char *device;
	const struct driver *driver; /* NULL: nothing is known */
	bool asked;		     /* the kernel could say what the driver can */
	uint64_t can;		     /* NETDEV_XDP_... */
	enum virtio_xdp virtio;
	struct feature *at;
	size_t count;
};

static void __attribute__((format(printf, 4, 5)))
tell(struct told *t, const char *name, enum presence here, const char *format, ...)
{
	struct feature *f = &t->at[t->count++];
	va_list args;

	f->name = name;
	f->here = here;
	va_start(args, format);
	vsnprintf(f->text, sizeof(f->text), format, args);
	va_end(args);
}

static void tell_driver(struct told *t)
{
	char name[DRIVER_NAME_SIZE];

	ethtool_driver(t->device, name);
	t->driver = driver_known(name);
	if (!*name)
		tell(t, "device", FEATURE_YES, "the driver does not report its name");
	else
		tell(t, "device", FEATURE_YES, "driver %s%s%s", name,
		     t->driver && t->driver->note ? ": " : "",
		     t->driver && t->driver->note ? t->driver->note : "");
}

static void tell_ethernet(struct told *t)
{
	if (!netdev_has_ethernet(t->device))
		tell(t, "Ethernet", FEATURE_NO,
		     "a tunnel: the gate reads Ethernet frames; attach to the device that they come by");
}

static void tell_place(struct told *t)
{
	char text[PLACE_TEXT];
	enum place place = place_before(t->device, text);

	if (place != PLACE_GOOD)
		tell(t, "the right place", place == PLACE_WRONG ? FEATURE_NO : FEATURE_YES, "%s", text);
}

static bool has_native(const struct told *t)
{
	return t->asked ? t->can & NETDEV_XDP_BASIC : !t->driver || !t->driver->generic_only;
}

static void tell_native(struct told *t)
{
	t->asked = !netdev_xdp_features(if_nametoindex(t->device), &t->can);
	if (!t->asked && has_native(t))
		tell(t, "native XDP", FEATURE_UNKNOWN,
		     "this kernel cannot be asked (Linux 6.3 can); `straygate up` tries it and reports the "
		     "result");
	else if (!has_native(t))
		tell(t, "native XDP", FEATURE_NO,
		     "%s`straygate up` falls back to generic XDP: the same verdicts, each packet costs an "
		     "skb first%s",
		     t->driver && t->driver->generic_only ? "this driver has none: " : "",
		     t->driver && t->driver->joining == JOINING_REFUSED
			     ? "; without LRO and rx-gro-hw the driver may have it"
			     : "");
	else if (veth_sends_back(t->device) <= 0)
		tell(t, "native XDP", FEATURE_NO,
		     "the other end of this veth has no XDP program and would drop what the gate sends: "
		     "`straygate up` uses generic XDP");
	else if (t->virtio != VIRTIO_GOOD)
		tell(t, "native XDP", FEATURE_NO,
		     "%s: `straygate up` uses generic XDP; %s there changes that", virtio_cause(t->virtio),
		     virtio_remedy(t->virtio));
	else
		tell(t, "native XDP", FEATURE_YES, "the gate runs in the driver, before an skb is made");
}

static void tell_mtu(struct told *t)
{
	unsigned int mtu = device_mtu(t->device), most = t->driver ? t->driver->mtu : 0;

	if (t->asked && t->can & NETDEV_XDP_RX_SG)
		most = 0;
	else if (!most && t->asked)
		most = ONE_BUFFER_MTU;
	if (!most)
		tell(t, "MTU", FEATURE_YES, "%u; %s", mtu,
		     t->asked ? "any MTU goes with native mode" : "no limit of native mode is known");
	else if (mtu <= most)
		tell(t, "MTU", FEATURE_YES, "%u; native mode goes up to about %u", mtu, most);
	else
		tell(t, "MTU", FEATURE_NO,
		     "%u is too large for native mode, `up` gets generic: `ip link set %s mtu %u`", mtu,
		     t->device, most);
}

static void tell_joining(struct told *t)
{
	bool lro = ethtool_lro(t->device), hw_gro = ethtool_hw_gro(t->device);

	if (!t->driver || t->driver->joining == JOINING_ANY || t->virtio != VIRTIO_GOOD)
		return;
	if ((lro || hw_gro) && t->driver->joining == JOINING_PAUSED)
		tell(t, "LRO", FEATURE_YES, "on; the driver stops it while the gate is in native mode");
	else if ((lro || hw_gro) && t->driver->joining == JOINING_ENDED)
		tell(t, "LRO", FEATURE_YES,
		     "on; the driver switches it off at `up`, and it stays off: after `down`, `ethtool -K %s "
		     "lro on`",
		     t->device);
	else if (lro || hw_gro)
		tell(t, "LRO off", FEATURE_NO,
		     "packets are joined by the NIC, and native mode may be refused: `ethtool -K %s%s%s`",
		     t->device, lro ? " lro off" : "", hw_gro ? " rx-gro-hw off" : "");
	else
		tell(t, "LRO off", FEATURE_YES, "as native mode wants it");
}

static void tell_queues(struct told *t)
{
	struct ethtool_channels c;
	char remedy[64], text[96];

	if (!ethtool_queues(t->device, &c))
		return;
	driver_queues_remedy(t->device, t->driver, remedy, sizeof(remedy));
	if (c.max_combined)
		snprintf(text, sizeof(text), "%u of %u", c.combined_count, c.max_combined);
	else
		snprintf(text, sizeof(text), "rx %u of %u, tx %u of %u", c.rx_count, c.max_rx, c.tx_count,
			 c.max_tx);
	if (*remedy)
		tell(t, "queues", FEATURE_NO, "%s; native mode wants some left over: `%s`", text, remedy);
	else
		tell(t, "queues", FEATURE_YES, "%s", text);
}

static void tell_link(struct told *t)
{
	if (!has_native(t))
		tell(t, "link stays up", FEATURE_YES, "generic XDP does not touch it");
	else if (!t->driver)
		tell(t, "link stays up", FEATURE_UNKNOWN,
		     "nothing is known of this driver: it may reset the link at `up` and `down`");
	else if (t->driver->resets)
		tell(t, "link stays up", FEATURE_NO,
		     "the driver resets it at `up` and `down`%s%s; not when a "
		     "program is replaced",
		     t->driver->downtime ? ", for about " : "",
		     t->driver->downtime ? t->driver->downtime : "");
	else
		tell(t, "link stays up", FEATURE_YES, "at `up` and `down`");
}

/* A tag that was taken off is in no packet that the gate sees or sends. */
static void tell_tags(struct told *t)
{
	char remedy[VLAN_REMEDY_SIZE];

	vlan_tags_remedy(t->device, !has_native(t), remedy);
	if (!vlan_tags_stripped(t->device, !has_native(t)))
		tell(t, "VLAN tags in frames", FEATURE_YES,
		     "tagged frames are judged, and answered with their tags");
	else
		tell(t, "VLAN tags in frames", FEATURE_NO,
		     "taken off before the gate, so answers would leave without; if there are VLANs, %s%s%s"
		     "attach to the VLAN's own device",
		     *remedy ? "`" : "", remedy, *remedy ? "`, or " : "");
}

static void tell_attached(struct told *t)
{
	struct xdp_program on;

	if (xdp_running(if_nametoindex(t->device), &on))
		return;
	if (!on.id)
		tell(t, "XDP attached", FEATURE_NO, "none: the place is free for `straygate up`");
	else
		tell(t, "XDP attached", FEATURE_YES,
		     "%s, program id %u: `straygate up` replaces its own, and goes in front of another with "
		     "--chain",
		     on.mode == XDP_ATTACHED_DRV   ? "native mode"
		     : on.mode == XDP_ATTACHED_SKB ? "generic mode (slower)"
						   : "offloaded",
		     on.id);
}

size_t features_device(const char *device, struct feature out[FEATURES_MAX])
{
	struct told t = {.device = device, .virtio = virtio_xdp(device), .at = out};

	if (!if_nametoindex(device)) {
		tell(&t, "device", FEATURE_NO, "no such device; see `ip link`");
		return t.count;
	}
	tell_driver(&t);
	tell_ethernet(&t);
	tell_place(&t);
	tell_native(&t);
	if (has_native(&t)) {
		tell_mtu(&t);
		tell_queues(&t);
	}
	tell_joining(&t);
	tell_link(&t);
	tell_tags(&t);
	tell_attached(&t);
	return t.count;
}
