// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table of packets once more, each of them mutated many times over while
 * its visit stands where the table has it, and random ones among these. What a
 * packet is then, nobody knows; what must not be, is known of any:
 *
 *	- each is counted once, under a reason whose verdict is what was done
 *	- what passes is as it came, but for a RST that frees the server's socket
 *	- what is sent has its checksums right, goes back to where the packet came
 *	  from; unless that proved itself, it is no longer than what came, and over
 *	  TCP a SYN-ACK
 *
 * STRAYGATE_RUNS packets (200,000) from STRAYGATE_SEED (20140121) on.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/bpf.h>

#include "gate/object.h"
#include "world/mutate.h"
#include "rows.h"

TestSuite(mutated, .init = world_begin, .fini = world_end);

/* What was done, and so must have been counted. */
struct done {
	uint64_t same, reset, gone, sent;
};

static struct mutation mutation;
static uint64_t runs, share; /* in all; of a step */
static uint64_t unproved, longer, adopted;
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
	hold(b.l3 == a.l3 && !memcmp(in->bytes + 12, out->bytes + 12, a.l3 - 12), "VLAN tags");
	hold(!memcmp(in->bytes, out->bytes + 6, 6) && !memcmp(in->bytes + 6, out->bytes, 6), "MAC addresses");
	hold(!memcmp(a.from, b.to, 16) && !memcmp(a.to, b.from, 16) && a.protocol == b.protocol &&
		     a.from_port == b.to_port && a.to_port == b.from_port,
	     "sent to somebody else");
	hold(!out->meta_len, "word for adopt");
	if (is_proved(&a)) {
		longer += b.ip_len > a.ip_len;
		return;
	}
	unproved++;
	hold(b.ip_len <= a.ip_len, "%zu bytes for %zu", b.ip_len, a.ip_len);
	hold(b.protocol != IPPROTO_TCP || b.flags & SYN, "answered without a handshake");
}

static void check_reset(const struct frame *in, const struct frame *out)
{
	struct view a, b;
	const char *flaw = frame_flaw(out, &b);

	hold(!flaw, "passed with a wrong %s", flaw);
	frame_view(in, &a);
	hold(b.l3 == a.l3 && !memcmp(in->bytes, out->bytes, a.l3), "link header");
	hold(b.protocol == IPPROTO_TCP && b.flags == RST && b.seq == a.seq && !b.payload_len &&
		     b.ip_len <= a.ip_len,
	     "flags %02x", b.flags);
	hold(!memcmp(a.from, b.from, 16) && !memcmp(a.to, b.to, 16) && a.from_port == b.from_port &&
		     a.to_port == b.to_port,
	     "reset of somebody else");
}

static void check_word(const struct frame *in, const struct frame *out)
{
	const struct adoption *a = (const void *)out->meta;
	struct view v;

	frame_view(in, &v);
	hold(out->meta_len == sizeof(*a) && a->magic == ADOPTION_MAGIC, "%zu bytes of metadata",
	     out->meta_len);
	hold(is_proved(&v), "word for adopt without a handshake");
	adopted++;
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
		d->reset += !same;
		if (!same)
			check_reset(in, out);
		if (out->meta_len)
			check_word(in, out);
	}
	return action;
}

/* ---- many ---- */

/* Verdict RESET: of the server's socket, or sent to the client. */
static bool frees_socket(uint32_t reason)
{
	return reason == REASON_visit_limited || reason == REASON_stray_reset ||
	       reason == REASON_unnamed_reset || reason == REASON_unreadable_reset;
}

static void add_reason(struct done *d, uint32_t reason, enum verdict verdict, uint64_t n)
{
	if (verdict == VERDICT_PASS)
		d->same += n;
	else if (verdict == VERDICT_DROP)
		d->gone += n;
	else if (verdict == VERDICT_RESET && frees_socket(reason))
		d->reset += n;
	else
		d->sent += n;
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
		d.same += sums[turn][1][i] - sums[turn ^ 1][1][i];
#define R(nr, name, verdict, sends, counts, text) \
	add_reason(&d, nr, VERDICT_##verdict, sums[turn][0][nr] - sums[turn ^ 1][0][nr]);
	STRAYGATE_REASONS(R)
#undef R
	return d;
}

static void check_counted(const struct done *d)
{
	struct done c = counted();

	cr_assert(c.same == d->same && c.reset == d->reset && c.gone == d->gone && c.sent == d->sent,
		  "%s, seed %u: passed %lu, reset %lu, dropped %lu, sent %lu; counted %lu, %lu, %lu, %lu",
		  where, mutation.first, (unsigned long)d->same, (unsigned long)d->reset,
		  (unsigned long)d->gone, (unsigned long)d->sent, (unsigned long)c.same,
		  (unsigned long)c.reset, (unsigned long)c.gone, (unsigned long)c.sent);
	total.same += d->same;
	total.reset += d->reset;
	total.gone += d->gone;
	total.sent += d->sent;
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
		run_one(&mutated, out, &d);
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
	counted();
	while (runs < wanted)
		for (i = 0; i < row_count; i++) {
			if (rows[i].start.how == SHAKE && !kernel_adopts())
				continue;
			known_secrets();
			play(&rows[i], HARASSED, &t);
		}
	cr_expect(world_counted() == runs && world_runs() == runs, "%lu packets, %lu counted, %lu runs",
		  (unsigned long)runs, (unsigned long)world_counted(), (unsigned long)world_runs());
	fprintf(stderr,
		"[mutated packets: %lu] passed %lu, reset %lu, dropped %lu, sent %lu (%lu to unproved ends; "
		"%lu longer than they came); adopted %lu\n",
		(unsigned long)runs, (unsigned long)total.same, (unsigned long)total.reset,
		(unsigned long)total.gone, (unsigned long)total.sent, (unsigned long)unproved,
		(unsigned long)longer, (unsigned long)adopted);
	cr_expect(total.reset && total.gone && unproved, "the gate did nothing: nothing was shown");
	cr_expect(!kernel_adopts() || (adopted && longer), "no handshake: nothing was shown");
}
