// SPDX-License-Identifier: GPL-2.0-or-later
/* What `suggest` makes of regular expressions, addresses and configurations. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "servers/blocks.h"
#include "servers/idn.h"
#include "servers/reader.h"
#include "servers/regex.h"
#include "servers/suffix.h"
#include "servers/zone_names.h"

static const struct {
	const char *regex, *names; /* NULL: they cannot be listed */
} regexes[] = {
	{"^(.+)\\.example\\.com$", "*.example.com"},
	{"^example\\.com$", "example.com"},
	{"^(www\\.)?example\\.com$", ".example.com"},
	{"(^|\\.)example\\.com$", ".example.com"},
	{"^[a-z]+\\.Example\\.com$", "*.example.com"},
	{"^(a|b)\\.example\\.com$", "*.example.com"},
	{"^.+.example.com$", "*.example.com"},
	{"^(.*)example\\.com\\.org$", "*.com.org"},
	{"^.*\\.com$", NULL},
	{"^shop[0-9]+\\..*$", NULL},
	{"example\\.com", NULL},
	{"^a\\.example$|^b$", NULL},
	{"^example\\d\\.com$", NULL},
	{"^exam?ple\\.com$", NULL},
	{"$", NULL},
	{"", NULL},
	{"[", NULL},
};

Test(suggest, regexes)
{
	char out[256];
	size_t i;

	for (i = 0; i < sizeof(regexes) / sizeof(regexes[0]); i++) {
		bool got = regex_names(regexes[i].regex, out);

		cr_expect(got == (regexes[i].names != NULL), "%s: %s", regexes[i].regex, got ? out : "none");
		if (got && regexes[i].names)
			cr_expect_str_eq(out, regexes[i].names, "%s: %s", regexes[i].regex, out);
	}
}

static const struct {
	const char *text;
	unsigned int port; /* 0: it is none */
	bool any;
} endpoints[] = {
	{"80", 80, true},
	{"*:443", 443, true},
	{":8443", 8443, true},
	{"192.0.2.1:81", 81, false},
	{"192.0.2.1", 99, false},
	{"[::]:80", 80, true},
	{"[2001:db8::1]:443", 443, false},
	{"[2001:db8::1]", 99, false},
	{"localhost:82", 82, true},
	{"0.0.0.0:83", 83, true},
	{"unix:/run/x.sock", 0, false},
	{"/run/x.sock", 0, false},
	{"*:0", 0, false},
	{"*:70000", 0, false},
};

Test(suggest, endpoints)
{
	size_t i;

	for (i = 0; i < sizeof(endpoints) / sizeof(endpoints[0]); i++) {
		struct site s = {0};
		bool got = read_endpoint(&s, endpoints[i].text, 99);

		cr_expect(got == (endpoints[i].port != 0), "%s", endpoints[i].text);
		if (got)
			cr_expect(s.port == endpoints[i].port && s.any == endpoints[i].any, "%s: %u %d",
				  endpoints[i].text, s.port, s.any);
	}
}

/* Cut off anywhere, a configuration is damaged or whole, and never more than it says. */
Test(suggest, blocks)
{
	static const char text[] =
		"a b; # c\nd \"e;f\" { g 'h}'; i_by_lua_block { x = '}' .. {} } j ${k}l; }\n";
	size_t len;

	for (len = 0; len < sizeof(text); len++) {
		struct directive *first = NULL, **end = &first;
		struct model m = {0};
		struct blocks b = {.model = &m, .server = "test"};
		char *copy = malloc(len + 1);

		memcpy(copy, text, len);
		blocks_read(&b, "file", copy, len, &end);
		if (len == sizeof(text) - 1) {
			cr_assert_str_eq(first->words[1], "b");
			cr_assert_str_eq(first->next->words[1], "e;f");
		}
		free(copy);
		model_free(&m);
	}
}

Test(suggest, names)
{
	const struct found_at where = {.server = "test", .file = "file", .line = 1};
	struct model m = {0};

	cr_expect(model_name(&m, "A.example", 9, NAMED_REFUSED, &where));
	cr_expect(model_name(&m, "a.example.", 10, 0, &where));
	cr_expect(m.name_count == 1 && !m.names[0].flags, "one that serves it is enough");
	cr_expect(!model_name(&m, "a b", 3, 0, &where));
	cr_expect(!model_name(&m, "x\n.example", 10, 0, &where));
	cr_expect(m.note_count == 2 && m.notes[0].harmful);
	model_free(&m);
}

static const struct {
	const char *pattern;
	bool is_public;
} suffixes[] = {
	{"*.com", true},
	{".com", true},
	{"*.COM.", true},
	{"*.", true},
	{"com", false},
	{"*.example.com", false},
	{".example.co.uk", false},
	{"*.lan", true},
	{"*.github.io", false},
	{"*.unknown.tld", false},
	{"", false},
};

Test(suggest, public_suffixes)
{
	size_t i;

	for (i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++)
		cr_expect_eq(suffix_is_public(suffixes[i].pattern), suffixes[i].is_public, "%s",
			     suffixes[i].pattern);
}

/* ---- names of zones ------------------------------------------------------------------------------ */

#define SOA "a.example. 300 IN SOA ns.a.example. h.a.example. 1 2 3 4 5\n"

static const struct {
	const char *records, *names; /* "!": they cannot be had, and why */
} zones[] = {
	/* as named-compilezone prints them */
	{SOA "WWW.a.example.\t300 IN A 192.0.2.1\n*.w.a.example. 300 IN A 192.0.2.1\n",
	 "a.example *.w.a.example www.a.example "},
	{SOA "sub.a.example. 300 IN NS ns.x.\nd.a.example. 300 IN DNAME x.\na.example. 300 IN NS ns.x.\n",
	 "a.example .d.a.example .sub.a.example "},
	/* as nsd-checkzone prints them */
	{"$ORIGIN example.\na\t300\tIN\tSOA\tns.a.example. h.a.example. (\n\t\t1 2 3 4 5 "
	 ")\n\t300\tIN\tNS\tns.x.\n"
	 "$ORIGIN "
	 "sub.a.example.\nx\t300\tIN\tA\t192.0.2.1\n\t300\tIN\tNS\tns.x.\n\\@\t300\tIN\tA\t192.0.2.1\n"
	 "; zone a.example is ok\n",
	 "\\064.sub.a.example a.example x.sub.a.example .x.sub.a.example "},
	{"$ORIGIN .\na.example\t300\tIN\tSOA\tx. y. 1 2 3 4 5\n", "a.example "},
	{"$ORIGIN a.example.\n@\t300\tIN\tSOA\tx. y. 1 2 3 4 5\n", "a.example "},
	/* as knotc prints them */
	{"[a.example.] a.example. 300 SOA x. y. 1 2 3 4 5\n[a.example.] w.a.example. 300 TXT \"] x 300 IN "
	 "NS\"\n",
	 "a.example w.a.example "},
	/* what ends a word, a line, a list or a label */
	{SOA "a\\.b.a.example. 300 IN A 192.0.2.1\n\\010zone\\032b.a.example. 300 IN A 192.0.2.1\n"
	     "q\\\"\\;#\\\\.a.example. 300 IN A 192.0.2.1\n[x.a.example. 300 IN A 192.0.2.1\n",
	 "\\063zone\\032b.a.example \\091x.a.example a.example a\\063b.a.example "
	 "q\\034\\059\\035\\092.a.example "},
	{SOA "x.*.y.a.example. 300 IN A 192.0.2.1\n", "a.example x.\\042.y.a.example "},
	/* hashes are nobody's names; what is of another zone is left out */
	{SOA "h.a.example. 300 IN NSEC3 1 0 0 - x\nh.a.example. 300 IN RRSIG NSEC3 1\nb.example. 300 IN A "
	     "192.0.2.1\n",
	 "a.example "},
	{"", "!no record of it can be had, perhaps as it is not loaded"},
	{"w.a.example. 300 IN A 192.0.2.1\n", "!no record of it can be had, perhaps as it is not loaded"},
	{SOA "w 300 IN A 192.0.2.1\n", "!its records cannot be read"},
	{SOA "w.a.example. IN A 192.0.2.1\n", "!its records cannot be read"},
	{SOA "w.a.example.\n", "!its records cannot be read"},
	{SOA "w\\9.a.example. 300 IN A 192.0.2.1\n", "!it has a name that cannot be read"},
	{SOA "w..a.example. 300 IN A 192.0.2.1\n", "!it has a name that cannot be read"},
};

Test(suggest, names_of_zones)
{
	size_t i, len;

	for (i = 0; i < sizeof(zones) / sizeof(zones[0]); i++) {
		cleanup_zone_names struct zone_names z = {.zone = "a.example"};
		char *text = strdup(zones[i].records), *got = NULL, *c;
		const char *why = NULL;
		int err = zone_names_read(&z, text, strlen(text), &why);
		FILE *out = open_memstream(&got, &len);

		zone_names_write(&z, out);
		fclose(out);
		for (c = got; *c; c++)
			*c = *c == '\n' ? ' ' : *c;
		if (!err)
			cr_expect_str_eq(got, zones[i].names, "%s: %s", zones[i].records, got);
		else
			cr_expect(*zones[i].names == '!' && !strcmp(why, zones[i].names + 1), "%s: %s",
				  zones[i].records, why);
		free(got);
		free(text);
	}
}

/* A byte that ends a C string would hide the names behind it. */
Test(suggest, a_zone_with_a_nul)
{
	cleanup_zone_names struct zone_names z = {.zone = "a.example"};
	char text[] = SOA "\0w.a.example. 300 IN A 192.0.2.1\n";
	const char *why;

	cr_expect(zone_names_read(&z, text, sizeof(text) - 1, &why) < 0);
}
