/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * adopt, at tc ingress: hands a visit that shook hands with us, and whose first
 * data the XDP program let pass, to the socket that listens. The kernel makes an
 * established socket of it with the data already in it; the server accepts it
 * like any other. All other packets pass after one look at their metadata.
 */
#ifndef STRAYGATE_ADOPT_H
#define STRAYGATE_ADOPT_H

#include "bpf/handshake/engage.h"
#include "bpf/handshake/join.h"

/* The kernel's own, by its own name (include/net/tcp.h, Linux 6.9). */
struct bpf_tcp_req_attrs {
	__u32 rcv_tsval;
	__u32 rcv_tsecr;
	__u16 mss;
	__u8 rcv_wscale;
	__u8 snd_wscale;
	__u8 ecn_ok;
	__u8 wscale_ok;
	__u8 sack_ok;
	__u8 tstamp_ok;
	__u8 usec_ts_ok;
	__u8 reserved[3];
};

/* libbpf compares the arguments of a kfunc by name, and wants them defined. */
struct sock {
	int unused;
};
extern int bpf_sk_assign_tcp_reqsk(struct __sk_buff *skb, struct sock *sk, struct bpf_tcp_req_attrs *attrs,
				   int attrs__sz) __ksym __weak;

static __always_inline bool adopt_word(struct __sk_buff *skb, struct joining *j)
{
	struct adoption *a = (void *)(long)skb->data_meta;

	if ((void *)(a + 1) > (void *)(long)skb->data || a->magic != ADOPTION_MAGIC)
		return false;
	j->word = *a;
	return true;
}

/* Both ends, as flow_key has them. */
static __always_inline bool adopt_key(struct __sk_buff *skb, struct joining *j)
{
	const struct adoption *a = &j->word;

	__builtin_memset(&j->key, 0, sizeof(j->key));
	if (bpf_skb_load_bytes(skb, a->l4, &j->key.client_port, 4))
		return false;
	if (a->flags & ADOPTION_IPV6)
		return !bpf_skb_load_bytes(skb, a->l3 + 8, j->key.client, 32);
	*(__be32 *)(j->key.client + 8) = bpf_htonl(0xffff);
	*(__be32 *)(j->key.server + 8) = bpf_htonl(0xffff);
	return !bpf_skb_load_bytes(skb, a->l3 + 12, j->key.client + 12, 4) &&
	       !bpf_skb_load_bytes(skb, a->l3 + 16, j->key.server + 12, 4);
}

static __always_inline int adopt_assign(struct __sk_buff *skb, const struct joining *j, struct engagement *e)
{
	const struct adoption *a = &j->word;
	struct bpf_tcp_req_attrs attrs = {
		.rcv_tsval = a->tsval,
		.rcv_tsecr = a->tsecr,
		.mss = a->mss,
		.rcv_wscale = a->our_scale,
		.snd_wscale = a->scale,
		.ecn_ok = !!(a->flags & ADOPTION_ECN),
		.wscale_ok = a->scale != COOKIE_NO_SCALE,
		.sack_ok = !!(a->flags & ADOPTION_SACK),
		.tstamp_ok = !!(a->flags & ADOPTION_TIMESTAMPS),
	};
	struct bpf_sock_tuple tuple = {};
	__u32 size = socket_tuple(&tuple, &j->key, a->flags & ADOPTION_IPV6);
	struct bpf_sock *sk;
	struct tcp_sock *t;
	int err = -1;

	if (!attrs.wscale_ok)
		attrs.rcv_wscale = attrs.snd_wscale = 0;
	sk = bpf_skc_lookup_tcp(skb, &tuple, size, BPF_F_CURRENT_NETNS, 0);
	if (!sk)
		return -1;
	t = sk->state == SOCKET_LISTEN ? bpf_skc_to_tcp_sock(sk) : NULL;
	/* Weak: an older kernel has no such function. */
	if (t && bpf_sk_assign_tcp_reqsk)
		err = bpf_sk_assign_tcp_reqsk(skb, (struct sock *)t, &attrs, sizeof(attrs));
	/* The one refusal whose cause can be seen. */
	if (err && t && bpf_core_field_exists(t->is_mptcp) && t->is_mptcp)
		e->shallow = SHALLOW_MPTCP;
	bpf_sk_release(sk);
	return err;
}

/* The kernel did not take it. It passes all the same: the stack answers with a
 * RST at once, and the client comes again. */
static __always_inline void adopt_refused(struct joining *j, struct engagement *e)
{
	struct shake *k = shake_secrets();
	struct flow *f = k ? flow_of(flow_print(k->flow_keys, &j->key)) : NULL;

	if (f)
		f->state = FLOW_JUDGED;
	__sync_fetch_and_add(&e->refused, 1);
	engage_lost(e, &j->key, bpf_ktime_get_ns());
}

static __always_inline int adopt_packet(struct __sk_buff *skb)
{
	struct engagement *e;
	struct joining *j;
	__u32 zero = 0, id;

	j = bpf_map_lookup_elem(&joining, &zero);
	if (!j || !adopt_word(skb, j))
		return TC_ACT_UNSPEC;
	id = j->word.listener;
	e = bpf_map_lookup_elem(&engagements, &id);
	if (!e || !adopt_key(skb, j))
		return TC_ACT_UNSPEC;
	if ((j->word.flags & ADOPTION_HELD && join(skb, j)) || adopt_assign(skb, j, e))
		adopt_refused(j, e);
	else
		__sync_fetch_and_add(&e->adopted, 1);
	return TC_ACT_UNSPEC;
}

#endif
