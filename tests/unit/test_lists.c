// SPDX-License-Identifier: GPL-2.0-or-later
/* Lists of `from FILE`, in the forms in which providers and tools write them. */
#include <errno.h>
#include <zlib.h>

#include "policy/overlaps.h"
#include "policy_helpers.h"

TestSuite(lists, .init = scratch_enter, .fini = scratch_leave);

/* What is read of a list, in order, with blanks between. */
static const struct {
	const char *list, *prefixes;
} lists[] = {
	{"", ""},
	{"203.0.113.0/24\n\n192.0.2.1 # one\n", "192.0.2.1 203.0.113.0/24"},
	{"10.0.0.0/8 10.0.0.0/8\t2001:db8::/32\n", "10.0.0.0/8 2001:db8::/32"},
	/* Spamhaus */
	{"; Spamhaus DROP List 2026/11/26\n1.10.16.0/20 ; SBL256894\n1.19.0.0/16;SBL434604\n",
	 "1.10.16.0/20 1.19.0.0/16"},
	{"2a06:f680::/29 ; SBL303641\n", "2a06:f680::/29"},
	/* the same as JSON */
	{"{\"cidr\":\"1.10.16.0/20\",\"sblid\":\"SBL256894\",\"rir\":\"apnic\"}\n"
	 "{\"cidr\":\"2a06:f680::\\/29\",\"sblid\":\"SBL303641\"}\n"
	 "{\"type\":\"metadata\",\"timestamp\":1764151204,\"size\":124,\"records\":2,\"copyright\":\"(c) x; "
	 "y # z\"}\n",
	 "1.10.16.0/20 2a06:f680::/29"},
	/* FireHOL */
	{"#\n# firehol_level1\n#\n# ipv4 hash:net ipset\n#\n0.0.0.0/8\n1.10.16.0/20\n1.19.0.7\n",
	 "0.0.0.0/8 1.10.16.0/20 1.19.0.7"},
	/* countries that were picked out of delegation files */
	{"apnic|CN|asn|4538|5|19940101|allocated|A91\n"
	 "apnic|CN|ipv4|1.0.1.0|256|20110414|allocated|A92E1062\n"
	 "apnic|CN|ipv4|14.1.0.0|768|20110414|assigned\n"
	 "apnic|CN|ipv6|2001:250::|35|20000426|allocated|A9187A67\n"
	 "apnic||ipv4|14.2.0.0|256||available|\n",
	 "1.0.1.0/24 14.1.0.0/23 14.1.2.0/24 2001:250::/35"},
	/* CSV: the first column, without a heading */
	{"10.0.0.0/8,\n192.0.2.0/24 , x\n", "10.0.0.0/8 192.0.2.0/24"},
	{"network,asn,organisation\n192.0.2.0/24,64496,\"Example, Inc.\"\n", "192.0.2.0/24"},
	{"\"network\",\"is_anonymous\"\n\"192.0.2.0/24\",\"1\"\n\"2001:db8::/32\",\"1\"\n",
	 "192.0.2.0/24 2001:db8::/32"},
	{"fe80::1,x\n", "fe80::1"},
	/* ranges */
	{"192.0.2.0-192.0.2.255\n", "192.0.2.0/24"},
	{"192.0.2.1 - 192.0.2.6\n", "192.0.2.1 192.0.2.2/31 192.0.2.4/31 192.0.2.6"},
	{"192.0.2.4 -192.0.2.5 192.0.2.8- 192.0.2.9", "192.0.2.4/31 192.0.2.8/31"},
	{"192.0.2.7-192.0.2.7,AU\n", "192.0.2.7"},
	{"0.0.0.0-255.255.255.255", "0.0.0.0/0"},
	{"255.255.255.254-255.255.255.255", "255.255.255.254/31"},
	{"2001:db8::-2001:db8:ffff:ffff:ffff:ffff:ffff:ffff ::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
	 "::/0 2001:db8::/32"},
	{"2001:db8::ff-2001:db8::101", "2001:db8::ff 2001:db8::100/127"},
	/* ipset save */
	{"create bl hash:net family inet hashsize 1024 maxelem 65536 comment\n"
	 "add bl 192.0.2.0/24 timeout 3600\nadd bl 198.51.100.7 comment \"nomatch, they say\"\n"
	 "add -exist bl 10.0.0.1-10.0.0.2\n",
	 "10.0.0.1 10.0.0.2 192.0.2.0/24 198.51.100.7"},
	/* nft list set */
	{"table inet filter {\n\tset bl {\n\t\ttype ipv4_addr\n\t\tflags interval\n"
	 "\t\tcomment \"a = { 1.1.1.1 }\"\n"
	 "\t\telements = { 192.0.2.0/24, 198.51.100.0-198.51.100.3,\n"
	 "\t\t\t     203.0.113.9 timeout 1h expires 59m comment \"a, b } c\",\n"
	 "\t\t\t     203.0.113.11 counter packets 1 bytes 2 }\n\t}\n}\n",
	 "192.0.2.0/24 198.51.100.0/30 203.0.113.9 203.0.113.11"},
	{"table ip t { # x\n chain c {\n  ip saddr != { 192.0.2.1 } tcp dport { 22, 80 } drop\n }\n}\n", ""},
	{"define bl = {\n 192.0.2.0/24,\n 10.0.0.0/8, # x\n}\ndefine six = { 2001:db8::/32 }\n",
	 "10.0.0.0/8 192.0.2.0/24 2001:db8::/32"},
	{"add element inet filter bl { 192.0.2.0/24, 10.0.0.1 }\n", "10.0.0.1 192.0.2.0/24"},
	{"set bl { type ipv4_addr; flags interval; elements = { 10.0.0.1 }; }\n", "10.0.0.1"},
};

/* Prefixes in the order of their addresses, IPv4 among the others. */
static void expect_prefixes(const char *list, const char *expected)
{
	struct policy *p = policy_new();
	struct policy_error err;
	char text[1024] = "";
	int got = policy_read_file(p, "a", &err);

	cr_expect(!got, "%s: %s", list, err.text);
	for (size_t i = 0; !got && i < policy_rule(p, 0)->prefix_count; i++) {
		if (i)
			strcat(text, " ");
		prefix_print(&policy_rule(p, 0)->prefixes[i], text + strlen(text), PREFIX_TEXT);
	}
	cr_expect_str_eq(text, expected, "%s: %s\ninstead of %s", list, text, expected);
	policy_free(p);
}

Test(lists, of_prefixes)
{
	write_file("a", "source from l drop");
	for (size_t i = 0; i < COUNT(lists); i++) {
		write_file("l", lists[i].list);
		expect_prefixes(lists[i].list, lists[i].prefixes);
	}
}

static void expect_error(const char *what, const char *expected)
{
	struct policy *p = policy_new();
	struct policy_error err;

	cr_expect(policy_read_file(p, "a", &err) == -EINVAL, "%s", what);
	cr_expect_str_eq(err.text, expected, "%s:\n%s\ninstead of\n%s", what, err.text, expected);
	cr_expect(!policy_count(p));
	policy_free(p);
}

#define EXPECTED "expected one like 203.0.113.0/24 or 2001:db8::/32"

/* What is not read, or could be read in two ways. */
static const struct {
	const char *list, *problem;
} refused[] = {
	{"192.0.2.0, 192.0.2.9\n",
	 "l:1:12: '192.0.2.9' stands behind a comma; expected one prefix a line, or "
	 "FIRST-LAST for a range"},
	{"192.0.2.0/24,10.0.0.0/8\n", "l:1:14: '10.0.0.0/8' stands behind a comma; expected one prefix a "
				      "line, or FIRST-LAST for a range"},
	{"::ffff:0:0/96\n", "l:1:1: ::ffff:0:0/96 is IPv4 written as IPv6; did you mean 0.0.0.0/0?"},
	{"192.0.2.9-192.0.2.1\n", "l:1:1: range ends before it begins; expected FIRST-LAST"},
	{"192.0.2.9-2001:db8::1\n", "l:1:1: range ends before it begins; expected FIRST-LAST"},
	{"192.0.2.0/24-192.0.3.0\n", "l:1:1: '192.0.2.0/24' is no prefix; " EXPECTED},
	{"192.0.2.0-192.0.2.256\n", "l:1:11: '192.0.2.256' is no prefix; " EXPECTED},
	{"192.0.2.0 -\n", "l:1:12: '' is no prefix; " EXPECTED},
	{"192.0.2.1\nnetwork,asn\n", "l:2:1: 'network' is no prefix; " EXPECTED},
	{"create bl hash:ip,port\nadd bl 192.0.2.1,tcp:80\n",
	 "l:2:8: '192.0.2.1,tcp:80' has more than an address; expected a set of addresses alone"},
	{"add bl 192.0.2.1 nomatch\n", "l:1:18: 'nomatch' makes an exception; expected an ipset without"},
	{"add bl\n", "l:1:7: '' is no entry; expected add NAME PREFIX, as ipset save prints it"},
	{"set s {\n elements = { 192.0.2.1 . 80 }\n}\n",
	 "l:2:15: '192.0.2.1' has more than an address; expected a set of addresses alone"},
	{"set s {\n elements = { 22 }\n}\n", "l:2:15: '22' is no prefix; " EXPECTED},
	{"{\"cidr\":\"1.10.16.1/20\"}\n",
	 "l:1:10: 1.10.16.1/20 has host bits set; did you mean 1.10.16.0/20?"},
	{"{\"asn\":64496}\n", "l:1:1: '{\"asn\":64496}' has no \"cidr\"; expected an object with it on each "
			      "line, as Spamhaus has it"},
	{"{\n",
	 "l:1:1: '{' is no JSON; expected an object on each line, which `jq -c '.[]'` makes of a list"},
	{"apnic|*|ipv4|*|47000|summary\n",
	 "l:1:1: 'apnic|*|ipv4|*|47000|summary' is of a whole delegation file, which has all countries; "
	 "expected what `straygate-country CN FILE` prints"},
	{"apnic|CN|ipv4|1.0.1.0|0|20110414|allocated\n",
	 "l:1:1: 'apnic|CN|ipv4|1.0.1.0|0|20110414|allocated' is no delegation; expected "
	 "REGISTRY|COUNTRY|TYPE|START|VALUE|DATE|STATUS"},
};

Test(lists, that_are_refused)
{
	write_file("a", "source from l drop");
	for (size_t i = 0; i < COUNT(refused); i++) {
		write_file("l", refused[i].list);
		expect_error(refused[i].list, refused[i].problem);
	}
}

Test(lists, of_names)
{
	struct policy *p = policy_new();
	struct policy_error err;

	write_file("l", "; ours\na.example ; x\nb-c.example\tadd # y\n0/25.2.0.192.in-addr.arpa\n");
	write_file("a", "zone from l");
	cr_assert(!policy_read_file(p, "a", &err), "%s", err.text);
	cr_assert(policy_rule(p, 0)->name_count == 4);
	cr_expect_str_eq(policy_rule(p, 0)->names[1].text, "b-c.example");
	cr_expect_str_eq(policy_rule(p, 0)->names[2].text, "add");
	cr_expect_str_eq(policy_rule(p, 0)->names[3].text, "0/25.2.0.192.in-addr.arpa");
	policy_free(p);
}

/* As plain names, and as what named-compilezone -s full, dig AXFR and knotc print. */
static const struct {
	const char *list, *names;
} zones[] = {
	{"www.a.example *.w.a.example .d.a.example # all\n",
	 ".a.example www.a.example *.w.a.example w.a.example .d.a.example"},
	{"WWW.A.Example.\nx.y.a.example\ny.a.example\n",
	 ".a.example www.a.example x.y.a.example y.a.example"},
	{"a.example.\t\t  300 IN SOA\tns.a.example. h.a.example. 1 3600 900 86400 300\n"
	 "a.example.  300 IN NS ns.a.example.\nd.a.example. 300 IN NS ns.b.example.\n"
	 "ns.d.a.example. 300 IN A 192.0.2.1\nt.a.example. 300 IN DNAME b.example.\n"
	 "*.w.a.example. 300 IN TXT \"a; b\"\n",
	 ".a.example .d.a.example ns.d.a.example d.a.example .t.a.example *.w.a.example "
	 "w.a.example"},
	{"; <<>> DiG 9.18 <<>> AXFR a.example\n;; global options: "
	 "+cmd\nwww.a.example.\t300\tIN\tA\t192.0.2.1\n",
	 ".a.example www.a.example"},
	{"[a.example.] www.a.example. 300 A 192.0.2.1\n", ".a.example www.a.example"},
	{"my\\032printer.a.example a\\.b.a.example \\000\\255.a.example\n",
	 ".a.example my printer.a.example a?b.a.example ??.a.example"},
};

Test(lists, of_a_zones_names)
{
	write_file("a", "zone a.example names from l");
	for (size_t i = 0; i < COUNT(zones); i++) {
		struct policy *p = policy_new();
		struct policy_error err;
		char text[1024] = "";
		int got;

		write_file("l", zones[i].list);
		got = policy_read_file(p, "a", &err);
		cr_expect(!got, "%s: %s", zones[i].list, err.text);
		for (size_t k = 0; !got && k < policy_rule(p, 0)->name_count; k++) {
			if (k)
				strcat(text, " ");
			name_print(&policy_rule(p, 0)->names[k], text + strlen(text), 300);
		}
		cr_expect_str_eq(text, zones[i].names, "%s: %s\ninstead of %s", zones[i].list, text,
				 zones[i].names);
		policy_free(p);
	}
}

static const struct {
	const char *list, *problem;
} refused_zones[] = {
	{"; Transfer failed.\n", "a:1:27: l has no name; expected those of the zone a.example"},
	{"www.b.example\n", "l:1:1: 'www.b.example' is not in the zone a.example; expected names below it"},
	{"xa.example\n", "l:1:1: 'xa.example' is not in the zone a.example; expected names below it"},
	{"www.a.example. 300 IN\n",
	 "l:1:1: 'www.a.example.' has no record behind it; expected NAME TTL IN TYPE, or names alone"},
	{"$ORIGIN a.example.\n",
	 "l:1:1: '$ORIGIN a.example.' is a line of a zone file by hand; expected one record a line with its "
	 "whole name, as named-compilezone -s full prints them, or names"},
	{"a..a.example\n", "l:1:1: 'a..a.example' has an empty label; expected single dots between labels"},
	{"a\\2.a.example\n",
	 "l:1:1: 'a\\2.a.example' has a \\ that says nothing; expected \\DDD or \\ and a character"},
};

Test(lists, of_zones_that_are_refused)
{
	write_file("a", "zone a.example names from l");
	for (size_t i = 0; i < COUNT(refused_zones); i++) {
		write_file("l", refused_zones[i].list);
		expect_error(refused_zones[i].list, refused_zones[i].problem);
	}
}

/* Two parts, as `cat one.gz two.gz` makes them; and every cut of it. */
Test(lists, of_gzip)
{
	static char bytes[4096];
	struct policy *p = policy_new();
	struct policy_error err;
	size_t len = 0;
	FILE *f;

	for (int part = 0; part < 2; part++) {
		gzFile z = gzopen("part", "wb");

		cr_assert(z && gzputs(z, part ? "203.0.113.0/24\n" : "192.0.2.0/24\n10.0.0.0/8\n") > 0);
		cr_assert(gzclose(z) == Z_OK);
		f = fopen("part", "r");
		len += fread(bytes + len, 1, sizeof(bytes) - len, f);
		fclose(f);
	}
	write_file("a", "source from l drop");
	write_bytes("l", bytes, len);
	expect_prefixes("gzip", "10.0.0.0/8 192.0.2.0/24 203.0.113.0/24");
	write_bytes("l", bytes, len - 1);
	cr_expect(policy_read_file(p, "a", &err) == -EBADMSG);
	cr_expect_str_eq(err.text, "a:1:13: cannot read 'l': it is damaged; expected a whole file of gzip");
	for (size_t cut = 3; cut < len; cut++) {
		write_bytes("l", bytes, cut);
		policy_read_file(p, "a", &err);
	}
	policy_free(p);
}

/* Nothing larger than a file may be comes out of a small one. */
Test(lists, of_gzip_that_is_a_bomb)
{
	static char zeros[1 << 20];
	struct policy *p = policy_new();
	struct policy_error err;
	gzFile z = gzopen("l", "wb1");

	memset(zeros, '\n', sizeof(zeros));
	for (size_t i = 0; i <= FILE_SIZE_MAX / sizeof(zeros); i++)
		cr_assert(gzwrite(z, zeros, sizeof(zeros)) == sizeof(zeros));
	gzclose(z);
	write_file("a", "source from l drop");
	cr_expect(policy_read_file(p, "a", &err) == -EFBIG);
	policy_free(p);
}

/* ---- all errors ---- */

Test(lists, all_errors_are_told)
{
	write_file("l", "10.0.0.1/8 x\nok\n192.0.2.0/24\n");
	write_file("i", "serve a..b\nserve fine\n");
	write_file("a", "frobnicate\nsource from l drop\nserve good\ninclude i\nlisten tcp/0 as tls\n");
	expect_error("several",
		     "a:1:1: unknown statement 'frobnicate'; expected device, posture, include, listen, "
		     "serve, zone, stray, unnamed, unreadable, unknown, source, resolver, limit or learn\n"
		     "l:1:1: 10.0.0.1/8 has host bits set; did you mean 10.0.0.0/8?\n"
		     "l:1:12: 'x' is no prefix; " EXPECTED "\n"
		     "l:2:1: 'ok' is no prefix; " EXPECTED "\n"
		     "i:1:7: 'a..b' has an empty label; expected single dots between labels\n"
		     "a:5:8: unexpected 'tcp/0'; expected a port from 1 to 65535");
}

Test(lists, errors_beyond_the_first_are_counted)
{
	struct policy *p = policy_new();
	struct policy_error err;
	unsigned int lines = 0;
	FILE *f = fopen("l", "w");

	for (int i = 0; i < 1000; i++)
		fprintf(f, "%0500d\n", i);
	fclose(f);
	write_file("a", "source from l drop");
	cr_expect(policy_read_file(p, "a", &err) == -EINVAL && err.count == 1000);
	for (const char *at = err.text; (at = strchr(at, '\n')); at++)
		lines++;
	cr_expect(lines == POLICY_ERRORS_SHOWN);
	cr_expect_str_eq(strrchr(err.text, '\n') + 1, "980 errors more");
	policy_free(p);
}

/* ---- the same prefix in two lists ---- */

static const struct {
	const char *trusted, *other, *policy;
	bool good;
} pairs[] = {
	{"10.0.0.0/8\n", "192.0.2.0/24\n10.0.0.0/8\n2001:db8::/32\n",
	 "source from t trust\nsource from o drop\n", false},
	{"10.0.0.0/8\n", "10.0.0.0/8\n", "source from o limit 1 visits/s\nsource from t trust\n", false},
	{"2001:db8::/32 1.0.0.0/8 2.0.0.0/8 3.0.0.0/8 4.0.0.0/8 5.0.0.0/8", "5.0.0.0/8",
	 "source from t trust\nsource from o drop\n", false},
	{"10.0.0.0/8\n", "10.0.0.0/8\n", "source from t trust\nsource from o trust\n", true},
	{"10.0.0.0/8\n", "10.0.0.0/8\n", "source from t pass\nsource from o drop\n", true},
	{"10.0.0.0/8\n", "10.0.0.0/9\n9.0.0.0/8", "source from t trust\nsource from o drop\n", true},
	{"10.0.0.0/8\n", "192.0.2.1", "source from t trust\nsource 10.0.0.0/8 drop\n", true},
	{"", "10.0.0.0/8", "source from t trust\nsource from o drop\n", true},
};

Test(lists, nothing_is_trusted_and_not)
{
	for (size_t i = 0; i < COUNT(pairs); i++) {
		struct policy *p = policy_new();
		struct policy_error err;

		write_file("t", pairs[i].trusted);
		write_file("o", pairs[i].other);
		write_file("a", pairs[i].policy);
		cr_assert(!policy_read_file(p, "a", &err), "%s", err.text);
		cr_expect(policy_check(p, &err) == (pairs[i].good ? 0 : -EINVAL), "%zu: %s", i, err.text);
		cr_expect(pairs[i].good ? !*err.text : !!strstr(err.text, "is trusted here and not in "),
			  "%s", err.text);
		policy_free(p);
	}
}

Test(lists, seek)
{
	struct prefix list[300], p;

	for (unsigned int i = 0; i < COUNT(list); i++)
		list[i] = (struct prefix){.addr = {[14] = i * 2 >> 8, [15] = i * 2}, .len = 128};
	for (unsigned int from = 0; from <= COUNT(list); from += 1 + from / 8)
		for (unsigned int at = 0; at <= 2 * COUNT(list); at++) {
			size_t expected = (at + 1) / 2 > from ? (at + 1) / 2 : from;

			p = (struct prefix){.addr = {[14] = at >> 8, [15] = at}, .len = 128};
			expected = expected < COUNT(list) ? expected : COUNT(list);
			cr_assert(prefix_seek(list, COUNT(list), from, &p) == expected, "%u from %u", at,
				  from);
		}
}

/* ---- lists that overlap ---- */

/* What holds, what not, how often, the first: "holds other n inner outer nested". */
static const struct {
	const char *a, *b, *policy, *expected;
} overlapping[] = {
	{"10.0.0.0/8 11.0.0.0/8", "9.0.0.0/8 10.0.0.0/8 11.0.0.0/8", "source from a drop\nsource from b pass",
	 "a b 2 10.0.0.0/8 10.0.0.0/8 same\n"},
	{"10.0.0.0/8", "10.0.0.0/8", "source from b pass\nsource from a drop",
	 "b a 1 10.0.0.0/8 10.0.0.0/8 same\n"},
	{"10.0.0.0/8 2001:db8::/32", "10.1.0.0/16 10.2.0.0/16 2001:db8:1::/48",
	 "source from a drop\nsource from b limit 5 visits/s", "b a 3 10.1.0.0/16 10.0.0.0/8 nested\n"},
	{"10.0.0.0/8 10.1.1.0/24", "10.1.0.0/16", "source from a drop\nsource from b pass",
	 "b a 1 10.1.0.0/16 10.0.0.0/8 nested\na b 1 10.1.1.0/24 10.1.0.0/16 nested\n"},
	/* the list that loses the prefix is in nothing's way */
	{"10.0.0.0/8 10.1.0.0/16", "10.1.0.0/16", "source from a drop\nsource from b pass",
	 "a b 1 10.1.0.0/16 10.1.0.0/16 same\n"},
	/* the same action, or the same limit */
	{"10.0.0.0/8", "10.0.0.0/8 10.1.0.0/16", "source from a drop\nsource from b drop", ""},
	{"10.0.0.0/8", "10.0.0.0/8", "source from a limit 5 visits/s\nsource from b limit 5 visits/s", ""},
	{"10.0.0.0/8", "10.0.0.0/8", "source from a limit 5 visits/s\nsource from b limit 6 visits/s",
	 "a b 1 10.0.0.0/8 10.0.0.0/8 same\n"},
	/* lines of their own go before lists, unless they are shorter */
	{"10.0.0.0/8", "", "source from a drop\nsource 10.0.0.0/8 trust\nsource 10.1.0.0/16 pass", ""},
	{"10.1.0.0/16 10.2.0.0/16 12.0.0.0/8", "",
	 "source from a drop\nsource 10.0.0.0/8 trust\nsource 12.0.0.0/7 trust",
	 "a 10.0.0.0/8 3 10.1.0.0/16 10.0.0.0/8 nested\n"},
	/* 0.0.0.0/0 is not in ::/0 */
	{"0.0.0.0/0", "::/0", "source from a drop\nsource from b pass", ""},
	{"::/0 ::ffff:0:0:0/96", "10.0.0.0/8 2001:db8::/32", "source from a drop\nsource from b pass",
	 "b a 1 2001:db8::/32 ::/0 nested\n"},
};

static const char *name_of(const struct rule *r)
{
	return r->from ? strrchr(r->from, '/') + 1 : r->subject;
}

Test(lists, that_overlap)
{
	for (size_t i = 0; i < COUNT(overlapping); i++) {
		struct policy *p = policy_new();
		struct policy_error err;
		struct overlaps o;
		char text[1024] = "", inner[PREFIX_TEXT], outer[PREFIX_TEXT];

		write_file("a", overlapping[i].a);
		write_file("b", overlapping[i].b);
		write_file("p", overlapping[i].policy);
		cr_assert(!policy_read_file(p, "p", &err), "%s", err.text);
		cr_assert(!policy_overlaps(p, &o));
		for (size_t k = 0; k < o.count; k++) {
			prefix_print(&o.list[k].inner, inner, sizeof(inner));
			prefix_print(&o.list[k].outer, outer, sizeof(outer));
			sprintf(text + strlen(text), "%s %s %zu %s %s %s\n", name_of(o.list[k].holds),
				name_of(o.list[k].other), o.list[k].count, inner, outer,
				o.list[k].nested ? "nested" : "same");
		}
		cr_expect_str_eq(text, overlapping[i].expected, "%zu: %s\ninstead of\n%s", i, text,
				 overlapping[i].expected);
		policy_free(p);
	}
}
