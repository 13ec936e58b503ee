/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Times that people write: --since. */
#ifndef STRAYGATE_WHEN_H
#define STRAYGATE_WHEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

/*
 * "10m" (s, m, h, d) ago; "now"; "14:30[:05]", of today or, if that is still to come, of
 * yesterday; "2026-01-21[ 15:15[:00]]", local, with a T for the blank, too, and with a Z
 * behind it UTC. False: none of these.
 */
bool when_parse(const char *text, time_t now, time_t *out);

/* What when_parse() takes, for messages. */
#define WHEN_FORMS "10m, 14:30, 2026-01-21T15:15 or 2026-01-21T14:15:00Z"

/* ns since 1970, as local time to the second, or as RFC 3339 to the millisecond, UTC. */
void when_local(uint64_t ns, char *out, size_t size);
void when_utc(uint64_t ns, char *out, size_t size);

#endif
