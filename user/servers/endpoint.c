// SPDX-License-Identifier: GPL-2.0-or-later
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "lib/prefix.h"
#include "servers/reader.h"

static bool set_address(struct site *s, const char *text, size_t len)
{
	static const uint8_t none[16], mapped[16] = {[10] = 0xff, [11] = 0xff};
	struct prefix p;

	if (len >= 2 && text[0] == '[' && text[len - 1] == ']') {
		text++;
		len -= 2;
	}
	if (!len || (len == 1 && *text == '*')) {
		s->any = true;
		return true;
	}
	/* A name of a host: of which address, only the server knows. */
	if (prefix_read(text, len, &p) || (p.len != 128)) {
		s->any = true;
		return memchr(text, '/', len) == NULL;
	}
	s->any = !memcmp(p.addr, none, 16) || !memcmp(p.addr, mapped, 16);
	memcpy(s->addr, p.addr, 16);
	return true;
}

bool read_endpoint(struct site *s, const char *text, unsigned int port)
{
	const char *colon = strrchr(text, ':');
	size_t len = strlen(text);
	char *end;

	if (!strncmp(text, "unix", 4) || *text == '/' || *text == '@')
		return false;
	if (!colon && *text && strspn(text, "0123456789") == len) {
		colon = text - 1; /* a port alone */
		len = 0;
	} else if (colon && (colon[1] == '\0' || strspn(colon + 1, "0123456789*") != strlen(colon + 1))) {
		colon = NULL; /* of an IPv6 address */
	} else if (colon) {
		len = colon - text;
	}
	if (colon && colon[1] != '*') {
		port = (unsigned int)strtoul(colon + 1, &end, 10);
		if (*end)
			return false;
	}
	if (!port || port > 65535)
		return false;
	s->port = (uint16_t)port;
	return set_address(s, text, len);
}
