// SPDX-License-Identifier: GPL-2.0-or-later
/* Messages of DNS (RFC 1035 4.1): questions with labels and pointers of all kinds. */
#include <string.h>

#include "grammar.h"

static const char *const labels[] = {
	"www", "a",	  "example", "EXAMPLE",
	"com", "_sip",	  "a.b",     "a b",
	"*",   "\x80",	  "xn--4ca", "\x1f",
	"~",   "in-addr", "1",	     "012345678901234567890123456789012345678901234567890123456789012",
};

static void label(struct grammar *g)
{
	size_t at = g->len;
	const char *text = grammar_pick(g, labels);

	if (grammar_once_in(g, 40)) {
		/* A pointer: to itself, to the name's beginning, anywhere. */
		grammar_byte(g, 0xc0 | (grammar_once_in(g, 8) ? grammar_below(g, 64) : 0));
		grammar_byte(g, grammar_once_in(g, 2) ? at : grammar_below(g, 64));
		return;
	}
	if (grammar_once_in(g, 60))
		grammar_byte(g, grammar_below(g, 256));
	else
		grammar_byte(g, strlen(text));
	grammar_text(g, text);
}

static void question(struct grammar *g)
{
	uint32_t n = grammar_once_in(g, 20) ? grammar_below(g, 130) : grammar_below(g, 6);

	while (n--)
		label(g);
	if (!grammar_once_in(g, 40))
		grammar_byte(g, 0);
	grammar_put(g, "\0\1\0", 3);
	grammar_byte(g, grammar_once_in(g, 20) ? grammar_below(g, 256) : 1);
	if (grammar_once_in(g, 10))
		grammar_noise(g, 1 + grammar_below(g, 20));
}

static void count(struct grammar *g, uint8_t usual)
{
	grammar_byte(g, grammar_once_in(g, 40));
	grammar_byte(g, grammar_once_in(g, 20) ? grammar_below(g, 4) : usual);
}

void grammar_dns(struct grammar *g)
{
	static const uint8_t flags[] = {0x00, 0x01, 0x01, 0x01, 0x20, 0x28, 0x81, 0x30, 0x08, 0x07};
	bool more = grammar_once_in(g, 30), opt = grammar_once_in(g, 2);

	grammar_noise(g, 2);
	grammar_byte(g, grammar_pick(g, flags));
	grammar_byte(g, grammar_once_in(g, 4) ? grammar_below(g, 256) : 0);
	count(g, more ? 2 : 1);
	count(g, 0);
	count(g, 0);
	count(g, opt);
	question(g);
	if (more)
		question(g);
	if (opt)
		grammar_put(g, "\0\0\x29\x10\0\0\0\0\0\0\0", 11);
	if (grammar_once_in(g, 20))
		g->len = grammar_below(g, g->len + 1);
}
