/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the host's TCP knows of a visit: whether a socket is there, and whether
 * any data came before. Asking it costs about 100 ns and saves a table of
 * SYNs, which spoofed ones could thrash.
 */
#ifndef STRAYGATE_SOCKET_H
#define STRAYGATE_SOCKET_H

#include "bpf/bpf.h"
#include "bpf/packet.h"
#include "bpf/maps.h"

/* include/net/tcp_states.h */
#define SOCKET_TIME_WAIT    6
#define SOCKET_LISTEN	    10
#define SOCKET_NEW_SYN_RECV 12

/* The kernel's own types, as far as we read them; CO-RE finds the offsets. */
struct tcp_options_received {
	__u32 ts_recent;
} __attribute__((preserve_access_index));

struct sock {
	__u32 sk_ack_backlog;
	__u32 sk_max_ack_backlog;
} __attribute__((preserve_access_index));

struct inet_sock {
	struct sock sk;
} __attribute__((preserve_access_index));

struct request_sock_queue {
	struct {
		int counter;
	} qlen;
} __attribute__((preserve_access_index));

struct inet_connection_sock {
	struct inet_sock icsk_inet;
	struct request_sock_queue icsk_accept_queue;
} __attribute__((preserve_access_index));

struct tcp_sock {
	struct inet_connection_sock inet_conn;
	__u32 rcv_nxt;
	__u32 snd_una;
	__u32 snd_nxt;
	__u32 max_window;
	__u64 bytes_received;
	__u64 bytes_acked;
	struct tcp_options_received rx_opt;
} __attribute__((preserve_access_index));

struct tcp_request_sock {
	__u32 rcv_nxt;
	__u32 snt_isn;
	__u64 snt_synack; /* when the first SYN-ACK was sent, us */
} __attribute__((preserve_access_index));

enum socket_state {
	SOCKET_NONE,   /* none, or one that is past reading (TIME-WAIT) */
	SOCKET_BARE,   /* only a listening one */
	SOCKET_COOKIE, /* only a listening one, and this ACK proves the kernel's own SYN cookie */
	SOCKET_HALF,   /* handshake under way: the final ACK is this packet, or still on its way up */
	SOCKET_FULL,
};

struct socket {
	__u32 state;
	__u32 rcv_nxt;
	__u64 bytes_received;
	__u32 ack_least; /* acknowledgements that it would take */
	__u32 ack_most;
	__u32 ts_recent; /* the client's last timestamp; 0: none */
};

/* Under a SYN flood the kernel keeps no request sockets either; then its cookie
 * is the proof that this is the first data. The helper wants the headers
 * outside the packet. */
static __always_inline bool kernel_cookie(struct xdp_md *ctx, const struct packet *p, struct bpf_sock *sk,
					  struct scratch *s)
{
	if (!(p->tcp_flags & TCP_ACK))
		return false;
	if (bpf_xdp_load_bytes(ctx, p->l4, s->bytes + 40, sizeof(struct tcphdr)))
		return false;
	if (p->ipv6) {
		if (bpf_xdp_load_bytes(ctx, p->l3, s->bytes, sizeof(struct ipv6hdr)))
			return false;
		return !bpf_tcp_check_syncookie(sk, s->bytes, sizeof(struct ipv6hdr),
						(struct tcphdr *)(s->bytes + 40), sizeof(struct tcphdr));
	}
	if (bpf_xdp_load_bytes(ctx, p->l3, s->bytes, sizeof(struct iphdr)))
		return false;
	return !bpf_tcp_check_syncookie(sk, s->bytes, sizeof(struct iphdr), (struct tcphdr *)(s->bytes + 40),
					sizeof(struct tcphdr));
}

/* Both ends for a look-up; returns the size of what was filled in. */
static __always_inline __u32 socket_tuple(struct bpf_sock_tuple *t, const struct flow_key *f, __u32 ipv6)
{
	if (!ipv6) {
		t->ipv4.saddr = *(__be32 *)(f->client + 12);
		t->ipv4.daddr = *(__be32 *)(f->server + 12);
		t->ipv4.sport = f->client_port;
		t->ipv4.dport = f->server_port;
		return sizeof(t->ipv4);
	}
	__builtin_memcpy(t->ipv6.saddr, f->client, 16);
	__builtin_memcpy(t->ipv6.daddr, f->server, 16);
	t->ipv6.sport = f->client_port;
	t->ipv6.dport = f->server_port;
	return sizeof(t->ipv6);
}

static __always_inline struct bpf_sock *socket_lookup(struct xdp_md *ctx, const struct packet *p)
{
	struct bpf_sock_tuple t = {};
	__u32 size = socket_tuple(&t, &p->flow, p->ipv6);

	return bpf_skc_lookup_tcp(ctx, &t, size, BPF_F_CURRENT_NETNS, 0);
}

static __always_inline void socket_read(struct xdp_md *ctx, const struct packet *p, struct bpf_sock *sk,
					struct socket *out, struct scratch *s)
{
	struct tcp_request_sock *half;
	struct tcp_sock *full;

	switch (sk->state) {
	case SOCKET_TIME_WAIT:
		return;
	case SOCKET_LISTEN:
		out->state = SOCKET_BARE;
		if (p->payload_len && kernel_cookie(ctx, p, sk, s)) {
			out->state = SOCKET_COOKIE;
			out->rcv_nxt = p->seq;
		}
		return;
	case SOCKET_NEW_SYN_RECV:
		half = bpf_skc_to_tcp_request_sock(sk);
		if (half) {
			out->state = SOCKET_HALF;
			out->rcv_nxt = half->rcv_nxt;
			out->ack_least = out->ack_most = half->snt_isn + 1;
		}
		return;
	}
	full = bpf_skc_to_tcp_sock(sk);
	if (full) {
		out->state = SOCKET_FULL;
		out->rcv_nxt = full->rcv_nxt;
		out->bytes_received = full->bytes_received;
		/* Of bytes that were never sent none can be acknowledged (tcp_ack(),
		 * since the advice of 2023: "do not accept ACK of bytes we never sent"). */
		out->ack_least = full->snd_una - (full->bytes_acked < full->max_window ? full->bytes_acked
										       : full->max_window);
		out->ack_most = full->snd_nxt;
		out->ts_recent = full->rx_opt.ts_recent;
	}
}

static __always_inline void socket_find(struct xdp_md *ctx, const struct packet *p, struct socket *out,
					struct scratch *s)
{
	struct bpf_sock *sk = socket_lookup(ctx, p);

	__builtin_memset(out, 0, sizeof(*out));
	if (!sk)
		return;
	socket_read(ctx, p, sk, out, s);
	bpf_sk_release(sk);
}

#endif
