/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ports behind which no socket of this host's listens, but somebody answers:
 * those that are published by containers, and guests. tc egress sees their
 * SYN-ACKs, by which the XDP program knows that a port is open, and which data of
 * a visit with the kernel's handshake is the first.
 */
#ifndef STRAYGATE_WAYS_H
#define STRAYGATE_WAYS_H

#include "bpf/bpf.h"
#include "bpf/maps.h"
#include "bpf/packet.h"

static __always_inline struct way_key way_key_of(const struct packet *p)
{
	struct way_key k = {.port = p->flow.server_port};

	__builtin_memcpy(k.address, p->flow.server, sizeof(k.address));
	return k;
}

static __always_inline bool way_is_open(struct packet *p)
{
	struct way_key k = way_key_of(p);
	__u32 *since = bpf_map_lookup_elem(&ways, &k);

	return since && FLOW_CLOCK(packet_tick(p)) - *since < WAY_PATIENCE;
}

static __always_inline void way_open(struct packet *p)
{
	struct way_key k = way_key_of(p);
	__u32 now = FLOW_CLOCK(packet_tick(p)), *since = bpf_map_lookup_elem(&ways, &k);

	if (since)
		*since = now;
	else
		bpf_map_update_elem(&ways, &k, &now, BPF_ANY);
}

static __always_inline void way_close(const struct packet *p)
{
	struct way_key k = way_key_of(p);

	bpf_map_delete_elem(&ways, &k);
}

/* egress: a SYN-ACK of a visit that has no socket here. Is it the first? */
static __always_inline bool half_open_note(const struct packet *p)
{
	struct half_open h = {.client_next = p->ack, .server_next = p->seq + 1};
	struct flow_key key = p->flow;
	struct half_open *there = bpf_map_lookup_elem(&half_open, &key);

	if (there && there->client_next == h.client_next && there->server_next == h.server_next)
		return false;
	bpf_map_update_elem(&half_open, &key, &h, BPF_ANY);
	return true;
}

/* XDP: is this the first data of such a visit? */
static __always_inline bool half_open_is_first(const struct packet *p)
{
	struct flow_key key = p->flow;
	struct half_open *h = bpf_map_lookup_elem(&half_open, &key);

	return h && h->client_next == p->seq && h->server_next == p->ack;
}

#endif
