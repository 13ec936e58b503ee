// SPDX-License-Identifier: GPL-2.0-or-later
/* The handshake: secrets, what this host's TCP agrees to, how listeners do. */
#include "gate/gate.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <bpf/bpf.h>

#include "bpf/handshake/cookie.h"
#include "gate/object.h"
#include "lib/say.h"

/* A setting of this network namespace; absent: what the kernel would have done. */
static long sysctl_value(const char *name, int column, long absent)
{
	char path[128];
	long v[3] = {absent, absent, absent};
	FILE *f;

	snprintf(path, sizeof(path), "/proc/sys/net/%s", name);
	f = fopen(path, "r");
	if (!f)
		return absent;
	if (fscanf(f, "%ld %ld %ld", &v[0], &v[1], &v[2]) < 1)
		v[column] = absent;
	fclose(f);
	return v[column];
}

/* As tcp_select_initial_window() chooses it, net/ipv4/tcp_output.c. */
static uint8_t window_scale(void)
{
	long space = sysctl_value("ipv4/tcp_rmem", 2, 6291456);
	long most = sysctl_value("core/rmem_max", 0, 212992);
	uint8_t scale = 0;

	if (most > space)
		space = most;
	while (space > 65535 && scale < 14) {
		space >>= 1;
		scale++;
	}
	return scale;
}

static uint8_t shake_flags(void)
{
	return (sysctl_value("ipv4/tcp_timestamps", 0, 1) ? SHAKE_TIMESTAMPS : 0) |
	       (sysctl_value("ipv4/tcp_window_scaling", 0, 1) ? SHAKE_SCALING : 0) |
	       (sysctl_value("ipv4/tcp_sack", 0, 1) ? SHAKE_SACK : 0) |
	       (sysctl_value("ipv4/tcp_ecn", 0, 2) ? SHAKE_ECN : 0);
}

/* Secrets are drawn anew at the first change of the policy after so long. */
#define SECRETS_LIVE 3600 /* s */
#define NOT_YET	     (UINT32_MAX / 2)

static int draw(void *key, size_t size)
{
	if (getrandom(key, size, 0) != (ssize_t)size)
		return fail(-EIO, "no random numbers for the handshake's secrets");
	return 0;
}

static bool is_blank(const void *memory, size_t size)
{
	const unsigned char *at = memory;

	while (size && !at[size - 1])
		size--;
	return !size;
}

/* Visits in flight survive an apply and an upgrade: a new secret makes cookies
 * from the next tick on, and the old one still checks those of its own ticks,
 * until none of them is good any more and the new one moves into its place. */
static int draw_secrets(struct shake *s)
{
	uint64_t now = monotonic_ns();
	uint32_t tick = now >> COOKIE_TICK_SHIFT;
	uint64_t key[2];
	int err = 0;

	/* Without keys all visits would look the same. */
	if (is_blank(&s->flow_keys, sizeof(s->flow_keys)))
		err = draw(&s->flow_keys, sizeof(s->flow_keys));
	if (!err && is_blank(&s->name_keys, sizeof(s->name_keys)))
		err = draw(&s->name_keys, sizeof(s->name_keys));
	if (err)
		return err;
	if (is_blank(&s->key[0], sizeof(s->key[0]))) {
		s->since = NOT_YET;
		s->drawn = now / 1000000000;
		return draw(s->key[0], sizeof(s->key[0]));
	}
	if (s->since != NOT_YET && tick - s->since >= 2 && tick > s->since) {
		memcpy(s->key[0], s->key[1], sizeof(s->key[0]));
		s->since = NOT_YET;
	}
	if (s->since != NOT_YET || now / 1000000000 - s->drawn < SECRETS_LIVE)
		return 0;
	err = draw(key, sizeof(key));
	if (err)
		return err;
	memcpy(s->key[1], key, sizeof(s->key[1]));
	s->since = tick + 1;
	s->drawn = now / 1000000000;
	return 0;
}

int gate_shake(struct gate *g)
{
	struct shake s = {0};
	uint32_t zero = 0;
	int err;

	if (bpf_map_lookup_elem(g->maps[GATE_SHAKE], &zero, &s))
		return fail(-errno, "%s/shake: %s", g->dir, strerror(errno));
	err = draw_secrets(&s);
	if (err)
		return err;
	s.scale = window_scale();
	s.window = HELD_BYTES;
	s.flags = shake_flags();
	s.port_first = sysctl_value("ipv4/ip_local_port_range", 0, 32768);
	s.port_last = sysctl_value("ipv4/ip_local_port_range", 1, 60999);
	if (bpf_map_update_elem(g->maps[GATE_SHAKE], &zero, &s, BPF_ANY))
		return fail(-errno, "%s/shake: %s", g->dir, strerror(errno));
	return 0;
}

int gate_name_keys(struct gate *g, uint64_t out[4])
{
	struct shake s;
	uint32_t zero = 0;

	if (bpf_map_lookup_elem(g->maps[GATE_SHAKE], &zero, &s))
		return fail(-errno, "%s/shake: %s", g->dir, strerror(errno));
	memcpy(out, s.name_keys, sizeof(s.name_keys));
	return 0;
}

/* ---- listeners ------------------------------------------------------------ */

int gate_engagement(struct gate *g, const struct rule *listener, struct engagement *e)
{
	uint32_t id = listener->id;

	memset(e, 0, sizeof(*e));
	return bpf_map_lookup_elem(g->maps[GATE_ENGAGEMENTS], &id, e) ? -errno : 0;
}

const char *shallow_text(enum shallow s)
{
	static const char *const texts[] = {
		[SHALLOW_NONE] = "",
		[SHALLOW_UNSEEN] = "no answer of this server to a new connection has been seen to leave yet",
		[SHALLOW_UNANSWERED] = "new connections that the gate passed on stayed unanswered",
		[SHALLOW_ROOM] = "the table of bound visits is nearly full",
		[SHALLOW_TC] = "nothing can be attached at tc",
		[SHALLOW_TAGS] = "VLAN tags are taken off before the gate, so answers would leave without",
		[SHALLOW_PEER] =
			"its veth's other end has no XDP program and drops what is sent (up --generic works)",
	};

	return (size_t)s < sizeof(texts) / sizeof(texts[0]) ? texts[s] : "?";
}
