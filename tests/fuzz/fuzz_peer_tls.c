// SPDX-License-Identifier: GPL-2.0-or-later
/* The TLS finder against OpenSSL. */
#include "grammar.h"
#include "peer_fuzz.h"
#include "bpf/find/tls.h"

int LLVMFuzzerTestOneInput(const __u8 *data, size_t size);

GRAMMAR_MUTATOR(grammar_tls)

int LLVMFuzzerTestOneInput(const __u8 *data, size_t size)
{
	struct finder f;
	struct peer p;

	peer_tls(data, size, &p);
	peer_fuzz(&f, tls_begin, tls_feed, data, size, &p);
	return 0;
}
