/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The crowd: many thousand visitors with addresses of their own, on one packet
 * socket.
 *
 *	crowd.c		the loop
 *	crowd_options.c	what it was asked to do
 *	crowd_mix.c	the same from a file: several streams, whose rates change, and
 *			visitors who come again
 *	crowd_visit.c	what a visitor does: a small TCP client, a small resolver
 *	crowd_request.c	what it says: HTTP, TLS, DNS
 *	crowd_timer.c	when it does it again
 *	crowd_frame.c	packets: building and reading
 *	crowd_wire.c	sending and receiving
 *	crowd_answer.c	the other side, as fast as it can be: to measure the crowd
 *	crowd_report.c	what came of it, as text and as JSON
 */
#ifndef CROWD_H
#define CROWD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <netinet/in.h>

#define MAX_STREAMS   12
#define MAX_POINTS    64
#define MAX_NAMES     4096
#define MAX_SEGMENTS  32
#define MAX_REQUEST   4096
#define FRAME_MAX     1536
#define SEGMENT_BYTES 1400 /* of payload at most: fits 1500 with IPv6 and options */

#define NSEC_PER_SEC  1000000000ull
#define NSEC_PER_MSEC 1000000ull

enum mode { MODE_HTTP, MODE_TLS, MODE_DNS, MODE_SILENT, MODE_SYN, MODE_FORGED };

/* How a visit ended; a visit has exactly one of these. */
enum outcome {
	OUT_OPEN,
	OUT_ANSWERED,	 /* 200 and the whole page; ServerHello; NOERROR */
	OUT_TURNED_AWAY, /* 503, 421, 403; a fatal alert; REFUSED */
	OUT_OTHER,	 /* any other status, rcode or first byte */
	OUT_RESET,	 /* RST before any answer */
	OUT_CLOSED,	 /* FIN before any answer */
	OUT_TIMEOUT,	 /* nothing, or not all of it, within the deadline */
	OUT_COUNT,
};

/* A request, cut into segments, each with the sum of its bytes so that a packet
 * costs the checksum of its headers only. */
struct request {
	uint16_t len;
	uint16_t segments;
	struct {
		uint16_t off, len;
		uint32_t sum;
	} segment[MAX_SEGMENTS];
	uint8_t bytes[MAX_REQUEST];
};

struct name {
	char text[256];
	uint64_t weight; /* of this name and all before it */
	struct request *request[2];
};

/* Latencies in microseconds, log-linear: right to 2 %. */
#define HIST_SUB 64
#define HIST_MAX (HIST_SUB * 28)
struct histogram {
	uint64_t count, max;
	uint64_t bucket[HIST_MAX];
};

struct counters {
	uint64_t offered;   /* visits begun */
	uint64_t again;	    /* of these, visitors who had been here before */
	uint64_t skipped;   /* visits that were due while the crowd was too busy to begin them */
	uint64_t connected; /* SYN-ACK seen */
	uint64_t outcome[OUT_COUNT];
	uint64_t good; /* answered within --good-within */
	uint64_t syn_again, data_again;
	uint64_t tx_packets, tx_bytes, rx_packets, rx_bytes;
};

struct visit {
	uint64_t n;	/* which visit of its stream: gives address and port */
	uint64_t start; /* ns */
	uint32_t iss, snd_una, snd_nxt, rcv_nxt;
	uint32_t ts_recent;
	uint32_t stamp; /* counts on with each timer set: older timers are void */
	uint16_t name;
	uint8_t state, outcome;
	uint8_t tries, variant, flags;
	uint8_t again; /* how often this visitor has come before */
};

/* At a time, the part of a stream's rate that comes; in between, a straight line. */
struct point {
	double seconds, part;
};

/* A visitor who will come again. */
struct comeback {
	uint64_t due;
	uint16_t name;
	uint8_t again;
};

/* Visitors of one kind: from one prefix, asking for one list of names. */
struct stream {
	const char *label;
	enum mode mode;
	double rate;
	uint16_t port;
	bool v6;
	bool random_label; /* in front of each DNS name */

	/* Visit n comes from address (n * stride) mod sources, port_base +
	 * n / sources; both are powers of two, so a reply's address and port
	 * give n back without a table. */
	uint8_t base[16]; /* IPv4: the first 4 bytes */
	unsigned int prefix_len;
	uint32_t sources, stride, unstride;
	/* Of each /24 (IPv6: /64s of each /56) so many, a power of two, from this one on;
	 * 0: all of them. */
	uint32_t hosts, first_host;

	struct name *names;
	unsigned int name_count;

	struct visit *visits; /* a ring: visit n in slot n & mask */
	uint64_t mask;
	uint64_t first, next, tail; /* n of the first, the next, the oldest open one */
	uint64_t open;
	uint64_t begin, due; /* when the first, the next visit begins */

	struct point point[MAX_POINTS];
	unsigned int points;

	/* Turned away, one comes again, with this probability, so often, after so long. */
	double again_part;
	unsigned int again_max;
	uint64_t again_after;
	struct comeback *comebacks; /* a ring, as due: the delay is one */
	uint64_t comebacks_size, comebacks_head, comebacks_tail;

	struct counters c;
	struct histogram answered, turned_away;
};

struct config {
	const char *device;
	uint8_t to4[4], to6[16], mac[6], our_mac[6];
	bool have_mac;
	uint16_t port;
	unsigned int segments;
	bool timestamps;
	int sni; /* 0 first, 1 beyond the first segment, 2 mixed */
	const char *path;
	double seconds;
	uint64_t deadline, drain, good_within; /* ns */
	bool json, dry, answerer, fifo;
};

extern struct config config;
extern struct stream streams[MAX_STREAMS];
extern unsigned int stream_count;
extern uint64_t now;  /* CLOCK_MONOTONIC ns, read once a round */
extern uint64_t idle; /* ns spent waiting awake */

/* A received packet, headers in host order. */
struct packet {
	struct stream *stream;
	uint64_t low;	/* n of its visit, modulo sources * PORTS */
	uint16_t sport; /* the server's */
	uint8_t l4, flags;
	uint32_t seq, ack, tsval;
	const uint8_t *data;
	uint32_t len;  /* of the payload, by the IP header */
	uint32_t have; /* of it in the ring */
};

#define PORT_BASE 16384
#define PORTS	  32768

#define TCP_FIN 0x01
#define TCP_SYN 0x02
#define TCP_RST 0x04
#define TCP_PSH 0x08
#define TCP_ACK 0x10

/* crowd_options.c */
void options_read(int argc, char **argv);
void die(const char *what, const char *arg) __attribute__((noreturn));
double parse_number(const char *what, const char *arg, double max);
void name_add(struct stream *s, const char *text, double weight);

/* crowd_mix.c */
/* Reads a file of options; each is handed on with its stream. */
void mix_read(const char *path, void (*option)(struct stream *s, const char *name, char *arg));
void mix_curve(struct stream *s, char *arg);
void mix_tail(struct stream *s, char *arg);
void mix_again(struct stream *s, char *arg);
/* When the visit after the one due now is. */
uint64_t mix_next(const struct stream *s);
void comeback_later(struct stream *s, const struct visit *v);
unsigned int comebacks_begin(struct stream *s);

/* crowd_request.c */
int request_http(struct request *r, const char *name);
int request_tls(struct request *r, const char *name, bool sni_last);
size_t request_dns(uint8_t *out, uint16_t id, const char *label, const char *name);

/* crowd_visit.c */
int visits_init(struct stream *s);
void visit_begin(struct stream *s);
void visit_begin_again(struct stream *s, unsigned int name, unsigned int again);
void visit_packet(const struct packet *p);
void visits_acknowledge(void);
void visit_timer(struct stream *s, struct visit *v);
void visits_deadlines(void);
void visits_give_up(void);

/* crowd_timer.c */
enum { DELAY_250, DELAY_500, DELAY_1000, DELAY_2000, DELAY_4000, DELAYS };
void timer_set(struct stream *s, struct visit *v, unsigned int delay);
void timer_stop(struct visit *v);
void visits_timers(void);
uint64_t visits_next_timer(void);

/* crowd_frame.c */
uint32_t sum_bytes(uint32_t sum, const uint8_t *p, size_t len);
uint16_t sum_fold(uint32_t sum);
size_t frame_tcp(uint8_t *f, const struct stream *s, const struct visit *v, uint8_t flags, uint32_t seq,
		 const uint8_t *data, size_t len, uint32_t sum);
size_t frame_udp(uint8_t *f, const struct stream *s, const struct visit *v, const uint8_t *data, size_t len);
bool frame_read(const uint8_t *f, size_t have, bool check, struct packet *p);

/* crowd_wire.c */
struct wire_stats {
	uint64_t tx_packets, tx_lost, rx_packets, rx_foreign, rx_bad, ring_drops;
};
extern struct wire_stats wire_stats;
int wire_open(void);
int wire_open_dry(void);
void wire_send_tcp(struct stream *s, const struct visit *v, uint8_t flags, uint32_t seq, const uint8_t *data,
		   size_t len, uint32_t sum);
void wire_send_udp(struct stream *s, const struct visit *v, const uint8_t *data, size_t len);
void wire_flush(void);
unsigned int wire_receive(unsigned int max);
void wire_close(void);
int wire_answer(void);

/* crowd_answer.c */
size_t answer_packet(const uint8_t *in, size_t len, uint8_t *out);

/* crowd_report.c */
void histogram_add(struct histogram *h, uint64_t usec);
uint64_t histogram_quantile(const struct histogram *h, double q);
void report_begin(void);
void report_cpu(void);
void report_end(double seconds);

extern uint64_t random_state; /* never 0 */

static inline uint64_t random64(void)
{
	uint64_t x = random_state;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return random_state = x;
}

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

static inline uint16_t get16(const uint8_t *p)
{
	return p[0] << 8 | p[1];
}

static inline uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

#endif
