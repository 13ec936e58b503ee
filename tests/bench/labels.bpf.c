// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The least that a program can do about random labels: whatever asks port 53 over IPv4
 * for a name whose first label has eight bytes, as the crowd's random ones do, and no
 * known one, is dropped. Nothing is looked up, counted or answered.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/udp.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

struct query {
	struct ethhdr eth;
	struct iphdr ip;
	struct udphdr udp;
	__u8 header[12];
	__u8 label;
} __attribute__((packed));

SEC("xdp.frags")
int labels(struct xdp_md *ctx)
{
	const struct query *q = (const void *)(long)ctx->data;

	if ((const void *)(q + 1) > (const void *)(long)ctx->data_end)
		return XDP_PASS;
	return q->eth.h_proto == bpf_htons(ETH_P_IP) && q->ip.protocol == IPPROTO_UDP &&
			       q->udp.dest == bpf_htons(53) && q->label == 8
		       ? XDP_DROP
		       : XDP_PASS;
}
