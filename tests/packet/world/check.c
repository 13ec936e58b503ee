// SPDX-License-Identifier: GPL-2.0-or-later
/* What a packet was made into, byte by byte. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rows.h"

#define expect(condition, format, ...) cr_expect(condition, "%s: " format, where, ##__VA_ARGS__)

/* A packet that came in, and what came out. */
struct pair {
	const struct step *step;
	const struct frame *q, *a;
	const struct begun *begun;
	struct view in, out;
};

/* What the gate says to the client over TCP. */
static const struct {
	uint8_t flags;
	struct bytes payload;
} answers[OUT_COUNT] = {
	[RST_CLIENT] = {RST | ACK, BYTES("")},
	[ACK_CLIENT] = {ACK, BYTES("")},
	[PAGE] = {FIN | DATA, BYTES("")},
	[HEAD] = {FIN | DATA, BYTES("")},
	[BRIEF] = {FIN | DATA, BYTES("")},
	[TOO_MANY] = {FIN | DATA, BYTES("")},
	[BARE] = {FIN | DATA, BYTES("HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n"
				    "Cache-Control: no-store\r\nRetry-After: 3600\r\n"
				    "Content-Length: 0\r\n\r\n")},
	[TLS_ALERT] = {FIN | DATA, BYTES("\x15\x03\x03\x00\x02\x02\x50")},
	[REFUSED_TCP] = {FIN | DATA, BYTES("")},
};

/* RFC 7323 3.2: once agreed on, in every segment but RSTs. */
static void check_stamps(const struct pair *p)
{
	bool wanted = p->in.stamps && !(p->out.flags & RST);

	expect(p->out.stamps == wanted, "timestamps");
	if (wanted)
		expect(p->out.tsecr == p->in.tsval && p->out.tsval == p->in.tsecr, "timestamps %u, %u",
		       p->out.tsval, p->out.tsecr);
}

/* What the request in hand says, or the one that it is the end of. */
static const char *name_asked_for(const struct pair *p)
{
	static char name[300];
	const uint8_t *at = p->q->bytes + p->in.payload;
	bool begins = p->in.payload_len > 4 && (!memcmp(at, "GET ", 4) || !memcmp(at, "HEAD ", 5) ||
						!memcmp(at, "PROXY", 5) || !memcmp(at, "\r\n\r\n", 5));
	const char *host = begins ? memmem(at, p->in.payload_len, "Host: ", 6) : NULL;
	size_t left = host ? (const char *)p->q->bytes + p->q->len - host : 0;

	if (!host && p->step->packet.http && p->step->reason == REASON_stray_answered)
		return p->step->packet.http;
	if (!host || sscanf(memcpy(name, host, left < 299 ? left : 299), "Host: %299[^\r\n]", name) != 1)
		return "another site";
	return name;
}

/* As a client reads it: head, an empty line, and as much as Content-Length says. */
static void check_page(const struct pair *p)
{
	const char *status = p->step->out == TOO_MANY ? "HTTP/1.1 429 Too Many Requests\r\n"
						      : "HTTP/1.1 503 Service Unavailable\r\n";
	char text[2048], wanted[320], *content, *length;

	cr_assert(p->out.payload_len < sizeof(text));
	memcpy(text, p->a->bytes + p->out.payload, p->out.payload_len);
	text[p->out.payload_len] = '\0';
	content = strstr(text, "\r\n\r\n");
	length = strstr(text, "\r\nContent-Length:");
	expect(!strncmp(text, status, strlen(status)) && content && length && length < content, "says %s",
	       text);
	if (!content || !length)
		return;
	content += 4;
	if (p->step->out == HEAD) {
		expect(!*content && atoi(length + 17) > 500, "says %s", text);
		return;
	}
	expect(strlen(content) == (size_t)atoi(length + 17), "%zu bytes of content: %s", strlen(content),
	       text);
	expect(strlen(content) <= 1000 && !strncmp(content, "<!doctype html>", 15), "says %s", text);
	if (p->step->out == BRIEF || p->step->out == TOO_MANY) {
		expect(strlen(content) < 320, "says %s", text);
		expect(!strstr(content, "oo many") == (p->step->out == BRIEF), "says %s", text);
		return;
	}
	snprintf(wanted, sizeof(wanted), "<b>%s</b>", name_asked_for(p));
	expect(strstr(content, wanted), "no %s in %s", wanted, content);
}

static void check_tcp(const struct pair *p)
{
	const struct bytes *payload = &answers[p->step->out].payload;
	uint32_t next = p->in.seq + p->in.payload_len + !!(p->in.flags & FIN);

	/* A keep-alive probe has the number before the next one, with a byte or without. */
	if (p->step->reason == REASON_keepalive_answered && !p->in.payload_len)
		next++;
	expect(p->out.flags == answers[p->step->out].flags, "flags %02x", p->out.flags);
	expect(p->out.seq == p->in.ack, "sequence number is not what was acknowledged");
	expect(p->out.ack == next, "acknowledges %d too much", (int)(p->out.ack - next));
	expect(!p->out.mss && !p->out.scale && !p->out.sack, "options");
	check_stamps(p);
	if (p->step->out == PAGE || p->step->out == HEAD || p->step->out == BRIEF || p->step->out == TOO_MANY)
		check_page(p);
	else if (p->step->out != REFUSED_TCP)
		expect(p->out.payload_len == payload->len &&
			       !memcmp(p->a->bytes + p->out.payload, payload->at, payload->len),
		       "says %.*s", (int)p->out.payload_len, p->a->bytes + p->out.payload);
}

/* RFC 9293 3.10.7.2, RFC 7323: what was offered, and nothing else. */
static void check_syn_ack(const struct pair *p)
{
	struct shake s = world_shake();
	uint16_t mss = address_is_v4(p->in.from) ? 1460 : 1440;
	uint8_t ecn = (p->in.flags & 0xc0) == 0xc0 && s.flags & SHAKE_ECN ? 0x40 : 0;

	expect(p->out.flags == (SYN | ACK | ecn), "flags %02x", p->out.flags);
	expect(p->out.ack == p->in.seq + 1 && !p->out.payload_len, "acknowledges %d",
	       (int)(p->out.ack - p->in.seq));
	expect(p->out.window == s.window, "window %u", p->out.window);
	expect(p->out.mss == (p->in.mss ? mss : 0), "MSS %u", p->out.mss);
	expect(p->out.scale == (p->in.scale ? s.scale + 1 : 0), "window scale %d", p->out.scale - 1);
	expect(p->out.sack == p->in.sack, "SACK");
	expect(p->out.stamps == p->in.stamps && p->out.tsecr == p->in.tsval, "timestamps");
}

/* The MSS that a cookie tells: exact in a timestamp, or else one of four. */
static uint16_t told_mss(const struct view *offer, bool v4, bool stamps)
{
	static const uint16_t classes[2][4] = {{1220, 1360, 1420, 1440}, {536, 1300, 1440, 1460}};
	uint16_t mss = offer->mss ? offer->mss : classes[v4][0];
	int i = 3;

	if (stamps)
		return mss;
	while (i && classes[v4][i] > mss)
		i--;
	return classes[v4][i];
}

/* The client's own SYN, as far as it matters, in the place of its first data. */
static void check_syn(const struct pair *p)
{
	const struct view *offer = &p->begun->offer, *out = &p->out;
	bool v4 = address_is_v4(p->in.from), ecn = (offer->flags & 0xc0) == 0xc0;
	bool stamps = offer->stamps && p->in.stamps;
	uint32_t window = p->in.window << (offer->scale ? offer->scale - 1 : 0);

	expect(out->flags == (SYN | (ecn ? 0xc0 : 0)), "flags %02x", out->flags);
	expect(out->seq == offer->seq, "sequence number %d from that of its SYN",
	       (int)(out->seq - offer->seq));
	expect(!out->ack, "acknowledges");
	expect(!out->payload_len, "%zu bytes of data", out->payload_len);
	expect(out->mss == told_mss(offer, v4, stamps), "MSS %u of %u", out->mss, offer->mss);
	expect(out->scale == offer->scale && out->sack == offer->sack && out->stamps == stamps, "options");
	expect(out->payload == out->l4 + 24 +
				       (stamps	    ? 12
					: out->sack ? 4
						    : 0) +
				       (out->scale ? 4 : 0),
	       "%zu bytes of header", out->payload - out->l4);
	if (stamps)
		expect(out->tsval == (p->begun->held ? p->begun->tsval : p->in.tsval) && !out->tsecr,
		       "timestamps %u, %u", out->tsval, out->tsecr);
	expect(out->window == (window < 65535 ? window : 65535), "window %u", out->window);
}

/* The COOKIE among the options of an OPT record, with its header, or NULL. */
static const uint8_t *find_cookie(const uint8_t *opt, const uint8_t *end, size_t *len)
{
	const uint8_t *at = opt + 11, *last = at + (opt[9] << 8 | opt[10]);

	*len = 0;
	if (last > end)
		return NULL;
	for (; at + 4 <= last; at += *len) {
		*len = 4 + (at[2] << 8 | at[3]);
		if (at + *len > last)
			break;
		if (at[0] == 0 && at[1] == 10 && *len >= 12 && *len <= 44)
			return at;
	}
	*len = 0;
	return NULL;
}

/* RFC 6891, RFC 7873: an OPT record for an OPT record, of whose options the cookie
 * comes back. Returns the length of ours. */
static size_t check_opt(const uint8_t *q, const uint8_t *end, const uint8_t *a, bool *unknown)
{
	const uint8_t *cookie;
	size_t len;

	*unknown = false;
	if (q + 11 > end)
		return 0;
	cookie = find_cookie(q, end, &len);
	*unknown = q[6];
	expect(!memcmp(a, "\0\0\x29\x04\xd0", 5) && a[5] == !!q[6] && !a[6], "OPT");
	expect(a[7] == (q[7] & 0x80) && !a[8], "flags of OPT");
	expect((size_t)(a[9] << 8 | a[10]) == len && (!len || !memcmp(a + 11, cookie, len)), "cookie");
	return 11 + len;
}

/* The query that the segment in hand is the end of; returns its end. Of one that
 * comes again it may be the end, but not the middle of the header. */
static const uint8_t *whole_message(const struct pair *p, uint8_t *to, size_t prefix)
{
	struct spec spec = p->step->packet;
	static struct frame all;
	struct visit v;

	if (!spec.first) {
		const uint8_t *at = p->q->bytes + p->in.payload;
		bool has_length = (size_t)(at[0] << 8 | at[1]) == p->in.payload_len - 2;
		size_t skip = prefix && has_length ? prefix : 0;

		memcpy(to, at + skip, p->in.payload_len - skip);
		return to + p->in.payload_len - skip;
	}
	v = visit_make(CLIENT4, HOST4, 53);
	spec.first = 0;
	frame_build(&all, &v, &spec);
	memcpy(to, all.bytes + all.payload + prefix, all.len - all.payload - prefix);
	return to + all.len - all.payload - prefix;
}

/* RFC 1035 4.1.1: the question comes back, and what is said of it. Over TCP a
 * length goes before (RFC 1035 4.2.2), or has come before. */
static void check_refused(const struct pair *p, size_t prefix)
{
	static uint8_t whole[FRAME_MAX];
	const uint8_t *q = whole, *end, *a = p->a->bytes + p->out.payload + prefix;
	size_t question = 12, len = p->out.payload_len - prefix, opcode;
	bool unknown = false;
	uint8_t rcode = 5;

	end = whole_message(p, whole, prefix);
	cr_assert(p->out.payload_len >= prefix + 12, "%s: no answer", where);
	if (prefix)
		expect(a[-2] == len >> 8 && a[-1] == (len & 0xff), "length before the answer");
	opcode = q[2] >> 3 & 15;
	if (q[5] && (opcode == 0 || opcode == 4 || opcode == 5)) {
		while (q[question])
			question += q[question] + 1;
		question += 5;
	}
	if (opcode && opcode != 4 && opcode != 5)
		rcode = 4;
	if (p->step->out == NXDOMAIN)
		rcode = 3;
	expect(q[0] == a[0] && q[1] == a[1], "id");
	expect(a[4] == 0 && a[5] == (question > 12) && !memcmp(a + 6, "\0\0\0\0\0", 5), "counts");
	expect(!memcmp(a + 12, q + 12, question - 12), "question");
	if (q[11] && (question > 12 || !q[5]))
		expect(a[11] == 1 && len == question + check_opt(q + question, end, a + question, &unknown),
		       "length %zu", len);
	else
		expect(!a[11] && len == question, "length %zu", len);
	if (unknown)
		rcode = 0;
	expect(a[2] == (0x80 | (q[2] & 0x79) | (rcode == 3 ? 4 : 0)), "first flags %02x for %02x", a[2],
	       q[2]);
	expect(a[3] == (rcode | (q[3] & 0x10)), "second flags %02x for %02x", a[3], q[3]);
}

/* RFC 8999 6, RFC 9000 15: the ids change places; of the versions none is spoken. */
static void check_negotiation(const struct pair *p)
{
	const uint8_t *q = p->q->bytes + p->in.payload, *a = p->a->bytes + p->out.payload;
	size_t dcid = q[5], scid = q[6 + dcid], at = 7 + dcid + scid;

	expect(p->out.payload_len == at + 4, "%zu bytes", p->out.payload_len);
	expect(a[0] & 0x80 && !memcmp(a + 1, "\0\0\0\0", 4), "no Version Negotiation");
	expect(a[5] == scid && !memcmp(a + 6, q + 7 + dcid, scid), "destination id");
	expect(a[6 + scid] == dcid && !memcmp(a + 7 + scid, q + 6, dcid), "source id");
	expect((a[at] & a[at + 1] & a[at + 2] & a[at + 3] & 15) == 10, "a version that may be real");
}

/* What all of them have in common. */
static void check_frame(const struct pair *p, bool to_client)
{
	const struct view *in = &p->in, *out = &p->out;

	expect(p->a->len == out->l3 + out->ip_len, "%zu bytes behind the packet",
	       p->a->len - out->l3 - out->ip_len);
	expect(out->l3 == in->l3 && !memcmp(p->a->bytes + 12, p->q->bytes + 12, in->l3 - 12), "VLAN tags");
	expect(!memcmp(p->a->bytes, p->q->bytes + (to_client ? 6 : 0), 6) &&
		       !memcmp(p->a->bytes + 6, p->q->bytes + (to_client ? 0 : 6), 6),
	       "MAC addresses");
	expect(!memcmp(out->from, to_client ? in->to : in->from, 16) &&
		       !memcmp(out->to, to_client ? in->from : in->to, 16),
	       "addresses");
	expect(out->from_port == (to_client ? in->to_port : in->from_port) &&
		       out->to_port == (to_client ? in->from_port : in->to_port),
	       "ports");
	expect(out->ttl == 64 && out->protocol == in->protocol, "TTL or protocol");
}

static void check_rewritten(const struct pair *p)
{
	check_frame(p, p->step->out != RST_SERVER && p->step->out != INTRODUCED);
	switch (p->step->out) {
	case INTRODUCED:
		check_syn(p);
		break;
	case RST_SERVER:
		/* What it carries is the client's answer: see check_told(). */
		expect(p->out.flags == RST && p->out.seq == p->in.seq, "flags %02x", p->out.flags);
		break;
	case SYN_ACK:
		check_syn_ack(p);
		break;
	case REFUSED:
	case NXDOMAIN:
		check_refused(p, 0);
		break;
	case VERSION_NEGOTIATION:
		check_negotiation(p);
		break;
	case REFUSED_TCP:
		check_refused(p, 2);
		/* fall through */
	default:
		check_tcp(p);
	}
}

/* Of a query over TCP, without EDNS: its number, its question, and REFUSED. */
static bool is_refusal(const struct view *q, const struct view *a, const struct frame *in,
		       const struct frame *told)
{
	const uint8_t *asked = in->bytes + q->payload, *says = told->bytes + a->payload;

	return a->payload_len > 14 && a->payload_len == q->payload_len && (says[5] & 15) == 5 &&
	       !memcmp(says, asked, 4) && !memcmp(says + 14, asked + 14, a->payload_len - 14);
}

void check_told(const struct step *step, const struct frame *in, const struct frame *told)
{
	const char *status = step->reason == REASON_client_visit_limited ? "HTTP/1.1 429 " : "HTTP/1.1 503 ";
	const struct bytes *alert = &answers[TLS_ALERT].payload;
	struct view q, a;
	const char *flaw = frame_flaw(told, &a);
	const uint8_t *says = told->bytes + a.payload;
	bool reset = a.flags == (RST | ACK);

	expect(!flaw, "the client gets %s", flaw);
	frame_flaw(in, &q);
	expect(a.seq == q.ack && a.ack == q.seq + q.payload_len + !!(q.flags & FIN),
	       "the client is told something else");
	expect(!reset || !step->packet.told || step->reason == REASON_unreadable_reset,
	       "the client gets a RST");
	expect(reset ? !a.payload_len : a.flags == (FIN | DATA), "the client gets flags %02x", a.flags);
	expect(reset || a.stamps == q.stamps, "timestamps");
	expect(reset || (a.payload_len == alert->len && !memcmp(says, alert->at, alert->len)) ||
		       !memcmp(says, status, 13) || is_refusal(&q, &a, in, told),
	       "the client gets %.*s", (int)a.payload_len, says);
}

void check_same(const struct frame *in, const struct frame *out)
{
	expect(out->len == in->len && !memcmp(out->bytes, in->bytes, in->len), "the packet was changed");
}

void check_out(const struct step *step, const struct frame *in, const struct frame *out,
	       const struct begun *begun)
{
	struct pair p = {.step = step, .q = in, .a = out, .begun = begun};
	const char *flaw;

	if (step->out == SAME || step->out == GONE) {
		check_same(in, out);
		return;
	}
	flaw = frame_flaw(out, &p.out);
	expect(!flaw, "%s", flaw);
	frame_flaw(in, &p.in);
	check_rewritten(&p);
}
