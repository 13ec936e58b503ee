// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The table of packets once more, each of them mutated many times over while
 * its visit stands where the table has it, and random ones among these. What a
 * packet is then, nobody knows; what must not be, is known of any:
 *
 *	- each is counted once, under a reason whose verdict is what was done
 *	- what passes is as it came, but for a RST that frees the server's socket, and
 *	  the SYN of a visit that shook hands with the gate
 *	- what is sent has its checksums right, goes back to where the packet came
 *	  from; unless that proved itself, it is no longer than what came, and over
 *	  TCP a SYN-ACK
 *
 * What passes of a bound visit goes on to tc, too. Some other visits are bound all the
 * time, between the ports of these: none of their numbers changes, and they talk on.
 *
 * STRAYGATE_RUNS packets (200,000) from STRAYGATE_SEED (20140121) on.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/bpf.h>

#include "world/mutate.h"
#include "rows.h"

TestSuite(mutated, .init = world_begin, .fini = world_end);

/* What was done, and so must have been counted. */
struct done {
	uint64_t same, made, gone, sent, syns; /* made: into a RST or a SYN for the server */
};

static struct mutation mutation;
static uint64_t runs, share; /* in all; of a step */
static uint64_t unproved, longer, introduced;
static struct done total;
static struct visit proved[65536]; /* by the client's port */

/* ---- one packet ---- */

static void print_frame(const char *what, const struct frame *f)
{
	size_t i;

	fprintf(stderr, "%s:", what);
	for (i = 0; i < f->len; i++)
		fprintf(stderr, "%02x", f->bytes[i]);
	fprintf(stderr, "\n");
}

#define hold(condition, format, ...)                                                        \
	do {                                                                                \
		if (condition)                                                              \
			break;                                                              \
		print_frame("in", in);                                                      \
		print_frame("out", out);                                                    \
		cr_assert(false, "%s, seed %u, packet %lu: " format, where, mutation.first, \
			  (unsigned long)runs, ##__VA_ARGS__);                              \
	} while (0)

/* Is this the end of a visit that got something of ours, or of the host's, and
 * said so? */
static bool is_proved(const struct view *v)
{
	const struct visit *p = &proved[v->from_port];

	return v->protocol == IPPROTO_TCP && p->proved && p->server_port == v->to_port &&
	       !memcmp(p->client, v->from, 16) && !memcmp(p->server, v->to, 16);
}

static void check_sent(const struct frame *in, const struct frame *out)
{
	struct view a, b;
	const char *flaw = frame_flaw(out, &b);

	hold(!flaw, "sent with a wrong %s", flaw);
	frame_view(in, &a);
	hold(out->len == b.l3 + b.ip_len, "%zu bytes sent behind the packet", out->len - b.l3 - b.ip_len);
	hold(b.protocol == IPPROTO_TCP || !(in->bytes[0] & 1), "answered a frame to a group");
	hold(b.l3 == a.l3 && !memcmp(in->bytes + 12, out->bytes + 12, a.l3 - 12), "VLAN tags");
	hold(!memcmp(in->bytes, out->bytes + 6, 6) && !memcmp(in->bytes + 6, out->bytes, 6), "MAC addresses");
	hold(!memcmp(a.from, b.to, 16) && !memcmp(a.to, b.from, 16) && a.protocol == b.protocol &&
		     a.from_port == b.to_port && a.to_port == b.from_port,
	     "sent to somebody else");
	if (is_proved(&a)) {
		longer += b.ip_len > a.ip_len;
		return;
	}
	unproved++;
	hold(b.ip_len <= a.ip_len, "%zu bytes for %zu", b.ip_len, a.ip_len);
	/* The kernel would send such a RST as well. */
	hold(b.protocol != IPPROTO_TCP || b.flags & (SYN | RST), "answered without a handshake");
}

/* The client's own SYN. */
static void check_syn(const struct frame *in, const struct frame *out, const struct view *a,
		      const struct view *b)
{
	hold(is_proved(a), "introduced without a handshake");
	hold(!b->ack && !b->payload_len && (b->mss >= 536), "MSS %u", b->mss);
	introduced++;
}

/* struct order_form of bpf/answer_tc.h */
#define FORM_BYTES 16

/* The answer in a RST for the server (see answer_both.h) goes to who sent the packet, and
 * comes from the address that it was sent to. */
static void check_carried(const struct frame *in, const struct frame *out, const struct view *a,
			  const struct view *b)
{
	const uint8_t *ip = out->bytes + b->payload + FORM_BYTES;
	size_t from = *ip >> 4 == 6 ? 8 : 12, n = from == 8 ? 16 : 4;

	hold(b->payload_len >= FORM_BYTES + 40, "an answer of %zu bytes", b->payload_len);
	hold(!memcmp(ip + from, a->to + 16 - n, n) && !memcmp(ip + from + n, a->from + 16 - n, n),
	     "an answer to somebody else");
}

/* What the server gets in the place of what came. */
static void check_made(const struct frame *in, const struct frame *out)
{
	struct view a, b;
	const char *flaw = frame_flaw(out, &b);

	hold(!flaw, "passed with a wrong %s", flaw);
	frame_view(in, &a);
	hold(b.l3 == a.l3 && !memcmp(in->bytes, out->bytes, a.l3), "link header");
	hold(out->len == b.l3 + b.ip_len, "%zu bytes behind the packet", out->len - b.l3 - b.ip_len);
	hold(!memcmp(a.from, b.from, 16) && !memcmp(a.to, b.to, 16) && a.from_port == b.from_port &&
		     a.to_port == b.to_port,
	     "of somebody else");
	if (b.protocol == IPPROTO_TCP && (b.flags & ~0xc0) == SYN)
		check_syn(in, out, &a, &b);
	else
		hold(b.protocol == IPPROTO_TCP && b.flags == RST && b.seq == a.seq, "flags %02x", b.flags);
	if (b.flags == RST && b.payload_len)
		check_carried(in, out, &a, &b);
}

static uint32_t run_one(const struct frame *in, struct frame *out, struct done *d)
{
	uint32_t action = world_run_only(in, out);
	bool same;

	runs++;
	switch (action) {
	case XDP_DROP:
		d->gone++;
		break;
	case XDP_TX:
		d->sent++;
		check_sent(in, out);
		break;
	default:
		hold(action == XDP_PASS, "%s", xdp_name(action));
		same = out->len == in->len && !memcmp(in->bytes, out->bytes, in->len);
		d->same += same;
		d->made += !same;
		d->syns -= introduced;
		if (!same)
			check_made(in, out);
		d->syns += introduced;
	}
	return action;
}

/* ---- many ---- */

/* A RST for the server's socket is made of the packet; one for the client is sent. */
static void add_reason(struct done *d, uint32_t reason, enum verdict verdict, enum sends sends, uint64_t n)
{
	if (verdict == VERDICT_PASS && reason != REASON_introduced_again)
		d->same += n;
	else if (verdict == VERDICT_PASS)
		d->made += n;
	else if (verdict == VERDICT_DROP)
		d->gone += n;
	else if (verdict == VERDICT_RESET && sends == SENDS_RST_SERVER)
		d->made += n;
	else
		d->sent += n;
}

/* Dropped by a gate that observes, too, of visits that it began before. */
static bool is_kept(uint32_t reason)
{
	return reason == REASON_held || reason == REASON_held_forgotten ||
	       reason == REASON_unacceptable_dropped;
}

/* As the reasons have it that were counted since the last time. */
static struct done counted(void)
{
	static uint64_t sums[2][2][REASONS_MAX];
	static unsigned int turn;
	struct done d = {0};
	uint32_t i;

	turn ^= 1;
	world_by_reason(sums[turn]);
	for (i = 0; i < REASONS_MAX; i++)
		*(is_kept(i) ? &d.gone : &d.same) += sums[turn][1][i] - sums[turn ^ 1][1][i];
#define R(nr, name, verdict, sends, counts, text) \
	add_reason(&d, nr, VERDICT_##verdict, SENDS_##sends, sums[turn][0][nr] - sums[turn ^ 1][0][nr]);
	STRAYGATE_REASONS(R)
#undef R
	return d;
}

static void check_counted(const struct done *d)
{
	struct done c = counted();
	uint64_t syns = d->syns;

	/* What introduces a visit is counted as what it was judged to be. */
	cr_assert(c.same + c.made == d->same + d->made && c.made <= d->made && c.made + syns >= d->made &&
			  c.gone == d->gone && c.sent == d->sent,
		  "%s, seed %u: passed %lu, made %lu, dropped %lu, sent %lu; counted %lu, %lu, %lu, %lu",
		  where, mutation.first, (unsigned long)d->same, (unsigned long)d->made,
		  (unsigned long)d->gone, (unsigned long)d->sent, (unsigned long)c.same,
		  (unsigned long)c.made, (unsigned long)c.gone, (unsigned long)c.sent);
	total.same += d->same;
	total.made += d->made;
	total.gone += d->gone;
	total.sent += d->sent;
}

/* May the server's TCP see it, or would it then know of visits that are still to come? */
static bool may_go_on(const struct frame *f, const struct visit *v)
{
	struct view a;

	if (f->l3 < 14 || f->len < f->l3 + 20 || f->len - f->l3 > 1500)
		return false;
	return !frame_view(f, &a) && a.from_port <= v->client_port && a.to_port <= v->client_port;
}

/* ---- others ---- */

#define OTHERS 16

static struct visit others[OTHERS];
static struct bound as_bound[OTHERS];

/* Bound before all else. */
static void bind_others(void)
{
	static const struct spec syn = {.flags = SYN,
					.tcp_options = BYTES("\x02\x04\x05\xb4\x04\x02\x01\x03\x03\x07"),
					.stamps = true};
	static struct frame in, out;
	size_t i;

	world_policy("posture enforce\nlisten tcp/80 as http handshake on\nserve www.served.example\n");
	for (i = 0; i < OTHERS; i++) {
		struct visit *v = &others[i];

		snprintf(where, sizeof(where), "another visit");
		*v = visit_make(i & 1 ? CLIENT6 : CLIENT4, i & 1 ? HOST6 : HOST4, 80);
		visit_shake_with(v, &syn);
		frame_build(&in, v, &(struct spec){.http = "www.served.example", .stamps = true});
		must(world_run_only(&in, &out) == XDP_PASS, "not introduced");
		visit_deliver(&out);
		visit_expect(v, in.bytes + in.payload, in.len - in.payload);
		v->seq += in.len - in.payload;
		must(world_knows(GATE_BOUND, v, &as_bound[i]), "not bound");
		runs += 2;
	}
}

/* All that a packet of another visit must not change. */
static void check_others(void)
{
	static struct frame in;
	size_t i;

	for (i = 0; i < OTHERS; i++) {
		struct visit *v = &others[i];
		struct bound b;

		must(world_knows(GATE_BOUND, v, &b), "another visit's end");
		must(!memcmp(&b, &as_bound[i], offsetof(struct bound, acked)), "another visit's numbers");
		/* A FIN under its own addresses and ports is noted, and nothing comes of it until
		 * the host acknowledges it. */
		must(!b.server_ended && !b.server_acked, "another visit ends");
		frame_build(&in, v, &(struct spec){.text = "still here", .stamps = true});
		visit_deliver(&in);
		visit_expect(v, "still here", 10);
		v->seq += 10;
	}
}

static uint32_t harass(const struct frame *in, struct frame *out, const struct visit *v)
{
	static struct frame mutated;
	struct done d = {0};
	uint32_t action;
	uint64_t i;

	if (v->proved)
		proved[v->client_port] = *v;
	for (i = 0; i < share; i++) {
		mutate(&mutation, in, v, &mutated);
		if (run_one(&mutated, out, &d) == XDP_PASS && v->socket >= 0 && out->len == mutated.len &&
		    may_go_on(out, v))
			visit_deliver(out);
	}
	action = run_one(in, out, &d);
	check_counted(&d);
	return action;
}

static uint64_t from_environment(const char *name, uint64_t usual)
{
	const char *value = getenv(name);

	return value ? strtoull(value, NULL, 10) : usual;
}

static uint64_t count_steps(void)
{
	const struct step *step;
	uint64_t n = 0;
	size_t i;

	for (i = 0; i < row_count; i++)
		for (step = rows[i].steps; step->reason; step++)
			n++;
	return n;
}

/* So that a packet is the same in each run of the same seed. */
static void known_secrets(void)
{
	struct shake s = world_shake();

	memset(s.key, 0x5a, sizeof(s.key));
	world_set_shake(&s);
}

Test(mutated, packets)
{
	uint64_t wanted = from_environment("STRAYGATE_RUNS", 200000), rounds;
	struct tally t = {0};
	size_t i;

	mutation_begin(&mutation, from_environment("STRAYGATE_SEED", 20140121));
	rounds = 1 + wanted / (1000 * count_steps());
	share = wanted / rounds / count_steps() + 1;
	play_harass = harass;
	bind_others();
	counted();
	while (runs < wanted)
		for (i = 0; i < row_count; i++) {
			known_secrets();
			play(&rows[i], HARASSED, &t);
			if (i % 16 == 0)
				check_others();
		}
	check_others();
	cr_expect(world_counted() == runs && world_runs() == runs, "%lu packets, %lu counted, %lu runs",
		  (unsigned long)runs, (unsigned long)world_counted(), (unsigned long)world_runs());
	fprintf(stderr,
		"[mutated packets: %lu] passed %lu, made %lu, dropped %lu, sent %lu (%lu to unproved ends; "
		"%lu longer than they came); introduced %lu\n",
		(unsigned long)runs, (unsigned long)total.same, (unsigned long)total.made,
		(unsigned long)total.gone, (unsigned long)total.sent, (unsigned long)unproved,
		(unsigned long)longer, (unsigned long)introduced);
	cr_expect(total.made && total.gone && unproved, "the gate did nothing: nothing was shown");
	cr_expect(introduced && longer, "no handshake: nothing was shown");
}
