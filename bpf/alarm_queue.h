/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pressure: how full are the queues of the server's socket? Asked once a second, by the
 * packet that ends a window. Several sockets may listen on one port (SO_REUSEPORT): some
 * are asked, chosen by the kernel as it would for visitors of different addresses.
 */
#ifndef STRAYGATE_ALARM_QUEUE_H
#define STRAYGATE_ALARM_QUEUE_H

#include "bpf/alarm_state.h"
#include "bpf/bpf.h"
#include "bpf/packet.h"
#include "bpf/socket.h"

#define ALARM_SOCKETS 4

/* Into a: the fuller of what is there and of what this socket says. */
static __always_inline void queue_read(struct bpf_sock *sk, struct alarm *a)
{
	struct tcp_sock *full;
	__u32 accept, half_open, backlog;

	if (sk->state != SOCKET_LISTEN)
		return;
	full = bpf_skc_to_tcp_sock(sk);
	if (!full)
		return;
	accept = full->inet_conn.icsk_inet.sk.sk_ack_backlog;
	half_open = full->inet_conn.icsk_accept_queue.qlen.counter;
	backlog = full->inet_conn.icsk_inet.sk.sk_max_ack_backlog;
	if (a->queue == ALARM_QUEUE_NONE || accept + half_open > a->accept + a->half_open) {
		a->accept = accept;
		a->half_open = half_open;
		a->backlog = backlog;
	}
	a->queue = backlog < ALARM_BACKLOG_LEAST ? ALARM_QUEUE_SMALL : ALARM_QUEUE_SEEN;
	if (backlog >= ALARM_BACKLOG_LEAST && (accept > backlog / 2 || half_open > backlog / 2))
		a->pressed = 1;
}

/* From port 0 nobody comes, so that only a listening socket answers. (A function of its
 * own for its stack: Linux 6.1 allows 512 bytes over all callers.) */
stage int queue_look(struct xdp_md *ctx, const struct packet *p, struct alarm *a)
{
	struct bpf_sock_tuple t = {};
	struct bpf_sock *sk;
	__u32 i, size;

	if (!p || !a)
		return 0;
	a->queue = ALARM_QUEUE_NONE;
	a->pressed = a->accept = a->half_open = a->backlog = 0;
	for (i = 0; i < ALARM_SOCKETS; i++) {
		size = socket_tuple(&t, &p->flow, p->ipv6);
		if (p->ipv6) {
			t.ipv6.saddr[3] = bpf_get_prandom_u32();
			t.ipv6.sport = 0;
		} else {
			t.ipv4.saddr = bpf_get_prandom_u32();
			t.ipv4.sport = 0;
		}
		sk = bpf_skc_lookup_tcp(ctx, &t, size, BPF_F_CURRENT_NETNS, 0);
		if (!sk)
			continue;
		queue_read(sk, a);
		bpf_sk_release(sk);
	}
	return 0;
}

#endif
