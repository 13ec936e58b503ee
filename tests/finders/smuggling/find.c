// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <string.h>

#include "bpf/find/dns.h"
#include "bpf/find/http.h"
#include "bpf/find/tls.h"
#include "smuggling.h"

enum find smuggled_find(const struct smuggled *s, struct finder *f, size_t first, size_t step)
{
	if (*s->protocol == 'h')
		return feeder_run(f, http_begin, http_feed, s->bytes, s->len, first, step);
	if (*s->protocol == 't')
		return feeder_run(f, tls_begin, tls_feed, s->bytes, s->len, first, step);
	return feeder_run(f, dns_begin, dns_feed, s->bytes, s->len, first, step);
}

void smuggled_row(const char *protocol, const struct smuggling_row *row,
		  void (*each)(const struct smuggled *s))
{
	struct smuggled s = {
		.protocol = protocol, .len = row->len, .expected = row->expected, .name = row->name};

	snprintf(s.what, sizeof(s.what), "%s", row->what);
	memcpy(s.bytes, row->bytes, s.len);
	each(&s);
}
