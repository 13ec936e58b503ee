/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ns: what a packet costs, by BPF_PROG_TEST_RUN.
 *
 *	ns_packet.c	the gate's paths, beside an empty program and xdp-filter
 *	ns_tables.c	source and name tables of several sizes, beside an LPM trie
 *	ns_scaling.c	one core and two
 *	ns_visit.c	visits whose handshake is played with the gate
 *	ns_frame.c	packets
 *	ns_request.c	what they say
 *	ns_feed.c	feeding them
 *	ns_world.c	a namespace, and gates in it
 *	ns.bpf.c	the programs that feed
 *
 * Figures go to standard output, a line each, fields split by tabs: benchmark,
 * what, who, unit, median, lowest and highest (of the middle 80 %), note.
 */
#ifndef STRAYGATE_BENCH_NS_H
#define STRAYGATE_BENCH_NS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gate/gate.h"
#include "gate/object.h"
#include "ns_request.h"
#include "ns_shared.h"

#define HOST4 "192.0.2.1"
#define HOST6 "2001:db8::1"

__attribute__((noreturn, format(printf, 1, 2))) void die(const char *format, ...);

/* ---- ns_world.c ---- */

/* A gate of its own: maps, program, policy. */
struct instance {
	struct gate gate;
	struct loaded loaded;
	struct policy *policy;
};

/* Enters a namespace of its own with a host that listens on 80 and 443. */
void world_open(void);
/* Index of the device that packets come in by. */
int world_device(void);
/* Lines of a policy, each ended by a newline. */
struct instance *instance_new(const char *name, const char *lines);
void instance_policy(struct instance *g, const char *lines);
void instance_free(struct instance *g);
/* Packets of all listeners that were counted under a reason. */
uint64_t instance_counted(const struct instance *g, uint32_t reason);
const char *reason_word(uint32_t reason);

/* ---- ns_frame.c ---- */

#define FIN 0x01
#define SYN 0x02
#define PSH 0x08
#define ACK 0x10

/* Both ends, addresses as in struct flow_key (ports in host order). */
struct ends {
	uint8_t client[16], server[16];
	uint16_t client_port, server_port;
};
struct segment {
	uint8_t flags;
	uint32_t seq, ack;
	uint32_t tsval, tsecr; /* tsval 0: no timestamps */
	const void *data;
	size_t len;
};

struct ends ends_make(const char *client, uint16_t client_port, const char *server, uint16_t server_port);
bool ends_v4(const struct ends *e);
struct flow_key ends_key(const struct ends *e);
/* Where in a frame the client's address stands, and how long it is. */
size_t client_at(const struct ends *e);
size_t client_len(const struct ends *e);
void frame_tcp(struct feed_packet *f, const struct ends *e, const struct segment *s);
/* Other data from byte `at` of the frame on, and the checksum of that. */
void frame_tcp_say(struct feed_packet *f, const struct ends *e, size_t at, const void *bytes, size_t len);
void frame_udp(struct feed_packet *f, const struct ends *e, const void *data, size_t len);
void frame_arp(struct feed_packet *f);

static inline void put16(uint8_t *p, uint16_t v)
{
	p[0] = v >> 8;
	p[1] = v;
}

static inline void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v);
}

static inline uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
}

/* ---- ns_feed.c ---- */

/* measure() leaves out figures whose name has not this in it. */
extern const char *feed_only;
bool feed_wants(const char *what);
void feed_open(void);
/* Programs of ns.bpf.c. The source look-up reads the tables of g. */
int feed_empty(bool linear);
int feed_look_nowhere(void);
int feed_look_lpm(void);
int feed_look_source(struct instance *g);
int feed_lpm_map(bool ipv6);
/* The packets that are fed from now on, and the bytes laid over them. */
void feed_packets(const struct feed_packet *f, uint32_t count);
void feed_picks(const struct feed_pick *p, uint32_t count, uint32_t at, uint32_t len);
void feed_no_picks(void);
/* Feeds to the program; ns a packet, restoring included. Core: -1, the present one. */
double feed_run(int program, bool linear, uint32_t repeat);
/* The same on several cores at once: packets a second, of all of them. */
double feed_run_cores(int program, uint32_t repeat, unsigned int cores);
/* A single run: what comes out (may be NULL) and the XDP action. */
uint32_t feed_once(int program, const struct feed_packet *in, struct feed_packet *out);

/* One figure, a sample a round. */
#define SAMPLES_MAX 101
struct figure {
	const char *benchmark, *what, *who, *unit;
	double sample[SAMPLES_MAX];
	unsigned int count;
	char note[96];
};
void figure_add(struct figure *f, double sample);
double figure_median(const struct figure *f);
void figure_print(struct figure *f);

/* A path: the packets in hand go to a program and to the empty one, by turns; the
 * difference is a sample. With a gate every packet must have this reason. */
void measure(struct figure *f, int program, bool linear, uint32_t repeat, const struct instance *g,
	     uint32_t reason);

/* ---- ns_visit.c ---- */

#define VISITS 2048
/* Visits of new clients that have shaken hands with the gate. */
struct visits {
	unsigned int count;
	struct ends ends[VISITS];
	uint32_t seq[VISITS]; /* of the client's SYN */
	uint32_t ack[VISITS]; /* of the gate's first byte */
	uint32_t tsval[VISITS], tsecr[VISITS];
	struct feed_packet frames[VISITS];
};
/* New clients, and their SYNs in frames[]. */
void visits_new(struct visits *v, unsigned int count, uint16_t port, bool v6, bool timestamps);
/* Plays the handshakes with the gate, outside of what is measured. */
void visits_shake(struct visits *v, struct instance *g);
/* Segments of all visits into frames[]: offset from the first byte of the client,
 * and of what it has seen of the gate. */
void visits_frames(struct visits *v, uint8_t flags, uint32_t from, uint32_t seen, const void *data,
		   size_t len);
/* Lets g remember a visit; or many, until the memory of flows is full. */
void flow_put(struct instance *g, const struct ends *e, const struct flow *f);
void flows_fill(struct instance *g);

/* ---- benchmarks ---- */

void bench_packet(unsigned int rounds);
void bench_tables(unsigned int rounds);
void bench_scaling(unsigned int rounds);

#endif
