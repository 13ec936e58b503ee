/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Address literals, against the libc. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "bpf/find/literal.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const char *const literals[] = {
	"192.0.2.1",
	"0.0.0.0",
	"255.255.255.255",
	"1.2.3.4",
	"256.1.1.1",
	"1.2.3",
	"1.2.3.4.5",
	"01.2.3.4",
	"1.2.3.04",
	"1.2.3.00",
	"1..2.3",
	"1.2.3.",
	".1.2.3",
	"1.2.3.4a",
	"1.2.3.a4",
	"a.2.3.4",
	"1234.1.1.1",
	"1.2.3.1111",
	"1:2.3.4",
	"12345678",
	"1",
	"",
	"1.example.9",
	"www.example.com",
	"[",
	"[]",
	"[:]",
	"[::",
	"[::]",
	"[::1]",
	"[1::]",
	"[:::]",
	"[::1::]",
	"[1:2:3:4:5:6:7:8]",
	"[1:2:3:4:5:6:7]",
	"[1:2:3:4:5:6:7::]",
	"[::2:3:4:5:6:7:8]",
	"[1:2:3:4::5:6:7:8]",
	"[1:2:3:4:5:6:7:8::]",
	"[::1:2:3:4:5:6:7:8]",
	"[1:2:3:4:5:6:7:8:9]",
	"[2001:db8::ff00:42:8329]",
	"[2001:0db8:0000:0000:0000:ff00:0042:8329]",
	"[12345::]",
	"[1:]",
	"[:1]",
	"[:1::]",
	"[1::2:]",
	"[::g]",
	"[::ffff:192.0.2.1]",
	"[::192.0.2.1]",
	"[1:2:3:4:5:6:192.0.2.1]",
	"[1:2:3:4:5:192.0.2.1]",
	"[1:2:3:4:5:6:7:192.0.2.1]",
	"[::192.0.2]",
	"[::192.0.2.]",
	"[::192.0.2.1:1]",
	"[::256.0.2.1]",
	"[::01.0.2.1]",
	"[192.0.2.1]",
	"[::a.0.2.1]",
	"[::ffff:192.0.2.1.]",
	"[1::.1.2.3]",
	"[ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255]",
	"[1111:2222:3333:4444:5555:6666:7777:8888]",
	"[::1]]",
	"[[::1]",
	"[::1",
	"[fe80::1%1]",
	"::1",
	"1::]",
};

/* What the libc says. */
static int literal_expected(const char *name, __u8 addr[16])
{
	char inner[64];
	size_t len = strlen(name);

	memset(addr, 0, 16);
	addr[10] = addr[11] = 0xff;
	if (name[0] != '[')
		return inet_pton(AF_INET, name, addr + 12) == 1;
	snprintf(inner, sizeof(inner), "%.*s", (int)len - 2, name + 1);
	return len > 2 && name[len - 1] == ']' && inet_pton(AF_INET6, inner, addr) == 1;
}

Test(finders, literal)
{
	size_t i;

	for (i = 0; i < COUNT(literals); i++) {
		__u8 name[256] = "", addr[16], expected[16];
		int want = literal_expected(literals[i], expected);

		memcpy(name, literals[i], strlen(literals[i]));
		cr_assert_eq(literal_parse(name, strlen(literals[i]), addr), want, "%s", literals[i]);
		if (want)
			cr_assert_arr_eq(addr, expected, 16, "%s", literals[i]);
	}
}
