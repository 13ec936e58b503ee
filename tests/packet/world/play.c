// SPDX-License-Identifier: GPL-2.0-or-later
/* Plays a row of the table: client, gate and server, packet by packet. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <linux/bpf.h>

#include "rows.h"
#include "wire.h"

/* Not listed: XDP_TX, an answer. */
static const uint32_t actions[OUT_COUNT] = {
	[SAME] = XDP_PASS,
	[GONE] = XDP_DROP,
	[INTRODUCED] = XDP_PASS,
	[RST_SERVER] = XDP_PASS,
};

static uint32_t action_of(enum out out)
{
	return actions[out] ? actions[out] : XDP_TX;
}

/* One row on its way. */
struct scene {
	const struct row *row;
	const struct step *step;
	enum pass pass;
	struct visit v;
	bool turned;	    /* some packet of the visit did not go on as it was */
	struct begun begun; /* with the gate */
	struct frame first; /* which began it */
	uint8_t held[4096]; /* data that is kept by the gate */
	uint64_t before;    /* when the packet before came */
	bool late;	    /* for what comes next */
	struct frame in, out;
};

#define expect(condition, format, ...) cr_expect(condition, "%s: " format, where, ##__VA_ARGS__)

/* ---- the beginning ---- */

static void open_visit(struct scene *s, const struct visit *ports_of)
{
	static const char before[] = "GET / HTTP/1.1\r\nHost: older.example\r\n\r\n";
	static const struct spec old = {.text = before};
	const struct start *b = &s->row->start;

	s->v = visit_make(b->client ? b->client : CLIENT4, b->server ? b->server : HOST4,
			  b->port ? b->port : 80);
	if (ports_of) {
		s->v.client_port = ports_of->client_port;
		s->v.seq = ports_of->seq + s->step->packet.reopen;
	}
	/* Where the gate only observes, the kernel shakes hands. */
	s->turned = b->how == SHAKE && (s->pass == OBSERVED || s->pass == LISTENER_OBSERVED);
	s->begun.held = 0;
	s->v.stamps = b->stamps;
	if (b->how != ALONE)
		host_listen(s->v.server_port, b->how == HALF);
	if (b->how == HALF || b->how == COOKIE)
		visit_half(&s->v);
	if (b->how == OPEN || b->how == OLD || s->turned)
		visit_open(&s->v);
	if (b->how == OLD) {
		frame_build(&s->in, &s->v, &old);
		visit_deliver(&s->in);
		visit_expect(&s->v, before, sizeof(before) - 1);
		s->v.seq += sizeof(before) - 1;
	}
}

/* A policy, as this pass wants it. */
static void apply_lines(const char *at, enum pass pass)
{
	char lines[2048] = "posture enforce\n", *to = lines;
	size_t n;

	if (!strncmp(at, "posture", 7))
		lines[0] = 0;
	if (pass == OBSERVED)
		strcpy(lines, "posture observe\n");
	if (pass == OBSERVED && !strncmp(at, "posture", 7))
		at = strchr(at, '\n') + 1;
	for (; *at; at += n + 1) {
		n = strcspn(at, "\n");
		to += strlen(to);
		snprintf(to, sizeof(lines) - (to - lines), "%.*s%s\n", (int)n, at,
			 pass == LISTENER_OBSERVED && !strncmp(at, "listen", 6) ? " observe" : "");
	}
	world_policy(lines);
}

static void apply(const struct row *row, enum pass pass)
{
	/* What belongs to a rule is forgotten with it: buckets begin empty. */
	world_policy("");
	world_no_cookies();
	if (row->policy)
		apply_lines(row->policy, pass);
	else
		world_no_policy();
}

/* ---- what came out ---- */

static void check_enforced(const struct scene *s, const struct outcome *o)
{
	const struct step *step = s->step;

	expect(o->reason == step->reason, "%s instead of %s", reason_name(o->reason),
	       reason_name(step->reason));
	expect(o->action == action_of(step->out), "%s", xdp_name(o->action));
	expect(o->observed == step->packet.watched, "counted as observed or not");
	if (o->action == action_of(step->out))
		check_out(step, &s->in, &s->out, &s->begun);
}

/* Nothing is touched, and until the first packet that would have been, all is
 * counted as if it were. */
static void check_observed(const struct scene *s, const struct outcome *o)
{
	uint32_t reason = s->step->packet.observed ? s->step->packet.observed : s->step->reason;

	expect(o->action == XDP_PASS, "%s", xdp_name(o->action));
	check_same(&s->in, &s->out);
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

	if (s->turned || s->step->packet.again || s->step->packet.first_again || s->step->packet.first ||
	    strstr(s->row->policy, "limit"))
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
	s->v.ack = out.seq + out.payload_len + !!(out.flags & (FIN | SYN));
	if (out.stamps)
		s->v.stamp = out.tsval;
	s->v.proved |= !!(out.flags & SYN);
}

/* Does this go up to the visit's socket, or become one there? */
static bool reaches_server(const struct scene *s, struct view *out)
{
	const struct spec *p = &s->step->packet;

	if (s->row->start.how < OPEN || p->lost || p->from_port || p->from || p->to)
		return false;
	if (frame_flaw(&s->out, out) || out->protocol != IPPROTO_TCP || out->to_port != s->v.server_port)
		return false;
	return s->row->start.how != SHAKE || s->v.socket >= 0 || s->step->out == INTRODUCED;
}

static void gate_holds(struct scene *s, size_t said)
{
	struct view in;

	cr_assert(s->begun.held + said <= sizeof(s->held));
	if (!s->begun.held && !frame_flaw(&s->in, &in))
		s->begun.tsval = in.tsval;
	memcpy(s->held + s->begun.held, s->in.bytes + s->in.payload, said);
	s->begun.held += said;
}

/* The server gets the SYN, and with the end of that handshake what was kept, if it was. */
static void server_meets(struct scene *s)
{
	struct view in;
	bool again = s->step->reason == REASON_introduced_again;

	frame_flaw(&s->in, &in);
	if ((!again && (s->step->packet.again || s->step->packet.first_again)) || in.flags & URG)
		s->begun.held = 0;
	if (!again && s->begun.held + in.payload_len <= HELD_BYTES && !(in.flags & URG))
		gate_holds(s, in.payload_len);
	if (s->step->packet.lost)
		return;
	visit_deliver(&s->out);
	visit_expect(&s->v, s->held, s->begun.held);
	s->begun.held = 0;
}

/* At data the client is told at once, by the packet that frees the server's socket. */
static void client_told(struct scene *s)
{
	static struct frame told;
	struct view in, out, view;
	bool tells = s->step->packet.told;

	frame_flaw(&s->in, &in);
	frame_flaw(&s->out, &out);
	expect(!tells || out.payload_len, "the client is not told");
	if (!out.payload_len)
		return;
	expect(s->v.proved, "a client that is not proved is told");
	must(wire_receive(&s->v, &told, &view, 3000), "the client hears nothing");
	check_told(s->step, &s->in, &told);
}

static void server_hears(struct scene *s)
{
	const struct spec *p = &s->step->packet;
	struct view out;

	if (s->step->out == INTRODUCED && !s->pass) {
		server_meets(s);
		return;
	}
	if (!reaches_server(s, &out))
		return;
	if (s->step->out == RST_SERVER)
		wire_drain();
	visit_deliver(&s->out);
	/* If the server took what is unacceptable, it would not get what it should. */
	if (s->turned || s->step->reason == REASON_unacceptable)
		return;
	if (s->step->out == RST_SERVER && !s->pass) {
		if (s->v.socket >= 0)
			visit_expect_reset(&s->v);
		client_told(s);
	} else if (out.payload_len && !p->ahead && ((!p->again && !p->first_again) || p->anew)) {
		visit_expect(&s->v, s->out.bytes + out.payload, out.payload_len);
	}
}

static void pause_for(unsigned int ms)
{
	struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L};

	nanosleep(&t, NULL);
}

/* Builds the packet; returns how many bytes of data are new in it. */
static size_t make_packet(struct scene *s)
{
	struct spec packet = s->step->packet;

	if (packet.first_again)
		s->in = s->first;
	if (packet.again || packet.first_again)
		return 0;
	if (!packet.protocol)
		packet.protocol = s->row->start.protocol;
	frame_build(&s->in, &s->v, &packet);
	return packet.ahead || packet.from_port ? 0 : s->in.len - packet.padding - s->in.payload;
}

/* Is what comes next behind this one? What is lost behind an introduction is not. */
static bool moves_on(const struct scene *s)
{
	const struct spec *p = &s->step->packet;

	if (p->again || p->first_again || p->ahead || p->from_port)
		return false;
	if (s->step->reason == REASON_unacceptable || s->step->reason == REASON_unacceptable_dropped)
		return false;
	return !p->lost || s->step->out == INTRODUCED;
}

/* Is this what began the visit? */
static void note_first(struct scene *s)
{
	const struct spec *p = &s->step->packet;

	if (p->again || p->first_again || s->begun.held)
		return;
	if (s->step->out == INTRODUCED || (s->step->reason == REASON_held && !p->first))
		s->first = s->in;
}

static void run_packet(struct scene *s, struct tally *t, size_t said)
{
	const struct spec *p = &s->step->packet;
	uint64_t now = monotonic_ns();
	struct outcome o = world_run(&s->in, &s->out);

	s->late = p->quick && monotonic_ns() - s->before > 45000000;
	s->before = now;
	t->packets++;
	t->by_reason[o.reason]++;
	if (s->late)
		return;
	/* An answer that nobody asked for is no listener's. */
	if (s->pass == ENFORCED ||
	    (s->pass == LISTENER_OBSERVED && !o.listener && s->row->start.how != SHAKE))
		check_enforced(s, &o);
	else
		check_observed(s, &o);
	if (moves_on(s))
		s->v.seq += said + !!(s->in.bytes[s->in.l4 + 13] & (FIN | SYN));
	note_first(s);
	if (o.reason == REASON_held || (o.reason == REASON_waiting && !p->lost))
		gate_holds(s, said);
	if (o.reason == REASON_syn_answered)
		frame_flaw(&s->in, &s->begun.offer);
	if (o.action == XDP_TX) {
		check_amplification(s, t);
		client_hears(s);
	}
	if (o.action == XDP_PASS)
		server_hears(s);
	s->turned |= s->step->out >= GONE && s->row->start.how != SHAKE;
}

uint32_t (*play_harass)(const struct frame *in, struct frame *out, const struct visit *v);

/* The visit goes on by the packet itself, as well as it may. */
static void run_harassed(struct scene *s, size_t said)
{
	const struct spec *p = &s->step->packet;
	struct view out;
	bool is_syn;
	uint32_t action = play_harass(&s->in, &s->out, &s->v);

	if (s->step->out != INTRODUCED || !s->step->packet.first)
		note_first(s);
	if (moves_on(s))
		s->v.seq += said + !!(s->in.bytes[s->in.l4 + 13] & (FIN | SYN));
	if (action == XDP_TX)
		client_hears(s);
	if (action != XDP_PASS || p->lost)
		return;
	is_syn = !frame_view(&s->out, &out) && s->row->start.how == SHAKE && out.flags & SYN &&
		 !(out.flags & ACK);
	if (s->v.socket >= 0 || is_syn)
		visit_deliver(&s->out);
	if (s->v.socket < 0 && is_syn)
		visit_arrives(&s->v, 100);
}

static void play_step(struct scene *s, struct tally *t)
{
	const struct spec *p = &s->step->packet;
	struct visit before = s->v;
	size_t said;

	snprintf(where, sizeof(where), "%s, step %zu%s", s->row->what, (size_t)(s->step - s->row->steps) + 1,
		 s->pass == HARASSED ? " (mutated)"
		 : s->pass	     ? " (observed)"
				     : "");
	if (p->fresh || p->reopen) {
		visit_close(&s->v);
		open_visit(s, p->reopen ? &before : NULL);
	}
	if (p->spoofed)
		s->v.proved = false;
	if (p->server_says)
		must(write(s->v.socket, p->server_says, strlen(p->server_says)) > 0,
		     "the server cannot speak");
	if (p->policy)
		apply_lines(p->policy, s->pass);
	if (p->pause && s->pass != HARASSED)
		pause_for(p->pause);
	said = make_packet(s);
	/* Leaves no trace: all else goes on as if nobody had asked. */
	if (s->pass == OBSERVED && s->row->policy && can_explain(s))
		check_explained(s);
	if (s->pass == HARASSED)
		run_harassed(s, said);
	else
		run_packet(s, t, said);
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
	open_visit(&s, NULL);
	s.late = false;
	for (; s.step->reason && !s.late; s.step++)
		play_step(&s, t);
	visit_close(&s.v);
	sysctl_set("net/ipv4/tcp_syncookies", "1");
}
