// SPDX-License-Identifier: GPL-2.0-only
/* What a packet was made into, byte by byte. */
#include <criterion/criterion.h>
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
	[HTTP_421] = {FIN | DATA, BYTES("HTTP/1.1 421 Misdirected Request\r\nConnection: close\r\n"
					"Cache-Control: no-store\r\nContent-Length: 0\r\n\r\n")},
	[TLS_ALERT] = {FIN | DATA, BYTES("\x15\x03\x03\x00\x02\x02\x70")},
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
	if (p->step->out != REFUSED_TCP)
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
	expect(out->seq == offer->seq, "sequence number %d from that of its SYN", (int)(out->seq - offer->seq));
	expect(!out->ack, "acknowledges");
	expect(!out->payload_len, "%zu bytes of data", out->payload_len);
	expect(out->mss == told_mss(offer, v4, stamps), "MSS %u of %u", out->mss, offer->mss);
	expect(out->scale == offer->scale && out->sack == offer->sack && out->stamps == stamps, "options");
	expect(out->payload == out->l4 + 24 + (stamps ? 12 : out->sack ? 4 : 0) + (out->scale ? 4 : 0),
	       "%zu bytes of header", out->payload - out->l4);
	if (stamps)
		expect(out->tsval == (p->begun->held ? p->begun->tsval : p->in.tsval) && !out->tsecr,
		       "timestamps %u, %u", out->tsval, out->tsecr);
	expect(out->window == (window < 65535 ? window : 65535), "window %u", out->window);
}

/* RFC 1035 4.1.1, RFC 6891: the question comes back, and an OPT record if there
 * was one. Over TCP a length goes before (RFC 1035 4.2.2). */
static void check_refused(const struct pair *p, size_t prefix)
{
	const uint8_t *q = p->q->bytes + p->in.payload + prefix, *a = p->a->bytes + p->out.payload + prefix;
	size_t question = 12, len = p->out.payload_len - prefix;

	expect(p->out.payload_len >= prefix + 17, "no answer");
	if (prefix)
		expect(a[-2] == len >> 8 && a[-1] == (len & 0xff), "length before the answer");
	while (q[question])
		question += q[question] + 1;
	question += 5;
	expect(q[0] == a[0] && q[1] == a[1], "id");
	expect(a[2] == (0x80 | (q[2] & 0x79)), "first flags %02x for %02x", a[2], q[2]);
	expect(a[3] == (5 | (q[3] & 0x10)), "second flags %02x for %02x", a[3], q[3]);
	expect(!memcmp(a + 4, "\0\1\0\0\0\0\0", 7) && a[11] == q[11], "counts");
	expect(!memcmp(a + 12, q + 12, question - 12), "question");
	expect(len == question + (q[11] ? 11 : 0), "length %zu", len);
	if (q[11])
		expect(!memcmp(a + question, "\0\0\x29\x04\xd0\0\0\x80\0\0\0", 11), "OPT");
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
		expect(p->out.flags == RST && p->out.seq == p->in.seq && !p->out.payload_len,
		       "flags %02x, %zu bytes", p->out.flags, p->out.payload_len);
		break;
	case SYN_ACK:
		check_syn_ack(p);
		break;
	case REFUSED:
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
