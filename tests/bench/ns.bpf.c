// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How a packet is fed to a program under BPF_PROG_TEST_RUN again and again: a
 * program that rewrites its packet would be fed its own output. `feed` restores
 * the packet, the next of a list, and jumps into the program of slot 0 (a tail
 * call, so that the verdict is that program's). What the restoring costs is
 * measured with `empty` in that slot.
 *
 * Also an LPM trie behind the least that has to be parsed, to compare with.
 */
#include <stddef.h>
#include <stdbool.h>

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/pkt_cls.h>
#include <linux/tcp.h>
#include <linux/udp.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "bpf/maps.h"
#include "bpf/packet.h"
#include "bpf/view.h"
#include "bpf/source.h"
#include "ns_shared.h"

char LICENSE[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct feed_state);
} feed_states SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, FEED_PACKETS);
	__type(key, __u32);
	__type(value, struct feed_packet);
} feed_packets SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, FEED_PICKS);
	__type(key, __u32);
	__type(value, struct feed_pick);
} feed_picks SEC(".maps");

/* Programs of one array must all take fragments, or none. */
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} target SEC(".maps"), target_linear SEC(".maps");

static __always_inline void pick(struct xdp_md *ctx, struct feed_state *s)
{
	__u32 at = s->pick, offset = s->pick_at & 511, less = (s->pick_len - 1) & 15;
	struct feed_pick *p;

	s->pick = at + 1 >= s->picks ? 0 : at + 1;
	p = bpf_map_lookup_elem(&feed_picks, &at);
	if (!p)
		return;
	/* The verifier wants to see that it is at least one byte. */
	opaque(less);
	bpf_xdp_store_bytes(ctx, offset, p->bytes, (less & 15) + 1);
}

static __always_inline bool restore(struct xdp_md *ctx)
{
	__u32 zero = 0, at, len;
	struct feed_packet *p;
	struct feed_state *s;
	long grow, meta;

	s = bpf_map_lookup_elem(&feed_states, &zero);
	if (!s)
		return false;
	at = s->next;
	s->next = at + 1 >= s->packets ? 0 : at + 1;
	p = bpf_map_lookup_elem(&feed_packets, &at);
	if (!p)
		return false;
	meta = (long)ctx->data - (long)ctx->data_meta;
	if (meta && bpf_xdp_adjust_meta(ctx, meta))
		return false;
	len = p->len;
	grow = (long)len - (long)bpf_xdp_get_buff_len(ctx);
	if (grow && bpf_xdp_adjust_tail(ctx, grow))
		return false;
	if (len < 14 || len > sizeof(p->bytes) || bpf_xdp_store_bytes(ctx, 0, p->bytes, len))
		return false;
	if (s->pick_len)
		pick(ctx, s);
	return true;
}

SEC("xdp.frags")
int feed(struct xdp_md *ctx)
{
	if (restore(ctx))
		bpf_tail_call(ctx, &target, 0);
	return XDP_ABORTED;
}

SEC("xdp")
int feed_linear(struct xdp_md *ctx)
{
	if (restore(ctx))
		bpf_tail_call(ctx, &target_linear, 0);
	return XDP_ABORTED;
}

SEC("xdp.frags")
int empty(struct xdp_md *ctx __attribute__((unused)))
{
	return XDP_PASS;
}

SEC("xdp")
int empty_linear(struct xdp_md *ctx __attribute__((unused)))
{
	return XDP_PASS;
}

/* ---- source look-ups alone --------------------------------------------- */

struct lpm_key {
	__u32 len;
	__u8 addr[16];
};

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1100000);
	__uint(key_size, 8);
	__uint(value_size, 4);
} lpm4 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1100000);
	__uint(key_size, 20);
	__uint(value_size, 4);
} lpm6 SEC(".maps");

/* The client's address of a packet that is known to be IP without VLAN tags. */
static __always_inline bool client(struct xdp_md *ctx, __u8 *to, __u32 *ipv6)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct ipv6hdr *ip6 = data + ETH_HLEN;
	struct iphdr *ip = data + ETH_HLEN;

	if ((void *)(ip + 1) > end)
		return false;
	if (ip->version == 4) {
		*ipv6 = 0;
		*(__u64 *)to = 0;
		*(__be32 *)(to + 8) = bpf_htonl(0xffff);
		*(__be32 *)(to + 12) = ip->saddr;
		return true;
	}
	if ((void *)(ip6 + 1) > end)
		return false;
	*ipv6 = 1;
	__builtin_memcpy(to, &ip6->saddr, 16);
	return true;
}

/* What both of the following do besides. */
SEC("xdp.frags")
int look_nowhere(struct xdp_md *ctx)
{
	struct packet p = {};
	__u32 ipv6;

	if (!client(ctx, p.flow.client, &ipv6))
		return XDP_ABORTED;
	return p.flow.client[15] ? XDP_PASS : XDP_DROP;
}

SEC("xdp.frags")
int look_lpm(struct xdp_md *ctx)
{
	struct packet p = {};
	struct lpm_key key;
	__u32 ipv6, *value;

	if (!client(ctx, p.flow.client, &ipv6))
		return XDP_ABORTED;
	if (ipv6) {
		key.len = 128;
		__builtin_memcpy(key.addr, p.flow.client, 16);
		value = bpf_map_lookup_elem(&lpm6, &key);
	} else {
		key.len = 32;
		__builtin_memcpy(key.addr, p.flow.client + 12, 4);
		value = bpf_map_lookup_elem(&lpm4, &key);
	}
	return value ? XDP_DROP : XDP_PASS;
}

/* The gate's own stage, rule and all. */
SEC("xdp.frags")
int look_source(struct xdp_md *ctx)
{
	struct packet p = {};
	__u32 ipv6;

	if (!client(ctx, p.flow.client, &ipv6))
		return XDP_ABORTED;
	p.ipv6 = ipv6;
	p.slot = current_slot();
	return source(&p, (const struct address *)p.flow.client, p.ipv6) ? XDP_DROP : XDP_PASS;
}
