// SPDX-License-Identifier: GPL-2.0-only
/* Numbers with units: rates and durations, read and printed. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "policy/rate.h"

const char *number_read(const char *text, uint64_t max, uint64_t *value)
{
	const char *at = text;
	uint64_t got = 0, factor = 1;

	for (; *at >= '0' && *at <= '9'; at++) {
		got = got * 10 + (uint64_t)(*at - '0');
		if (got > max)
			return NULL;
	}
	if (at == text)
		return NULL;
	/* "100Mbit/s" is a hundred of a unit, not a hundred million of "bit/s" */
	if ((*at == 'k' || *at == 'K' || *at == 'M') && (at[1] | 0x20) != 'b')
		factor = *at++ == 'M' ? 1000000 : 1000;
	*value = got * factor;
	return *value > max ? NULL : at;
}

static const char *const units[] = {
	[RATE_VISITS] = "visits/s",
	[RATE_PACKETS] = "packets/s",
	[RATE_MBIT] = "Mbit/s",
};

const char *rate_unit_name(enum rate_unit u)
{
	return u < sizeof(units) / sizeof(*units) ? units[u] : "?";
}

int rate_unit_read(const char *text, enum rate_unit *unit)
{
	for (unsigned int u = 0; u < sizeof(units) / sizeof(*units); u++) {
		if (!strcasecmp(text, units[u])) {
			*unit = (enum rate_unit)u;
			return 0;
		}
	}
	*unit = RATE_VISITS;
	if (!strcasecmp(text, "visit/s"))
		return 0;
	*unit = RATE_PACKETS;
	return strcasecmp(text, "packet/s") ? -EINVAL : 0;
}

bool rate_valid(const struct rate *r)
{
	uint64_t max = r->unit == RATE_MBIT ? RATE_MBIT_MAX : RATE_MAX;

	return r->unit <= RATE_MBIT && r->count && r->count <= max && r->burst && r->burst <= max;
}

int rate_print(const struct rate *r, char *buf, size_t size)
{
	return snprintf(buf, size, "%llu %s burst %llu", (unsigned long long)r->count,
			rate_unit_name(r->unit), (unsigned long long)r->burst);
}

static const struct {
	char letter;
	unsigned int seconds;
} spans[] = {{'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}};

#define SPANS (sizeof(spans) / sizeof(*spans))

int duration_read(const char *text, uint64_t *ns, const char **why)
{
	uint64_t total = 0;
	size_t span = 0; /* the largest unit that may still come */

	*why = "is not a duration; expected one like 90s, 10m, 1h30m or 2d";
	if (!*text)
		return -EINVAL;
	while (*text) {
		const char *first = text;
		uint64_t value = 0;

		for (; *text >= '0' && *text <= '9'; text++)
			if (value <= RATE_MAX)
				value = value * 10 + (uint64_t)(*text - '0');
		if (text == first)
			return -EINVAL;
		if (!*text) {
			*why = "has no unit; expected s, m, h or d, as in 10m";
			return -EINVAL;
		}
		while (span < SPANS && spans[span].letter != *text)
			span++;
		if (span == SPANS)
			return -EINVAL;
		total += value * spans[span++].seconds;
		text++;
	}
	*why = "is out of range; expected 1s to 3650d";
	if (!total || total > DURATION_MAX_NS / SECOND_NS)
		return -EINVAL;
	*ns = total * SECOND_NS;
	return 0;
}

int duration_print(uint64_t ns, char *buf, size_t size)
{
	uint64_t left = ns / SECOND_NS;
	char text[64] = "0s";
	int used = 0;

	for (size_t i = 0; i < SPANS; i++) {
		if (left >= spans[i].seconds)
			used += snprintf(text + used, sizeof(text) - (size_t)used, "%llu%c",
					 (unsigned long long)(left / spans[i].seconds), spans[i].letter);
		left %= spans[i].seconds;
	}
	return snprintf(buf, size, "%s", text);
}
