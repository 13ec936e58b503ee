/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The reader of PROXY headers, and the finders behind it: tables of headers, each cut
 * at every place. */
#include <arpa/inet.h>

#include "finders.h"
#include "bpf/find/http.h"
#include "bpf/find/proxy.h"
#include "bpf/find/tls.h"
#include "tests/finders/proxied.h"

struct header {
	const char *bytes;
	size_t len;
	enum find expected;
	enum preface preface;
	const char *client;
	const char *server;
};

#define SAYS(bytes, client, server)                                                  \
	{                                                                            \
		bytes, sizeof(bytes) - 1, FIND_FOUND, PREFACE_CLIENT, client, server \
	}
#define HIDES(bytes)                                                             \
	{                                                                        \
		bytes, sizeof(bytes) - 1, FIND_FOUND, PREFACE_HIDDEN, NULL, NULL \
	}
#define OWN(bytes)                                                            \
	{                                                                     \
		bytes, sizeof(bytes) - 1, FIND_FOUND, PREFACE_OWN, NULL, NULL \
	}
#define WRONG(bytes)                                                                \
	{                                                                           \
		bytes, sizeof(bytes) - 1, FIND_UNREADABLE, PREFACE_OPEN, NULL, NULL \
	}
#define SHORT(bytes)                                                          \
	{                                                                     \
		bytes, sizeof(bytes) - 1, FIND_MORE, PREFACE_OPEN, NULL, NULL \
	}

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
#define INET	  "\xcb\0\x71\x09\xc0\0\x02\x01\xd4\x31\x01\xbb" /* 203.0.113.9 192.0.2.1 54321 443 */
#define INET6                                        \
	"\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x09" \
	"\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01" \
	"\xd4\x31\x01\xbb"
#define X20  "xxxxxxxxxxxxxxxxxxxx"
#define X100 X20 X20 X20 X20 X20
#define UNIX X100 "xxxxxxxx" X100 "xxxxxxxx"

/* clang-format off */
static const struct header headers[] = {
	SAYS("PROXY TCP4 203.0.113.9 192.0.2.1 54321 443\r\n", "::ffff:203.0.113.9", "::ffff:192.0.2.1"),
	SAYS("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n", "::ffff:255.255.255.255", "::ffff:255.255.255.255"),
	SAYS("PROXY TCP4 0.0.0.0 0.0.0.0 0 0\r\n", "::ffff:0.0.0.0", "::ffff:0.0.0.0"),
	SAYS("PROXY TCP6 2001:db8::9 2001:DB8::1 54321 443\r\n", "2001:db8::9", "2001:db8::1"),
	SAYS("PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:fff1 ffff:ffff:ffff:ffff:ffff:ffff:ffff:fff2 65535 65535\r\n",
	     "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fff1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fff2"),
	SAYS("PROXY TCP6 ::ffff:203.0.113.9 ::1 1 2\r\n", "::ffff:203.0.113.9", "::1"),
	OWN("PROXY UNKNOWN\r\n"),
	OWN("PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n"),
	OWN("PROXY UNKNOWN what stands here does not matter\r\n"),
	/* the protocol's own words, spaces, line end, length */
	WRONG("GET / HTTP/1.1\r\n"),
	WRONG("PROXYX"),
	WRONG("proxy "),
	WRONG("PROXY TCP5 203.0.113.9 192.0.2.1 54321 443\r\n"),
	WRONG("PROXY TCP 203.0.113.9 192.0.2.1 54321 443\r\n"),
	WRONG("PROXY UNKNOWNS\r\n"),
	WRONG("PROXY UNKNOW\r\n"),
	WRONG("PROXY UDP4 203.0.113.9 192.0.2.1 54321 443\r\n"),
	WRONG("PROXY  TCP4 203.0.113.9 192.0.2.1 54321 443\r\n"),
	WRONG("PROXY TCP4  203.0.113.9 192.0.2.1 54321 443\r\n"),
	WRONG("PROXY TCP4 203.0.113.9  192.0.2.1 54321 443\r\n"),
	WRONG("PROXY TCP4 203.0.113.9 192.0.2.1 54321  443\r\n"),
	WRONG("PROXY TCP4 203.0.113.9 192.0.2.1 54321 443 \r\n"),
	WRONG("PROXY TCP4 203.0.113.9 192.0.2.1 54321 443 1\r\n"),
	WRONG("PROXY TCP4 203.0.113.9 192.0.2.1 54321\r\n"),
	WRONG("PROXY TCP4 203.0.113.9 192.0.2.1\r\n"),
	WRONG("PROXY TCP4\r\n"),
	WRONG("PROXY TCP4 \r\n"),
	WRONG("PROXY \r\n"),
	WRONG("PROXY TCP4 203.0.113.9 192.0.2.1 54321 443\n"),
	WRONG("PROXY TCP4 203.0.113.9 192.0.2.1 54321 443\r "),
	WRONG("PROXY UNKNOWN\n"),
	WRONG("PROXY UNKNOWN a\rb"),
	WRONG("PROXY UNKNOWN " X100),
	WRONG("PROXY UNKNOWN " X20 X20 X20 X20 "xxxxxxxxxxxx\r\n"),
	/* addresses and ports */
	WRONG("PROXY TCP4 203.0.113 192.0.2.1 54321 443\r\n"),
	WRONG("PROXY TCP4 203.0.113.256 192.0.2.1 54321 443\r\n"),
	WRONG("PROXY TCP4 203.0.113.9.1 192.0.2.1 54321 443\r\n"),
	WRONG("PROXY TCP4 203.0.113.9 192.0.2.x 54321 443\r\n"),
	WRONG("PROXY TCP4 2001:db8::9 2001:db8::1 54321 443\r\n"),
	WRONG("PROXY TCP6 203.0.113.9 192.0.2.1 54321 443\r\n"),
	WRONG("PROXY TCP6 2001:db8::9::1 2001:db8::1 54321 443\r\n"),
	WRONG("PROXY TCP6 2001:db8:::9 2001:db8::1 54321 443\r\n"),
	WRONG("PROXY TCP6 2001:db8::9 2001:db8::12345 54321 443\r\n"),
	WRONG("PROXY TCP4 203.0.113.9 192.0.2.1 65536 443\r\n"),
	WRONG("PROXY TCP4 203.0.113.9 192.0.2.1 54321 99999999999999\r\n"),
	WRONG("PROXY TCP4 203.0.113.9 192.0.2.1 -1 443\r\n"),
	WRONG("PROXY TCP4 203.0.113.9 192.0.2.1 54321 44a\r\n"),
	SHORT("PROXY TCP4 203.0.113.9 192.0.2.1 54321 443\r"),
	SHORT("PROXY UNKNOWN " X20 X20 X20 X20 "xxxxxxxxxx\r"),
	SHORT("P"),
	/* binary */
	SAYS(SIGNATURE "\x21\x11\0\x0c" INET, "::ffff:203.0.113.9", "::ffff:192.0.2.1"),
	SAYS(SIGNATURE "\x21\x21\0\x24" INET6, "2001:db8::9", "2001:db8::1"),
	SAYS(SIGNATURE "\x21\x11\0\x17" INET "\x03\0\x04\x12\x34\x56\x78\x04\0\x01x", "::ffff:203.0.113.9", "::ffff:192.0.2.1"),
	/* a TLV that is not one is passed over as well */
	SAYS(SIGNATURE "\x21\x21\0\x25" INET6 "\xff", "2001:db8::9", "2001:db8::1"),
	OWN(SIGNATURE "\x20\0\0\0"),
	OWN(SIGNATURE "\x20\x11\0\x0c" INET),
	OWN(SIGNATURE "\x20\xff\0\x03xyz"),
	HIDES(SIGNATURE "\x21\0\0\0"),
	HIDES(SIGNATURE "\x21\x31\0\xd8" UNIX),
	HIDES(SIGNATURE "\x21\x12\0\x0c" INET),
	HIDES(SIGNATURE "\x21\x10\0\x0c" INET),
	WRONG("\r\n\r\n\0\r\nQUIT\r"),
	WRONG("\r\n\r\n\0\r\nQUIt"),
	WRONG("\r\n\r\n\1"),
	WRONG("\r\nGET / HTTP/1.1\r\n"),
	WRONG(SIGNATURE "\x11"),
	WRONG(SIGNATURE "\x31"),
	WRONG(SIGNATURE "\x22"),
	WRONG(SIGNATURE "\x2f"),
	WRONG(SIGNATURE "\x21\x41"),
	WRONG(SIGNATURE "\x21\x13"),
	/* lengths that lie */
	WRONG(SIGNATURE "\x21\x11\0\x0b"),
	WRONG(SIGNATURE "\x21\x11\0\0"),
	WRONG(SIGNATURE "\x21\x21\0\x23"),
	WRONG(SIGNATURE "\x21\x11\xff\xff"),
	WRONG(SIGNATURE "\x20\0\x3f\xf1"),
	SHORT(SIGNATURE "\x21\x11\0\x0c" "\xcb\0\x71\x09\xc0\0\x02"),
	SHORT(SIGNATURE "\x21\x11\0"),
	SHORT(SIGNATURE),
	SHORT("\r"),
};
/* clang-format on */

static void check_address(size_t i, const char *expected, const __u8 *addr)
{
	char text[INET6_ADDRSTRLEN];

	inet_ntop(AF_INET6, addr, text, sizeof(text));
	cr_assert_str_eq(text, expected, "headers[%zu] is of %s, not of %s", i, text, expected);
}

/* The header alone, or with something behind it that is none of its business. */
static void check_header(size_t i, const struct header *h, const char *behind, size_t first, size_t step)
{
	char bytes[512];
	size_t len = h->len + strlen(behind);
	struct finder f;
	size_t used;
	enum find r;

	memcpy(bytes, h->bytes, h->len);
	memcpy(bytes + h->len, behind, strlen(behind));
	r = proxied_header(&f, bytes, len, first, step, &used);
	cr_assert_eq(r, h->expected, "headers[%zu] cut %zu+%zu: got %d, expected %d: %.60s", i, first, step,
		     r, h->expected, h->bytes);
	if (r != FIND_FOUND)
		return;
	cr_assert_eq(f.preface, h->preface, "headers[%zu] cut %zu+%zu: is %d", i, first, step, f.preface);
	cr_assert_eq(used + f.skip, h->len, "headers[%zu] cut %zu+%zu: %zu and %u bytes", i, first, step,
		     used, f.skip);
	if (h->client) {
		check_address(i, h->client, f.client);
		check_address(i, h->server, f.server);
	}
}

Test(proxy, headers)
{
	size_t i, cut;

	for (i = 0; i < COUNT(headers); i++) {
		const struct header *h = &headers[i];
		const char *behind = h->expected == FIND_MORE ? "" : "GET / HTTP/1.1\r\n";

		check_header(i, h, "", h->len, 1);
		for (cut = 1; cut < h->len + strlen(behind); cut++) {
			check_header(i, h, behind, cut, 512);
			check_header(i, h, behind, cut, cut);
		}
	}
}

#define LINE  "PROXY TCP4 203.0.113.9 192.0.2.1 54321 443\r\n"
#define BLOCK SIGNATURE "\x21\x11\0\x0c" INET
#define TLVS  SIGNATURE "\x21\x11\0\x70" INET X100
#define LOCAL SIGNATURE "\x20\0\0\0"
#define HELLO                                                                                             \
	"\x16\3\1\0\x44\1\0\0\x40\3\3" X20 "xxxxxxxxxxxx\0\0\x02\x13\1\1\0\0\x15\0\0\0\x11\0\x0f\0\0\x0c" \
	"here.example"

/* clang-format off */
static const struct row http_rows[] = {
	FOUND(LINE "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n", "a.example"),
	FOUND(BLOCK "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n", "a.example"),
	FOUND(TLVS "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n", "a.example"),
	FOUND(LOCAL "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n", "a.example"),
	FOUND("PROXY UNKNOWN\r\nGET / HTTP/1.1\r\nHost: a.example\r\n\r\n", "a.example"),
	NONE(LINE "GET / HTTP/1.0\r\n\r\n"),
	MORE(LINE),
	MORE(TLVS),
	MORE(LINE "GET / HTTP/1.1\r\nHost: a"),
	BAD("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"),
	/* one header, not two */
	BAD(LINE LINE "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"),
	BAD(BLOCK BLOCK "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"),
	BAD(LINE HELLO),
};

static const struct row tls_rows[] = {
	FOUND(LINE HELLO, "here.example"),
	FOUND(TLVS HELLO, "here.example"),
	BAD(HELLO),
	BAD(LINE "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"),
};
/* clang-format on */

Test(proxy, http_behind)
{
	check_all("http", http_rows, COUNT(http_rows), proxy_begin, proxied_http_feed);
}

Test(proxy, tls_behind)
{
	check_all("tls", tls_rows, COUNT(tls_rows), proxy_begin, proxied_tls_feed);
}

/* What nobody waits for, at a glance. */
Test(proxy, begins)
{
	static const struct {
		const char *bytes;
		int expected;
	} rows[] = {
		{LINE, 1},
		{BLOCK, 1},
		{"PROXY /x HTTP/1.1\r\n", 1},
		{"PROXYTCP4 203.0.1", 0},
		{"GET / HTTP/1.1\r\n", 0},
		{"\r\n\r\n\0\r\nQUIT\r\n\r\n", 0},
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		cr_expect_eq(proxy_begins(find_load((const __u8 *)rows[i].bytes),
					  find_load((const __u8 *)rows[i].bytes + 8)),
			     rows[i].expected, "rows[%zu]", i);
}
