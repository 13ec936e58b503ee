/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes for the TLS finder, as they are and as a handshake in records of
 * any size: a fuzzer does not easily come upon those. */
#include "finder_fuzz.h"
#include "bpf/find/tls.h"

int LLVMFuzzerTestOneInput(const __u8 *data, size_t size);

/* The hello of a single record, cut over records of @fragment bytes. */
static size_t split(__u8 *out, const __u8 *data, size_t size, size_t fragment)
{
	size_t at = 0, i, n;

	for (i = TLS_RECORD_HEADER; i < size; i += n) {
		n = size - i < fragment ? size - i : fragment;
		memcpy(out + at, "\x16\3\1", 3);
		out[at + 3] = n >> 8;
		out[at + 4] = n & 255;
		memcpy(out + at + 5, data + i, n);
		at += n + 5;
	}
	return at;
}

int LLVMFuzzerTestOneInput(const __u8 *data, size_t size)
{
	static __u8 records[6 * 4096];
	struct finder f, g;
	enum find r = fuzz_finder(&f, tls_begin, tls_feed, data, size), s;
	size_t n;

	if (size <= TLS_RECORD_HEADER || size > 4096 ||
	    (size_t)(data[3] << 8 | data[4]) != size - TLS_RECORD_HEADER)
		return 0;
	if (memcmp(data, "\x16\3", 2))
		return 0;
	n = split(records, data, size, 1 + data[size - 1] % 70);
	s = fuzz_finder(&g, tls_begin, tls_feed, records, n);
	FUZZ_CHECK(r == s);
	FUZZ_CHECK(r != FIND_FOUND || (f.name_len == g.name_len && !memcmp(f.name, g.name, f.name_len)));
	return 0;
}
