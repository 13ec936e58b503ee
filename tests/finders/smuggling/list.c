// SPDX-License-Identifier: GPL-2.0-or-later
/* Prints the table for tests/live: a line each, protocol, what the finder says,
 * the name or "-", the bytes in hexadecimal, what it is; tabs between. */
#include <stdio.h>

#include "smuggling.h"

static void print(const struct smuggled *s)
{
	static const char *const said[] = {"more", "found", "none", "unreadable"};
	struct finder f;
	enum find r = smuggled_find(s, &f, s->len, 1);
	const char *at;
	size_t i;

	printf("%s\t%s\t%.*s\t", s->protocol, said[r], r == FIND_FOUND ? f.name_len : 1,
	       r == FIND_FOUND ? (char *)f.name : "-");
	for (i = 0; i < s->len; i++)
		printf("%02x", s->bytes[i]);
	putchar('\t');
	for (at = s->what; *at; at++)
		putchar(*at < ' ' ? '~' : *at);
	putchar('\n');
}

int main(void)
{
	smuggling_http(print);
	smuggling_tls(print);
	smuggling_dns(print);
	return 0;
}
