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

#define STRAYGATE_LAYOUT 5

/* Limits of the tables; user/policy.h refuses what is larger. */
#define LISTENERS_MAX	   127	     /* ids 1..127; 0 stands for "no listener" */
#define REASONS_MAX	   64	     /* room in a counter's index, not the number of reasons */
#define RULES_MAX	   (1 << 21) /* ids */
#define RULES_SEGMENT	   4096	     /* ids of one piece of the rules' counters */
#define GENERATIONS	   8	     /* images that can stand beside each other */
#define FLOW_SETS_LOG	   15
#define FLOW_WAYS	   8
#define FLOWS_MAX	   (FLOW_WAYS << FLOW_SETS_LOG) /* visits remembered, the recent ones of each set */
#define HELD_MAX	   4096				/* visits whose first data is kept by the gate, LRU */
#define HELD_BYTES	   4095				/* of one; what bpf_skb_adjust_room() can put back */
#define EARLY_MAX	   16384
#define PIECES_MAX	   8192		  /* unasked DNS answers that come in fragments, LRU */
#define PIECES_PATIENCE	   30000000000ULL /* ns: as long as a host waits for the rest of a packet */
#define EARLY_PATIENCE	   1000000000ULL  /* ns */
#define PARTIALS_MAX	   16384	  /* visits whose name is still incomplete, LRU */
#define FINDER_LIMIT	   (80u << 10)	  /* no finder is undecided behind as many bytes */
#define ADDRESSES_PER_PORT 32		  /* `listen .. on ADDR` lines of one port */

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

/* What is answered where the action is ACT_ANSWER. 0 is the default of each protocol. */
enum http_answer { HTTP_ANSWER_503, HTTP_ANSWER_421, HTTP_ANSWER_403, HTTP_ANSWERS };
enum dns_answer { DNS_ANSWER_REFUSED, DNS_ANSWER_NXDOMAIN, DNS_ANSWERS };

/* Fatal alerts (RFC 8446 6.2). Browsers do with internal_error what costs the
 * fewest packets: see straygate(8), Answers. */
#define STRAYGATE_ALERTS(A)       \
	A(80, internal_error)     \
	A(112, unrecognized_name) \
	A(40, handshake_failure)  \
	A(49, access_denied)      \
	A(70, protocol_version)
#define TLS_ALERT_DEFAULT 80

/* `handshake auto|on|off` of a listener. */
enum depth { DEPTH_AUTO, DEPTH_ON, DEPTH_OFF };

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
#define STRAYGATE_REASONS(R)                                                                                \
	R(1, not_ip, PASS, "neither IPv4 nor IPv6 (ARP, LLDP, ...)")                                        \
	R(2, other_protocol, PASS, "neither TCP nor UDP (ICMP, NDP, ...)")                                  \
	R(3, fragment, PASS, "a later fragment, or a first one without its header")                         \
	R(4, malformed, PASS, "headers that cannot be read")                                                \
	R(5, no_listener, PASS, "for no listener")                                                          \
	R(6, not_local, PASS, "for a listener's port, but another host's address")                          \
	R(7, damaged, PASS, "first data with a wrong checksum, which the kernel drops")                     \
	R(10, source_trusted, PASS, "source is trusted")                                                    \
	R(11, source_dropped, DROP, "source is dropped")                                                    \
	R(12, source_limited, DROP, "source is over its limit")                                             \
	R(13, visit_limited, RESET, "first request of a source over its limit of visits")                   \
	R(20, handshake, PASS, "SYN: the kernel shakes hands")                                              \
	R(21, control, PASS, "no data (ACK, FIN, RST)")                                                     \
	R(22, established, PASS, "later data of a visit judged before")                                     \
	R(23, forgotten, PASS, "data of a visit older than the gate, or forgotten by a full table")         \
	R(24, no_conversation, PASS, "data for which no socket is there (yet)")                             \
	R(25, out_of_order, PASS, "data out of order before the name was complete")                         \
	R(26, undecided, PASS, "first data, name not complete yet")                                         \
	R(27, syn_answered, ANSWER, "SYN, answered by the gate with a cookie")                              \
	R(28, ack_absorbed, DROP, "final ACK of a handshake with the gate")                                 \
	R(29, keepalive_answered, ANSWER, "keep-alive probe of a silent visit, answered")                   \
	R(30, served, PASS, "asks for a served name")                                                       \
	R(31, stray_passed, PASS, "stray, let pass by the policy")                                          \
	R(32, stray_dropped, DROP, "stray, dropped")                                                        \
	R(33, stray_answered, ANSWER, "stray, answered for the server")                                     \
	R(34, stray_reset, RESET, "stray, the server's socket freed by a RST")                              \
	R(35, unnamed_passed, PASS, "names nothing, let pass by the policy")                                \
	R(36, unnamed_dropped, DROP, "names nothing, dropped")                                              \
	R(37, unnamed_answered, ANSWER, "names nothing, answered for the server")                           \
	R(38, unnamed_reset, RESET, "names nothing, the server's socket freed by a RST")                    \
	R(39, unreadable_passed, PASS, "not the listener's protocol, let pass by the policy")               \
	R(40, unreadable_dropped, DROP, "not the listener's protocol, dropped")                             \
	R(41, unreadable_reset, RESET, "not the listener's protocol, the server's socket freed by a RST")   \
	R(42, stray_refused, RESET, "stray, reset before the server knew of it")                            \
	R(43, unnamed_refused, RESET, "names nothing, reset before the server knew of it")                  \
	R(44, unreadable_refused, RESET, "not the listener's protocol, reset before the server knew of it") \
	R(45, held, DROP, "first data, kept by the gate until its name is complete")                        \
	R(46, cannot_hold, PASS, "name not complete and too long to keep: handed to the server undecided")  \
	R(47, silent_closed, RESET, "a visit that never said a word, closed by its client")                 \
	R(48, adopt_failed, RESET, "a visit that the kernel did not take over; the client comes again")     \
	R(49, early, DROP, "data ahead of the first, which its client sends again")                         \
	R(50, tail_dropped, DROP, "after a visit was turned away: dropped")                                 \
	R(51, tail_answered, ANSWER, "after a visit was turned away: its request answered")                 \
	R(52, tail_reset, RESET, "after a visit was turned away: client reset")                             \
	R(53, tail_closed, ANSWER, "after a visit was turned away: its end acknowledged")                   \
	R(54, quic_passed, PASS, "QUIC, let pass by the policy")                                            \
	R(55, quic_dropped, DROP, "QUIC, dropped")                                                          \
	R(56, quic_fallback, ANSWER, "QUIC Initial, answered so that the browser takes TCP")                \
	R(58, table_missing, PASS, "a table of the policy could not be read")                               \
	R(59, cannot_rewrite, PASS, "the packet could not be rewritten or resized")                         \
	R(60, dns_awaited, PASS, "DNS answer of a resolver, or one that a socket waits for")                \
	R(61, dns_unasked, DROP, "DNS answer that nobody asked for")                                        \
	R(62, held_forgotten, DROP, "what was kept of a visit is forgotten by a full table; it comes again")

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
/* What listeners had counted whose ids are others' now, in place of a listener;
 * by the controller alone, too. A device's packets never become fewer. */
#define LISTENERS_FORMER (LISTENERS_MAX + 1)
#define COUNTERS_MAX	 ((LISTENERS_FORMER + 1) * 2 * REASONS_MAX)

/*
 * Which image rules, in one word that is read once a packet: past the deadline
 * (CLOCK_MONOTONIC in units of 67 ms, which 32 bits hold for nine years of
 * uptime; 0: none) the previous one does again.
 */
#define CONTROL_DEADLINE_SHIFT 26 /* of nanoseconds */
#define CONTROL_SLOT(w)	       ((__u32)((w)&0xff))
#define CONTROL_PREVIOUS(w)    ((__u32)(((w) >> 8) & 0xff))
#define CONTROL_COUNT(w)       ((__u32)(((w) >> 16) & 0xffff))
#define CONTROL_DEADLINE(w)    ((__u32)((w) >> 32))
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

/* A packet in fragments (RFC 791, RFC 8200 4.5). */
struct piece_key {
	__u8 client[16];
	__u8 server[16];
	__u32 id; /* as it stands in the header */
	__u32 reserved;
};

enum flow_state {
	FLOW_NONE,    /* an empty cell, or one that is being written */
	FLOW_JUDGED,  /* passed: never judged again */
	FLOW_PARTIAL, /* name incomplete; its finder waits in `partials` */
	FLOW_TURNED,  /* turned away: the tombstone of a visit */
	FLOW_ADOPTED, /* handed to the kernel; no socket of it seen yet */
	FLOW_HELD,    /* name incomplete; finder and bytes wait in `held` */
};

#define FLOW_SHAKEN 0x01 /* flags: shook hands with the gate */
#define FLOW_ENDING 0x02 /* its client has sent FIN or RST */
#define FLOW_NAMED  0x04 /* its ends are in `flow_ends` */
#define FLOW_PROVED 0x08 /* its client acknowledged the number of the server's SYN-ACK */

/* A segment further than this from the last one is maybe of a new visit, whose
 * client uses the same ports. */
#define FLOW_NEAR (1u << 20)

struct flow {
	__u64 print;   /* of both ends: see flow_table.h. 0: empty */
	__u32 since;   /* of CLOCK_MONOTONIC, see FLOW_CLOCK() */
	__u32 first;   /* sequence number of the first data */
	__u32 next;    /* behind the last data; PARTIAL, HELD: where the next must begin */
	__u32 ack;     /* of the first data: where an answer begins */
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

/*
 * The handshake: secrets and what the host's own TCP would agree to; and the
 * ports that the host takes for its own questions. Written by
 * the controller, read with every packet that may have to do with a handshake.
 */
#define FLOW_HASH_KEYS 10
struct shake {
	__u64 key[2][2]; /* SipHash; the second from tick `since` on */
	__u32 since;
	__u16 window; /* that we announce, unscaled */
	__u8 scale;   /* our window scale */
	__u8 flags;
	__u64 drawn;	  /* s of CLOCK_MONOTONIC: when the newer key was */
	__u16 port_first; /* net.ipv4.ip_local_port_range, host order */
	__u16 port_last;
	__u32 reserved;
	__u64 reserved2;
	__u64 flow_keys[FLOW_HASH_KEYS][2]; /* drawn once: what is remembered outlives secrets */
	__u64 reserved3[4];
};
#define SHAKE_TIMESTAMPS 0x01 /* net.ipv4.tcp_timestamps, and so on */
#define SHAKE_SCALING	 0x02
#define SHAKE_SACK	 0x04
#define SHAKE_ECN	 0x08

/* Why a listener is judged at data although its line allows more. Numbers are
 * shared with `status`. */
enum shallow {
	SHALLOW_NONE, /* judged at the handshake */
	SHALLOW_RESERVED,
	SHALLOW_KERNEL,	    /* no bpf_sk_assign_tcp_reqsk */
	SHALLOW_SYNCOOKIES, /* net.ipv4.tcp_syncookies is 0 */
	SHALLOW_MPTCP,	    /* the socket that listens speaks MPTCP */
	SHALLOW_LOST,	    /* adopted visits did not become established */
	SHALLOW_ROUTE,	    /* the way back leaves by another device */
	SHALLOW_DEVICE,	    /* the device cannot (no metadata, no tc) */
	SHALLOW_TAGS,	    /* it takes VLAN tags off, and there are VLANs */
};

#define ENGAGED_WITNESSES 8

/* A client network (/24, /48) of which an adopted visit was lost. */
struct witness {
	__u32 network; /* see engage_network(); 0: none */
	__u32 rest;    /* FLOW_CLOCK(): how long its visits are left to the kernel, */
	__u32 until;   /* and until when */
	__u32 reserved;
};

/*
 * How a listener does at the handshake, by id. The controller sets the first
 * line, the programs the rest; both survive an apply.
 */
struct engagement {
	__u32 enabled; /* by the controller */
	__u32 shallow; /* enum shallow: why not, or why not now */
	__u32 width;   /* share of new visits, of ENGAGED_FULLY */
	__u32 lately;  /* bits: which witnesses lost one since the last that came through */
	__u64 until;   /* ns: at data depth until then */
	__u64 rest;    /* ns: how long the next time */
	__u64 adopted; /* handed to the kernel */
	__u64 refused; /* the kfunc did not take it */
	__u64 seen;    /* became established */
	__u64 lost;    /* did not */
	__u32 tried;   /* a trial came through: more must be lost to outweigh it */
	__u32 resting; /* FLOW_CLOCK(): until when some witness rests; 0: none does */
	__u64 reserved[7];
	struct witness witness[ENGAGED_WITNESSES];
};
#define ENGAGED_FULLY	 65536u
#define ENGAGED_NARROWLY 1024u		 /* where a listener starts: one visit in 64 */
#define ENGAGED_FAILURES 3		 /* as many networks' in a row end it for a while ... */
#define ENGAGED_DOUBTS	 8		 /* ... or so many, after a trial that came through */
#define ENGAGED_REST	 30000000000ULL	 /* ns, doubled each time ... */
#define ENGAGED_REST_MAX 480000000000ULL /* ... up to this */

/* Of each device; written by the controller. */
struct device {
	__u8 mac[6];
	__u16 mtu;
	__u32 flags;
	__u32 shallow; /* enum shallow: why not */
	__u32 program; /* id of the one that is attached */
};
#define DEVICE_SHAKES 0x01 /* adopt is attached, and the way back is this device */

/* From the XDP program to adopt, in front of the packet. Multiples of 4 bytes,
 * 32 at most (net/core/filter.c, bpf_xdp_adjust_meta()). */
struct adoption {
	__u32 magic;
	__u32 tsval;
	__u32 tsecr;
	__u16 mss;
	__u8 l3; /* offset in the skb, which has lost one VLAN tag */
	__u8 l4;
	__u8 payload; /* from l4 on */
	__u8 scale;   /* the client's; COOKIE_NO_SCALE: none */
	__u8 our_scale;
	__u8 flags;
	__u8 listener;
	__u8 reserved[3];
};
#define ADOPTION_MAGIC	    0x73746761u
#define ADOPTION_IPV6	    0x01
#define ADOPTION_SACK	    0x02
#define ADOPTION_ECN	    0x04
#define ADOPTION_TIMESTAMPS 0x08
#define ADOPTION_HELD	    0x10 /* bytes wait in `held` */

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
	__u32 layout;	 /* STRAYGATE_LAYOUT */
	__u32 adopts;	 /* META_...: has this kernel the kfunc? Pins do not outlive it. */
	__u64 enforcing; /* s since 1970, since when the posture is what it is */
	__u64 applied;	 /* s since 1970 */
	char build[64];
	char netns[64];	  /* name of the network namespace, or "" */
	char policy[256]; /* path of the file last applied, or "" */
};

#define META_ADOPTS	1
#define META_ADOPTS_NOT 2

_Static_assert(sizeof(struct control) == 64, "control is one cache line");
_Static_assert(sizeof(struct flow_key) == 40, "flow_key has no padding");
_Static_assert(sizeof(struct piece_key) == 40, "piece_key has no padding");
_Static_assert(sizeof(struct flow) == 32, "two flows are one cache line");
_Static_assert(sizeof(struct flow_set) == 256, "no set lies in two pages");
_Static_assert(sizeof(struct shake) == 256, "shake is four cache lines");
_Static_assert(sizeof(struct engagement) == 256, "engagement is four cache lines");
_Static_assert(ENGAGED_DOUBTS <= ENGAGED_WITNESSES, "each of them has a place");
_Static_assert(sizeof(struct device) == 20, "device has no padding");
_Static_assert(sizeof(struct adoption) == 24, "adoption fits the metadata of every kernel");
_Static_assert(sizeof(struct heavy) == 80, "heavy has no padding");
_Static_assert(sizeof(struct meta) == 408, "meta has no padding");

#endif
