// SPDX-License-Identifier: GPL-2.0-or-later
/* Somebody else's XDP program, which drops what is for TCP port 8080 over IPv4: once for
 * frames in pieces, and once for others. */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/tcp.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

struct headers {
	struct ethhdr eth;
	struct iphdr ip;
	struct tcphdr tcp;
} __attribute__((packed));

static __always_inline int verdict(struct xdp_md *ctx)
{
	const struct headers *h = (const void *)(long)ctx->data;

	if ((const void *)(h + 1) > (const void *)(long)ctx->data_end)
		return XDP_PASS;
	return h->eth.h_proto == bpf_htons(ETH_P_IP) && h->ip.ihl == 5 && h->ip.protocol == IPPROTO_TCP &&
			       h->tcp.dest == bpf_htons(8080)
		       ? XDP_DROP
		       : XDP_PASS;
}

SEC("xdp")
int filter(struct xdp_md *ctx)
{
	return verdict(ctx);
}

SEC("xdp.frags")
int filter_frags(struct xdp_md *ctx)
{
	return verdict(ctx);
}
