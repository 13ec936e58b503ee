// SPDX-License-Identifier: GPL-2.0-only
#include "../../bpf/dns.h"
#include "../../bpf/http.h"
#include "../../bpf/tls.h"
#include "smuggling.h"

enum find smuggled_find(const struct smuggled *s, struct finder *f, size_t first, size_t step)
{
	if (*s->protocol == 'h')
		return feeder_run(f, http_begin, http_feed, s->bytes, s->len, first, step);
	if (*s->protocol == 't')
		return feeder_run(f, tls_begin, tls_feed, s->bytes, s->len, first, step);
	return feeder_run(f, dns_begin, dns_feed, s->bytes, s->len, first, step);
}
