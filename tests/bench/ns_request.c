// SPDX-License-Identifier: GPL-2.0-or-later
/* The crowd's requests as bytes. crowd.h and the gate's headers do not meet. */
#include <stdlib.h>
#include <string.h>

#include "tests/crowd/crowd.h"
#include "ns_request.h"

struct config config = {.path = "/"};
uint64_t random_state = 88172645463325252ull;

uint64_t random_next(void)
{
	return random64();
}

/* The crowd keeps the sums of its segments; here nobody reads checksums. */
uint32_t sum_bytes(uint32_t sum, const uint8_t *p __attribute__((unused)), size_t len __attribute__((unused)))
{
	return sum;
}

static size_t take(uint8_t *out, const struct request *r)
{
	memcpy(out, r->bytes, r->len);
	return r->len;
}

size_t say_http(uint8_t *out, const char *name)
{
	static struct request r;

	if (request_http(&r, name))
		abort();
	return take(out, &r);
}

size_t say_tls(uint8_t *out, const char *name, bool sni_last)
{
	static struct request r;

	memset(&r, 0, sizeof(r));
	if (request_tls(&r, name, sni_last))
		abort();
	return take(out, &r);
}

size_t say_dns(uint8_t *out, const char *name)
{
	return request_dns(out, random64(), "", name);
}
