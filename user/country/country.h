/* SPDX-License-Identifier: GPL-2.0-or-later */
/* straygate-country: the prefixes of countries, of databases that others keep. */
#ifndef STRAYGATE_COUNTRY_H
#define STRAYGATE_COUNTRY_H

#include "lib/spans.h"

#define COUNTRIES_MAX 300 /* there are 676 codes, and 249 countries */

struct country {
	char code[3]; /* two letters, upper case */
	size_t ranges;
};

/* What is wanted, and what was found of it. */
struct wanted {
	struct country country[COUNTRIES_MAX];
	size_t count;
	struct spans v4, v6;
};

/* The country with this code of len bytes, in any case; NULL: it is not wanted. */
struct country *wanted_country(struct wanted *w, const char *code, size_t len);
/* A range of it. 0 or -ENOMEM. */
int wanted_add(struct wanted *w, struct country *c, const uint8_t first[16], const uint8_t last[16]);

/* Read a file; 0, or <0 and it was said what is wrong. */
int delegations_read(struct wanted *w, const char *path); /* "-": standard input */
int mmdb_read(struct wanted *w, const char *path);
/* Does the file end as MaxMind DBs do? */
bool mmdb_is(const char *path);

#endif
