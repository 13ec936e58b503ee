/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Address prefixes. IPv4 is v4-mapped (::ffff:a.b.c.d, length 96 to 128); a
 * prefix of IPv6 that covers the mapped ones (::/0) means IPv6 alone: 0.0.0.0/0
 * is another. Bits behind the length are zero.
 */
#ifndef STRAYGATE_PREFIX_H
#define STRAYGATE_PREFIX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PREFIX_TEXT 56 /* bytes for any prefix as text, NUL included */

struct prefix {
	uint8_t addr[16]; /* network order */
	uint8_t len;	  /* 0..128 */
};
_Static_assert(sizeof(struct prefix) == 17, "no padding: lists are compared as bytes");

/* Is this address a v4-mapped one? */
bool address_is_v4(const uint8_t addr[16]);
/* Is this prefix one of IPv4? (::/0 covers the mapped addresses, and is not.) */
bool prefix_is_v4(const struct prefix *p);
/* Does b lie in a, or are they the same? */
bool prefix_covers(const struct prefix *a, const struct prefix *b);
/* Does the address have the bits of the prefix? */
bool prefix_begins(const struct prefix *a, const uint8_t addr[16]);
/* Clears the bits behind len; true if there were any. */
bool prefix_mask(struct prefix *p);
/* Of the range of addresses from `at` to `last`, both of one family, the largest prefix
 * that begins at `at`; `at` moves behind it. Returns whether anything is left. */
bool prefix_cut(uint8_t at[16], const uint8_t last[16], struct prefix *p);
/* The order of addresses, and of two with the same the shorter first; as memcmp(3). */
int prefix_order(const struct prefix *a, const struct prefix *b);
/* The first of a sorted list, from position `from` on, that is not before this one; count:
 * there is none. Fast if it is not far. */
size_t prefix_seek(const struct prefix *list, size_t count, size_t from, const struct prefix *p);
/* Sorts and makes unique; returns how many stay. */
size_t prefix_sort(struct prefix *list, size_t count);

/* Text to prefix; a bare address is full length. 0 or -EINVAL. */
int prefix_parse(const char *text, struct prefix *p);
/* The same of len bytes; or, where p is what was meant, perhaps: -EDOM, host bits were
 * set; -EAFNOSUPPORT, it is IPv4 written as IPv6, which nothing that arrives here is. */
int prefix_read(const char *text, size_t len, struct prefix *p);
/* "203.0.113.0/24", "2001:db8::/32", "192.0.2.1" (full length: no /len). As snprintf(3). */
int prefix_print(const struct prefix *p, char *buf, size_t size);
/* An IPv6 address as browsers write it; returns its end, where no NUL is put. */
char *address_put_v6(char *at, const uint8_t addr[16]);

#endif
