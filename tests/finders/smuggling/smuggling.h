/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The classics by which a name is smuggled past whoever reads it first, each with
 * what the finder is to say. tests/unit holds the finders to it; tests/live sends
 * the same bytes to nginx and nsd, and sees which name they serve.
 */
#ifndef STRAYGATE_TESTS_SMUGGLING_H
#define STRAYGATE_TESTS_SMUGGLING_H

#include <stdbool.h>

#include "tests/finders/feeder.h"

#define SMUGGLED_MAX 4096

struct smuggled {
	const char *protocol; /* http, tls, dns (a datagram) */
	char what[96];
	__u8 bytes[SMUGGLED_MAX];
	size_t len;
	enum find expected;
	const char *name;  /* if it is FIND_FOUND */
	bool any_expected; /* one of a family: whatever the finder says, if the server agrees */
};

/* Calls `each` with every one of them. */
void smuggling_http(void (*each)(const struct smuggled *s));
void smuggling_tls(void (*each)(const struct smuggled *s));
void smuggling_dns(void (*each)(const struct smuggled *s));

/* One that is plain bytes, and how it becomes one of the above. */
struct smuggling_row {
	const char *what, *bytes;
	size_t len;
	enum find expected;
	const char *name;
};
void smuggled_row(const char *protocol, const struct smuggling_row *row,
		  void (*each)(const struct smuggled *s));

/* What the finder says of it. */
enum find smuggled_find(const struct smuggled *s, struct finder *f, size_t first, size_t step);

#endif
