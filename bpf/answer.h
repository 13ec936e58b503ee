/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the gate says for the server. Never more than came in, unless the
 * address has proved itself by a handshake (promise 7).
 */
#ifndef STRAYGATE_ANSWER_H
#define STRAYGATE_ANSWER_H

#include "bpf/bpf.h"
#include "bpf/name.h"
#include "bpf/tcp_options.h"
#include "bpf/rewrite.h"

/* RFC 9110 15.5.20. no-store: a 421 may otherwise be cached against a site that
 * did nothing wrong (RFC 9111 3). */
#define HTTP_421                               \
	"HTTP/1.1 421 Misdirected Request\r\n" \
	"Connection: close\r\n"                \
	"Cache-Control: no-store\r\n"          \
	"Content-Length: 0\r\n\r\n"

/* RFC 8446 6: record header (alert, TLS 1.2 on the wire), fatal, unrecognized_name. */
#define TLS_ALERT "\x15\x03\x03\x00\x02\x02\x70"

/* volatile: clang would move what is only copied into a section of strings that
 * libbpf does not take. */
#define HTTP_421_LENGTH (sizeof(HTTP_421) - 1)
/* Words, since it is copied by words: the last one is filled up. */
const volatile char http_421[(HTTP_421_LENGTH + 7) & ~7] __attribute__((aligned(8))) = HTTP_421;
const volatile char tls_alert[sizeof(TLS_ALERT) - 1] = TLS_ALERT;

#define DNS_HEADER   12
#define DNS_OPT	     11 /* RFC 6891 6.1.2: root, type, size, TTL, length 0 */
#define DNS_QUESTION (DNS_HEADER + 256 + 4)
#define DNS_REFUSED  5

#define ANSWER_MAX (DNS_QUESTION + DNS_OPT + 2)

/* Behind the question, 11 bytes at `at`: if an OPT record came, ours goes back,
 * or the client would take the server for one that knows no EDNS (RFC 6891 7). */
static __always_inline __u32 dns_opt(struct xdp_md *ctx, const struct packet *p, __u8 *at, __u32 end)
{
	__u8 opt[DNS_OPT];

	if (end + DNS_OPT > p->payload_len || bpf_xdp_load_bytes(ctx, p->payload + end, opt, DNS_OPT))
		return 0;
	if (opt[0] || opt[1] || opt[2] != 41)
		return 0;
	at[0] = 0;
	at[1] = 0;
	at[2] = 41;
	at[3] = 1232 >> 8; /* what we would take: never used, but never 0 */
	at[4] = 1232 & 0xff;
	at[5] = 0;
	at[6] = 0;
	at[7] = opt[7] & 0x80; /* DO, RFC 3225 3 */
	at[8] = 0;
	at[9] = 0;
	at[10] = 0;
	return DNS_OPT;
}

/* Makes a query of `end` bytes up to the end of its question, which begins
 * `prefix` bytes into the payload, into REFUSED: RFC 1035 4.1.1. Returns the
 * length of the message, never longer than the query; 0: no such query. */
static __always_inline __u32 refusal(struct xdp_md *ctx, const struct packet *p, __u8 *dns, __u32 end,
				     __u32 prefix)
{
	__u32 opt;

	if (end < DNS_HEADER + 5 || end > DNS_QUESTION)
		return 0;
	if (bpf_xdp_load_bytes(ctx, p->payload + prefix, dns, end))
		return 0;
	dns[2] = (dns[2] & 0x79) | 0x80; /* opcode and RD stay; QR */
	dns[3] = (dns[3] & 0x10) | DNS_REFUSED;
	*(__u32 *)(dns + 6) = 0;
	opt = dns[11] && !dns[10] ? dns_opt(ctx, p, dns + end, end + prefix) : 0;
	*(__be16 *)(dns + 10) = bpf_htons(opt ? 1 : 0);
	return end + opt;
}

/* The finder once more, for a query that came again. */
static __always_inline __u32 question_end(struct xdp_md *ctx, const struct packet *p, struct scratch *s)
{
	dns_tcp_begin(&s->finder);
	return find_name(ctx, p, s) == FIND_FOUND ? s->finder.seen : 0;
}

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

/* Writes the answer behind the options; 0: there is none, so a RST will do. */
static __always_inline __u32 put_answer(struct xdp_md *ctx, const struct packet *p, struct scratch *s,
					__u32 options)
{
	__u8 *to = s->bytes + REWRITE_L4 + sizeof(struct tcphdr) + (options & 15);
	__u32 i, len;

	switch (p->as) {
	case PROTO_HTTP:
		for (i = 0; i < sizeof(http_421) / 8; i++)
			((__u64 *)to)[i] = ((const volatile __u64 *)http_421)[i];
		return HTTP_421_LENGTH;
	case PROTO_TLS:
		for (i = 0; i < sizeof(tls_alert); i++)
			to[i] = tls_alert[i];
		return sizeof(tls_alert);
	case PROTO_DNS:
		/* RFC 1035 4.2.2: two bytes of length go before. */
		len = s->finder.seen;
		len = len > 2 ? refusal(ctx, p, to + 2, len - 2, 2) : 0;
		to[0] = len >> 8;
		to[1] = len;
		return len ? len + 2 : 0;
	}
	return 0;
}

/* To the client, from where it expects our next byte. */
static __always_inline bool reply(struct xdp_md *ctx, const struct packet *p, struct scratch *s, __u32 flags,
				  __u32 options, __u32 length)
{
	struct draft d = {
		.to_client = 1,
		.seq = p->ack,
		.ack = p->seq + p->payload_len + !!(p->tcp_flags & TCP_FIN),
		.flags = flags,
		.window = flags & TCP_RST ? 0 : 1024,
		.options = options,
		.length = length,
	};

	return write_tcp(ctx, p, s, &d);
}

static __always_inline bool reset_client(struct xdp_md *ctx, const struct packet *p, struct scratch *s)
{
	return reply(ctx, p, s, TCP_RST | TCP_ACK, 0, 0);
}

/* The request of a visit that is turned away; the same request again gets the
 * same answer again. */
static __always_inline bool answer_request(struct xdp_md *ctx, struct packet *p, struct scratch *s)
{
	__u32 options, length;

	if (p->as == PROTO_DNS)
		s->finder.seen = question_end(ctx, p, s);
	/* Where the segment proved a handshake they were read already. */
	if (!p->shaken && read_options(ctx, p))
		return reset_client(ctx, p, s);
	options = put_stamps(s);
	length = put_answer(ctx, p, s, options);
	if (!length || length > ANSWER_MAX)
		return reset_client(ctx, p, s);
	return reply(ctx, p, s, TCP_FIN | TCP_PSH | TCP_ACK, options, length);
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
static __always_inline bool refuse_dns(struct xdp_md *ctx, const struct packet *p, struct scratch *s)
{
	struct udphdr *u = (void *)(s->bytes + REWRITE_L4);
	__u32 len = refusal(ctx, p, s->bytes + REWRITE_L4 + sizeof(*u), s->finder.seen, 0);

	return len && len <= ANSWER_MAX && write_udp(ctx, p, s, len);
}

#endif
