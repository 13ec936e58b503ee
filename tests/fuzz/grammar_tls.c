// SPDX-License-Identifier: GPL-2.0-or-later
/* ClientHellos (RFC 8446 4.1.2), whole or cut over records anywhere. */
#include <string.h>

#include "grammar.h"

static const char *const names[] = {
	"a.example",
	"www.b.example",
	"A.Example",
	"a.example.",
	"192.0.2.1",
	"a_b.example",
	"a",
	"a..b",
	".a",
	"*.a",
	"a.ex\x80mple",
	"[::1]",
	"a.example:443",
	"a b",
	"0123456789abcdef0123456789abcdef0123456789abcdef.example",
};

static void name_entry(struct grammar *g)
{
	size_t at;

	grammar_byte(g, grammar_once_in(g, 12) ? grammar_below(g, 3) : 0);
	at = grammar_open(g, 2);
	grammar_text(g, grammar_pick(g, names));
	if (grammar_once_in(g, 20))
		grammar_byte(g, 0);
	if (grammar_once_in(g, 40))
		grammar_noise(g, grammar_below(g, 300));
	grammar_close(g, at, 2);
}

static void server_name(struct grammar *g)
{
	size_t list = grammar_open(g, 2);

	if (!grammar_once_in(g, 40))
		name_entry(g);
	while (grammar_once_in(g, 12))
		name_entry(g);
	grammar_close(g, list, 2);
}

/* supported_versions with TLS 1.3 and 1.2 asks for supported_groups, key_share
 * and signature_algorithms; these are those of a real client. */
static const struct {
	uint8_t type;
	const char *body;
	size_t len;
} known[] = {
	{43, "\4\3\4\3\3", 5},	     {10, "\0\2\0\x1d", 4}, {13, "\0\4\4\3\x08\4", 6},
	{16, "\0\x03\x02h2", 5},     {23, "", 0},	    {45, "\1\1", 2},
	{5, "\1\0\0\0\0", 5},	     {11, "\1\0", 2},	    {35, "", 0},
	{21, "\0\0\0\0\0\0\0\0", 8},
};

static void key_share(struct grammar *g)
{
	grammar_put(g, "\0\x24\0\x1d\0\x20", 6);
	grammar_noise(g, 32);
}

static void extension(struct grammar *g, uint32_t type)
{
	size_t at, i;

	grammar_byte(g, type >> 8);
	grammar_byte(g, type);
	at = grammar_open(g, 2);
	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i].type == type)
			grammar_put(g, known[i].body, known[i].len);
	if (type == 0)
		server_name(g);
	else if (type == 51)
		key_share(g);
	else if (type > 255)
		grammar_noise(g, grammar_below(g, grammar_once_in(g, 10) ? 700 : 20));
	grammar_close(g, at, 2);
}

static void extensions(struct grammar *g)
{
	size_t at = grammar_open(g, 2), i, n = sizeof(known) / sizeof(known[0]);
	uint32_t place = grammar_below(g, n + 2), from = grammar_below(g, n);
	bool modern = !grammar_once_in(g, 4);

	for (i = 0; i < n; i++) {
		if (i == place || grammar_once_in(g, 60))
			extension(g, 0);
		if ((modern && i < 3) || grammar_once_in(g, 3))
			extension(g, known[(i + from) % n].type);
		if (grammar_once_in(g, 10))
			extension(g, 0x0a0a + 0x1010 * grammar_below(g, 16)); /* RFC 8701 */
	}
	if (modern)
		extension(g, 51);
	if (place == n)
		extension(g, 0);
	grammar_close(g, at, 2);
}

static void hello(struct grammar *g)
{
	size_t at, body;

	grammar_byte(g, grammar_once_in(g, 60) ? grammar_below(g, 4) : 1);
	body = grammar_open(g, 3);
	grammar_byte(g, 3);
	grammar_byte(g, grammar_once_in(g, 8) ? grammar_below(g, 6) : 3);
	grammar_noise(g, 32);
	at = grammar_open(g, 1);
	grammar_noise(g, grammar_once_in(g, 2) ? 32 : grammar_below(g, 33));
	grammar_close(g, at, 1);
	at = grammar_open(g, 2);
	grammar_put(g, "\x13\1\x13\2\xc0\x2f\xc0\x2b\0\x2f", 10);
	grammar_close(g, at, 2);
	at = grammar_open(g, 1);
	grammar_byte(g, 0);
	grammar_close(g, at, 1);
	if (!grammar_once_in(g, 30))
		extensions(g);
	grammar_close(g, body, 3);
}

/* Another one in between, of any type: an alert, an empty one. */
static void odd_record(struct grammar *g)
{
	static const struct {
		const char *bytes;
		size_t len;
	} odd[] = {
		{"\x16\3\1\0\0", 5},   {"\x15\3\1\0\2\1\0", 7}, {"\x15\3\1\0\2\1\x5a", 7},
		{"\x14\3\3\0\1\1", 6}, {"\x17\3\3\0\1x", 6},	{"\x16\3\1\x40\1", 5},
	};
	uint32_t i = grammar_below(g, sizeof(odd) / sizeof(odd[0]));

	grammar_put(g, odd[i].bytes, odd[i].len);
}

static void records(struct grammar *g, const uint8_t *bytes, size_t len)
{
	size_t n, at, most = grammar_once_in(g, 3) ? 1 + grammar_below(g, 200) : 16384;

	for (; len; bytes += n, len -= n) {
		if (grammar_once_in(g, 60))
			odd_record(g);
		n = 1 + grammar_below(g, most);
		n = most == 16384 || n > len ? len : n;
		grammar_byte(g, 22);
		grammar_byte(g, 3);
		grammar_byte(g, grammar_once_in(g, 10) ? grammar_below(g, 5) : 1);
		at = grammar_open(g, 2);
		grammar_put(g, bytes, n);
		grammar_close(g, at, 2);
	}
}

void grammar_tls(struct grammar *g)
{
	static uint8_t bytes[4096];
	struct grammar h = {.out = bytes, .max = sizeof(bytes), .seed = g->seed};

	hello(&h);
	g->seed = h.seed;
	records(g, bytes, h.len);
	/* A second one, of which nobody asked. */
	if (grammar_once_in(g, 20)) {
		h.len = 0;
		hello(&h);
		records(g, bytes, h.len);
	}
	if (grammar_once_in(g, 20))
		g->len = grammar_below(g, g->len + 1);
}
