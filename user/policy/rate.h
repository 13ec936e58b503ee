/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers with units: rates and durations. */
#ifndef STRAYGATE_RATE_H
#define STRAYGATE_RATE_H

#include "lib/clock.h"
#include "policy/policy.h"

#define DURATION_MAX_NS (3650ULL * 86400 * SECOND_NS)
#define RATE_MAX	1000000000ULL /* Mbit/s: of kbit */
#define RATE_KBIT_MIN	100ULL	      /* a burst of it has room for any frame */

/* Digits and k or M; returns what follows, or NULL: no number, or above max. */
const char *number_read(const char *text, uint64_t max, uint64_t *value);

/* The number of a rate: up to three digits may stand behind a point. */
struct amount {
	uint64_t thousandths;
};
/* Returns what follows, or NULL: no number, or above RATE_MAX. */
const char *amount_read(const char *text, struct amount *a);
/* A unit of the language; kbit: how many one of it is, if it is one of bits. */
struct unit {
	const char *name;
	enum rate_unit unit;
	uint64_t kbit;
};
/* NULL: there is no such unit. */
const struct unit *unit_read(const char *text);
/* As struct rate has it. False: it is out of range, or no whole number. */
bool amount_in(const struct amount *a, const struct unit *unit, uint64_t *out);

const char *rate_unit_name(enum rate_unit u);
bool rate_valid(const struct rate *r);
/* 0, or -EINVAL and why: "has ...; expected ...". */
int duration_read(const char *text, uint64_t *ns, const char **why);

#endif
