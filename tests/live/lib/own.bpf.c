// SPDX-License-Identifier: GPL-2.0-or-later
/* An operator's own filters at tc: they pass everything, and the kernel counts their runs. */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>

#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

SEC("in")
int own_in(struct __sk_buff *skb)
{
	(void)skb;
	return TC_ACT_OK;
}

SEC("out")
int own_out(struct __sk_buff *skb)
{
	(void)skb;
	return TC_ACT_OK;
}
