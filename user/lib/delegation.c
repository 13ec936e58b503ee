// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/delegation.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "lib/prefix.h"

enum { REGISTRY, COUNTRY, TYPE, START, VALUE, DATE, STATUS, FIELDS };

struct field {
	const char *text;
	size_t len;
};

static bool field_is(const struct field *f, const char *text)
{
	return f->len == strlen(text) && !strncasecmp(f->text, text, f->len);
}

/* Returns how many there were, those that are not kept included. */
static size_t split(const char *line, size_t len, struct field field[FIELDS])
{
	const char *end = line + len, *bar;
	size_t count = 0;

	for (;; line = bar + 1) {
		bar = memchr(line, '|', (size_t)(end - line)) ?: end;
		if (count < FIELDS)
			field[count] = (struct field){line, (size_t)(bar - line)};
		count++;
		if (bar == end)
			return count;
	}
}

/* 1..most; 0: it is no such number. */
static uint64_t number(const struct field *f, uint64_t most)
{
	uint64_t value = 0;

	if (!f->len)
		return 0;
	for (size_t i = 0; i < f->len; i++) {
		if (!isdigit((unsigned char)f->text[i]))
			return 0;
		value = value * 10 + (uint64_t)(f->text[i] - '0');
		if (value > most)
			return 0;
	}
	return value;
}

/* An address, and the last one behind it, `more` further. False: there is no such. */
static bool range_v4(const struct field *start, uint64_t more, struct delegation *d)
{
	struct prefix p;
	uint64_t at = 0;

	if (prefix_read(start->text, start->len, &p) || p.len != 128 || !prefix_is_v4(&p))
		return false;
	memcpy(d->first, p.addr, sizeof(d->first));
	memcpy(d->last, p.addr, sizeof(d->last));
	for (int i = 12; i < 16; i++)
		at = at << 8 | p.addr[i];
	at += more;
	for (int i = 15; i >= 12; i--, at >>= 8)
		d->last[i] = (uint8_t)at;
	return !at;
}

static bool range_v6(const struct field *start, unsigned int len, struct delegation *d)
{
	struct prefix p, inside;

	if (prefix_read(start->text, start->len, &p) || p.len != 128 || prefix_is_v4(&p))
		return false;
	inside = p;
	inside.len = (uint8_t)len;
	if (prefix_mask(&inside))
		return false;
	memcpy(d->first, p.addr, sizeof(d->first));
	for (unsigned int i = 0; i < 16; i++)
		d->last[i] = p.addr[i] | (uint8_t)(len >= 8 * (i + 1) ? 0
						   : len <= 8 * i     ? 0xff
								      : 0xff >> len % 8);
	return true;
}

static int refuse(const char **why, const char *expected)
{
	*why = expected;
	return -EINVAL;
}

static int read_record(const struct field *field, struct delegation *d, const char **why)
{
	bool v4 = field_is(&field[TYPE], "ipv4");
	uint64_t value;

	if (!v4 && !field_is(&field[TYPE], "ipv6"))
		return field_is(&field[TYPE], "asn") ? DELEGATION_OTHER
						     : refuse(why, "expected ipv4, ipv6 or asn");
	if (!field_is(&field[STATUS], "allocated") && !field_is(&field[STATUS], "assigned"))
		return DELEGATION_OTHER;
	if (field[COUNTRY].len != 2 || !isalpha((unsigned char)field[COUNTRY].text[0]) ||
	    !isalpha((unsigned char)field[COUNTRY].text[1]))
		return refuse(why, "expected a country of two letters");
	for (int i = 0; i < 2; i++)
		d->country[i] = (char)toupper((unsigned char)field[COUNTRY].text[i]);
	d->country[2] = '\0';
	value = number(&field[VALUE], v4 ? 1ULL << 32 : 128);
	if (!value)
		return refuse(why, v4 ? "expected how many addresses, 1 to 4294967296"
				      : "expected the length of a prefix, 1 to 128");
	if (!(v4 ? range_v4(&field[START], value - 1, d) : range_v6(&field[START], (unsigned int)value, d)))
		return refuse(why, v4 ? "expected an IPv4 address, and room for so many behind it"
				      : "expected an IPv6 address that has no bits behind that length");
	return DELEGATION_GIVEN;
}

int delegation_read(const char *line, size_t len, struct delegation *d, const char **why)
{
	struct field field[FIELDS];
	size_t count;

	while (len && isspace((unsigned char)line[len - 1]))
		len--;
	if (!len || *line == '#')
		return DELEGATION_OTHER;
	count = split(line, len, field);
	if (count >= 6 && field_is(&field[COUNTRY], "*"))
		return DELEGATION_WHOLE;
	if (count >= 4 && isdigit((unsigned char)*line))
		return DELEGATION_WHOLE;
	if (count < FIELDS)
		return refuse(why, "expected REGISTRY|COUNTRY|TYPE|START|VALUE|DATE|STATUS");
	return read_record(field, d, why);
}
