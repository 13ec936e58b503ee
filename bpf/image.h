/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The image of a policy: everything that a packet is judged by, in one array
 * of 64-byte cells (a cache line, and one element of an array map). The
 * controller builds it aside; the programs only read it. One store of the
 * control word makes it current, so that no packet sees half a policy.
 *
 *	cell 0		struct image_head
 *	cell 1..6	struct image_tree: source, local, resolver, each v4 and v6
 *	cell 7		struct image_names
 *	cell 8		struct image_acts
 *	cell 9...	the ports, so that a packet for no listener costs one cell
 *	from there	at places the head names: listeners, rules, leaves, name
 *			buckets, tree nodes, pages
 *
 * Address tables are trees over the *boundaries* between prefixes: one look-up
 * costs the same for any number of prefixes and lengths, and a tree is built by
 * one sort. Most of them lie close together somewhere: that stretch of addresses
 * (the window) is cut into equal parts, and a table has a reference for each. A
 * reference is a value, if all of the part has the same; or it leads to a leaf, a
 * cell with the part's boundaries and the values between them; or, where there are
 * more, to a static search tree (a B-tree without pointers) of leaves. A million
 * prefixes that are spread cost one line of the table and, with few exceptions,
 * one leaf: two lines that no cache holds, and two pages that no TLB does.
 *
 * Where there are but two values, as in a list of one rule, they take turns, and
 * a dense leaf holds those two and keys alone: more boundaries in fewer pages.
 *
 * An IPv4 key is the address: 15 keys a node, 7 a leaf, 28 a dense leaf (the
 * last 15 bits of each, since no part with a dense leaf is larger). An IPv6 key is
 * the upper half: 7 a node, 5 a leaf, 7 a dense one, and a value may be a reference
 * itself, to a tree of lower halves. A key of a node or leaf is the last one that
 * lies before the boundary; what is left of a cell is filled with all ones, which
 * lie before no key.
 *
 * A policy that differs from another's by some sources has an image of its own
 * but for what is large: its source trees say nothing (0) of all addresses for
 * which nothing is different, and the head says in which slot the image of the
 * other one is, its base, whose trees and rules hold for those. Names stand in the
 * base alone. No image is changed once it is there, and a base is no image over
 * another base.
 *
 * Served names and zones are a hash table of buckets, two choices a name
 * (Azar et al. 1994), keyed with secrets of this image. Of a zone whose names are
 * known, what is said of "all below it" has a mark; its names, wildcards and delegations
 * stand beside it in the same table, and go before it as any longer name does. So do lines
 * about strays for single names, which are looked up when no other was found.
 */
#ifndef STRAYGATE_IMAGE_H
#define STRAYGATE_IMAGE_H

#include "bpf/shared.h"

#define IMAGE_MAGIC 0x73746761u /* "stga" */
#define IMAGE_CELL  64

struct image_cell {
	__u64 words[8];
};

enum {
	IMAGE_HEAD = 0,
	IMAGE_SOURCE4,
	IMAGE_SOURCE6,
	IMAGE_LOCAL4,
	IMAGE_LOCAL6,
	IMAGE_RESOLVER4,
	IMAGE_RESOLVER6,
	IMAGE_NAMES,
	IMAGE_ACTS,
	IMAGE_CANARY, /* if IMAGE_HAS_CANARY */
	IMAGE_PORTS,  /* __u16 by port: TCP's, then UDP's */
	IMAGE_FIRST_FREE = IMAGE_PORTS + 2 * (65536 / 32),
};

#define IMAGE_HAS_SOURCES      0x01 /* flags of the head */
#define IMAGE_HAS_RESOLVERS    0x02
#define IMAGE_LEARNS	       0x04
#define IMAGE_HAS_EACH_VISITS  0x08 /* `limit each` lines that count visits, */
#define IMAGE_HAS_EACH_PACKETS 0x10 /* and packets */
#define IMAGE_HAS_CANARY       0x20 /* posture enforce, but for some clients: see canary.h */

#define IMAGE_CANARY_SHARE 255 /* in place of a length: it is a share */

struct image_head {
	__u32 magic;
	__u32 cells;
	__u8 posture; /* enum posture */
	__u8 flags;
	__u8 reserved[2];
	__u32 listeners; /* struct image_listener, two a cell */
	__u32 rules;	 /* struct image_rule, two a cell; index 0 is none */
	__u32 leaves;	 /* struct image_leaf, eight a cell; index 0 is none */
	__u32 rule_count;
	__u32 base;  /* slot of the base, plus one; 0: none */
	__u32 pages; /* struct image_page, IMAGE_PAGE_CELLS each; number 0 is the default */
	__u32 page_count;
	__u32 addresses; /* image_addresses() of the local ones */
	__u32 learn;	 /* struct image_learn, one cell; 0: none, and no IMAGE_LEARNS */
	__u32 each;	 /* struct image_each, two a cell: LIMIT_EACH_MAX */
	__u32 reserved2[3];
};

/* A port's entry: index of the listener of all addresses (0: none), and whether
 * the port has listeners of single addresses, which go before it. */
#define IMAGE_PORT_LISTENER 0x7f
#define IMAGE_PORT_FIRST(e) (((e) >> 7) & 0x7f) /* first in the chain of single addresses */
#define IMAGE_PORT_CELLS    (65536 / 32)

struct image_listener {
	__u8 addr[16]; /* IPv4 v4-mapped; unused with all addresses */
	__u32 rule;    /* index */
	__u8 id;       /* of its counters */
	__u8 protocol; /* enum protocol */
	__u8 depth;
	__u8 observe;
	__u8 next;    /* index of the next in the port's chain, 0: last */
	__u8 alarm;   /* enum alarm_mode */
	__u8 follows; /* quic: id of the tls listener with which it engages, 0: none */
	__u8 proxy;   /* a PROXY header goes before */
	__u32 above;  /* strays a second that call for engaging it; 0: the default */
};

/* Rates are kept as the time that one unit costs, in 1/16 ns. */
#define IMAGE_TIME_SHIFT 4
/* Bytes cost little time each: Mbit/s costs have 16 bits more. */
#define IMAGE_BYTE_SHIFT 16

struct image_rule {
	__u32 id;    /* of counters and buckets; 0: a default, not counted */
	__u8 action; /* enum action */
	__u8 unit;   /* enum rate_unit */
	union {
		__u8 answer; /* http: number of the page; tls: alert; dns: enum dns_answer */
		__u8 each;   /* of a listener: the `limit each` lines that count it, a bit each */
	};
	__u8 over;     /* with ACT_LIMIT: enum action for what is over it */
	__u64 expires; /* ns, CLOCK_MONOTONIC; 0: never */
	__u64 cost;    /* with ACT_LIMIT: 1/16 ns a visit or packet; Mbit/s: 1/2^20 ns a byte */
	__u64 burst;   /* 1/16 ns: how far a bucket may run ahead of the clock */
};

/* A `limit each` line. */
struct image_each {
	__u32 id;    /* of counters, and of the networks' cells; 0: none */
	__u8 unit;   /* enum rate_unit: visits or packets */
	__u8 over;   /* enum action for what is over it */
	__u8 bits4;  /* length of a network's prefix, of 32 */
	__u8 bits6;  /* of 128 */
	__u64 cost;  /* 1/16 ns of one */
	__u64 burst; /* 1/16 ns */
	__u32 page;  /* http: number of the page for what is over it */
	__u32 reserved;
};

/* What the boundary trees of sources and resolvers lead to: a rule, and what
 * holds when that one has expired. */
struct image_leaf {
	__u32 rule;   /* index; 0: none, and no parent has one */
	__u32 parent; /* leaf, 0: none */
};
#define IMAGE_PARENTS_MAX 8

/* A reference: a value (bit 31 clear), or depth and root of a tree of nodes. */
#define IMAGE_REF	   0x80000000u
#define IMAGE_REF_DENSE	   0x40000000u	   /* one dense leaf */
#define IMAGE_REF_DEPTH(r) ((r) >> 27 & 7) /* nodes above the leaf */
#define IMAGE_REF_CELL(r)  ((r)&0x07ffffffu)
#define IMAGE_DEPTH_MAX	   7

struct image_tree {
	__u32 shift; /* of a part of the window: its size, as a power of two */
	__u32 parts; /* 0: no window; `above` is all */
	__u32 table; /* first cell: __u32 references, 16 a cell */
	__u32 reserved;
	__u64 window; /* where it begins */
	__u32 below;  /* reference for what lies before it */
	__u32 above;  /* ... and behind it */
	__u32 reserved2[8];
};

/* Nodes: the cell of the first child, the others are behind it. */
struct image_node4 {
	__u32 first;
	__u32 keys[15];
};
struct image_node6 {
	__u32 first;
	__u32 reserved;
	__u64 keys[7];
};
struct image_leaf4 {
	__u32 keys[7];
	__u32 reserved;
	__u32 values[8];
};
struct image_leaf6 {
	__u64 keys[5];
	__u32 values[6];
};
/* Four keys of 15 bits are compared at once: each has 16 bits of a word. */
#define IMAGE_DENSE_BITS 15
#define IMAGE_LANES	 0x0001000100010001ULL
struct image_dense4 {
	__u32 values[2];
	union {
		__u16 keys[28];
		__u64 words[7];
	};
};
struct image_dense6 {
	__u32 values[2];
	__u64 keys[7];
};

#define IMAGE_BUCKET_NAMES 5
#define IMAGE_UNKNOWN	   0x80000000u /* with the index of a rule: of a zone's names this is none */
struct image_bucket {
	__u64 hash[IMAGE_BUCKET_NAMES]; /* 0: empty */
	__u32 rule[IMAGE_BUCKET_NAMES];
	__u32 reserved;
};

struct image_names {
	__u32 buckets; /* first cell */
	__u32 bucket_count;
	__u32 key[2];	 /* of the two polynomials */
	__u64 seed[2];	 /* served, zones */
	__u64 below;	 /* turns the hash of a name into that of "all below it" */
	__u64 depths[2]; /* bit n: some "all below" has n labels (63: or more) */
	__u64 strays;	 /* with the protocol, turns the hash of a name into that of a line about
			  * strays for it; 0: there is no such line */
};
enum image_namespace { NAMES_SERVED, NAMES_ZONES };

/* What an HTTP request is answered with, ready to send but for the name that was
 * asked for and the length of the content. Behind this cell stand the whole answer;
 * IMAGE_BRIEF bytes further one that fits any MSS; and at IMAGE_BARE one without
 * content. */
#define IMAGE_BRIEF	  1216
#define IMAGE_BARE	  (IMAGE_BRIEF + 512)
#define IMAGE_PAGE_BYTES  (IMAGE_BARE + 128)
#define IMAGE_PAGE_CELLS  (1 + IMAGE_PAGE_BYTES / IMAGE_CELL)
#define IMAGE_OTHER_BYTES 50
struct image_page {
	__u16 length; /* of head and content, without the name */
	__u16 head;   /* of that: what HEAD is answered with */
	__u16 name;   /* where the name goes; 0: nowhere */
	__u16 digits; /* where there are four places for the number of Content-Length */
	__u16 brief;  /* length of the brief answer; 0: there is none */
	__u16 bare;   /* length of the bare one */
	__u16 other_length;
	__u8 other[IMAGE_OTHER_BYTES]; /* in place of a name that is not known */
};

/* Index of the rule for each protocol and finding. */
struct image_acts {
	__u32 rule[PROTO_COUNT][FINDING_COUNT];
	__u32 unknown;
};

/* `learn strays N in TIME for TIME max TIME`; times are ns. */
struct image_learn {
	__u64 within;
	__u64 refused; /* for so long when it is learned first */
	__u64 most;
	__u32 strays;
	__u32 id; /* of the line's counters */
	__u64 reserved[4];
};

/* Whom the posture is enforced for. */
struct image_canary {
	__u8 len;  /* of the prefix; IPv4: from 96 on; or IMAGE_CANARY_SHARE */
	__u8 ipv6; /* it is one of IPv6 */
	__u8 reserved[2];
	__u32 share;   /* of 2^32, by a hash of the client's address */
	__u8 from[16]; /* the prefix; IPv4 v4-mapped */
	__u64 reserved2[5];
};

_Static_assert(sizeof(struct image_canary) == IMAGE_CELL, "canary is a cell");
_Static_assert(sizeof(struct image_learn) == IMAGE_CELL, "learn is a cell");
_Static_assert(sizeof(struct image_cell) == IMAGE_CELL, "a cell is a cache line");
_Static_assert(sizeof(struct image_head) == IMAGE_CELL, "head is a cell");
_Static_assert(sizeof(struct image_tree) == IMAGE_CELL, "tree is a cell");
_Static_assert(sizeof(struct image_node4) == IMAGE_CELL, "node is a cell");
_Static_assert(sizeof(struct image_node6) == IMAGE_CELL, "node is a cell");
_Static_assert(sizeof(struct image_leaf4) == IMAGE_CELL, "leaf is a cell");
_Static_assert(sizeof(struct image_leaf6) == IMAGE_CELL, "leaf is a cell");
_Static_assert(sizeof(struct image_dense4) == IMAGE_CELL, "leaf is a cell");
_Static_assert(sizeof(struct image_dense6) == IMAGE_CELL, "leaf is a cell");
_Static_assert(sizeof(struct image_bucket) == IMAGE_CELL, "bucket is a cell");
_Static_assert(sizeof(struct image_names) == IMAGE_CELL, "names is a cell");
_Static_assert(sizeof(struct image_page) == IMAGE_CELL, "what is said of a page is a cell");
_Static_assert(sizeof(struct image_acts) == IMAGE_CELL, "acts is a cell");
_Static_assert(sizeof(struct image_listener) == IMAGE_CELL / 2, "listeners are two a cell");
_Static_assert(sizeof(struct image_rule) == IMAGE_CELL / 2, "rules are two a cell");
_Static_assert(sizeof(struct image_each) == IMAGE_CELL / 2, "`limit each` lines are two a cell");

#endif
