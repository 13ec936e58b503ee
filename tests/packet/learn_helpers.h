/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For the tests of `learn`: a gate that learns, a clock of the test's own, and visits. */
#ifndef STRAYGATE_LEARN_HELPERS_H
#define STRAYGATE_LEARN_HELPERS_H

#include <criterion/criterion.h>
#include <string.h>

#include "bpf/learn_table.h"
#include "world/world.h"

#define SERVED "www.served.example"
#define STRAY  "www.stray.example"
#define LINES                                                                               \
	"listen tcp/80 as http handshake on\nlisten tcp/81 as http handshake off\n"         \
	"listen udp/53 as dns\nlisten udp/443 as quic fallback\nserve www.served.example\n" \
	"zone served.example\n"
#define LEARN	 "learn strays 5 in 60s for 10m max 1h\n"
#define ENFORCED "posture enforce\n" LINES

static struct pace pace;
static struct frame in, out;
static const struct spec syn = {.flags = SYN, .tcp_options = BYTES("\x02\x04\x05\xb4")};

static inline void begin(void)
{
	world_begin();
	pace = world_pace();
	cr_assert(pace.day == 86400 * SECOND_NS);
	pace.clock = 1000000 * SECOND_NS;
	world_set_pace(&pace);
	world_policy(ENFORCED LEARN);
	host_listen(80, false);
	host_listen(81, false);
}

static inline void seconds(uint64_t n)
{
	pace.clock += n * SECOND_NS;
	world_set_pace(&pace);
}

static inline const char *server_of(const char *client)
{
	return strchr(client, ':') ? HOST6 : HOST4;
}

/* A visit at the handshake, up to its request: the reason of the packet that decides. */
static inline uint32_t ask(const char *client, const char *name)
{
	struct visit v = visit_make(client, server_of(client), 80);
	struct outcome o;
	struct view view;

	frame_build(&in, &v, &syn);
	o = world_run_watched(&in, &out);
	if (o.reason != REASON_syn_answered)
		return o.reason;
	must(!frame_flaw(&out, &view), "SYN-ACK");
	v.seq++;
	v.ack = view.seq + 1;
	v.proved = true;
	frame_build(&in, &v, &(struct spec){.http = name});
	return world_run_watched(&in, &out).reason;
}

static inline void strays(const char *client, unsigned int n)
{
	uint32_t reason;

	while (n--) {
		reason = ask(client, STRAY);
		must(reason == REASON_stray_answered, "%s: %s", client, reason_name(reason));
	}
}

/* Whatever is drawn: `explain` does not draw. */
static inline bool refused_at(const char *client, uint16_t port)
{
	struct visit v = visit_make(client, server_of(client), port);
	struct spec s = {.http = SERVED};

	if (port == 53)
		s = (struct spec){.protocol = IPPROTO_UDP, .dns = "served.example"};
	if (port == 443)
		s = (struct spec){.protocol = IPPROTO_UDP, .quic = "12345678", .zeroes = 1200};
	frame_build(&in, &v, &s);
	return world_explain(&in).reason == REASON_learned_dropped;
}

static inline bool refused(const char *client)
{
	return refused_at(client, 80);
}

/* A visit of a learned source, tried again until one is let through. */
static inline uint32_t insist(const char *client, const char *name)
{
	uint32_t reason = REASON_learned_dropped;
	unsigned int tries;

	for (tries = 0; tries < 2000 && reason == REASON_learned_dropped; tries++)
		reason = ask(client, name);
	return reason;
}

#endif
