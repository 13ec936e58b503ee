/* SPDX-License-Identifier: GPL-2.0-only */
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
 *			buckets, tree nodes
 *
 * Address tables are static search trees (a B-tree without pointers: eight
 * keys a cell, one cell a level) over the *boundaries* between prefixes: one
 * look-up costs the same for any number of prefixes and lengths, and a tree is
 * built by one sort. Words 1 to 7 of a node hold the last key that lies before
 * the child of that number (filled up with all ones). An IPv4 key is the address; an IPv6 key is the upper
 *half, and a value with IMAGE_SUBTREE leads on to a tree of lower halves.
 *
 * Served names and zones are a hash table of buckets, two choices a name
 * (Azar et al. 1994), keyed with secrets of this image.
 */
#ifndef STRAYGATE_IMAGE_H
#define STRAYGATE_IMAGE_H

#include "shared.h"

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
	IMAGE_PORTS, /* __u16 by port: TCP's, then UDP's */
	IMAGE_FIRST_FREE = IMAGE_PORTS + 2 * (65536 / 32),
};

#define IMAGE_HAS_SOURCES   0x01 /* flags of the head */
#define IMAGE_HAS_RESOLVERS 0x02

struct image_head {
	__u32 magic;
	__u32 cells;
	__u8 posture; /* enum posture */
	__u8 flags;
	__u16 reserved;
	__u32 listeners; /* struct image_listener, two a cell */
	__u32 rules;	 /* struct image_rule, two a cell; index 0 is none */
	__u32 leaves;	 /* struct image_leaf, eight a cell; index 0 is none */
	__u32 rule_count;
	__u32 reserved2[9];
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
	__u8 next; /* index of the next in the port's chain, 0: last */
	__u8 reserved[7];
};

/* Rates are kept as the time that one unit costs, in 1/16 ns. */
#define IMAGE_TIME_SHIFT 4
/* Bytes cost little time each: Mbit/s costs have 16 bits more. */
#define IMAGE_BYTE_SHIFT 16

struct image_rule {
	__u32 id;    /* of counters and buckets; 0: a default, not counted */
	__u8 action; /* enum action */
	__u8 unit;   /* enum rate_unit */
	__u16 reserved;
	__u64 expires; /* ns, CLOCK_MONOTONIC; 0: never */
	__u64 cost;    /* with ACT_LIMIT: 1/16 ns a visit or packet; Mbit/s: 1/2^20 ns a byte */
	__u64 burst;   /* 1/16 ns: how far a bucket may run ahead of the clock */
};

/* What the boundary trees of sources and resolvers lead to: a rule, and what
 * holds when that one has expired. */
struct image_leaf {
	__u32 rule;   /* index */
	__u32 parent; /* leaf, 0: none */
};
#define IMAGE_PARENTS_MAX 8

#define IMAGE_TREE_DEPTH 10
#define IMAGE_NODE_KEYS	 8
#define IMAGE_SUBTREE	 0x80000000u

struct image_tree {
	__u32 count;  /* boundaries; 0: empty */
	__u32 depth;  /* levels */
	__u32 values; /* first cell of the values: __u32, 16 a cell */
	__u32 reserved[3];
	__u32 level[IMAGE_TREE_DEPTH]; /* first cell of each level, root first */
};

#define IMAGE_BUCKET_NAMES 5
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
	__u64 reserved;
};
enum image_namespace { NAMES_SERVED, NAMES_ZONES };

/* Index of the rule for each protocol and finding. */
struct image_acts {
	__u32 rule[PROTO_COUNT][FINDING_COUNT];
	__u32 reserved;
};

_Static_assert(sizeof(struct image_cell) == IMAGE_CELL, "a cell is a cache line");
_Static_assert(sizeof(struct image_head) == IMAGE_CELL, "head is a cell");
_Static_assert(sizeof(struct image_tree) == IMAGE_CELL, "tree is a cell");
_Static_assert(sizeof(struct image_bucket) == IMAGE_CELL, "bucket is a cell");
_Static_assert(sizeof(struct image_names) == IMAGE_CELL, "names is a cell");
_Static_assert(sizeof(struct image_acts) == IMAGE_CELL, "acts is a cell");
_Static_assert(sizeof(struct image_listener) == IMAGE_CELL / 2, "listeners are two a cell");
_Static_assert(sizeof(struct image_rule) == IMAGE_CELL / 2, "rules are two a cell");

#endif
