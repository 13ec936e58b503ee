/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The finder of a ClientHello's server name. */
#include "finders.h"
#include "bpf/find/tls.h"

#define RANDOM "0123456789abcdef0123456789abcdef"

/* Version, random, session id, cipher suites, compression methods. */
static const char hello_start[] = "\3\3" RANDOM "\4sess\0\4\x13\1\x13\2\1\0";

/* Extensions of a hello that is sound otherwise. */
#define SNI(name9) "\0\0\0\x0e\0\x0c\0\0\x09" name9
#define ALPN	   "\0\x10\0\x05\0\x03\x02h2"
#define EMPTY	   "\0\x17\0\0"

/* It would put each string of a row on a line of its own. */
/* clang-format off */
static const struct row tls_rows[] = {
	FOUND(SNI("a.example"), "a.example"),
	FOUND(SNI("A.eXAMPLE"), "a.example"),
	FOUND(SNI("a.exampl."), "a.exampl"),
	FOUND(SNI("192.0.2.1"), "192.0.2.1"),
	FOUND(ALPN EMPTY SNI("a.example"), "a.example"),
	FOUND(SNI("a_example") ALPN, "a_example"),
	/* a grease extension of one byte, one that is 300 bytes long */
	FOUND("\x2a\x2a\0\x01\0" SNI("a.example"), "a.example"),
	FOUND("\0\x33\x01\x2c" L63 L63 L63 L63 "012345678901234567890123456789012345678901234567"
	      SNI("a.example") ALPN, "a.example"),
	/* the first complete one counts */
	FOUND(SNI("a.example") SNI("b.example"), "a.example"),
	FOUND("\0\0\0\x14\0\x12\0\0\x09" "a.example" "\0\0\x03" "b.c", "a.example"),
	FOUND("\0\0\0\x14\0\x12\x01\0\x03" "b.c" "\0\0\x09" "a.example", "a.example"),
	FOUND("\0\0\0\x06\0\x04\0\0\x01" "a", "a"),
	/* unnamed */
	NONE(ALPN),
	NONE(EMPTY EMPTY),
	NONE(""),
	NONE("\0\0\0\x06\0\x04\x01\0\x01" "a"),
	/* lengths that lie */
	BAD("\0\0\0\0" ALPN),
	BAD("\0\0\0\x01\0" ALPN),
	BAD("\0\0\0\x02\0\0" ALPN),
	BAD("\0\0\0\x05\0\x03\0\0\0" ALPN),
	BAD("\0\0\0\x0e\0\x0b\0\0\x09" "a.example"),
	BAD("\0\0\0\x0e\0\x0d\0\0\x09" "a.example"),
	BAD("\0\0\0\x0e\0\x0c\0\0\x0a" "a.example"),
	BAD("\0\0\0\x0e\0\x0c\0\0\x08" "a.example"),
	BAD("\0\0\0\x0e\0\x0c\0\0\x06" "a.example"),
	BAD("\0\0\0\x0e\0\x0c\x01\0\x0a" "a.example"),
	BAD("\0\0\0\x0f\0\x0c\0\0\x09" "a.example" ALPN),
	BAD("\0\0\0\x0e\0\x0c\0\x01\x09" "a.example"),
	BAD("\0\0\0\x0f\0\x0d\0\0\x09" "a.example"),
	BAD("\0\0\x01\x0e\0\x0c\0\0\x09" "a.example"),
	BAD(SNI("a.example") "\0"),
	BAD(SNI("a.example") "\0\x10\0"),
	BAD(ALPN "\0\x17"),
	BAD("\0\x10\xff\xff\0"),
	/* what no name is made of */
	BAD(SNI("a\0example")),
	BAD(SNI("a example")),
	BAD(SNI("a.exampl\n")),
	BAD(SNI("\x7f.example")),
	BAD(SNI("a.ex\xc3\xa4mp")),
	BAD(SNI("a..exampl")),
	BAD(SNI(".aexample")),
	BAD(SNI("aexampl..")),
	BAD(SNI("*.example")),
	BAD(SNI("[2001::1]")),
	BAD(SNI("2001:db::")),
	FOUND("\0\0\x01\x02\x01\0\0\0\xfd" L253, L253),
	FOUND("\0\0\x01\x03\x01\x01\0\0\xfe" L253 ".", L253),
	BAD("\0\0\x01\x03\x01\x01\0\0\xfe" L253 "x"),
	BAD("\0\0\x01\x04\x01\x02\0\0\xff" L253 ".x"),
};
/* clang-format on */

static size_t put(__u8 *out, size_t at, const void *bytes, size_t len)
{
	memcpy(out + at, bytes, len);
	return at + len;
}

/* A whole ClientHello in records of @fragment bytes. */
static size_t wrap(__u8 *out, const void *extensions, size_t len, size_t fragment)
{
	__u8 hello[2048] = {1, 0};
	size_t n = 4, at = 0, i, left;

	n = put(hello, n, hello_start, sizeof(hello_start) - 1);
	if (len) {
		hello[n++] = len >> 8;
		hello[n++] = len & 255;
		n = put(hello, n, extensions, len);
	}
	hello[2] = (n - 4) >> 8;
	hello[3] = (n - 4) & 255;
	for (i = 0; i < n; i += left) {
		left = n - i < fragment ? n - i : fragment;
		at = put(out, at, "\x16\3\1", 3);
		out[at++] = left >> 8;
		out[at++] = left & 255;
		at = put(out, at, hello + i, left);
	}
	return at;
}

Test(finders, tls)
{
	static const size_t fragments[] = {16384, 1, 2, 3, 5, 48, 64, 100};
	static __u8 bytes[8192];
	size_t i, k;

	for (i = 0; i < COUNT(tls_rows); i++) {
		for (k = 0; k < COUNT(fragments); k++) {
			struct row row = tls_rows[i];

			row.bytes = (char *)bytes;
			row.len = wrap(bytes, tls_rows[i].bytes, tls_rows[i].len, fragments[k]);
			check_all("tls", &row, 1, tls_begin, tls_feed);
			cr_log_info("row %zu in records of %zu", i, fragments[k]);
		}
	}
}

static const struct row tls_raw_rows[] = {
	BAD("\x15\3\1\0\2\2\x28"), /* an alert */
	BAD("\x17\3\3\0\1x"),
	BAD("\x16\2\1\0\1\1"),
	BAD("\x16\3\1\0\0"),
	BAD("\x16\3\1\0\1\1\x16\3\1\0\0"),
	BAD("\x16\3\1\0\1\1\x17\3\1\0\1\0"),
	BAD("\x16\3\1\x40\1\1"),
	MORE("\x16\3\1\x40\0\1"),
	BAD("\x16\3\1\0\4\2\0\0\x30"),
	BAD("\x16\3\1\0\4\1\0\x40\1"),
	BAD("\x16\3\1\0\4\1\1\0\0"),
	MORE("\x16\3\1\0\4\1\0\x40\0"),
	BAD("\x16\3\1\0\4\1\0\0\0"),
	BAD("\x16\3\1\0\x60\1\0\0\x5c\2\3"),
	BAD("\x80\x2e\1\3\1\0\x15\0\0\0\x10"), /* SSLv2 */
	BAD("GET / HTTP/1.1\r\n"),
	BAD("\x16\3\1\0\x60\1\0\0\x5c\3\3" RANDOM "\x21"),
	BAD("\x16\3\1\0\x60\1\0\0\x5c\3\3" RANDOM "\0\0\0"),
	BAD("\x16\3\1\0\x60\1\0\0\x5c\3\3" RANDOM "\0\0\3"),
	BAD("\x16\3\1\0\x60\1\0\0\x5c\3\3" RANDOM "\0\0\xfe"),
	BAD("\x16\3\1\0\x60\1\0\0\x5c\3\3" RANDOM "\0\0\2\x13\1\0"),
	BAD("\x16\3\1\0\x60\1\0\0\x5c\3\3" RANDOM "\0\0\2\x13\1\1\0\0\x33"),
	BAD("\x16\3\1\0\x60\1\0\0\x5c\3\3" RANDOM "\0\0\2\x13\1\1\0\0\x32"),
	MORE("\x16\3\1\0\x60\1\0\0\x5c\3\3" RANDOM "\0\0\2\x13\1\1\0\0\x31"),
	NONE("\x16\3\1\0\x2f\1\0\0\x2b\3\3" RANDOM "\0\0\2\x13\1\1\0\0\0"),
	BAD("\x16\3\1\0\x2e\1\0\0\x2a\3\3" RANDOM "\0\0\2\x13\1\1\0\0"),
	MORE(""),
};

Test(finders, tls_raw)
{
	check_all("tls_raw", tls_raw_rows, COUNT(tls_raw_rows), tls_begin, tls_feed);
}

/* The body of an extension is not fed, and seen counts what was jumped over. */
Test(finders, tls_skips)
{
	static __u8 bytes[2048], extensions[1100] = "\0\x33\4\0";
	struct finder f;
	size_t n, len;

	memcpy(extensions + 4 + 1024, SNI("a.example"), 18);
	len = wrap(bytes, extensions, 4 + 1024 + 18, 16384);
	tls_begin(&f);
	for (n = 0; n < len && !f.skip; n += FIND_CHUNK)
		cr_assert_eq(feeder_chunk(&f, tls_feed, bytes + n, FIND_CHUNK), FIND_MORE);
	cr_assert_eq(n, 64);
	cr_assert_eq(f.skip, len - 18 - n);
	cr_assert_eq(f.seen - f.skip, n);
	cr_assert_eq(feeder_segment(&f, tls_feed, bytes + n, len - n), FIND_FOUND);
	cr_assert_eq(f.seen, len);
	cr_assert_eq(f.skip, 0);
}
