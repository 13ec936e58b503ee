/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the gate says for the server. Never more than came in, unless the
 * address has proved itself by a handshake (promise 7).
 */
#ifndef STRAYGATE_ANSWER_H
#define STRAYGATE_ANSWER_H

#include "rewrite.h"

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
const volatile char http_421[sizeof(HTTP_421) - 1] = HTTP_421;
const volatile char tls_alert[sizeof(TLS_ALERT) - 1] = TLS_ALERT;

#define DNS_HEADER   12
#define DNS_OPT	     11 /* RFC 6891 6.1.2: root, type, size, TTL, length 0 */
#define DNS_QUESTION (DNS_HEADER + 256 + 4)
#define DNS_REFUSED  5

static __always_inline __u32 answer_payload(const struct packet *p, struct scratch *s)
{
	__u8 *to = s->bytes + REWRITE_L4 + sizeof(struct tcphdr);
	__u32 i;

	switch (p->as) {
	case PROTO_HTTP:
		for (i = 0; i < sizeof(http_421); i++)
			to[i] = http_421[i];
		return sizeof(http_421);
	case PROTO_TLS:
		for (i = 0; i < sizeof(tls_alert); i++)
			to[i] = tls_alert[i];
		return sizeof(tls_alert);
	}
	return 0;
}

/* The request again, of a visit that was turned away: the same answer again. */
static __always_inline bool answer_request(struct xdp_md *ctx, const struct packet *p, struct scratch *s)
{
	struct draft d = {
		.to_client = 1,
		.seq = p->ack,
		.ack = p->seq + p->payload_len + !!(p->tcp_flags & TCP_FIN),
		.flags = TCP_FIN | TCP_PSH | TCP_ACK,
	};

	d.length = answer_payload(p, s);
	if (!d.length)
		d.flags = TCP_RST | TCP_ACK;
	return write_tcp(ctx, p, s, &d);
}

/* A client that has its answer says goodbye. */
static __always_inline bool acknowledge(struct xdp_md *ctx, const struct packet *p, struct scratch *s)
{
	struct draft d = {
		.to_client = 1,
		.seq = p->ack,
		.ack = p->seq + p->payload_len + !!(p->tcp_flags & TCP_FIN),
		.flags = TCP_ACK,
	};

	return write_tcp(ctx, p, s, &d);
}

static __always_inline bool reset_client(struct xdp_md *ctx, const struct packet *p, struct scratch *s)
{
	struct draft d = {
		.to_client = 1,
		.seq = p->ack,
		.ack = p->seq + p->payload_len + !!(p->tcp_flags & TCP_FIN),
		.flags = TCP_RST | TCP_ACK,
	};

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

/* REFUSED with the question alone: RFC 1035 4.1.1. Never longer than the query. */
static __always_inline bool refuse_dns(struct xdp_md *ctx, const struct packet *p, struct scratch *s)
{
	struct udphdr *u = (void *)(s->bytes + REWRITE_L4);
	__u8 *dns = s->bytes + REWRITE_L4 + sizeof(*u);
	__u32 end = s->finder.seen, opt, len;

	if (end < DNS_HEADER + 5 || end > DNS_QUESTION)
		return false;
	if (bpf_xdp_load_bytes(ctx, p->payload, dns, end))
		return false;
	dns[2] = (dns[2] & 0x79) | 0x80; /* opcode and RD stay; QR */
	dns[3] = (dns[3] & 0x10) | DNS_REFUSED;
	*(__u32 *)(dns + 6) = 0;
	opt = dns[11] && !dns[10] ? dns_opt(ctx, p, dns + end, end) : 0;
	*(__be16 *)(dns + 10) = bpf_htons(opt ? 1 : 0);
	len = sizeof(*u) + end + opt;
	*(__u32 *)(s->bytes + REWRITE_L4 + len) = 0;
	u->source = p->flow.server_port;
	u->dest = p->flow.client_port;
	u->len = bpf_htons(len);
	u->check = 0;
	u->check = transport_sum(p, s, len);
	if (!u->check)
		u->check = 0xffff; /* RFC 768: 0 means none */
	write_ip(p, s, 1, len);
	return lay_over(ctx, p, s, len) && turn_round(ctx);
}

#endif
