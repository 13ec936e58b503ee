// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Was a packet changed? Each is digested where it is sent and where it has arrived, and
 * the digests of both places are compared as multisets: see wire.c, which says where the
 * places are. Tracepoints see every packet, so nothing can be lost, and no filter of ours
 * stands between those of the gate.
 *
 * The kernel's trees since 6.12 let tracepoints read a packet whole, wherever its bytes
 * are (bpf_dynptr_from_skb()).
 */
#include <stdbool.h>

#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "tests/live/lib/wire.h"

char LICENSE[] SEC("license") = "GPL";

/* BPF_PROG() has a parameter that is not everybody's. */
#pragma clang diagnostic ignored "-Wunused-parameter"

#define CHUNK	  64
#define CHUNKS	  8192 /* 512 KB, more than any packet has */
#define TAG	  0x8100
#define TAG_OUTER 0x88a8

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
struct ns_common {
	unsigned int inum;
};
struct net {
	struct ns_common ns;
};
typedef struct {
	struct net *net;
} possible_net_t;
struct net_device {
	char name[16];
	possible_net_t nd_net;
};
struct sk_buff {
	struct net_device *dev;
	unsigned int len;
	__u16 vlan_tci, vlan_proto, protocol, mac_header, network_header;
	unsigned char *head, *data;
};
#pragma clang attribute pop

extern int bpf_dynptr_from_skb(struct __sk_buff *skb, __u64 flags, struct bpf_dynptr *to) __ksym;

/* Namespaces, by number. */
const volatile __u32 victim, crowd;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, struct digest);
	__type(value, struct seen);
	__uint(max_entries, 1 << 23);
	__uint(map_flags, BPF_F_NO_PREALLOC);
} packets SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, struct sums);
	__uint(max_entries, COMPARISONS);
} totals SEC(".maps");

struct work {
	struct digest digest;
	struct seen seen;
	__u64 bytes[CHUNK / 8];
	__u32 from, len;
	struct digest sent; /* what the device's driver has in hand */
	__u32 sending;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__type(key, __u32);
	__type(value, struct work);
	__uint(max_entries, 1);
} scratch SEC(".maps");

struct walk {
	struct bpf_dynptr *of;
	struct work *w;
};

static __always_inline void mix(struct digest *d, __u64 word)
{
	d->a = (d->a ^ word) * 0x9e3779b97f4a7c15ULL;
	d->a ^= d->a >> 29;
	d->b = (d->b + word) * 0xc2b2ae3d27d4eb4fULL;
	d->b ^= d->b >> 32;
}

static long chunk(__u32 i, struct walk *k)
{
	struct work *w = k->w;
	__u32 at = i * CHUNK, n, j;

	if (at >= w->len)
		return 1;
	n = w->len - at;
	if (n < CHUNK) {
		for (j = 0; j < CHUNK / 8; j++)
			w->bytes[j] = 0;
	} else {
		n = CHUNK;
	}
	if (n < 1 || n > CHUNK || bpf_dynptr_read(w->bytes, n, k->of, w->from + at, 0)) {
		w->len = 0;
		w->digest.length = 0;
		return 1;
	}
	if (at / CHUNK < sizeof(w->seen.head) / CHUNK)
		__builtin_memcpy(w->seen.head, w->bytes, CHUNK);
	for (j = 0; j < CHUNK / 8; j++)
		mix(&w->digest, w->bytes[j]);
	return 0;
}

static __always_inline int place_of(struct net_device *dev)
{
	__u32 ns = dev->nd_net.net->ns.inum;
	__u64 name;

	if (ns != victim && ns != crowd)
		return AT_ELSEWHERE;
	bpf_probe_read_kernel(&name, sizeof(name), dev->name);
	if (ns == victim && (name & 0xffffff) == DEVICE_VICTIM)
		return AT_VICTIM;
	if (ns == crowd && (name & 0xffffff) == DEVICE_CROWD)
		return AT_CROWD;
	if (ns == victim && name == MIRROR_IN)
		return AT_MIRROR_IN;
	if (ns == victim && name == MIRROR_OUT)
		return AT_MIRROR_OUT;
	return AT_ELSEWHERE;
}

static __always_inline struct work *work_memory(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&scratch, &zero);
}

static __always_inline void add(struct digest *d, struct seen *first, bool after, __s64 n)
{
	__u32 which = d->which;
	struct sums *t = bpf_map_lookup_elem(&totals, &which);
	struct seen *s = bpf_map_lookup_elem(&packets, d);

	if (!s) {
		bpf_map_update_elem(&packets, d, first, BPF_NOEXIST);
		s = bpf_map_lookup_elem(&packets, d);
	}
	if (t)
		__sync_fetch_and_add(s ? after ? &t->after : &t->before : &t->lost, n);
	if (s)
		__sync_fetch_and_add(after ? &s->after : &s->before, n);
}

/* Where a packet begins: with its Ethernet header, or behind that. */
enum begins { BEGINS_MAC, BEGINS_DATA, BEGINS_NETWORK };

/* A tag is the same whether it is in the packet or beside it. */
static __always_inline void digest(struct sk_buff *skb, struct work *w, __u32 which, enum begins at)
{
	struct bpf_dynptr of;
	struct walk k = {&of, w};
	__u8 macs[14] = {};
	__u16 type, tag = 0, tag_type = 0;
	__u64 head = 0, data = 0;
	int from = 0;

	__builtin_memset(&w->digest, 0, sizeof(w->digest));
	__builtin_memset(&w->seen, 0, sizeof(w->seen));
	w->digest.which = which;
	if (bpf_dynptr_from_skb((struct __sk_buff *)skb, 0, &of))
		return;
	bpf_core_read(&head, sizeof(head), &skb->head);
	bpf_core_read(&data, sizeof(data), &skb->data);
	type = skb->protocol;
	if (at == BEGINS_NETWORK) {
		from = (int)(head + skb->network_header - data);
	} else if (at == BEGINS_MAC) {
		__u64 mac = head + skb->mac_header;

		bpf_probe_read_kernel(macs, sizeof(macs), (void *)mac);
		type = *(__u16 *)(macs + 12);
		from = (int)(mac + 14 - data);
	}
	/* A sender that asks for a tag writes it beside the packet. */
	if (skb->vlan_proto && skb->vlan_tci) {
		tag_type = skb->vlan_proto;
		tag = skb->vlan_tci;
	} else if (type == bpf_htons(TAG) || type == bpf_htons(TAG_OUTER)) {
		__u16 in[2] = {};

		bpf_dynptr_read(in, sizeof(in), &of, from < 0 ? 0 : from, 0);
		tag_type = type;
		tag = bpf_ntohs(in[0]);
		type = in[1];
		from += 4;
	}
	if (from < 0)
		return;
	w->from = from;
	w->len = skb->len > (__u32)from ? skb->len - from : 0;
	w->digest.length = w->len + 1;
	mix(&w->digest, *(__u64 *)macs);
	mix(&w->digest, *(__u32 *)(macs + 8));
	mix(&w->digest, (__u64)type << 32 | (__u32)tag_type << 16 | tag);
	w->seen.type = type;
	bpf_loop(CHUNKS, chunk, &k, 0);
}

static __always_inline void note(struct sk_buff *skb, __u32 which, bool after, enum begins at)
{
	struct work *w = work_memory();

	if (!w)
		return;
	digest(skb, w, which, at);
	add(&w->digest, &w->seen, after, 1);
}

/* ---- sent ------------------------------------------------------------------ */

SEC("tp_btf/net_dev_start_xmit")
int BPF_PROG(sent, struct sk_buff *skb, struct net_device *dev)
{
	int place = place_of(dev);
	struct work *w;

	if (place != AT_CROWD && place != AT_VICTIM)
		return 0;
	w = work_memory();
	if (!w)
		return 0;
	note(skb, place == AT_CROWD ? WIRE_IN : WIRE_OUT, false, BEGINS_MAC);
	w->sent = w->digest;
	w->sending = 1;
	return 0;
}

/* The other end's queue was full, or it was down: it was not sent, then. */
SEC("tp_btf/net_dev_xmit")
int BPF_PROG(not_sent, struct sk_buff *skb, int rc, struct net_device *dev, unsigned int len)
{
	int place = place_of(dev);
	struct work *w;

	if (place != AT_CROWD && place != AT_VICTIM)
		return 0;
	w = work_memory();
	if (!w || !w->sending)
		return 0;
	w->sending = 0;
	if (rc)
		add(&w->sent, &w->seen, false, -1);
	return 0;
}

/* ---- arrived, behind native XDP --------------------------------------------- */

static __always_inline int arrived(struct sk_buff *skb)
{
	int place = place_of(skb->dev);

	if (place == AT_CROWD || place == AT_VICTIM)
		note(skb, place == AT_CROWD ? WIRE_OUT : WIRE_IN, true, BEGINS_MAC);
	return 0;
}

SEC("tp_btf/napi_gro_receive_entry")
int BPF_PROG(arrived_by_napi, struct sk_buff *skb)
{
	return arrived(skb);
}

SEC("tp_btf/netif_rx_entry")
int BPF_PROG(arrived_by_backlog, struct sk_buff *skb)
{
	return arrived(skb);
}

SEC("tp_btf/netif_receive_skb_entry")
int BPF_PROG(arrived_otherwise, struct sk_buff *skb)
{
	return arrived(skb);
}

/* ---- before generic XDP and tc ingress, and behind them ----------------------- */

SEC("tp_btf/netif_receive_skb")
int BPF_PROG(received, struct sk_buff *skb)
{
	if (place_of(skb->dev) == AT_VICTIM)
		note(skb, HOST_IN, false, BEGINS_DATA);
	return 0;
}

/* ---- behind tc ingress; before tc egress, and behind it ----------------------- */

SEC("tp_btf/net_dev_queue")
int BPF_PROG(queued, struct sk_buff *skb)
{
	switch (place_of(skb->dev)) {
	case AT_MIRROR_IN:
		note(skb, HOST_IN, true, BEGINS_NETWORK);
		break;
	case AT_MIRROR_OUT:
		note(skb, HOST_OUT, false, BEGINS_MAC);
		break;
	case AT_VICTIM:
		note(skb, HOST_OUT, true, BEGINS_MAC);
		break;
	}
	return 0;
}
