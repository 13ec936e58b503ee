/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lines of the delegation files of the regional Internet registries, in their exchange
 * format, extended or not (https://www.apnic.net/about-apnic/corporate-documents/documents/
 * resource-guidelines/rir-statistics-exchange-format/):
 *
 *	apnic|CN|ipv4|1.0.1.0|256|20110414|allocated|A92E1062
 *	apnic|CN|ipv6|2001:250::|35|20000426|allocated|A9187A67
 */
#ifndef STRAYGATE_DELEGATION_H
#define STRAYGATE_DELEGATION_H

#include <stddef.h>
#include <stdint.h>

struct delegation {
	char country[3]; /* upper case */
	/* Of one family, IPv4 v4-mapped. How many there are need not be a power of two. */
	uint8_t first[16], last[16];
};

enum delegation_line {
	DELEGATION_GIVEN, /* addresses that somebody in a country has */
	DELEGATION_OTHER, /* others, AS numbers, comments, nothing */
	DELEGATION_WHOLE, /* of a file as a whole: its version, or a sum */
};

/* An enum delegation_line, or -EINVAL, and *why says what was expected. */
int delegation_read(const char *line, size_t len, struct delegation *d, const char **why);

#endif
