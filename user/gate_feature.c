// SPDX-License-Identifier: GPL-2.0-only
#include "feature.h"

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

#include "gate_load.h"

const char *kernel_release(void)
{
	static struct utsname u;

	uname(&u);
	return u.release;
}

static void set(struct feature *f, const char *name, bool here, const char *yes, const char *no)
{
	f->name = name;
	f->here = here;
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
			 err == -EPERM || err == -EACCES ? " (run as root)"
							 : "; Linux 6.1 or later is needed");
	set(&out[n++], "adoption kfunc", has_function(btf, "bpf_sk_assign_tcp_reqsk"),
	    "the kernel could judge at the handshake (this build judges at data)",
	    "no bpf_sk_assign_tcp_reqsk (Linux 6.9): listeners are judged at data");
	set(&out[n++], "tcx links", has_function(btf, "tcx_link_attach"), "tc programs can be links",
	    "Linux 6.6 has them");
	btf__free(btf);
	return n;
}

/* The driver's name; an empty one if it does not say. */
static void driver_name(const char *device, char out[32])
{
	struct ethtool_drvinfo info = {.cmd = ETHTOOL_GDRVINFO};
	cleanup_fd int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq r = {0};

	snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", device);
	r.ifr_data = (void *)&info;
	out[0] = 0;
	if (fd >= 0 && !ioctl(fd, SIOCETHTOOL, &r))
		snprintf(out, 32, "%s", info.driver);
}

size_t features_device(const char *device, struct feature out[FEATURES_MAX])
{
	unsigned int ifindex = if_nametoindex(device);
	LIBBPF_OPTS(bpf_xdp_query_opts, query);
	char driver[32];
	size_t n = 0;

	set(&out[n], "device", ifindex, "", "no such device; see `ip link`");
	if (!ifindex)
		return n + 1;
	driver_name(device, driver);
	snprintf(out[n].text, sizeof(out[n].text), "driver %s", *driver ? driver : "does not say its name");
	n++;
	if (bpf_xdp_query(ifindex, 0, &query))
		return n;
	set(&out[n++], "XDP attached", query.drv_prog_id || query.skb_prog_id || query.hw_prog_id, "",
	    "none: `straygate up` tries native mode first and says what it got");
	if (out[n - 1].here)
		snprintf(out[n - 1].text, sizeof(out[n - 1].text), "%s mode, program id %u",
			 query.drv_prog_id   ? "native"
			 : query.skb_prog_id ? "generic (slower)"
					     : "offloaded",
			 query.drv_prog_id   ? query.drv_prog_id
			 : query.skb_prog_id ? query.skb_prog_id
					     : query.hw_prog_id);
	return n;
}
