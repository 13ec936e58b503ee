// SPDX-License-Identifier: GPL-2.0-or-later
/* Names: text to the one form in which they are compared. */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "lib/index.h"
#include "policy/name.h"

#define LABEL_SIZE_MAX 63

/* What a byte of a name becomes; 0: it is none. */
static const char lower[256] = {
	['-'] = '-', ['_'] = '_', ['0'] = '0', ['1'] = '1', ['2'] = '2', ['3'] = '3', ['4'] = '4',
	['5'] = '5', ['6'] = '6', ['7'] = '7', ['8'] = '8', ['9'] = '9', ['a'] = 'a', ['b'] = 'b',
	['c'] = 'c', ['d'] = 'd', ['e'] = 'e', ['f'] = 'f', ['g'] = 'g', ['h'] = 'h', ['i'] = 'i',
	['j'] = 'j', ['k'] = 'k', ['l'] = 'l', ['m'] = 'm', ['n'] = 'n', ['o'] = 'o', ['p'] = 'p',
	['q'] = 'q', ['r'] = 'r', ['s'] = 's', ['t'] = 't', ['u'] = 'u', ['v'] = 'v', ['w'] = 'w',
	['x'] = 'x', ['y'] = 'y', ['z'] = 'z', ['A'] = 'a', ['B'] = 'b', ['C'] = 'c', ['D'] = 'd',
	['E'] = 'e', ['F'] = 'f', ['G'] = 'g', ['H'] = 'h', ['I'] = 'i', ['J'] = 'j', ['K'] = 'k',
	['L'] = 'l', ['M'] = 'm', ['N'] = 'n', ['O'] = 'o', ['P'] = 'p', ['Q'] = 'q', ['R'] = 'r',
	['S'] = 's', ['T'] = 't', ['U'] = 'u', ['V'] = 'v', ['W'] = 'w', ['X'] = 'x', ['Y'] = 'y',
	['Z'] = 'z',
};

static int refuse(const char **why, const char *text)
{
	*why = text;
	return -EINVAL;
}

static int refuse_byte(unsigned char c, const char **why)
{
	if (c >= 0x80)
		return refuse(why, "is not ASCII; expected its xn-- form (idn2 prints it)");
	if (c == '*')
		return refuse(why, "has a * that is not its first label; expected *.NAME");
	if (c == ':')
		return refuse(why, "has a colon; expected a name without port, or [IPV6]");
	if (c == '/')
		return refuse(why, "has a slash; expected a name, not a URL or prefix");
	return refuse(why, "has a character that no name has; expected letters, digits, - _ and dots");
}

/* "[2001:db8::1]" as browsers write it in Host */
static int read_bracketed(const char *text, size_t len, char *out, const char **why)
{
	char address[INET6_ADDRSTRLEN] = "";
	uint8_t addr[16];
	char *end;

	if (len >= 2 && len - 2 < sizeof(address))
		memcpy(address, text + 1, len - 2);
	if (text[len - 1] != ']' || inet_pton(AF_INET6, address, addr) != 1)
		return refuse(why, "is not an IPv6 address; expected [ADDRESS]");
	*out = '[';
	end = address_put_v6(out + 1, addr);
	*end++ = ']';
	*end = '\0';
	return (int)(end - out);
}

static bool is_v4(const char *name)
{
	uint8_t addr[4];

	return inet_pton(AF_INET, name, addr) == 1;
}

int name_read(const char *text, size_t len, bool zone, char out[NAME_SIZE_MAX + 1], const char **why)
{
	size_t label = 0; /* where the current one starts */
	bool digits = true, slash = false;
	size_t i;

	if (len && text[0] == '[')
		return read_bracketed(text, len, out, why);
	if (len && text[len - 1] == '.')
		len--;
	if (!len)
		return refuse(why, "is no name; expected a name like www.example.com");
	for (i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c == '.') {
			if (i == label)
				return refuse(why, "has an empty label; expected single dots between labels");
			label = i + 1;
			digits = true;
			slash = false;
		} else if (!lower[c] && !(zone && c == '/')) {
			return refuse_byte(c, why);
		} else if (i - label == LABEL_SIZE_MAX) {
			return refuse(why, "has a label of more than 63 characters; expected 1 to 63");
		} else {
			digits &= c >= '0' && c <= '9';
			slash |= c == '/';
		}
		if (i == NAME_SIZE_MAX)
			return refuse(why, "is longer than 253 characters; expected 1 to 253");
		out[i] = lower[c] ? lower[c] : (char)c;
	}
	out[len] = '\0';
	if (label == len)
		return refuse(why, "has an empty label; expected single dots between labels");
	if (slash) /* 10.0.0.0/8 */
		return refuse_byte('/', why);
	if (digits && !is_v4(out))
		return refuse(why, "ends in a number; expected a name or a whole IPv4 address");
	return (int)len;
}

bool name_is_address(const char *text)
{
	return *text == '[' || is_v4(text);
}

int name_read_pattern(const char *text, size_t len, bool zone, char out[NAME_SIZE_MAX + 1], uint8_t *kind,
		      const char **why)
{
	size_t skip = 0;
	int got;

	*kind = zone ? NAME_TREE : NAME_EXACT;
	if (len >= 2 && text[0] == '*' && text[1] == '.') {
		*kind = NAME_BELOW;
		skip = 2;
	} else if (len >= 2 && text[0] == '.') {
		*kind = NAME_TREE;
		skip = 1;
	} else if (len == 1 && (text[0] == '*' || text[0] == '.')) {
		return refuse(why, "would be every name; expected the names that live here");
	}
	if (zone && skip)
		return refuse(why, "has a wildcard, but a zone is all below its name; expected a name alone");
	got = name_read(text + skip, len - skip, zone, out, why);
	if (got < 0 || !(skip || zone))
		return got;
	if (name_is_address(out))
		return refuse(why, "is an address, below which there are no names; expected a name");
	return got;
}

/* One byte of a label, perhaps written as \\DDD or \\X; how many characters of the text
 * that is, 0: it is none. */
static size_t read_byte(const char *text, size_t left, unsigned char *byte)
{
	unsigned int number = 0;
	size_t i;

	*byte = (unsigned char)*text;
	if (*text != '\\')
		return 1;
	if (left < 2)
		return 0;
	*byte = (unsigned char)text[1];
	if (text[1] < '0' || text[1] > '9')
		return 2;
	if (left < 4)
		return 0;
	for (i = 1; i < 4; i++) {
		if (text[i] < '0' || text[i] > '9')
			return 0;
		number = number * 10 + (unsigned int)(text[i] - '0');
	}
	*byte = (unsigned char)number;
	return number <= 255 ? 4 : 0;
}

/* As dns_label() of bpf/find/dns.h keeps it. */
static char kept_byte(unsigned char c)
{
	if (c >= 'A' && c <= 'Z')
		return (char)(c | 0x20);
	return c < 0x20 || c >= 0x7f || c == '.' ? '?' : (char)c;
}

static int read_owner(const char *text, size_t len, char out[NAME_SIZE_MAX + 1], const char **why)
{
	size_t at = 0, n = 0, label = 0, took;
	unsigned char c;

	for (; at < len; at += took) {
		took = read_byte(text + at, len - at, &c);
		if (!took)
			return refuse(why,
				      "has a \\ that says nothing; expected \\DDD or \\ and a character");
		if (took == 1 && c == '.') {
			if (n == label)
				return refuse(why, "has an empty label; expected single dots between labels");
			if (at + 1 == len)
				break;
			label = n + 1;
		} else if (n - label == LABEL_SIZE_MAX) {
			return refuse(why, "has a label of more than 63 characters; expected 1 to 63");
		}
		if (n == NAME_SIZE_MAX)
			return refuse(why, "is longer than 253 characters; expected 1 to 253");
		out[n++] = took == 1 && c == '.' ? '.' : kept_byte(c);
	}
	out[n] = '\0';
	return n > label ? (int)n : refuse(why, "is no name; expected a name like www.example.com");
}

int name_read_owner(const char *text, size_t len, char out[NAME_SIZE_MAX + 1], uint8_t *kind,
		    const char **why)
{
	size_t skip = 0;

	*kind = NAME_EXACT;
	if (len > 2 && text[0] == '*' && text[1] == '.') {
		*kind = NAME_BELOW;
		skip = 2;
	} else if (len > 1 && text[0] == '.') {
		*kind = NAME_TREE;
		skip = 1;
	}
	return read_owner(text + skip, len - skip, out, why);
}

bool name_owner_valid(const char *text)
{
	size_t label = 0, i;

	for (i = 0; text[i]; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c == '.') {
			if (i == label)
				return false;
			label = i + 1;
		} else if (kept_byte(c) != (char)c || i - label == LABEL_SIZE_MAX) {
			return false;
		}
		if (i == NAME_SIZE_MAX)
			return false;
	}
	return i > label;
}

bool name_in_zone(const char *name, const char *zone)
{
	size_t len = strlen(name), end = strlen(zone);

	return len >= end && !strcmp(name + len - end, zone) && (len == end || name[len - end - 1] == '.');
}

int name_normalise(const char *text, char out[254])
{
	const char *why;
	int got = name_read(text, strlen(text), true, out, &why);

	return got < 0 ? got : 0;
}

bool name_equal(const struct name *a, const struct name *b)
{
	return a->kind == b->kind && !strcmp(a->text, b->text);
}

uint32_t name_hash(const struct name *n)
{
	return index_hash(n->text, strlen(n->text), n->kind);
}

int name_print(const struct name *n, char *buf, size_t size)
{
	const char *wild = n->kind == NAME_BELOW ? "*." : n->kind == NAME_TREE ? "." : "";

	return snprintf(buf, size, "%s%s", wild, n->text);
}
