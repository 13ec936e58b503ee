/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of packets: what comes, which reason that is, and what becomes of
 * the bytes. The rows themselves are in rows_*.h:
 *
 *	ROW("what it shows", POLICY, .how = OPEN, ...)
 *		STEP(reason, what comes out, a packet as in struct spec)
 *		STEP(...)
 *	END
 *
 * rows.c reads them twice; the first time for the reasons alone, so that one
 * without a packet does not compile.
 */
#ifndef STRAYGATE_TESTS_ROWS_H
#define STRAYGATE_TESTS_ROWS_H

#include "world/world.h"

enum how {
	ALONE,	 /* nothing is done on the host */
	LISTENS, /* a socket listens there */
	OPEN,	 /* and has a connection with this client */
	HALF,	 /* the same, but the kernel waits for data to make it one (TCP_DEFER_ACCEPT) */
	COOKIE,	 /* SYN answered with the kernel's own cookie, so it knows of no connection */
	SHAKE,	 /* a socket listens there, and the row itself shakes hands, with the gate */
	OLD,	 /* a connection that got data before the gate was there */
};

enum out {
	SAME,	    /* XDP_PASS, not a byte changed */
	GONE,	    /* XDP_DROP */
	INTRODUCED, /* XDP_PASS, now the client's SYN */
	RST_SERVER, /* XDP_PASS, now a RST that frees the server's socket */
	/* XDP_TX, back to the client: */
	RST_CLIENT,
	ACK_CLIENT,
	PAGE,	   /* that says the name, with FIN */
	HEAD,	   /* of the page alone, with FIN */
	BRIEF,	   /* the page that fits any MSS, with FIN */
	BARE,	   /* the answer without a page, with FIN */
	TOO_MANY,  /* the page of 429, with FIN */
	TLS_ALERT, /* internal_error, with FIN */
	SYN_ACK,
	REFUSED,
	REFUSED_TCP, /* with FIN */
	NXDOMAIN,
	VERSION_NEGOTIATION,
	OUT_COUNT,
};

struct start {
	enum how how;
	const char *client; /* default CLIENT4 */
	const char *server; /* default HOST4 */
	uint16_t port;	    /* default 80 */
	uint8_t protocol;   /* default TCP */
	bool stamps;	    /* OPEN: with timestamps */
};

struct step {
	uint32_t reason; /* 0: behind the last */
	enum out out;
	struct spec packet;
};

struct row {
	const char *what;
	const char *policy; /* without a posture; NULL: none at all */
	struct start start;
	const struct step *steps;
};

extern const struct row rows[];
extern const size_t row_count;

/* The SYN that the gate answered, and what was held of the visit since. */
struct begun {
	struct view offer;
	size_t held;
	uint32_t tsval; /* of what was held */
};

/* What came out is what the step says. */
void check_out(const struct step *step, const struct frame *in, const struct frame *out,
	       const struct begun *begun);
/* What its client is told of a visit that is turned away at data. */
void check_told(const struct step *step, const struct frame *in, const struct frame *told);
void check_same(const struct frame *in, const struct frame *out);

/* How the table is played. */
enum pass {
	ENFORCED,	   /* as it stands there */
	OBSERVED,	   /* posture observe: nothing is touched */
	LISTENER_OBSERVED, /* the same, said by the listeners */
	HARASSED,	   /* as enforced, but what becomes of a packet is play_harass()'s business */
};

/* What was seen on the way. */
struct tally {
	uint64_t packets;
	uint64_t by_reason[REASONS_MAX];
	uint64_t unproved; /* answers to addresses that have not proved themselves */
};

/* HARASSED: runs the packet, and before it what else it likes; the XDP action. */
extern uint32_t (*play_harass)(const struct frame *in, struct frame *out, const struct visit *v);

void play(const struct row *row, enum pass pass, struct tally *t);

#endif
