// SPDX-License-Identifier: GPL-2.0-or-later
/* Delegation files of the registries, and the shortest list of what is in them. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/delegation.h"
#include "lib/spans.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static const struct {
	const char *line;
	int kind;
	const char *country, *prefixes;
} lines[] = {
	{"apnic|CN|ipv4|1.0.1.0|256|20110414|allocated|A92E1062\n", DELEGATION_GIVEN, "CN", "1.0.1.0/24"},
	{"apnic|cn|ipv4|1.0.2.0|512|20110414|assigned\r\n", DELEGATION_GIVEN, "CN", "1.0.2.0/23"},
	{"ripencc|FR|ipv4|2.0.0.0|1280|20100712|ALLOCATED", DELEGATION_GIVEN, "FR", "2.0.0.0/22 2.0.4.0/24"},
	{"arin|US|ipv4|3.0.0.1|6||assigned|x|y|z", DELEGATION_GIVEN, "US",
	 "3.0.0.1 3.0.0.2/31 3.0.0.4/31 3.0.0.6"},
	{"arin|US|ipv4|255.255.255.0|256|20100712|assigned", DELEGATION_GIVEN, "US", "255.255.255.0/24"},
	{"arin|US|ipv4|0.0.0.0|4294967296|20100712|assigned", DELEGATION_GIVEN, "US", "0.0.0.0/0"},
	{"apnic|CN|ipv6|2001:250::|35|20000426|allocated|A91", DELEGATION_GIVEN, "CN", "2001:250::/35"},
	{"apnic|CN|ipv6|2001:db8::1|128|20000426|assigned", DELEGATION_GIVEN, "CN", "2001:db8::1"},
	{"apnic|CN|asn|4538|5|19940101|allocated|A91", DELEGATION_OTHER, "", ""},
	{"apnic||ipv4|1.0.1.0|256||available|", DELEGATION_OTHER, "", ""},
	{"apnic|ZZ|ipv4|1.0.1.0|256|20110414|reserved|", DELEGATION_OTHER, "", ""},
	{"# text", DELEGATION_OTHER, "", ""},
	{"", DELEGATION_OTHER, "", ""},
	{"2.3|apnic|20261125|89000|19830613|20261124|+1000", DELEGATION_WHOLE, "", ""},
	{"apnic|*|ipv4|*|47000|summary", DELEGATION_WHOLE, "", ""},
	{"apnic|CN|ipv4|255.255.255.0|257|20110414|allocated", -EINVAL, "", ""},
	{"apnic|CN|ipv4|1.0.1.0|0|20110414|allocated", -EINVAL, "", ""},
	{"apnic|CN|ipv4|1.0.1.0|-256|20110414|allocated", -EINVAL, "", ""},
	{"apnic|CN|ipv4|1.0.1.0|99999999999999999999|20110414|allocated", -EINVAL, "", ""},
	{"apnic|CN|ipv4|1.0.1|256|20110414|allocated", -EINVAL, "", ""},
	{"apnic|CN|ipv4|1.0.1.0/24|256|20110414|allocated", -EINVAL, "", ""},
	{"apnic|CN|ipv4|2001:db8::|256|20110414|allocated", -EINVAL, "", ""},
	{"apnic|CN|ipv6|1.0.1.0|32|20110414|allocated", -EINVAL, "", ""},
	{"apnic|CN|ipv6|2001:250::|129|20000426|allocated", -EINVAL, "", ""},
	{"apnic|CN|ipv6|2001:251::|31|20000426|allocated", -EINVAL, "", ""},
	{"apnic|CHN|ipv4|1.0.1.0|256|20110414|allocated", -EINVAL, "", ""},
	{"apnic|CN|ipv5|1.0.1.0|256|20110414|allocated", -EINVAL, "", ""},
	{"apnic|CN|ipv4|1.0.1.0|256", -EINVAL, "", ""},
	{"192.0.2.0/24", -EINVAL, "", ""},
};

static void append(const struct prefix *p, void *text)
{
	char *end = (char *)text + strlen(text);

	if (end != text)
		*end++ = ' ';
	prefix_print(p, end, PREFIX_TEXT);
}

Test(delegation, lines)
{
	for (size_t i = 0; i < COUNT(lines); i++) {
		struct delegation d = {.country = ""};
		struct spans s = {0};
		char text[1024] = "";
		const char *why = NULL;
		int got = delegation_read(lines[i].line, strlen(lines[i].line), &d, &why);

		cr_expect(got == lines[i].kind, "%s: %d (%s)", lines[i].line, got, why);
		cr_expect(!why == (got >= 0), "%s", lines[i].line);
		cr_expect_str_eq(d.country, lines[i].kind < 0 ? d.country : lines[i].country, "%s",
				 lines[i].line);
		if (got != DELEGATION_GIVEN)
			continue;
		spans_add(&s, d.first, d.last);
		spans_prefixes(&s, append, text);
		cr_expect_str_eq(text, lines[i].prefixes, "%s: %s", lines[i].line, text);
		spans_free(&s);
	}
}

static const struct {
	const char *ranges, *prefixes;
} joined[] = {
	{"", ""},
	{"10.0.1.0-10.0.1.255 10.0.0.0-10.0.0.255", "10.0.0.0/23"},
	{"10.0.0.0-10.0.0.255 10.0.0.7-10.0.0.9 10.0.0.128-10.0.1.255", "10.0.0.0/23"},
	{"10.0.0.0-10.0.0.255 10.0.2.0-10.0.2.255", "10.0.0.0/24 10.0.2.0/24"},
	{"10.0.0.255-10.0.0.255 10.0.1.0-10.0.1.0", "10.0.0.255 10.0.1.0"},
	{"255.255.255.255-255.255.255.255 0.0.0.0-255.255.255.254", "0.0.0.0/0"},
	{"::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 2001:db8::-2001:db8::1", "::/0"},
	{"2001:db8:1::-2001:db8:1:ffff:ffff:ffff:ffff:ffff 2001:db8::-2001:db8:0:ffff:ffff:ffff:ffff:ffff",
	 "2001:db8::/47"},
};

Test(spans, are_joined)
{
	for (size_t i = 0; i < COUNT(joined); i++) {
		struct spans s = {0};
		char ranges[256], text[1024] = "", *state;

		strcpy(ranges, joined[i].ranges);
		for (char *r = strtok_r(ranges, " ", &state); r; r = strtok_r(NULL, " ", &state)) {
			struct prefix first, last;
			char *dash = strchr(r, '-');

			*dash = '\0';
			cr_assert(!prefix_parse(r, &first) && !prefix_parse(dash + 1, &last));
			spans_add(&s, first.addr, last.addr);
		}
		spans_join(&s);
		spans_prefixes(&s, append, text);
		cr_expect_str_eq(text, joined[i].prefixes, "%s: %s", joined[i].ranges, text);
		spans_free(&s);
	}
}
