// SPDX-License-Identifier: GPL-2.0-or-later
/* For the crowd's end of a veth pair: see tb_wire() in testbed.sh. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

SEC("xdp")
int pass(struct xdp_md *ctx)
{
	(void)ctx;
	return XDP_PASS;
}
