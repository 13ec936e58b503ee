// SPDX-License-Identifier: GPL-2.0-or-later
/* Visits that shake hands with the gate, a batch at a time, each client new. */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include <bpf/bpf.h>
#include <linux/bpf.h>

#include "bpf/flow_table.h"
#include "ns.h"

void visits_new(struct visits *v, unsigned int count, uint16_t port, bool v6, bool timestamps)
{
	unsigned int i;

	v->count = count;
	for (i = 0; i < v->count; i++) {
		uint64_t r = random_next();
		struct ends *e = &v->ends[i];

		*e = v6 ? ends_make("2001:db8:18::", 0, HOST6, port)
			: ends_make("198.18.0.0", 0, HOST4, port);
		e->client_port = 1024 + r % 60000;
		e->client[13] |= r >> 16 & 1;
		put16(e->client + 14, r >> 17);
		v->seq[i] = r >> 32;
		v->tsval[i] = timestamps ? 1 + (random_next() >> 33) : 0;
		frame_tcp(&v->frames[i], e,
			  &(struct segment){.flags = SYN, .seq = v->seq[i], .tsval = v->tsval[i]});
	}
}

void visits_shake(struct visits *v, struct instance *g)
{
	static struct feed_packet out;
	unsigned int i;

	for (i = 0; i < v->count; i++) {
		const uint8_t *t = out.bytes + (ends_v4(&v->ends[i]) ? 34 : 54);
		uint32_t action = feed_once(g->loaded.program, &v->frames[i], &out);

		if (action != XDP_TX || (t[13] & (SYN | ACK)) != (SYN | ACK))
			die("a SYN was not answered (action %u)", action);
		v->ack[i] = get32(t + 4) + 1;
		/* MSS, then SACK and timestamps, as we sent them. */
		v->tsecr[i] = v->tsval[i] ? get32(t + 28) : 0;
	}
}

void visits_frames(struct visits *v, uint8_t flags, uint32_t from, uint32_t seen, const void *data,
		   size_t len)
{
	unsigned int i;

	for (i = 0; i < v->count; i++) {
		struct segment s = {
			.flags = flags,
			.seq = v->seq[i] + 1 + from,
			.ack = v->ack[i] + seen,
			.tsval = v->tsval[i],
			.tsecr = v->tsecr[i],
			.data = data,
			.len = len,
		};

		frame_tcp(&v->frames[i], &v->ends[i], &s);
	}
}

/* As the program would. */
void flow_put(struct instance *g, const struct ends *e, const struct flow *f)
{
	static struct flow_set *sets;
	static struct instance *of;
	static struct shake secrets;
	struct flow_key k = ends_key(e);
	struct flow *at;
	uint32_t zero = 0;
	uint64_t print;
	uint32_t way;

	if (of != g) {
		sets = map_memory(g->gate.maps[GATE_FLOWS], sizeof(*sets) << FLOW_SETS_LOG, true);
		if (!sets || bpf_map_lookup_elem(g->gate.maps[GATE_SHAKE], &zero, &secrets))
			die("flows: %s", strerror(errno));
		of = g;
	}
	print = flow_print(secrets.flow_keys, &k);
	at = flow_place(&sets[flow_set_index(print)], print, &way);
	if (!at)
		die("flows: no room");
	at->since = FLOW_CLOCK(monotonic_ns()); /* in a flood */
	at->first = f->first;
	at->next = f->next;
	at->protocol = f->protocol;
	at->flags = f->flags;
	at->state = f->state;
}

void flows_fill(struct instance *g)
{
	struct flow f = {.state = FLOW_TURNED, .protocol = PROTO_HTTP, .flags = FLOW_SHAKEN};
	struct ends e = ends_make("198.19.0.0", 0, HOST4, 80);
	unsigned int i;

	for (i = 0; i < FLOWS_MAX; i++) {
		put16(e.client + 14, i);
		e.client_port = 1024 + (i >> 16);
		flow_put(g, &e, &f);
	}
}
