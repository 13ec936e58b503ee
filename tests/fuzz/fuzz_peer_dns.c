// SPDX-License-Identifier: GPL-2.0-or-later
/* The DNS finder against ldns, as a datagram and as a stream. */
#include "grammar.h"
#include "peer_fuzz.h"
#include "bpf/find/dns.h"

int LLVMFuzzerTestOneInput(const __u8 *data, size_t size);

GRAMMAR_MUTATOR(grammar_dns)

int LLVMFuzzerTestOneInput(const __u8 *data, size_t size)
{
	static __u8 stream[2 + 4096];
	struct finder f;
	struct peer p;

	if (size > sizeof(stream) - 2)
		return 0;
	peer_dns(data, size, &p);
	/* What the answer is made of ends where the question does. */
	if (peer_fuzz(&f, dns_begin, dns_feed, data, size, &p) == FIND_FOUND && p.said == SAID_NAME)
		FUZZ_CHECK(f.seen == p.end);
	stream[0] = size >> 8;
	stream[1] = size & 255;
	memcpy(stream + 2, data, size);
	peer_fuzz(&f, dns_tcp_begin, dns_feed, stream, size + 2, &p);
	return 0;
}
