/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A policy as bytes: head, rules, prefixes, names, strings, without gaps, in
 * the byte order of the host (it never leaves it). A change here is a new
 * POLICY_BYTES_VERSION.
 */
#ifndef STRAYGATE_POLICY_BYTES_H
#define STRAYGATE_POLICY_BYTES_H

#include <stddef.h>
#include <stdint.h>

#define POLICY_BYTES_MAGIC   "straygat"
#define POLICY_BYTES_VERSION 7

struct bytes_head {
	char magic[8];
	uint32_t version;
	uint32_t reserved;
	uint64_t size;	       /* of everything */
	uint64_t rules;	       /* how many */
	uint64_t prefixes;     /* how many */
	uint64_t names;	       /* bytes: a kind, the text, a NUL; and so on */
	uint64_t strings;      /* bytes; offset 0 is the empty string */
	uint64_t prefix_check; /* CRC of the prefixes */
	uint64_t check;	       /* CRC of all bytes but those, with this field 0 */
};

struct bytes_rule {
	uint64_t rate_count;
	uint64_t rate_burst;
	uint64_t duration;
	uint64_t expires;
	uint32_t id;
	uint32_t file; /* offsets in strings */
	uint32_t from; /* 0: none */
	uint32_t device;
	uint32_t line;
	uint32_t column;
	uint32_t prefix_count; /* the next so many */
	uint32_t name_count;
	uint32_t above;
	uint16_t port;
	uint8_t addr[16]; /* ST_LEARN: its terms */
	uint8_t any;
	uint8_t observe;
	uint8_t statement;
	uint8_t action;
	uint8_t rate_unit;
	uint8_t l4;
	uint8_t as;
	uint8_t depth;
	uint8_t posture;
	uint8_t flags; /* BYTES_... */
};

#define BYTES_SLEEPS 0x01
#define BYTES_PROXY  0x02

_Static_assert(sizeof(struct bytes_head) == 72, "no padding: the same bytes for the same policy");
_Static_assert(sizeof(struct bytes_rule) == 96, "no padding: the same bytes for the same policy");

/* The sums as they should be, against damage, not against anybody; whatever stands in
 * buf, nothing behind len is read. */
uint64_t bytes_check(const void *buf, size_t len);
uint64_t bytes_prefix_check(const void *buf, size_t len);

#endif
