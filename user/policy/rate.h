/* SPDX-License-Identifier: GPL-2.0-only */
/* Numbers with units: rates and durations. */
#ifndef STRAYGATE_RATE_H
#define STRAYGATE_RATE_H

#include "lib/clock.h"
#include "policy/policy.h"

#define DURATION_MAX_NS (3650ULL * 86400 * SECOND_NS)
#define RATE_MAX	1000000000ULL
#define RATE_MBIT_MAX	1000000ULL

/* Digits and k or M; returns what follows, or NULL: no number, or above max. */
const char *number_read(const char *text, uint64_t max, uint64_t *value);
int rate_unit_read(const char *text, enum rate_unit *unit);
const char *rate_unit_name(enum rate_unit u);
bool rate_valid(const struct rate *r);
/* 0, or -EINVAL and why: "has ...; expected ...". */
int duration_read(const char *text, uint64_t *ns, const char **why);

#endif
