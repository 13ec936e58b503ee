/* SPDX-License-Identifier: GPL-2.0-or-later */
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

#include "bpf/reason.h"
#include "bpf/shared_visit.h"

#ifndef STRAYGATE_LAYOUT /* build/straygate-layout has another */
#define STRAYGATE_LAYOUT 9
#endif

/* Limits of the tables; user/policy.h refuses what is larger. */
#define LISTENERS_MAX	   127	     /* ids 1..127; 0 stands for "no listener" */
#define RULES_MAX	   (1 << 21) /* ids */
#define RULES_SEGMENT	   4096	     /* ids of one piece of the rules' counters */
#define GENERATIONS	   8	     /* images that can stand beside each other */
#define CLIENT_SETS_LOG	   15
#define CLIENT_WAYS	   8
#define CLIENTS_MAX	   (CLIENT_WAYS << CLIENT_SETS_LOG) /* networks that `limit each` lines count at once */
#define LIMIT_EACH_MAX	   8				    /* `limit each` lines of a policy: a bit each */
#define HELD_MAX	   4096	  /* visits whose first data is kept by the gate, LRU */
#define HELD_BYTES	   4095	  /* of one: the window that our SYN-ACK offers */
#define INTRODUCED_MAX	   65536  /* visits whose server has not answered yet, LRU */
#define FIRST_DATA_MAX	   4096	  /* of these, the ones whose first bytes are kept, LRU */
#define BOUND_MAX	   262144 /* bound visits, unless `up` says otherwise */
#define ENDED_MAX	   65536  /* visits that were bound and have ended, LRU */
#define WAYS_MAX	   4096	  /* addresses and ports without a local socket, LRU */
#define EARLY_MAX	   16384
#define QUESTIONS_MAX	   16384	  /* DNS questions of this host, LRU */
#define QUESTIONS_PATIENCE 30000000000ULL /* ns: longer than resolvers wait for an answer */
#define PIECES_MAX	   8192		  /* unasked DNS answers that come in fragments, LRU */
#define PIECES_PATIENCE	   30000000000ULL /* ns: as long as a host waits for the rest of a packet */
#define EARLY_PATIENCE	   1000000000ULL  /* ns */
#define PARTIALS_MAX	   16384	  /* visits whose name is still incomplete, LRU */
#define FINDER_LIMIT	   (80u << 10)	  /* no finder is undecided behind as many bytes */
#define EVENTS_MAX	   512		  /* remembered, of the programs and of the commands each */
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
enum http_answer {
	HTTP_ANSWER_503,
	HTTP_ANSWER_421,
	HTTP_ANSWER_403,
	HTTP_ANSWERS,
	HTTP_ANSWER_429 = HTTP_ANSWERS, /* of `limit each` alone */
};
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

/* What the finder of names came to, as a line of the policy names it. UNKNOWN is DNS
 * alone: below a zone of ours, but not among its names. */
enum finding {
	FINDING_STRAY,
	FINDING_UNNAMED,
	FINDING_UNREADABLE,
	FINDING_COUNT,
	FINDING_UNKNOWN = FINDING_COUNT,
};

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
	__u64 tapped; /* ns: somebody looks on until then (tap.h); 0: nobody. By these commands, and
		       * set to 0 by the program */
	__u64 reserved[6];
};

/* What a `limit each` line knows of a client network: see client_table.h. */
struct client_key {
	__u64 network[2]; /* its first address, network order; IPv4 is v4-mapped */
	__u64 line;	  /* id of the rule, and the length of the prefix below it; never 0 */
};
#define CLIENT_LINE(id, bits) ((__u64)(id) << 8 | (bits))
#define CLIENT_LINE_ID(line)  ((__u32)((line) >> 8))

struct client_cell {
	__u64 arrival; /* GCRA: when all that it did is paid for, 1/16 ns */
	struct client_key key;
};

struct client_set {
	struct client_cell cells[CLIENT_WAYS];
};

/* Of one CPU. */
struct client_room {
	__u64 unplaced; /* visits and packets that passed since their set was full */
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
	__u64 name_keys[4];		    /* drawn once, of the hashes of names: see familiar.h */
};
#define SHAKE_TIMESTAMPS 0x01 /* net.ipv4.tcp_timestamps, and so on */
#define SHAKE_SCALING	 0x02
#define SHAKE_SACK	 0x04
#define SHAKE_ECN	 0x08

/*
 * Why a device, or a listener, is judged at data although its line allows more.
 * Numbers are shared with `status`.
 */
enum shallow {
	SHALLOW_NONE,	    /* judged at the handshake */
	SHALLOW_UNSEEN,	    /* no SYN-ACK of this listener has left by a device of ours yet */
	SHALLOW_UNANSWERED, /* visits that were introduced stayed unanswered */
	SHALLOW_ROOM,	    /* the table of bound visits is nearly full */
	SHALLOW_TC,	    /* nothing can be attached at tc */
	SHALLOW_TAGS,	    /* the device takes VLAN tags off, and there are VLANs */
	SHALLOW_PEER,	    /* a veth whose other end does not take what XDP_TX sends */
};

/*
 * How a listener does at the handshake, by id. Written by the programs alone; the
 * controller writes it once, all zero, when the id goes to another listener.
 * Families: 0 IPv4, 1 IPv6.
 */
struct engagement {
	__u32 seen[2];	  /* FLOW_CLOCK() | 1: the last SYN-ACK at tc egress; 0: none, not engaged */
	__u32 unanswered; /* introductions that had to be repeated since the last answer */
	__u32 shallow;	  /* enum shallow: UNSEEN or UNANSWERED, while `seen` is 0 */
	__u16 mss[2];	  /* the least that a SYN-ACK of this listener said; 0: none seen */
	__u8 lacks;	  /* SHAKE_...: what its server did not agree to although it was offered */
	__u8 reserved[3];
	__u64 introduced; /* visits */
	__u64 bound;	  /* of these, whose server answered with a SYN-ACK */
	__u64 refused;	  /* whose server, or a firewall, refused */
	/* visits that began with a PROXY header although the line does not say `proxy`, and
	 * those of trusted sources that did not although it does */
	struct headers {
		__u32 count; /* since there was none for HEADERS_PAUSE */
		__u32 last;  /* FLOW_CLOCK() */
	} headers, bare;
};
#define HEADERS_PAUSE FLOW_CLOCK(600000000000ULL)
#define HEADERS_TOLD  10 /* so many are no scanner's */
/* As many repeated introductions without any answer end it. */
#define ENGAGED_UNANSWERED 8
/* For how long a SYN-ACK at egress speaks for a port without a local socket. */
#define WAY_PATIENCE FLOW_CLOCK(60000000000ULL)

/* What `auto` makes of a listener. */
enum alarm_mode {
	ALARM_OFF,    /* the posture is enforce: what its line says is done */
	ALARM_LEARNS, /* observe: what is calm is learned, and nothing follows from it */
	ALARM_ON,     /* auto: asleep, or engaged */
};

/* Why a listener is engaged, in bits. */
#define ALARM_STRAYS   0x01 /* more strays than its line allows */
#define ALARM_SILENT   0x02 /* visits that never say a word */
#define ALARM_PRESSURE 0x04 /* and the queues of the server's socket are more than half full */
#define ALARM_FULL     0x08 /* and nobody else gets in: the silent are those in the queues */

/* What was last seen of the queues of the server's socket. */
enum alarm_queue {
	ALARM_QUEUE_UNSEEN, /* nobody has looked yet */
	ALARM_QUEUE_SEEN,
	ALARM_QUEUE_NONE,  /* no socket of this host listens there: a container, another namespace */
	ALARM_QUEUE_SMALL, /* for less than 64: it says nothing */
};

/* What came for a listener, by CPU and id: alarm_counts. Written by the programs on
 * that CPU alone, and never less. */
struct alarm_counts {
	__u64 look;	/* ns: when this CPU looks again whether the window has ended */
	__u64 answered; /* SYNs that were answered, by the server or by the gate */
	__u64 spoke;	/* visits that have sent something */
	__u64 visits;	/* that were judged */
	__u64 served;	/* of these */
	__u64 strays;
	__u64 reserved[2];
};

/* The same of one window. */
struct alarm_window {
	__u32 visits;
	__u32 strays;
	__u32 answered;
	__u32 silent; /* of those answered, that have not spoken */
};

/*
 * What `auto` knows of a listener, by id: see alarm_state.h. Written by the program
 * whose packet ends a window, one at a time; the controller writes it once, all zero,
 * when the id goes to another listener. Times are ns of CLOCK_MONOTONIC.
 */
struct alarm {
	__u64 until;   /* engaged before that; 0: asleep. The one word that packets read */
	__u64 changed; /* since when it is what it is */
	__u64 begun;   /* watched since; 0: never */
	__u64 ends;    /* the window under way */
	__u64 patience;
	__u64 served;	   /* visits, while it was watched */
	__u64 calm_strays; /* a window in calm, average of an hour, in 1/65536 */
	__u64 calm_visits;
	__u32 calm_windows; /* of which that is the average */
	__u32 busy;	    /* a window is being ended */
	__u32 times;	    /* engaged so often */
	__u32 streak;	    /* windows in a row that call for it */
	__u32 cause;	    /* ALARM_... of the last time */
	__u32 queue;	    /* enum alarm_queue */
	__u32 accept;	    /* connections that wait to be accepted, */
	__u32 half_open;    /* and that are not complete */
	__u32 backlog;	    /* what the socket allows of each */
	__u32 pressed;	    /* more than half of it, in the last window */
	__u32 need_strays;  /* a window with so many calls for it; while engaged: called */
	__u32 need_silent;
	struct alarm_window last; /* that ended */
	struct alarm_window why;  /* that engaged it */
	struct alarm_counts sum;  /* over all CPUs, when the last window ended */
};

/* A name that was asked for in calm: see familiar.h. Written by the program. */
struct familiar {
	__u64 hash;    /* 0: an empty cell */
	__u64 bucket;  /* as limits have it: its visits while the listener is engaged */
	__u32 window;  /* in which it was seen last */
	__u32 count;   /* in that window */
	__u32 rate;    /* a window, in 1/16 */
	__u32 windows; /* in which it was seen */
};
#define FAMILIAR_WAYS 4
#define FAMILIAR_SETS 256
struct familiar_set {
	struct familiar names[FAMILIAR_WAYS];
};

/* The times of `auto`, and of `learn`, in ns. Written when the map is made; tests shorten them. */
struct pace {
	__u64 clock;	     /* tests: what the time is; 0: the kernel says it */
	__u64 arm;	     /* a listener is watched for so long before it may engage */
	__u64 memory;	     /* of what is calm */
	__u64 patience;	     /* engaged for so long after the last window that called for it */
	__u64 patience_most; /* when that was doubled again and again, */
	__u64 relapse;	     /* as it is by who engages again so soon */
	__u64 habit;	     /* windows in which names become familiar */
	__u64 day;	     /* learn: a regular is who was served on this one or the one before */
};

/* Of each device; written by the controller. */
struct device {
	__u8 mac[6];
	__u16 mtu;
	__u32 flags;
	__u32 shallow; /* enum shallow: why not */
	__u32 program; /* id of the one that is attached */
	__u32 ifindex; /* 0: that of the packet. A bond's program runs on its slaves. */
};
#define DEVICE_SHAKES  0x01 /* both filters are attached at tc, and XDP_TX arrives */
#define DEVICE_GENERIC 0x02 /* generic XDP, which sees again what egress injects */
#define DEVICE_LEAVING 0x04 /* `down` takes the gate off it, and waits for its visits */

/* TCP ports for which the gate ever answered a SYN, a bit each, set by the XDP
 * program: the programs at tc look no further at any other packet. */
struct shaken_ports {
	__u64 bits[65536 / 64];
	__u64 cookie_tick; /* of the last SYN-ACK: two ticks later no cookie proves any more */
};

/* What the programs at tc did with the packets that they saw, by direction. */
enum crossing {
	CROSSED_PASSED,	    /* of no bound visit */
	CROSSED_TRANSLATED, /* and passed on */
	CROSSED_BOUND,	    /* egress: a SYN-ACK, turned round into the client's ACK */
	CROSSED_REFUSED,    /* egress: a refusal, turned into a RST for the client */
	CROSSED_RETRIED,    /* egress: the server still holds these ports; reset, and asked again */
	CROSSED_DROPPED,    /* what must not be seen by the other side */
	CROSSED_INJECTED,   /* made at the other side, numbers are right */
	CROSSED_FAILED,	    /* could not be translated, dropped */
	CROSSINGS,
};
enum direction { DIRECTION_IN, DIRECTION_OUT };

/* What `explain` reads back: the very result of the stages. */
struct explanation {
	__u32 reason;
	__u32 source_rule; /* id, 0: none */
	__u32 name_rule;
	__u32 listener; /* id */
	__u32 observed;
	__u32 find; /* enum find */
	__u32 limits;
	__u32 reserved;
	struct explained_limit { /* `limit each` lines that it came under */
		__u32 rule;	 /* id */
		__u32 bits;	 /* length of the network's prefix, of 128 */
		__u64 ahead;	 /* what its network has spent and not paid for yet, 1/16 ns */
	} limit[LIMIT_EACH_MAX];
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

/* Commands of other versions read `layout` and `build`, which keep their places. */
struct meta {
	__u32 layout;	 /* STRAYGATE_LAYOUT */
	__u32 before;	 /* what `enforcing` was when the change was made that waits to be confirmed */
	__u64 enforcing; /* s since 1970, since when the posture is what it is */
	__u64 applied;	 /* s since 1970 */
	char build[64];
	char netns[64];	  /* name of the network namespace, or "" */
	char policy[256]; /* path of the file last applied, or "" */
};

_Static_assert(__builtin_offsetof(struct meta, build) == 24, "where it stands in every version");
_Static_assert(sizeof(struct control) == 64, "control is one cache line");
_Static_assert(sizeof(struct flow_key) == 40, "flow_key has no padding");
_Static_assert(sizeof(struct piece_key) == 40, "piece_key has no padding");
_Static_assert(sizeof(struct flow) == 32, "two flows are one cache line");
_Static_assert(sizeof(struct flow_set) == 256, "no set lies in two pages");
_Static_assert(sizeof(struct client_set) == 256, "no set lies in two pages");
_Static_assert(sizeof(struct shake) == 256, "shake is four cache lines");
_Static_assert(sizeof(struct engagement) == 64, "engagement is a cache line");
_Static_assert(sizeof(struct alarm_counts) == 64, "alarm_counts is a cache line");
_Static_assert(sizeof(struct alarm) == 208, "alarm has no padding");
_Static_assert(sizeof(struct familiar_set) == 128, "familiar has no padding");
_Static_assert(sizeof(struct pace) == 64, "pace is a cache line");
_Static_assert(sizeof(struct introduced) == 52, "introduced has no padding");
_Static_assert(sizeof(struct bound) == 72, "bound has no padding");
_Static_assert(sizeof(struct way_key) == 20, "way_key has no padding");
_Static_assert(sizeof(struct device) == 24, "device has no padding");
_Static_assert(sizeof(struct heavy) == 80, "heavy has no padding");
_Static_assert(sizeof(struct meta) == 408, "meta has no padding");

#endif
