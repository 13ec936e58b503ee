// SPDX-License-Identifier: GPL-2.0-or-later
/* Address prefixes: text to bits and back. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/prefix.h"

static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

/* The address before a slash, if there is one. Returns what follows, or NULL.
 * inet_pton(3) refuses leading zeros, which some readers take for octal. */
static const char *read_address(int family, const char *at, const char *end, void *out)
{
	char text[INET6_ADDRSTRLEN];
	const char *slash = memchr(at, '/', (size_t)(end - at));
	size_t len = (size_t)((slash ? slash : end) - at);

	if (len >= sizeof(text))
		return NULL;
	memcpy(text, at, len);
	text[len] = '\0';
	return inet_pton(family, text, out) == 1 ? at + len : NULL;
}

/* "/24" up to `most`; its absence is `most` */
static int read_len(const char *at, const char *end, unsigned int most, unsigned int *len)
{
	const char *first = at + 1;
	unsigned int value = 0;

	*len = most;
	if (at == end)
		return 0;
	if (*at != '/' || first == end || end - first > 3 || (*first == '0' && end - first > 1))
		return -EINVAL;
	for (at = first; at < end; at++) {
		if (*at < '0' || *at > '9')
			return -EINVAL;
		value = value * 10 + (unsigned int)(*at - '0');
	}
	*len = value;
	return value > most ? -EINVAL : 0;
}

bool prefix_mask(struct prefix *p)
{
	bool had = false;

	for (unsigned int i = p->len / 8; i < 16; i++) {
		uint8_t keep = i == p->len / 8 ? (uint8_t) ~(0xff >> p->len % 8) : 0;

		had |= p->addr[i] & ~keep;
		p->addr[i] &= keep;
	}
	return had;
}

bool address_is_v4(const uint8_t addr[16])
{
	return !memcmp(addr, mapped, sizeof(mapped));
}

bool prefix_is_v4(const struct prefix *p)
{
	return p->len >= 96 && address_is_v4(p->addr);
}

bool prefix_begins(const struct prefix *a, const uint8_t addr[16])
{
	unsigned int bytes = a->len / 8, mask = 0xff00 >> a->len % 8 & 0xff;

	return !memcmp(a->addr, addr, bytes) && (!mask || !((a->addr[bytes] ^ addr[bytes]) & mask));
}

bool prefix_covers(const struct prefix *a, const struct prefix *b)
{
	return a->len <= b->len && prefix_begins(a, b->addr) && prefix_is_v4(a) == prefix_is_v4(b);
}

/* An address as a number. */
static unsigned __int128 to_number(const uint8_t addr[16])
{
	unsigned __int128 n = 0;

	for (int i = 0; i < 16; i++)
		n = n << 8 | addr[i];
	return n;
}

bool prefix_cut(uint8_t at[16], const uint8_t last[16], struct prefix *p)
{
	unsigned __int128 first = to_number(at), end = to_number(last), inside = 0;

	memcpy(p->addr, at, sizeof(p->addr));
	p->len = 128;
	while (p->len && !(first & (inside << 1 | 1)) && first + (inside << 1 | 1) <= end) {
		inside = inside << 1 | 1;
		p->len--;
	}
	first += inside;
	if (first == end)
		return false;
	first++;
	for (int i = 16; i-- > 0; first >>= 8)
		at[i] = (uint8_t)first;
	return true;
}

int prefix_read(const char *text, size_t size, struct prefix *p)
{
	const char *end = text + size, *at;
	unsigned int len, base = 96;

	memcpy(p->addr, mapped, sizeof(mapped));
	at = read_address(AF_INET, text, end, p->addr + 12);
	if (!at) {
		at = read_address(AF_INET6, text, end, p->addr);
		base = 0;
	}
	if (!at || read_len(at, end, 128 - base, &len))
		return -EINVAL;
	p->len = (uint8_t)(base + len);
	if (prefix_mask(p))
		return -EDOM;
	return !base && prefix_is_v4(p) ? -EAFNOSUPPORT : 0;
}

int prefix_parse(const char *text, struct prefix *p)
{
	return prefix_read(text, strlen(text), p) ? -EINVAL : 0;
}

static char *put_number(char *at, unsigned int value)
{
	if (value >= 100)
		*at++ = (char)('0' + value / 100);
	if (value >= 10)
		*at++ = (char)('0' + value / 10 % 10);
	*at++ = (char)('0' + value % 10);
	return at;
}

static char *put_v4(char *at, const uint8_t addr[4])
{
	for (int i = 0; i < 4; i++) {
		if (i)
			*at++ = '.';
		at = put_number(at, addr[i]);
	}
	return at;
}

/* The first of the longest runs of at least two zero groups, which "::" stands for. */
static int zero_run(const uint8_t addr[16], int *length)
{
	int best = -1;

	*length = 1;
	for (int i = 0, run = 0; i < 8; i++) {
		run = addr[2 * i] || addr[2 * i + 1] ? 0 : run + 1;
		if (run > *length) {
			*length = run;
			best = i - run + 1;
		}
	}
	return best;
}

/* Not inet_ntop(): it writes ::1.2.3.4 where browsers write ::102:304, and
 * these texts are compared with theirs. */
char *address_put_v6(char *at, const uint8_t addr[16])
{
	static const char digits[] = "0123456789abcdef";
	int length, run = zero_run(addr, &length);

	for (int i = 0; i < 8; i++) {
		unsigned int group = (unsigned int)addr[2 * i] << 8 | addr[2 * i + 1];

		if (i == run) {
			*at++ = ':';
			*at++ = ':';
			i += length - 1;
			continue;
		}
		if (i && i != run + length)
			*at++ = ':';
		for (int shift = 12; shift >= 0; shift -= 4)
			if (group >> shift || !shift)
				*at++ = digits[group >> shift & 15];
	}
	return at;
}

int prefix_print(const struct prefix *p, char *buf, size_t size)
{
	char text[PREFIX_TEXT], *at;
	bool v4 = prefix_is_v4(p);

	at = v4 ? put_v4(text, p->addr + 12) : address_put_v6(text, p->addr);
	if (p->len < 128) {
		*at++ = '/';
		at = put_number(at, v4 ? p->len - 96U : p->len);
	}
	*at = '\0';
	return snprintf(buf, size, "%s", text);
}
