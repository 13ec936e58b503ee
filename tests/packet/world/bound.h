/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Visits that the gate introduces to a real server, for the tests of what the programs
 * at tc make of them. A test fails where something else comes than a function expects.
 */
#ifndef STRAYGATE_TESTS_BOUND_H
#define STRAYGATE_TESTS_BOUND_H

#include <linux/tcp.h>

#include "world.h"

#define BOUND_POLICY "posture enforce\nlisten tcp/80 as http handshake on\nserve www.served.example\n"
#define PATIENCE     3000 /* ms */
#define QUIET	     50	  /* ms: nothing came */

/* The packet that was sent, what the gate made of it, and what the client got. */
extern struct frame in, out, got;
/* SYNs: with an MSS alone; with SACK, a scale of 7, and timestamps. */
extern const struct spec plain, full;
/* Their addresses, IPv4 and IPv6. */
extern const char *const clients[2], *const servers[2];

/* A fixture: the policy above, and a server that listens on tcp/80. */
void bound_begin(void);

/* Up to its introduction: its SYN for the server is in `out`, its first data in `in`. */
struct visit visit_introduce_as(const struct spec *syn, bool ipv6, struct spec first);
struct visit visit_introduce(const struct spec *syn, bool ipv6);
/* Up to the server's having its first data. */
struct visit visit_bind(const struct spec *syn, bool ipv6);

/* Through the gate to the server, as a packet of the client's; returns its reason. */
uint32_t visit_say(struct visit *v, struct spec s);
/* Data, which the server must get. */
void visit_say_data(struct visit *v, struct spec s);
/* Bytes of payload in `in`. */
size_t said(void);
/* The server says this, and its client hears it in its own numbers. */
void visit_hears(struct visit *v, const char *text);
/* Nothing of the host's has come to the client. */
void expect_quiet(const struct visit *v);

struct tcp_info visit_info(const struct visit *v);

/* The client is told of a refusal in numbers that it accepts, and so is what it sends
 * again; the gate has forgotten the visit. */
void expect_refused(struct visit *v);
/* It is the only visit that is bound. */
void expect_bound(const struct visit *v);
/* It is not bound any more, its end is remembered, and no other visit is bound. */
void expect_ended(const struct visit *v);

/* 32 bits in network order, at any address. */
void put32(uint8_t *to, uint32_t v);
uint32_t get32(const uint8_t *at);
/* The Internet checksum (RFC 1071) of n bytes, which `s` is added to. */
uint16_t internet_sum(const uint8_t *at, size_t n, uint32_t s);

#define wait_for(condition)                                                 \
	do {                                                                \
		int waited = 0;                                             \
		while (!(condition) && waited++ < PATIENCE)                 \
			usleep(1000);                                       \
		must(condition, "not within %d ms: " #condition, PATIENCE); \
	} while (0)

#endif
