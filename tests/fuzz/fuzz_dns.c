/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes for the DNS finder: as a datagram, as a stream, and the datagram
 * with its length in front, which must be the same as without. */
#include "finder_fuzz.h"
#include "bpf/find/dns.h"

int LLVMFuzzerTestOneInput(const __u8 *data, size_t size);

int LLVMFuzzerTestOneInput(const __u8 *data, size_t size)
{
	static __u8 stream[2 + 65535];
	struct finder f, g;
	enum find r, s;

	fuzz_finder(&g, dns_tcp_begin, dns_feed, data, size);
	r = fuzz_finder(&f, dns_begin, dns_feed, data, size);
	if (size > 65535)
		return 0;
	stream[0] = size >> 8;
	stream[1] = size & 255;
	memcpy(stream + 2, data, size);
	s = fuzz_finder(&g, dns_tcp_begin, dns_feed, stream, size + 2);
	/* a stream knows at once that a message is too short for its question */
	if (r == FIND_MORE)
		r = FIND_UNREADABLE;
	FUZZ_CHECK(r == s);
	if (r != FIND_FOUND)
		return 0;
	FUZZ_CHECK(f.name_len == g.name_len && !memcmp(f.name, g.name, f.name_len));
	FUZZ_CHECK(f.seen + 2 == g.seen && f.seen <= size);
	FUZZ_CHECK(f.word == g.word && f.extra == g.extra);
	return 0;
}
