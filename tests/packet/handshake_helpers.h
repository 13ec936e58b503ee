/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For the tests of the handshake: a gate that shakes hands, offers, and a SYN with its answer. */
#ifndef STRAYGATE_HANDSHAKE_HELPERS_H
#define STRAYGATE_HANDSHAKE_HELPERS_H

#include <string.h>
#include <unistd.h>

#include <linux/bpf.h>

#include "bpf/handshake/cookie.h" /* COOKIE_TICK_SHIFT */
#include "world/wire.h"
#include "world/world.h"

#define POLICY "posture enforce\nlisten tcp/80 as http handshake on\nserve www.served.example\n"

/* A tick that ends amid a test would be one test's cookie less. */
static inline void wait_for_tick(void)
{
	uint64_t left = (1ULL << COOKIE_TICK_SHIFT) - (monotonic_ns() & ((1ULL << COOKIE_TICK_SHIFT) - 1));

	if (left < 2000000000)
		usleep(left / 1000 + 1000);
}

static inline void begin(void)
{
	world_begin();
	wait_for_tick();
	world_policy(POLICY);
}

static struct frame in, out;
static const struct spec served = {.http = "www.served.example"}, stray = {.http = "www.stray.example"};

static inline void expect_run(uint32_t reason, uint32_t action)
{
	struct outcome o = world_run(&in, &out);

	must(o.reason == reason && o.action == action, "%s, %s instead of %s", xdp_name(o.action),
	     reason_name(o.reason), reason_name(reason));
}

static inline void unchanged(void)
{
	must(out.len == in.len && !memcmp(out.bytes, in.bytes, in.len), "changed");
}

/* Offers, in the order in which Linux says them. */
enum { SAYS_MSS = 1, SAYS_SACK = 2, SAYS_SCALE = 4, SAYS_STAMPS = 8, SAYS_ECN = 16, OFFERS = 32 };

static inline struct spec offer(unsigned int what, uint16_t mss)
{
	static uint8_t options[12];
	struct spec s = {.flags = SYN | (what & SAYS_ECN ? 0xc0 : 0), .stamps = what & SAYS_STAMPS};
	size_t n = 0;

	if (what & SAYS_MSS) {
		options[n++] = 2, options[n++] = 4;
		options[n++] = mss >> 8, options[n++] = mss & 0xff;
	}
	if (what & SAYS_SACK)
		options[n++] = 4, options[n++] = 2;
	if (what & SAYS_SCALE)
		options[n++] = 3, options[n++] = 3, options[n++] = 9;
	s.tcp_options = (struct bytes){options, n};
	return s;
}

/* SYN and SYN-ACK. */
static inline void shake_hands(struct visit *v, const struct spec *syn)
{
	struct view view;

	host_listen(v->server_port, false);
	frame_build(&in, v, syn);
	expect_run(REASON_syn_answered, XDP_TX);
	must(!frame_flaw(&out, &view) && out.len <= in.len, "SYN-ACK");
	v->seq++;
	v->ack = view.seq + 1;
	v->stamp = view.tsval;
	v->stamps = view.stamps;
}

/* No cookie proves where none was given. */
static inline void give_a_cookie(void)
{
	struct visit other = visit_make(CLIENT4, HOST4, 80);

	visit_shake(&other);
}

#endif
