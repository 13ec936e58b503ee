// SPDX-License-Identifier: GPL-2.0-or-later
/* Stray names by the registered part of them. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "show/groups.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

Test(groups, registered_part)
{
	static const struct {
		const char *name, *part;
	} rows[] = {
		{"example", "example"},
		{"foreign.example", "foreign.example"},
		{"a.b.foreign.example", "foreign.example"},
		{"www.foreign.co.uk", "foreign.co.uk"},
		{"foreign.co.uk", "foreign.co.uk"},
		{"co.uk", "co.uk"},
		{"uk", "uk"},
		{"a.b.foreign.com.cn", "foreign.com.cn"},
		{"a.foreign.info.pl", "foreign.info.pl"},
		{"www.ok.ru", "ok.ru"},
		{"www.hp.de", "hp.de"},
		{"www.co.example", "co.example"},
		{"a.comx.uk", "comx.uk"},
		{"a..uk", ".uk"},
		{"", ""},
	};
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		const uint8_t *text = (const uint8_t *)rows[i].name;

		cr_expect_str_eq(rows[i].name + suffix_at(text, strlen(rows[i].name)), rows[i].part, "%s",
				 rows[i].name);
	}
}

static struct heavy row(const char *name, uint64_t count, uint8_t protocol)
{
	struct heavy h = {.count = count, .protocol = protocol, .length = strlen(name)};

	memcpy(h.key, name, h.length);
	return h;
}

Test(groups, random_labels_are_one_line)
{
	static const struct {
		const char *name;
		uint64_t count;
		uint8_t protocol;
	} expected[] = {
		{"*.foreign.example", 6000, PROTO_DNS},	 {"www.other.example", 900, PROTO_HTTP},
		{"www.foreign.example", 500, PROTO_DNS}, {"foreign.example", 300, PROTO_HTTP},
		{"seldom.other.example", 3, PROTO_HTTP},
	};
	struct heavy rows[1100];
	char text[64];
	size_t n = 0, i;

	for (i = 0; i < 1000; i++) {
		snprintf(text, sizeof(text), "x%zu.foreign.example", i);
		rows[n++] = row(text, 1, PROTO_DNS);
	}
	rows[n++] = row("*.foreign.example", 5000, PROTO_DNS);
	rows[n++] = row("www.foreign.example", 500, PROTO_DNS);
	rows[n++] = row("foreign.example", 300, PROTO_HTTP);
	rows[n++] = row("www.other.example", 900, PROTO_HTTP);
	rows[n++] = row("seldom.other.example", 3, PROTO_HTTP);
	n = group_names(rows, n);
	cr_assert(n == COUNT(expected), "%zu", n);
	for (i = 0; i < n; i++) {
		snprintf(text, sizeof(text), "%.*s", rows[i].length, (const char *)rows[i].key);
		cr_expect_str_eq(text, expected[i].name);
		cr_expect(rows[i].count == expected[i].count && rows[i].protocol == expected[i].protocol,
			  "%s: %lu", text, (unsigned long)rows[i].count);
	}
	cr_expect(!group_names(rows, 0));
}

Test(groups, a_name_is_one_row_whatever_asked_for_it)
{
	struct heavy rows[] = {
		row("a.example", 2, PROTO_HTTP), row("b.example", 4, PROTO_HTTP),
		row("a.example", 2, PROTO_TLS),	 row("c.example", 1, PROTO_DNS),
		row("a.example", 1, PROTO_DNS),
	};
	static const struct {
		const char *name;
		uint64_t count;
	} expected[] = {{"a.example", 5}, {"b.example", 4}, {"c.example", 1}};
	size_t n = join_protocols(rows, COUNT(rows)), i;

	cr_assert(n == COUNT(expected), "%zu", n);
	for (i = 0; i < n; i++) {
		cr_expect(rows[i].length == strlen(expected[i].name) &&
			  !memcmp(rows[i].key, expected[i].name, rows[i].length));
		cr_expect_eq(rows[i].count, expected[i].count);
	}
	cr_expect(!join_protocols(rows, 0));
}
