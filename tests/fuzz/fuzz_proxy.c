/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes for the reader of PROXY headers: as they are, and behind the beginning of
 * either version, which a fuzzer does not easily come upon. */
#include "finder_fuzz.h"
#include "tests/finders/proxied.h"

int LLVMFuzzerTestOneInput(const __u8 *data, size_t size);

/* However it is cut, the same is read; no more than there is; and the rest decides. */
static void header(const __u8 *data, size_t size)
{
	static const size_t steps[] = {1, 2, 7, 16, 63, 65};
	size_t used, again, i;
	struct finder f, g;
	enum find r = proxied_header(&f, data, size, size, size, &used), s;

	FUZZ_CHECK(r != FIND_NONE);
	for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		s = proxied_header(&g, data, size, steps[i], steps[i], &again);
		FUZZ_CHECK(r == s);
		if (r != FIND_FOUND)
			continue;
		FUZZ_CHECK(used == again && f.preface == g.preface && f.skip == g.skip);
		FUZZ_CHECK(f.preface != PREFACE_CLIENT ||
			   (!memcmp(f.client, g.client, 16) && !memcmp(f.server, g.server, 16)));
	}
	if (r != FIND_FOUND) {
		FUZZ_CHECK(f.preface == PREFACE_OPEN);
		return;
	}
	FUZZ_CHECK(f.preface > PREFACE_OPEN && f.preface <= PREFACE_OWN);
	FUZZ_CHECK(used >= 15 && used <= size && used + f.skip <= PROXY_HEADER_MAX);
	FUZZ_CHECK(!f.skip || data[0] == '\r');
}

int LLVMFuzzerTestOneInput(const __u8 *data, size_t size)
{
	static const __u8 block[16] = "\r\n\r\n\0\r\nQUIT\n\x21";
	__u8 all[4096 + 16];
	struct finder f;

	if (size > 4096)
		return 0;
	header(data, size);
	fuzz_finder(&f, proxy_begin, proxied_http_feed, data, size);
	fuzz_finder(&f, proxy_begin, proxied_tls_feed, data, size);
	memcpy(all, block, 13);
	memcpy(all + 13, data, size);
	header(all, size + 13);
	memcpy(all, "PROXY TCP", 9);
	memcpy(all + 9, data, size);
	header(all, size + 9);
	return 0;
}
