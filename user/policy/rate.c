// SPDX-License-Identifier: GPL-2.0-or-later
/* Numbers with units: rates and durations, read and printed. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "policy/rate.h"

/* "100Mbit/s" is a hundred of a unit, not a hundred million of "bit/s". */
static const char *factor_read(const char *at, uint64_t *factor)
{
	*factor = 1;
	if ((*at == 'k' || *at == 'K' || *at == 'M') && (at[1] | 0x20) != 'b')
		*factor = *at++ == 'M' ? 1000000 : 1000;
	return at;
}

/* Digits; NULL: there are none, or it is above max. */
static const char *digits_read(const char *text, uint64_t max, uint64_t *value)
{
	const char *at = text;

	for (*value = 0; *at >= '0' && *at <= '9'; at++) {
		*value = *value * 10 + (uint64_t)(*at - '0');
		if (*value > max)
			return NULL;
	}
	return at == text ? NULL : at;
}

const char *number_read(const char *text, uint64_t max, uint64_t *value)
{
	const char *at = digits_read(text, max, value);
	uint64_t factor;

	if (!at)
		return NULL;
	at = factor_read(at, &factor);
	*value *= factor;
	return *value > max ? NULL : at;
}

const char *amount_read(const char *text, struct amount *a)
{
	const char *at = digits_read(text, RATE_MAX, &a->thousandths);
	uint64_t factor = 1000, fraction = 0;

	if (!at)
		return NULL;
	a->thousandths *= 1000;
	if (*at == '.') {
		const char *first = ++at;

		for (; *at >= '0' && *at <= '9'; at++) {
			factor /= 10;
			fraction += (uint64_t)(*at - '0') * factor;
		}
		if (at == first || at > first + 3)
			return NULL;
	}
	a->thousandths += fraction;
	at = factor_read(at, &factor);
	a->thousandths *= factor;
	return a->thousandths > RATE_MAX * 1000 ? NULL : at;
}

static const struct unit units[] = {
	{"visits/s", RATE_VISITS, 0},	{"visit/s", RATE_VISITS, 0}, {"packets/s", RATE_PACKETS, 0},
	{"packet/s", RATE_PACKETS, 0},	{"Mbit/s", RATE_MBIT, 1000}, {"kbit/s", RATE_MBIT, 1},
	{"Gbit/s", RATE_MBIT, 1000000},
};

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

const struct unit *unit_read(const char *text)
{
	for (size_t i = 0; i < COUNT(units); i++)
		if (!strcasecmp(text, units[i].name))
			return &units[i];
	return NULL;
}

/* The first of a kind is how it is printed. */
const char *rate_unit_name(enum rate_unit u)
{
	for (size_t i = 0; i < COUNT(units); i++)
		if (units[i].unit == u)
			return units[i].name;
	return "?";
}

static bool in_range(uint64_t value, enum rate_unit unit)
{
	return value >= (unit == RATE_MBIT ? RATE_KBIT_MIN : 1) && value <= RATE_MAX;
}

bool amount_in(const struct amount *a, const struct unit *unit, uint64_t *out)
{
	uint64_t value = a->thousandths * (unit->kbit ? unit->kbit : 1);

	*out = value / 1000;
	return value % 1000 == 0 && in_range(*out, unit->unit);
}

bool rate_valid(const struct rate *r)
{
	return r->unit <= RATE_MBIT && in_range(r->count, r->unit) && in_range(r->burst, r->unit);
}

/* "1.5" for 1,500 kbit */
static const char *amount_text(uint64_t value, enum rate_unit unit, char buf[32])
{
	size_t len;

	if (unit != RATE_MBIT) {
		snprintf(buf, 32, "%llu", (unsigned long long)value);
		return buf;
	}
	len = (size_t)snprintf(buf, 32, "%llu.%03u", (unsigned long long)value / 1000,
			       (unsigned int)(value % 1000));
	while (buf[len - 1] == '0')
		len--;
	len -= buf[len - 1] == '.';
	buf[len] = '\0';
	return buf;
}

int rate_print(const struct rate *r, char *buf, size_t size)
{
	char count[32], burst[32];

	return snprintf(buf, size, "%s %s burst %s", amount_text(r->count, r->unit, count),
			rate_unit_name(r->unit), amount_text(r->burst, r->unit, burst));
}

static const struct {
	char letter;
	unsigned int seconds;
} spans[] = {{'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}};

#define SPANS COUNT(spans)

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
