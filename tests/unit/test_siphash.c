/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SipHash-2-4 against the vectors of its authors: key 00 01 .. 0f, message 00 01 ..,
 * of which those of whole words are taken. (OpenSSL's gives the same.) */
#include <criterion/criterion.h>
#include <endian.h>
#include <string.h>

#include "bpf/handshake/siphash.h"

static const struct {
	unsigned int len;
	__u8 hash[8];
} vectors[] = {
	{0, {0x31, 0x0e, 0x0e, 0xdd, 0x47, 0xdb, 0x6f, 0x72}},
	{8, {0x62, 0x24, 0x93, 0x9a, 0x79, 0xf5, 0xf5, 0x93}},
	{16, {0xdb, 0x9b, 0xc2, 0x57, 0x7f, 0xcc, 0x2a, 0x3f}},
	{24, {0x94, 0xaf, 0x49, 0xf6, 0xc6, 0x50, 0xad, 0xb8}},
	{32, {0xce, 0x7c, 0xf2, 0x72, 0x2f, 0x51, 0x27, 0x71}},
	{40, {0xd0, 0xa7, 0x04, 0x53, 0x6b, 0xa9, 0x3e, 0x0e}},
	{48, {0x51, 0xa9, 0xcb, 0x9e, 0xcb, 0xa3, 0x12, 0xe6}},
	{56, {0xbd, 0x83, 0x8d, 0x3a, 0xaf, 0xbf, 0x8d, 0xb7}},
};

static __u64 word_at(const __u8 *bytes)
{
	__u64 word;

	memcpy(&word, bytes, sizeof(word));
	return le64toh(word);
}

Test(siphash, known_answers)
{
	__u8 bytes[64];

	for (unsigned int i = 0; i < sizeof(bytes); i++)
		bytes[i] = i;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(*vectors); i++) {
		struct siphash s;
		__u64 got;

		siphash_begin(&s, word_at(bytes), word_at(bytes + 8));
		for (unsigned int at = 0; at < vectors[i].len; at += 8)
			siphash_word(&s, word_at(bytes + at));
		got = siphash_end(&s);
		cr_expect(got == word_at(vectors[i].hash), "%u bytes: %016llx", vectors[i].len, got);
	}
}
