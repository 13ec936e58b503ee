/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the programs in the kernel and the controller agree on: the words of
 * the design as numbers, keys and values of the maps, and limits.
 *
 * Everything here is part of the layout that is pinned in bpffs and may be
 * read by another build: change a struct and STRAYGATE_LAYOUT goes up.
 */
#ifndef STRAYGATE_SHARED_H
#define STRAYGATE_SHARED_H

#include <linux/types.h>

#define STRAYGATE_LAYOUT 1

/* Limits of the tables; user/policy.h refuses what is larger. */
#define LISTENERS_MAX	   127	       /* ids 1..127; 0 stands for "no listener" */
#define REASONS_MAX	   64	       /* room in a counter's index, not the number of reasons */
#define RULES_MAX	   (1 << 21)   /* ids */
#define RULES_SEGMENT	   4096	       /* ids of one piece of the rules' counters */
#define GENERATIONS	   4	       /* images that can stand beside each other */
#define FLOWS_MAX	   262144      /* visits remembered, LRU */
#define PARTIALS_MAX	   16384       /* visits whose name is still incomplete, LRU */
#define FINDER_LIMIT	   (80u << 10) /* no finder is undecided behind as many bytes */
#define ADDRESSES_PER_PORT 32	       /* `listen .. on ADDR` lines of one port */

/* What is spoken on a listener. */
enum protocol { PROTO_NONE, PROTO_HTTP, PROTO_TLS, PROTO_DNS, PROTO_QUIC, PROTO_COUNT };

/* What a line of the policy wants done. */
enum action {
	ACT_NONE,
	ACT_PASS,
	ACT_DROP,
	ACT_RESET,
	ACT_ANSWER,
	ACT_LIMIT,
	ACT_TRUST,
	ACT_FALLBACK, /* quic: answered with Version Negotiation */
};

enum rate_unit { RATE_VISITS, RATE_PACKETS, RATE_MBIT };

enum posture { POSTURE_OBSERVE, POSTURE_ENFORCE, POSTURE_AUTO };

/* What the finder of names came to, as a line of the policy names it. */
enum finding { FINDING_STRAY, FINDING_UNNAMED, FINDING_UNREADABLE, FINDING_COUNT };

enum verdict { VERDICT_PASS, VERDICT_DROP, VERDICT_ANSWER, VERDICT_RESET };

/*
 * Every packet gets exactly one reason. R(number, name, verdict, text): numbers
 * are never reused, names are part of the JSON, text is for people.
 *
 * `reset` of a first request means: the packet itself becomes a RST for the
 * server's socket. What the client then sends again is the visit's tail.
 */
#define STRAYGATE_REASONS(R)                                                                              \
	R(1, not_ip, PASS, "neither IPv4 nor IPv6 (ARP, LLDP, ...)")                                      \
	R(2, other_protocol, PASS, "neither TCP nor UDP (ICMP, NDP, ...)")                                \
	R(3, fragment, PASS, "a later fragment, or a first one without its header")                       \
	R(4, malformed, PASS, "headers that cannot be read")                                              \
	R(5, no_listener, PASS, "for no listener")                                                        \
	R(6, not_local, PASS, "for a listener's port, but another host's address")                        \
	R(10, source_trusted, PASS, "source is trusted")                                                  \
	R(11, source_dropped, DROP, "source is dropped")                                                  \
	R(12, source_limited, DROP, "source is over its limit")                                           \
	R(13, visit_limited, RESET, "first request of a source over its limit of visits")                 \
	R(20, handshake, PASS, "SYN: the kernel shakes hands")                                            \
	R(21, control, PASS, "no data (ACK, FIN, RST)")                                                   \
	R(22, established, PASS, "later data of a visit judged before")                                   \
	R(23, forgotten, PASS, "data of a visit older than the gate, or forgotten by a full table")       \
	R(24, no_conversation, PASS, "data for which no socket is there (yet)")                           \
	R(25, out_of_order, PASS, "data out of order before the name was complete")                       \
	R(26, undecided, PASS, "first data, name not complete yet")                                       \
	R(30, served, PASS, "asks for a served name")                                                     \
	R(31, stray_passed, PASS, "stray, let pass by the policy")                                        \
	R(32, stray_dropped, DROP, "stray, dropped")                                                      \
	R(33, stray_answered, ANSWER, "stray, answered for the server")                                   \
	R(34, stray_reset, RESET, "stray, the server's socket freed by a RST")                            \
	R(35, unnamed_passed, PASS, "names nothing, let pass by the policy")                              \
	R(36, unnamed_dropped, DROP, "names nothing, dropped")                                            \
	R(37, unnamed_answered, ANSWER, "names nothing, answered for the server")                         \
	R(38, unnamed_reset, RESET, "names nothing, the server's socket freed by a RST")                  \
	R(39, unreadable_passed, PASS, "not the listener's protocol, let pass by the policy")             \
	R(40, unreadable_dropped, DROP, "not the listener's protocol, dropped")                           \
	R(41, unreadable_reset, RESET, "not the listener's protocol, the server's socket freed by a RST") \
	R(50, tail_dropped, DROP, "after a visit was turned away: dropped")                               \
	R(51, tail_answered, ANSWER, "after a visit was turned away: its request answered")               \
	R(52, tail_reset, RESET, "after a visit was turned away: client reset")                           \
	R(53, tail_closed, ANSWER, "after a visit was turned away: its end acknowledged")                 \
	R(58, table_missing, PASS, "a table of the policy could not be read")                             \
	R(59, cannot_rewrite, PASS, "the packet could not be rewritten or resized")                       \
	R(60, dns_awaited, PASS, "DNS answer of a resolver, or one that a socket waits for")              \
	R(61, dns_unasked, DROP, "DNS answer that nobody asked for")

enum reason {
	CONTINUE = 0, /* a stage's word for "no reason yet, go on" */
#define R(nr, name, verdict, text) REASON_##name = nr,
	STRAYGATE_REASONS(R)
#undef R
};

#define R(nr, name, verdict, text) \
	_Static_assert((nr) > 0 && (nr) < REASONS_MAX, "a counter's index has no room");
STRAYGATE_REASONS(R)
#undef R

/* One line of a counter map. Index: counter_index(). */
struct counter {
	__u64 packets;
	__u64 bytes; /* whole frames, as XDP sees them (no FCS) */
};

/* listener 0: no listener; observed: counted only, not carried out. */
static inline __u32 counter_index(__u32 listener, __u32 observed, __u32 reason)
{
	return ((listener * 2 + observed) * REASONS_MAX + reason);
}
/* Number 0 is no reason. Its first line holds the runs of the programs that were
 * replaced on this device, in `packets`, so that all runs can be compared with
 * all packets. Written by the controller alone. */
#define COUNTER_FORMER_RUNS 0
#define COUNTERS_MAX	    ((LISTENERS_MAX + 1) * 2 * REASONS_MAX)

/*
 * Which image rules, in one word that is read once a packet: past the deadline
 * (seconds of CLOCK_MONOTONIC; 0: none) the previous one does again.
 */
#define CONTROL_SLOT(w)	    ((__u32)((w)&0xff))
#define CONTROL_PREVIOUS(w) ((__u32)(((w) >> 8) & 0xff))
#define CONTROL_COUNT(w)    ((__u32)(((w) >> 16) & 0xffff))
#define CONTROL_DEADLINE(w) ((__u32)((w) >> 32))
#define CONTROL_WORD(slot, previous, count, deadline) \
	((__u64)(slot) | (__u64)(previous) << 8 | (__u64)((count)&0xffff) << 16 | (__u64)(deadline) << 32)
#define CONTROL_NO_SLOT 0xff

struct control {
	__u64 word;
	__u64 reserved[7];
};

/* Both ends of a visit, seen from the client. IPv4 is v4-mapped. */
struct flow_key {
	__u8 client[16];
	__u8 server[16];
	__be16 client_port;
	__be16 server_port;
	__u32 reserved; /* 0; the key has no padding */
};

enum flow_state {
	FLOW_JUDGED = 1, /* passed: never judged again */
	FLOW_PARTIAL,	 /* name incomplete; its finder waits in `partials` */
	FLOW_TURNED,	 /* turned away: the tombstone of a visit */
};

struct flow {
	__u64 since;   /* ns, CLOCK_MONOTONIC */
	__u32 first;   /* sequence number of the first data */
	__u32 next;    /* PARTIAL: of the segment that is waited for */
	__u32 ack;     /* of the first data: where an answer begins */
	__u8 state;    /* enum flow_state */
	__u8 protocol; /* enum protocol */
	__u8 action;   /* TURNED: for the client: enum action */
	__u8 listener; /* id */
};

/* What `explain` reads back: the very result of the stages. */
struct explanation {
	__u32 reason;
	__u32 source_rule; /* id, 0: none */
	__u32 name_rule;
	__u32 listener; /* id */
	__u32 observed;
	__u32 find; /* enum find */
};

/*
 * A heavy hitter's cell. A stranger takes a cell over with a chance of one in
 * its count plus one ("randomized admission policy", Ben Basat et al., INFOCOM
 * 2017), so that a flood of unique keys cannot push out a heavy one; each key
 * has HEAVY_WAYS cells to lie in.
 */
#define HEAVY_WAYS  4
#define HEAVY_CELLS 2048 /* a power of two */
struct heavy {
	__u64 hash;  /* of the key, keyed */
	__u64 count; /* visits */
	__u8 length; /* of key[] */
	__u8 protocol;
	__u8 key[62]; /* a name's last 62 bytes, or 16 bytes of address and a prefix length */
};

struct meta {
	__u32 layout; /* STRAYGATE_LAYOUT */
	__u32 reserved;
	__u64 enforcing; /* s since 1970, since when the posture is what it is */
	__u64 applied;	 /* s since 1970 */
	char build[64];
	char netns[64];	  /* name of the network namespace, or "" */
	char policy[256]; /* path of the file last applied, or "" */
};

_Static_assert(sizeof(struct control) == 64, "control is one cache line");
_Static_assert(sizeof(struct flow_key) == 40, "flow_key has no padding");
_Static_assert(sizeof(struct flow) == 24, "flow has no padding");
_Static_assert(sizeof(struct heavy) == 80, "heavy has no padding");
_Static_assert(sizeof(struct meta) == 408, "meta has no padding");

#endif
