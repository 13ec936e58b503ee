// SPDX-License-Identifier: GPL-2.0-only
/* Plays a row of the table: client, gate and server, packet by packet. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <linux/bpf.h>

#include "rows.h"

static const uint32_t actions[OUT_COUNT] = {
	[SAME] = XDP_PASS,     [GONE] = XDP_DROP,   [RST_SERVER] = XDP_PASS, [RST_CLIENT] = XDP_TX,
	[ACK_CLIENT] = XDP_TX, [HTTP_421] = XDP_TX, [TLS_ALERT] = XDP_TX,    [REFUSED] = XDP_TX,
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
};

/* One row on its way. */
struct scene {
	const struct row *row;
	const struct step *step;
	enum pass pass;
	struct visit v;
	bool turned; /* some packet of the visit did not go on as it was */
	struct frame in, out;
};

#define expect(condition, format, ...) cr_expect(condition, "%s: " format, where, ##__VA_ARGS__)

/* ---- the beginning ---- */

static void open_visit(struct scene *s)
{
	static const char before[] = "GET / HTTP/1.1\r\nHost: older.example\r\n\r\n";
	static const struct spec old = {.text = before};
	const struct start *b = &s->row->start;

	s->v = visit_make(b->client ? b->client : CLIENT4, b->server ? b->server : HOST4,
			  b->port ? b->port : 80);
	s->turned = false;
	if (b->how != ALONE)
		host_listen(s->v.server_port, b->how == HALF);
	if (b->how == HALF || b->how == COOKIE)
		visit_half(&s->v);
	if (b->how == OPEN || b->how == OLD)
		visit_open(&s->v);
	if (b->how == OLD) {
		frame_build(&s->in, &s->v, &old);
		visit_deliver(&s->in);
		visit_expect(&s->v, before, sizeof(before) - 1);
		s->v.seq += sizeof(before) - 1;
	}
}

/* The row's policy, as this pass wants it. */
static void apply(const struct row *row, enum pass pass)
{
	char lines[2048] = "posture enforce\n", *to = lines;
	const char *at = row->policy;
	size_t n;

	/* What belongs to a rule is forgotten with it: buckets begin empty. */
	world_policy("");
	if (!at) {
		world_no_policy();
		return;
	}
	if (pass == OBSERVED)
		strcpy(lines, "posture observe\n");
	for (; *at; at += n + 1) {
		n = strcspn(at, "\n");
		to += strlen(to);
		snprintf(to, sizeof(lines) - (to - lines), "%.*s%s\n", (int)n, at,
			 pass == LISTENER_OBSERVED && !strncmp(at, "listen", 6) ? " observe" : "");
	}
	world_policy(lines);
}

/* ---- what came out ---- */

static void check_tcp_answer(const struct scene *s, const struct view *in, const struct view *out)
{
	const struct bytes *payload = &answers[s->step->out].payload;

	expect(out->flags == answers[s->step->out].flags, "flags %02x", out->flags);
	expect(out->seq == in->ack, "sequence number is not what was acknowledged");
	expect(out->ack == in->seq + in->payload_len + !!(in->flags & FIN), "acknowledges %u of %zu",
	       out->ack - in->seq, in->payload_len);
	expect(out->payload_len == payload->len &&
		       !memcmp(s->out.bytes + out->payload, payload->at, payload->len),
	       "says %.*s", (int)out->payload_len, s->out.bytes + out->payload);
}

/* RFC 1035 4.1.1, RFC 6891: the question comes back, and an OPT record if there was one. */
static void check_refused(const struct scene *s, const struct view *in, const struct view *out)
{
	const uint8_t *q = s->in.bytes + in->payload, *a = s->out.bytes + out->payload;
	size_t question = 12;

	expect(out->protocol == IPPROTO_UDP && out->payload_len >= 17, "no answer");
	while (q[question])
		question += q[question] + 1;
	question += 5;
	expect(q[0] == a[0] && q[1] == a[1], "id");
	expect(a[2] == (0x80 | (q[2] & 0x79)), "first flags %02x for %02x", a[2], q[2]);
	expect(a[3] == (5 | (q[3] & 0x10)), "second flags %02x for %02x", a[3], q[3]);
	expect(!memcmp(a + 4, "\0\1\0\0\0\0\0", 7) && a[11] == q[11], "counts");
	expect(!memcmp(a + 12, q + 12, question - 12), "question");
	expect(out->payload_len == question + (q[11] ? 11 : 0), "length %zu", out->payload_len);
	if (q[11])
		expect(!memcmp(a + question, "\0\0\x29\x04\xd0\0\0\x80\0\0\0", 11), "OPT");
}

static void check_rewritten(const struct scene *s)
{
	bool to_client = s->step->out != RST_SERVER;
	struct view in, out;
	const char *flaw = frame_flaw(&s->out, &out);

	expect(!flaw, "%s", flaw);
	frame_flaw(&s->in, &in);
	expect(s->out.len == out.l3 + out.ip_len, "%zu bytes behind the packet",
	       s->out.len - out.l3 - out.ip_len);
	expect(out.l3 == in.l3 && !memcmp(s->out.bytes + 12, s->in.bytes + 12, in.l3 - 12), "VLAN tags");
	expect(!memcmp(s->out.bytes, s->in.bytes + (to_client ? 6 : 0), 6) &&
		       !memcmp(s->out.bytes + 6, s->in.bytes + (to_client ? 0 : 6), 6),
	       "MAC addresses");
	expect(!memcmp(out.from, to_client ? in.to : in.from, 16) &&
		       !memcmp(out.to, to_client ? in.from : in.to, 16),
	       "addresses");
	expect(out.from_port == (to_client ? in.to_port : in.from_port) &&
		       out.to_port == (to_client ? in.from_port : in.to_port),
	       "ports");
	expect(out.ttl == 64 && out.protocol == in.protocol, "TTL or protocol");
	if (s->step->out == REFUSED) {
		check_refused(s, &in, &out);
	} else if (to_client) {
		check_tcp_answer(s, &in, &out);
	} else {
		expect(out.flags == RST && out.seq == in.seq && !out.payload_len, "flags %02x, %zu bytes",
		       out.flags, out.payload_len);
	}
}

static void check_same(const struct scene *s)
{
	expect(s->out.len == s->in.len && !memcmp(s->out.bytes, s->in.bytes, s->in.len),
	       "the packet was changed");
}

static void check_enforced(const struct scene *s, const struct outcome *o)
{
	const struct step *step = s->step;

	expect(o->reason == step->reason, "%s instead of %s", reason_name(o->reason),
	       reason_name(step->reason));
	expect(o->action == actions[step->out], "%s", xdp_name(o->action));
	expect(!o->observed, "counted as observed");
	if (o->action != actions[step->out])
		return;
	if (step->out == SAME || step->out == GONE)
		check_same(s);
	else
		check_rewritten(s);
}

/* Nothing is touched, and until the first packet that would have been, all is
 * counted as if it were. */
static void check_observed(const struct scene *s, const struct outcome *o)
{
	uint32_t reason = s->step->packet.observed ? s->step->packet.observed : s->step->reason;

	expect(o->action == XDP_PASS, "%s", xdp_name(o->action));
	check_same(s);
	if (!s->turned)
		expect(o->reason == reason, "%s instead of %s", reason_name(o->reason), reason_name(reason));
	if (o->listener)
		expect(o->observed, "not counted as observed");
}

/* Explain knows of no conversation: to it each packet is its visit's first. It
 * asks no bucket either. */
static bool can_explain(const struct scene *s)
{
	uint32_t reason = s->step->reason;

	if (s->turned || s->step->packet.again || s->step->packet.first || strstr(s->row->policy, "limit"))
		return false;
	return (reason >= REASON_not_ip && reason <= REASON_source_dropped) ||
	       (reason >= REASON_served && reason <= REASON_unreadable_reset);
}

static void check_explained(const struct scene *s)
{
	struct explanation e = world_explain(&s->in);

	expect(e.reason == s->step->reason, "explained as %s instead of %s", reason_name(e.reason),
	       reason_name(s->step->reason));
	expect(e.observed || !e.listener, "explained as if enforced");
}

/* Promise 7, at IP level. */
static void check_amplification(const struct scene *s, struct tally *t)
{
	struct view in, out;

	if (s->v.proved)
		return;
	t->unproved++;
	expect(!frame_flaw(&s->out, &out), "an answer that cannot be read");
	frame_flaw(&s->in, &in);
	expect(out.ip_len <= in.ip_len, "%zu bytes for %zu", out.ip_len, in.ip_len);
}

/* ---- how it goes on ---- */

/* The client sees the answer, as its TCP would. */
static void client_hears(struct scene *s)
{
	struct view out;

	if (frame_flaw(&s->out, &out) || out.protocol != IPPROTO_TCP)
		return;
	if (out.flags & SYN) {
		s->v.ack = out.seq + 1;
		s->v.proved = true;
	} else {
		s->v.ack = out.seq + out.payload_len + !!(out.flags & FIN);
	}
}

static void server_hears(struct scene *s)
{
	const struct spec *p = &s->step->packet;
	struct view out;

	if (s->row->start.how < OPEN || p->lost || p->from_port || p->from || p->to ||
	    frame_flaw(&s->out, &out) || out.protocol != IPPROTO_TCP || out.to_port != s->v.server_port)
		return;
	visit_deliver(&s->out);
	if (s->turned)
		return;
	if (s->step->out == RST_SERVER && !s->pass) {
		if (s->v.socket >= 0)
			visit_expect_reset(&s->v);
	} else if (out.payload_len && !p->again && !p->ahead) {
		visit_expect(&s->v, s->out.bytes + out.payload, out.payload_len);
	}
}

static void pause_for(unsigned int ms)
{
	struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L};

	nanosleep(&t, NULL);
}

static void play_step(struct scene *s, struct tally *t)
{
	const struct spec *p = &s->step->packet;
	size_t said;
	struct outcome o;

	snprintf(where, sizeof(where), "%s, step %zu%s", s->row->what, (size_t)(s->step - s->row->steps) + 1,
		 s->pass ? " (observed)" : "");
	if (p->fresh) {
		visit_close(&s->v);
		open_visit(s);
	}
	if (p->pause)
		pause_for(p->pause);
	if (!p->again) {
		struct spec packet = *p;

		if (!packet.protocol)
			packet.protocol = s->row->start.protocol;
		frame_build(&s->in, &s->v, &packet);
	}
	/* Leaves no trace: all else goes on as if nobody had asked. */
	if (s->pass == OBSERVED && s->row->policy && can_explain(s))
		check_explained(s);
	said = p->again || p->ahead || p->from_port ? 0 : s->in.len - p->padding - s->in.payload;
	o = world_run(&s->in, &s->out);
	t->packets++;
	t->by_reason[o.reason]++;
	/* An answer that nobody asked for is no listener's. */
	if (s->pass == ENFORCED || (s->pass == LISTENER_OBSERVED && !o.listener))
		check_enforced(s, &o);
	else
		check_observed(s, &o);
	if (!p->again && !p->ahead && !p->from_port && !p->lost)
		s->v.seq += said + !!(s->in.bytes[s->in.l4 + 13] & (FIN | SYN));
	if (o.action == XDP_TX) {
		check_amplification(s, t);
		client_hears(s);
	}
	if (o.action == XDP_PASS)
		server_hears(s);
	s->turned |= s->step->out != SAME;
}

void play(const struct row *row, enum pass pass, struct tally *t)
{
	static struct scene s;

	s.row = row;
	s.pass = pass;
	s.step = row->steps;
	snprintf(where, sizeof(where), "%s, at its beginning", row->what);
	apply(row, pass);
	if (row->start.how == COOKIE)
		sysctl_set("net/ipv4/tcp_syncookies", "2");
	open_visit(&s);
	for (; s.step->reason; s.step++)
		play_step(&s, t);
	visit_close(&s.v);
	sysctl_set("net/ipv4/tcp_syncookies", "1");
}
