/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the gate says for the server. Never more than came in, unless the
 * address has proved itself by a handshake (promise 7).
 */
#ifndef STRAYGATE_ANSWER_H
#define STRAYGATE_ANSWER_H

#include "bpf/bpf.h"
#include "bpf/answer_dns.h"
#include "bpf/answer_http.h"
#include "bpf/answer_tc.h"
#include "bpf/answer_tls.h"
#include "bpf/name.h"
#include "bpf/rewrite.h"
#include "bpf/tcp_options.h"

/* What the client is taken to accept where no handshake with us says it, as with
 * an IPv6 path of the smallest MTU. */
#define ANSWER_MSS 1220

/* RFC 7323 3.2: with timestamps agreed, each segment has them. Ours is the last
 * that the client has seen of the server. */
static __always_inline __u32 put_stamps(struct scratch *s)
{
	__be32 *to = (__be32 *)(s->bytes + REWRITE_L4 + sizeof(struct tcphdr));

	if (!s->options.timestamps)
		return 0;
	to[0] = bpf_htonl(STAMPS_ONLY);
	to[1] = bpf_htonl(s->options.tsecr);
	to[2] = bpf_htonl(s->options.tsval);
	return 12;
}

/* Bytes of payload that an answer with so many bytes of options may have: what the
 * client takes, what the device sends, and, to an address that has not proved
 * itself, what came, counted at the level of IP. */
static __always_inline __u32 answer_room(const struct packet *p, const struct scratch *s, __u32 options)
{
	__u32 headers = (p->ipv6 ? 60 : 40) + options, room, came, zero = 0;
	struct device *d = bpf_map_lookup_elem(&device, &zero);

	room = (p->shaken ? s->agreed.mss : ANSWER_MSS) - options;
	if (d && d->mtu && d->mtu - headers < room)
		room = d->mtu - headers;
	if (!p->shaken && !p->proved) {
		came = p->payload + p->payload_len - p->l3;
		came = came > headers ? came - headers : 0;
		room = came < room ? came : room;
	}
	if (p->shaken) {
		came = p->window;
		if (s->agreed.scale != COOKIE_NO_SCALE)
			came <<= s->agreed.scale & 15;
		/* A window that nothing fits in has a RST come next, as ever. */
		room = came < room ? came : room;
	}
	return room < REWRITE_PAYLOAD ? room : REWRITE_PAYLOAD;
}

/* The name once more, for a request that came again. Over TCP the length of a
 * DNS message may have come, and been acknowledged, before. Returns how many bytes
 * of the message go before its header. */
stage int find_again(struct xdp_md *ctx, struct packet *p)
{
	struct scratch *s = scratch_memory();
	enum find found;

	if (!p || !s)
		return 0;
	finder_begin(&s->finder, p);
	found = find_name(ctx, p, s);
	/* Its PROXY header was a segment of its own. */
	if (s->finder.preface == PREFACE_OPEN) {
		s->finder.preface = PREFACE_NONE;
		protocol_begin(&s->finder, p);
		found = find_name(ctx, p, s);
	}
	if (p->as != PROTO_DNS)
		return 0;
	/* What has no question may be anything, unless its length fits. */
	if (found == FIND_FOUND || (found == FIND_NONE && s->finder.seen + s->finder.left == p->payload_len))
		return 2;
	dns_begin(&s->finder);
	if (find_name(ctx, p, s) != FIND_FOUND)
		s->finder.seen = 0;
	return 0;
}

/* RFC 1035 4.2.2: two bytes of length go before. */
static __noinline __u32 put_dns(struct xdp_md *ctx, struct packet *p, struct scratch *s, __u32 to,
				__u32 prefix)
{
	struct dns_asked a = {.from = prefix};
	__u32 len;

	if (s->finder.seen < prefix)
		return 0;
	a.end = s->finder.seen - prefix;
	a.length = read_asked(ctx, p);
	len = put_refusal(p, s, &a, to + 2);
	s->bytes[to & 127] = len >> 8;
	s->bytes[(to + 1) & 127] = len;
	return len ? len + 2 : 0;
}

/* Writes the answer behind the options and returns its length; 0: there is none,
 * so a RST will do. prefix: what find_again() says, or as it is in a first request. */
#define ANSWER_PREFIX 2
stage int put_answer(struct xdp_md *ctx, struct packet *p, __u32 options, __u32 prefix)
{
	__u32 to = REWRITE_L4 + sizeof(struct tcphdr) + (options & 15), room, length = 0;
	struct scratch *s = scratch_memory();

	if (!p || !s)
		return 0;
	room = answer_room(p, s, options & 15);
	switch (p->as) {
	case PROTO_HTTP:
		length = put_http(ctx, p, s, to, room);
		break;
	case PROTO_TLS:
		length = put_alert(p, s->bytes + to);
		break;
	case PROTO_DNS:
		length = put_dns(ctx, p, s, to, prefix);
	}
	return length <= room ? length : 0;
}

/* To the client, from where it expects our next byte. */
static __always_inline struct draft reply_draft(const struct packet *p, __u32 flags, __u32 options,
						__u32 length)
{
	return (struct draft){
		.to_client = 1,
		.seq = p->ack,
		.ack = p->seq + p->payload_len + !!(p->tcp_flags & TCP_FIN),
		.flags = flags,
		.window = flags & TCP_RST ? 0 : 1024,
		.options = options,
		.length = length,
	};
}

static __always_inline bool reply(struct xdp_md *ctx, const struct packet *p, struct scratch *s, __u32 flags,
				  __u32 options, __u32 length)
{
	struct draft d = reply_draft(p, flags, options, length);

	return p->order && length ? order_tcp(ctx, p, s, &d) : write_tcp(ctx, p, s, &d);
}

static __always_inline bool reset_client(struct xdp_md *ctx, const struct packet *p, struct scratch *s)
{
	return reply(ctx, p, s, TCP_RST | TCP_ACK, 0, 0);
}

/* The payload of the answer to a request, and the options before it, in place. Nobody may
 * have looked for a name yet, or the request came again. Returns its length; 0: there is
 * none, so a RST without options will do. Inline: see both_answer(). */
static __always_inline __u32 answer_payload(struct xdp_md *ctx, struct packet *p, struct scratch *s,
					    __u32 *options)
{
	__u32 prefix = ANSWER_PREFIX, length;

	if (p->as != PROTO_TLS && p->find != FIND_FOUND && p->find != FIND_NONE)
		prefix = find_again(ctx, p);
	if (read_options(ctx, p))
		return 0;
	*options = put_stamps(s);
	length = put_answer(ctx, p, *options, prefix);
	return length <= REWRITE_PAYLOAD ? length : 0;
}

/* The request of a visit that is turned away; the same request again gets the
 * same answer again. */
static __always_inline bool answer_request(struct xdp_md *ctx, struct packet *p, struct scratch *s)
{
	__u32 options = 0, length = answer_payload(ctx, p, s, &options);

	if (!length)
		return reset_client(ctx, p, s);
	return reply(ctx, p, s, TCP_FIN | TCP_PSH | TCP_ACK, options, length);
}

/* The XDP action of an answer: tc sends what did not fit the frame. */
static __always_inline __u32 answer_leaves(const struct packet *p)
{
	return p->order ? XDP_PASS : XDP_TX;
}

/* A client that has its answer says goodbye; a silent one asks whether we live,
 * with the number before the next (probe: 1). */
static __always_inline bool acknowledge(struct xdp_md *ctx, struct packet *p, struct scratch *s, __u32 probe)
{
	struct draft d = {
		.to_client = 1,
		.seq = p->ack,
		.ack = p->seq + p->payload_len + !!(p->tcp_flags & TCP_FIN) + probe,
		.flags = TCP_ACK,
		.window = 1024,
	};

	if (read_options(ctx, p))
		return false;
	d.options = put_stamps(s);
	return write_tcp(ctx, p, s, &d);
}

/* For the server: the segment that its socket waits for, as a RST (RFC 5961 3.2
 * takes it at exactly that number), frees the socket before any worker sees it. */
static __always_inline bool reset_server(struct xdp_md *ctx, const struct packet *p, struct scratch *s)
{
	struct draft d = {
		.seq = p->seq,
		.flags = TCP_RST,
	};

	return write_tcp(ctx, p, s, &d);
}

/* Over UDP. */
static __always_inline bool refuse_dns(struct xdp_md *ctx, struct packet *p, struct scratch *s)
{
	struct dns_asked a = {};
	__u32 len;

	/* Of a client over its limit nobody has asked for the name yet. */
	if (p->find == FIND_MORE) {
		dns_begin(&s->finder);
		p->find = find_name(ctx, p, s);
		if (p->find != FIND_FOUND && p->find != FIND_NONE)
			return false;
	}
	a.end = s->finder.seen;
	a.length = read_asked(ctx, p);
	len = put_refusal(p, s, &a, REWRITE_L4 + sizeof(struct udphdr));

	return len && write_udp(ctx, p, s, len);
}

#endif
