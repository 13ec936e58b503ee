// SPDX-License-Identifier: GPL-2.0-or-later
/* The HTTP finder against http-parser. */
#include "grammar.h"
#include "peer_fuzz.h"
#include "bpf/find/http.h"

int LLVMFuzzerTestOneInput(const __u8 *data, size_t size);

GRAMMAR_MUTATOR(grammar_http)

int LLVMFuzzerTestOneInput(const __u8 *data, size_t size)
{
	struct finder f;
	struct peer p;

	peer_http(data, size, &p);
	peer_fuzz(&f, http_begin, http_feed, data, size, &p);
	return 0;
}
