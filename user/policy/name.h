/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names: text to the one form in which they are compared. */
#ifndef STRAYGATE_POLICY_NAME_H
#define STRAYGATE_POLICY_NAME_H

#include "policy/policy.h"

#define NAME_SIZE_MAX 253

/* The length of the normalised name, or -EINVAL and why: "has ...; expected ...".
 * zone: a label may have slashes, as those of RFC 2317 do, but for the last. */
int name_read(const char *text, size_t len, bool zone, char out[NAME_SIZE_MAX + 1], const char **why);
/* The same with "*." or "." before it, as `serve` takes them (zone: as `zone` does). */
int name_read_pattern(const char *text, size_t len, bool zone, char out[NAME_SIZE_MAX + 1], uint8_t *kind,
		      const char **why);
/* A name as it stands in a zone file (RFC 1035 5.1), with any byte in its labels, as the
 * finder in the kernel keeps it: see bpf/find/dns.h. "*.NAME" is NAME_BELOW, ".NAME" (which
 * no zone file has: a delegation) NAME_TREE. */
int name_read_owner(const char *text, size_t len, char out[NAME_SIZE_MAX + 1], uint8_t *kind,
		    const char **why);
/* Could that have been its result? */
bool name_owner_valid(const char *text);
/* Is it the zone, or below it? */
bool name_in_zone(const char *name, const char *zone);
/* Is this normalised name an address? */
bool name_is_address(const char *text);
bool name_equal(const struct name *a, const struct name *b);
uint32_t name_hash(const struct name *n);

#endif
