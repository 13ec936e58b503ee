/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the maps remember of visits: who they are of, how they were judged, and those
 * that shook hands with the gate. Part of the layout, as all in shared.h.
 */
#ifndef STRAYGATE_SHARED_VISIT_H
#define STRAYGATE_SHARED_VISIT_H

#include <linux/types.h>

#define FLOW_SETS_LOG 15
#define FLOW_WAYS     8
#define FLOWS_MAX     (FLOW_WAYS << FLOW_SETS_LOG) /* visits remembered, the recent ones of each set */

/* Both ends of a visit, seen from the client. IPv4 is v4-mapped. */
struct flow_key {
	__u8 client[16];
	__u8 server[16];
	__be16 client_port;
	__be16 server_port;
	__u32 reserved; /* 0; the key has no padding */
};

/* A packet in fragments (RFC 791, RFC 8200 4.5). */
struct piece_key {
	__u8 client[16];
	__u8 server[16];
	__u32 id; /* as it stands in the header */
	__u32 reserved;
};

enum flow_state {
	FLOW_NONE,	 /* an empty cell, or one that is being written */
	FLOW_JUDGED,	 /* passed: never judged again */
	FLOW_PARTIAL,	 /* name incomplete; its finder waits in `partials` */
	FLOW_TURNED,	 /* turned away: the tombstone of a visit */
	FLOW_INTRODUCED, /* its SYN went to the server, which has not answered yet */
	FLOW_HELD,	 /* name incomplete; finder and bytes wait in `held` */
};

#define FLOW_SHAKEN 0x01 /* flags: shook hands with the gate */
#define FLOW_ENDING 0x02 /* its client has sent FIN or RST */
#define FLOW_NAMED  0x04 /* its ends are in `flow_ends` */
#define FLOW_PROVED 0x08 /* its client acknowledged the number of the server's SYN-ACK */

/* A segment further than this from the last one is maybe of a new visit, whose
 * client uses the same ports. */
#define FLOW_NEAR (1u << 20)
/* The same of what it acknowledges. */
#define FLOW_ACK_NEAR (1u << 24)

struct flow {
	__u64 print;   /* of both ends: see flow_table.h. 0: empty */
	__u32 since;   /* of CLOCK_MONOTONIC, see FLOW_CLOCK() */
	__u32 first;   /* sequence number of the first data */
	__u32 next;    /* behind the last data; PARTIAL, HELD: where the next must begin */
	__u32 ack;     /* of the first data: where an answer begins; JUDGED: of the last packet */
	__u8 state;    /* enum flow_state */
	__u8 protocol; /* enum protocol */
	__u8 action;   /* TURNED: for the client: enum action */
	__u8 listener; /* id */
	__u8 flags;
	__u8 used;   /* when, by its set's clock, which is that of the first way: */
	__u8 clock;  /* what was put into the set */
	__u8 answer; /* TURNED: packet->answer */
};

/* A flow's own time: units of 1.05 ms, which come again after 52 days. */
#define FLOW_CLOCK_SHIFT 20
#define FLOW_CLOCK(ns)	 ((__u32)((ns) >> FLOW_CLOCK_SHIFT))

/* See flow_table.h. */
struct flow_set {
	struct flow flows[FLOW_WAYS];
};

struct flow_ends {
	struct flow_key of[FLOW_WAYS];
};

/* What was agreed with a client, in flags of `introduced` and `bound`. */
#define AGREED_SACK	  0x01
#define AGREED_TIMESTAMPS 0x02
#define AGREED_ECN	  0x04
#define AGREED_LOCAL	  0x08 /* `bound` alone: its server is a socket of this host */

/* A visit whose SYN went to its server, until that answers. Written by the XDP
 * program, taken by tc egress. Numbers are the client's. */
struct introduced {
	__u32 isn;	/* of the client */
	__u32 cookie;	/* the number of our SYN-ACK */
	__u32 tsval;	/* of the client's first data */
	__u32 tsecr;	/* what it echoed: our TSval */
	__u16 mss;	/* of the client */
	__u16 window;	/* the field of its first data, host order */
	__u8 scale;	/* of the client; COOKIE_NO_SCALE: none */
	__u8 our_scale; /* that our SYN-ACK said */
	__u8 agreed;	/* AGREED_... */
	__u8 listener;	/* id */
	__u32 ifindex;	/* the device that the visit came by, */
	__u8 macs[12];	/* and its Ethernet addresses there */
	__u32 since;	/* FLOW_CLOCK() */
	__u32 reset;	/* egress: number of the RST that freed the host's ports; see bind.h */
	__u8 tries;	/* egress: how often */
	__u8 reserved[3];
};

/*
 * A bound visit: what has to be done to its numbers. The lines say who writes
 * them; nobody writes the whole struct but egress, when it is made.
 */
struct bound {
	/* made at tc egress, by the server's SYN-ACK; read only from then on */
	__u32 isn;	   /* of the client */
	__u32 cookie;	   /* the server's first number, as the client has it */
	__u32 server_isn;  /* as the server has it */
	__u32 ts_delta;	   /* added to the server's TSval, taken off the client's TSecr */
	__u32 tsval;	   /* of the client's first data */
	__u32 since;	   /* FLOW_CLOCK() */
	__u8 scale;	   /* of the client's window; COOKIE_NO_SCALE: none was agreed */
	__u8 our_scale;	   /* of the server's, as the client has it */
	__u8 server_scale; /* as the server has it; COOKIE_NO_SCALE: it has none */
	__u8 agreed;	   /* AGREED_... with the server */
	__u8 listener;	   /* id */
	__u8 reserved;
	__u16 window;  /* of the client's first data */
	__u32 ifindex; /* the device that the visit came by, */
	__u8 macs[12]; /* and its Ethernet addresses there */
	/* written at tc egress */
	__u32 acked;	  /* the client's numbers that the host has acknowledged */
	__u32 server_fin; /* behind the server's FIN, in the server's numbers */
	__u32 said;	  /* FLOW_CLOCK() of the server's last packet */
	/* written at tc ingress */
	__u32 client_fin; /* behind the client's FIN */
	__u32 heard;	  /* FLOW_CLOCK() of the client's last packet */
	/* flags of either; one byte each, so that no write is lost */
	__u8 server_ended; /* egress: FIN or RST seen */
	__u8 client_ended; /* ingress: FIN seen */
	__u8 server_acked; /* ingress: the server's FIN is acknowledged */
	__u8 reserved2;
};

/* An address and port without a local socket behind which somebody answers. */
struct way_key {
	__u8 address[16];
	__be16 port;
	__u16 reserved; /* 0 */
};

/* A SYN-ACK that left for a visit with the kernel's handshake and without a local
 * socket: it says which data is the first. */
struct half_open {
	__u32 client_next; /* sequence number of the client's first data */
	__u32 server_next; /* which it acknowledges */
};

/* How many visits are bound, and how many may be. */
struct room {
	__u64 bound;	/* programs: atomically */
	__u64 limit;	/* controller, when the map is made */
	__u64 swept;	/* ns: when the table was last searched for vanished visits */
	__u64 cursor;	/* how far that came */
	__u64 draining; /* controller: FLOW_CLOCK() | 1 since when; no SYN is answered; 0: not so */
	__u64 cut;	/* controller: the next packet of each side becomes a RST */
	__u64 told;	/* programs: 1 from EVENT_ROOM_FULL to EVENT_ROOM_AGAIN */
	__u64 reserved;
};

#endif
