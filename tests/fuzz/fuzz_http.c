/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes for the HTTP finder, and what it finds for the literal parser. */
#include <arpa/inet.h>

#include "finder_fuzz.h"
#include "bpf/find/http.h"
#include "bpf/find/literal.h"

int LLVMFuzzerTestOneInput(const __u8 *data, size_t size);

/* The libc is right about what an address is. */
static void literal_is_libc(const struct finder *f)
{
	__u8 addr[16], libc[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
	char text[256];
	size_t len = f->name_len;
	int expected;

	memcpy(text, f->name, len);
	text[len] = '\0';
	if (text[0] == '[') {
		text[len - 1] = '\0';
		expected = inet_pton(AF_INET6, text + 1, libc) == 1;
	} else {
		expected = inet_pton(AF_INET, text, libc + 12) == 1;
	}
	FUZZ_CHECK(literal_parse(f->name, len, addr) == expected);
	FUZZ_CHECK(!expected || !memcmp(addr, libc, 16));
}

int LLVMFuzzerTestOneInput(const __u8 *data, size_t size)
{
	struct finder f;

	if (fuzz_finder(&f, http_begin, http_feed, data, size) == FIND_FOUND)
		literal_is_libc(&f);
	return 0;
}
