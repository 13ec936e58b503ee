// SPDX-License-Identifier: GPL-2.0-or-later
/* The policy: what is understood, how it is printed, added, deleted, compared. */
#include <errno.h>

#include "policy_helpers.h"

TestSuite(policy, .init = scratch_enter, .fini = scratch_leave);

static const struct {
	const char *input, *printed;
} lines[] = {
	{"device eth0", "device eth0\n"},
	{"device eth0 eth0.5 abcdefghijklmno", "device eth0\ndevice eth0.5\ndevice abcdefghijklmno\n"},
	{"device from", "device \"from\"\n"},
	{"device a#b", "device a\n"},
	{"device \"a#b\"", "device \"a#b\"\n"},
	{"posture observe", "posture observe\n"},
	{"posture enforce # now", "posture enforce\n"},
	{"posture enforce share 5%", "posture enforce share 5%\n"},
	{"posture enforce share 0.50%", "posture enforce share 0.5%\n"},
	{"posture enforce share 99.99%", "posture enforce share 99.99%\n"},
	{"posture enforce share 12.05%", "posture enforce share 12.05%\n"},
	{"posture enforce share 100%", "posture enforce\n"},
	{"posture enforce from 203.0.113.0/24", "posture enforce from 203.0.113.0/24\n"},
	{"posture enforce from 2001:db8::/32", "posture enforce from 2001:db8::/32\n"},
	{"listen tcp/80 as http", "listen tcp/80 as http handshake auto\n"},
	{"listen tcp/080 as http", "listen tcp/80 as http handshake auto\n"},
	{"\tlisten\ttcp/443  on 192.0.2.10 as tls observe handshake off ",
	 "listen tcp/443 on 192.0.2.10 as tls handshake off observe\n"},
	{"listen tcp/443 on 2001:DB8:0:0::1 as tls handshake on",
	 "listen tcp/443 on 2001:db8::1 as tls handshake on\n"},
	{"listen tcp/80 as http proxy", "listen tcp/80 as http handshake auto proxy\n"},
	{"listen tcp/443 as tls auto above 5 visits/s proxy handshake off",
	 "listen tcp/443 as tls handshake off proxy auto above 5 visits/s\n"},
	{"listen tcp/443 on 192.0.2.10 as tls proxy observe",
	 "listen tcp/443 on 192.0.2.10 as tls handshake auto proxy observe\n"},
	{"listen udp/53 as dns", "listen udp/53 as dns\n"},
	{"listen udp/53 as dns observe", "listen udp/53 as dns observe\n"},
	{"listen tcp/53 as dns", "listen tcp/53 as dns handshake auto\n"},
	{"listen udp/443 as quic", "listen udp/443 as quic fallback\n"},
	{"listen udp/443 as quic observe drop", "listen udp/443 as quic drop observe\n"},
	{"listen udp/443 as quic limit 10 packets/s", "listen udp/443 as quic limit 10 packets/s burst 10\n"},
	{"listen udp/443 as quic limit 10 visits/s burst 5 observe",
	 "listen udp/443 as quic limit 10 visits/s burst 5 observe\n"},
	{"serve www.example.com", "serve www.example.com\n"},
	{"serve WWW.Example.COM.", "serve www.example.com\n"},
	{"serve a b", "serve a\nserve b\n"},
	{"serve example.com .example.com *.example.com",
	 "serve example.com\nserve .example.com\nserve *.example.com\n"},
	{"serve *.Shop.example.com. .X.example", "serve *.shop.example.com\nserve .x.example\n"},
	{"serve 192.0.2.1 [2001:DB8:0::1]", "serve 192.0.2.1\nserve [2001:db8::1]\n"},
	{"serve [::ffff:1.2.3.4] [1:0:2:3:4::7]", "serve [::ffff:102:304]\nserve [1:0:2:3:4::7]\n"},
	{"serve xn--bcher-kva.example _dmarc.example a-.-b",
	 "serve xn--bcher-kva.example\nserve _dmarc.example\nserve a-.-b\n"},
	{"serve \"from\"", "serve \"from\"\n"},
	{"serve 1.2.3.4.example 4u", "serve 1.2.3.4.example\nserve 4u\n"},
	{"zone example.com Example.ORG.", "zone example.com\nzone example.org\n"},
	{"zone 2.0.192.in-addr.arpa", "zone 2.0.192.in-addr.arpa\n"},
	{"zone 128/26.2.0.192.in-addr.arpa 0/25.2.0.192.IN-ADDR.arpa.",
	 "zone 128/26.2.0.192.in-addr.arpa\nzone 0/25.2.0.192.in-addr.arpa\n"},
	{"zone a names", "zone a\nzone names\n"},
	{"unknown dns drop", "unknown dns drop\n"},
	{"unknown dns limit 5 visits/s", "unknown dns limit 5 visits/s burst 5\n"},
	{"unknown dns limit 5 visits/s else answer nxdomain",
	 "unknown dns limit 5 visits/s burst 5 else answer nxdomain\n"},
	{"unknown dns answer nxdomain", "unknown dns answer nxdomain\n"},
	{"stray http answer", "stray http answer\n"},
	{"stray http answer 503", "stray http answer\n"},
	{"stray http answer 421", "stray http answer 421\n"},
	{"unnamed http answer 403", "unnamed http answer 403\n"},
	{"stray tls answer", "stray tls answer\n"},
	{"stray tls answer alert internal_error", "stray tls answer\n"},
	{"stray tls answer alert unrecognized_name", "stray tls answer alert unrecognized_name\n"},
	{"unnamed tls answer alert access_denied", "unnamed tls answer alert access_denied\n"},
	{"stray dns answer nxdomain", "stray dns answer nxdomain\n"},
	{"stray http limit 5 visits/s else answer 421",
	 "stray http limit 5 visits/s burst 5 else answer 421\n"},
	{"stray tls limit 5 visits/s burst 9 else answer alert handshake_failure",
	 "stray tls limit 5 visits/s burst 9 else answer alert handshake_failure\n"},
	{"unreadable tls limit 5 visits/s else reset",
	 "unreadable tls limit 5 visits/s burst 5 else reset\n"},
	{"stray dns limit 5 visits/s else drop", "stray dns limit 5 visits/s burst 5\n"},
	{"stray tls reset", "stray tls reset\n"},
	{"stray http drop for captive.example.com Other.Example.", "stray http drop for captive.example.com\n"
								   "stray http drop for other.example\n"},
	{"stray http answer 403\nstray http answer 421 for a.example\nstray tls reset for a.example "
	 "192.0.2.7",
	 "stray http answer 403\nstray http answer 421 for a.example\nstray tls reset for a.example\n"
	 "stray tls reset for 192.0.2.7\n"},
	{"stray tls limit 5 visits/s else answer alert access_denied for a.example",
	 "stray tls limit 5 visits/s burst 5 else answer alert access_denied for a.example\n"},
	{"stray http pass for from.example", "stray http pass for from.example\n"},
	{"stray dns drop", "stray dns drop\n"},
	{"stray dns limit 1 visit/s", "stray dns limit 1 visits/s burst 1\n"},
	{"unnamed tls limit 100 Visits/S", "unnamed tls limit 100 visits/s burst 100\n"},
	{"unnamed http answer", "unnamed http answer\n"},
	{"unreadable tls limit 2k visits/s burst 1M", "unreadable tls limit 2000 visits/s burst 1000000\n"},
	{"unreadable http pass", "unreadable http pass\n"},
	{"source 203.0.113.0/24 drop for 1h", "source 203.0.113.0/24 drop for 1h\n"},
	{"source 203.0.113.1 trust", "source 203.0.113.1 trust\n"},
	{"source 203.0.113.1/32 trust", "source 203.0.113.1 trust\n"},
	{"source 0.0.0.0/0 pass", "source 0.0.0.0/0 pass\n"},
	{"source ::/0 pass", "source ::/0 pass\n"},
	{"source 2001:DB8::/32 2001:db8:0:0:1::/80 pass",
	 "source 2001:db8::/32 pass\nsource 2001:db8:0:0:1::/80 pass\n"},
	{"source 10.0.0.0/8 192.168.0.0/16 drop", "source 10.0.0.0/8 drop\nsource 192.168.0.0/16 drop\n"},
	{"source 10.0.0.0/8 limit 1000 visits/s burst 2000 for 90m",
	 "source 10.0.0.0/8 limit 1000 visits/s burst 2000 for 1h30m\n"},
	{"source 10.0.0.0/8 limit 20k packets/s", "source 10.0.0.0/8 limit 20000 packets/s burst 20000\n"},
	{"source 10.0.0.0/8 limit 100 mbit/s", "source 10.0.0.0/8 limit 100 Mbit/s burst 100\n"},
	{"source 10.0.0.0/8 limit 100Mbit/s", "source 10.0.0.0/8 limit 100 Mbit/s burst 100\n"},
	{"source 10.0.0.0/8 limit 20kpackets/s", "source 10.0.0.0/8 limit 20000 packets/s burst 20000\n"},
	{"source 10.0.0.0/8 limit 1.5 Mbit/s", "source 10.0.0.0/8 limit 1.5 Mbit/s burst 1.5\n"},
	{"source 10.0.0.0/8 limit 0.250Mbit/s burst 10", "source 10.0.0.0/8 limit 0.25 Mbit/s burst 10\n"},
	{"source 10.0.0.0/8 limit 100 kbit/s burst 1k", "source 10.0.0.0/8 limit 0.1 Mbit/s burst 1\n"},
	{"source 10.0.0.0/8 limit 2.5 Gbit/s", "source 10.0.0.0/8 limit 2500 Mbit/s burst 2500\n"},
	{"source 10.0.0.0/8 limit 1000 Gbit/s", "source 10.0.0.0/8 limit 1000000 Mbit/s burst 1000000\n"},
	{"source 10.0.0.0/8 limit 1.5k visits/s burst 0.5k",
	 "source 10.0.0.0/8 limit 1500 visits/s burst 500\n"},
	{"source 10.0.0.0/8 limit 1000000000 packets/s",
	 "source 10.0.0.0/8 limit 1000000000 packets/s burst 1000000000\n"},
	{"source 10.0.0.0/8 drop for 1d2h3m4s", "source 10.0.0.0/8 drop for 1d2h3m4s\n"},
	{"source 10.0.0.0/8 drop for 3650d", "source 10.0.0.0/8 drop for 3650d\n"},
	{"source 10.0.0.0/8 drop for 3600s", "source 10.0.0.0/8 drop for 1h\n"},
	{"source 10.0.0.0/8 drop for 86400s", "source 10.0.0.0/8 drop for 1d\n"},
	{"resolver 192.0.2.53 2001:db8::/64", "resolver 192.0.2.53\nresolver 2001:db8::/64\n"},
	{"learn strays 50 in 60s for 10m max 12h", "learn strays 50 in 1m for 10m max 12h\n"},
	{"learn strays 1k in 1h for 20h", "learn strays 1000 in 1h for 20h max 20h\n"},
	{"learn strays 2 in 1s for 1s", "learn strays 2 in 1s for 1s max 12h\n"},
	{"limit each /24 /56 to 200 visits/s", "limit each /24 /56 to 200 visits/s burst 200\n"},
	{"limit each /32 /128 to 2k packets/s burst 5k else drop",
	 "limit each /32 /128 to 2000 packets/s burst 5000\n"},
	{"limit each /1 /1 to 1 visit/s burst 3 else answer for tcp/443 on 2001:DB8::1 udp/53 tcp/443 "
	 "tcp/080",
	 "limit each /1 /1 to 1 visits/s burst 3 else answer for tcp/80 tcp/443 tcp/443 on 2001:db8::1 "
	 "udp/53\n"},
	{"limit each /24 /56 to 1 visits/s for tcp/80\nlimit each /24 /56 to 1 visits/s\n"
	 "limit each /24 /64 to 1 visits/s",
	 "limit each /24 /56 to 1 visits/s burst 1 for tcp/80\nlimit each /24 /56 to 1 visits/s burst 1\n"
	 "limit each /24 /64 to 1 visits/s burst 1\n"},
	{"", ""},
	{"   # nothing", ""},
	{"\xef\xbb\xbf"
	 "device eth0\r\n\r\n\t\r\ndevice eth1\r\n# end\r",
	 "device eth0\ndevice eth1\n"},
	{"serve \"a.example\"#x", "serve a.example\n"},
};

Test(policy, prints_what_was_understood)
{
	for (size_t i = 0; i < COUNT(lines); i++) {
		struct policy *p = parsed(lines[i].input);

		assert_prints(p, lines[i].printed);
		policy_free(p);
	}
}

/* What is printed is read as the same, and printed as the same. */
Test(policy, printing_is_a_fixed_point)
{
	for (size_t i = 0; i < COUNT(lines); i++) {
		struct policy *p = parsed(lines[i].input), *again = parsed(lines[i].printed);

		cr_expect(differences(p, again) == 0, "%s", lines[i].input);
		assert_prints(again, lines[i].printed);
		policy_free(p);
		policy_free(again);
	}
}

Test(policy, command_line_is_the_same_language)
{
	for (size_t i = 0; i < COUNT(lines); i++) {
		struct policy *p = policy_new();
		struct policy_error err = {.count = 0};

		if (!*lines[i].printed || strchr(lines[i].input, '\n') || strchr(lines[i].input, '\r'))
			goto next;
		cr_expect(policy_add(p, lines[i].input, &err) == 1, "%s", err.text);
		assert_prints(p, lines[i].printed);
		cr_expect(policy_add(p, lines[i].input, &err) == 0, "unchanged: %s", lines[i].input);
		cr_expect(policy_del(p, lines[i].input, &err) == 1, "%s", err.text);
		cr_expect(policy_count(p) == 0);
	next:
		policy_free(p);
	}
}

Test(policy, fields)
{
	struct policy *p =
		parsed("listen tcp/443 on 192.0.2.10 as tls\nsource 10.0.0.0/8 limit 5 packets/s for 1m\n"
		       "listen udp/53 as dns\nserve *.example.com\n");
	static const uint8_t addr[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 10};
	const struct rule *r = policy_rule(p, 0);

	cr_expect(r->l4 == 6 && r->port == 443 && !r->any && r->as == PROTO_TLS &&
		  !memcmp(r->addr, addr, 16));
	cr_expect_str_eq(r->subject, "tcp/443 on 192.0.2.10");
	r = policy_rule(p, 1);
	cr_expect(r->prefix_count == 1 && r->prefixes->len == 104 && r->prefixes->addr[12] == 10);
	cr_expect(r->duration == 60 * SECOND_NS && r->rate.unit == RATE_PACKETS && r->rate.burst == 5);
	cr_expect_str_eq(r->origin.file, "test.policy");
	cr_expect(r->origin.line == 2 && r->origin.column == 8);
	cr_expect(policy_rule(p, 2)->any && policy_rule(p, 2)->l4 == 17);
	r = policy_find(p, ST_SERVE, "*.example.com");
	cr_assert(r);
	cr_expect(r->name_count == 1 && r->names->kind == NAME_BELOW);
	cr_expect_str_eq(r->names->text, "example.com");
	cr_expect(!policy_find(p, ST_ZONE, "*.example.com"));
	cr_expect(policy_lines(p) == 4 && policy_entries(p, ST_SERVE) == 1 &&
		  policy_entries(p, ST_LISTEN) == 2);
	policy_free(p);
}

Test(policy, lists)
{
	struct policy *p = policy_new();
	struct policy_error err = {.count = 0};
	char expected[1024];

	mkdir("lists", 0755);
	write_file("lists/names", "\xef\xbb\xbf# ours\r\nb.example  A.example # two\r\n*.c.example\n\n "
				  "a.example. b.example [::1]");
	write_file("lists/my prefixes",
		   "192.0.2.0/24\n10.0.0.0/8 10.0.0.0/9\n2001:db8::/32\n10.0.0.0/8\n0.0.0.0/0\n");
	write_file("lists/empty", "# nothing\n");
	write_file("lists/a.policy", "serve from names\nsource from \"my prefixes\" limit 1 visits/s\n"
				     "zone from ../lists/empty\nresolver from \"my prefixes\"\n");
	cr_assert(!policy_read_file(p, "lists/a.policy", &err), "%s", err.text);
	snprintf(expected, sizeof(expected),
		 "serve from %s/lists/names\nsource from \"%s/lists/my prefixes\" limit 1 visits/s burst 1\n"
		 "zone from %s/lists/empty\nresolver from \"%s/lists/my prefixes\"\n",
		 scratch, scratch, scratch, scratch);
	assert_prints(p, expected);

	const struct rule *r = policy_rule(p, 0);

	cr_assert(r->name_count == 4);
	cr_expect_str_eq(r->names[0].text, "b.example");
	cr_expect_str_eq(r->names[1].text, "a.example");
	cr_expect(r->names[2].kind == NAME_BELOW);
	cr_expect_str_eq(r->names[3].text, "[::1]");
	r = policy_rule(p, 1);
	cr_assert(r->prefix_count == 5);
	for (size_t i = 1; i < r->prefix_count; i++)
		cr_expect(prefix_order(&r->prefixes[i - 1], &r->prefixes[i]) < 0);
	cr_expect(policy_entries(p, ST_SOURCE) == 5 && policy_entries(p, ST_SERVE) == 4);
	policy_free(p);
}

Test(policy, lists_of_the_command_line_start_where_we_are)
{
	struct policy *p = policy_new();
	struct policy_error err = {.count = 0};

	write_file("list", "10.0.0.0/8\n");
	cr_expect(policy_add(p, "source from list drop", &err) == 1, "%s", err.text);
	cr_expect(policy_add(p, "source from ./list drop", &err) == 0);
	write_file("list", "10.0.0.0/8 11.0.0.0/8\n");
	cr_expect(policy_add(p, "source from list drop", &err) == 1, "new content is a change");
	write_file("list", "11.0.0.0/8 10.0.0.0/8\n");
	cr_expect(policy_add(p, "source from list drop", &err) == 0, "another order is none");
	cr_expect(!unlink("list"));
	cr_expect(policy_del(p, "source from list", &err) == 1, "%s: also when the file is gone", err.text);
	policy_free(p);
}

/* The page is the policy's: what it says counts, and where it is from. */
Test(policy, pages)
{
	struct policy *p, *same, *other, *none;
	char line[600];

	write_file("page one", "<title>x</title>{name}\n");
	p = parsed("stray http answer 403 page \"page one\"\nunnamed http limit 1 visits/s else answer page "
		   "\"page one\"");
	snprintf(line, sizeof(line),
		 "stray http answer 403 page \"%s/page one\"\n"
		 "unnamed http limit 1 visits/s burst 1 else answer page \"%s/page one\"\n",
		 scratch, scratch);
	assert_prints(p, line);
	same = parsed(line);
	cr_expect(differences(p, same) == 0);
	cr_expect_str_eq(policy_find(p, ST_STRAY, "http")->names[0].text, "<title>x</title>{name}\n");
	write_file("page one", "<title>y</title>{name}\n");
	other = parsed(line);
	cr_expect(differences(p, other) == 2, "another page");
	none = parsed("stray http answer 403\nunnamed http limit 1 visits/s else answer");
	cr_expect(differences(p, none) == 2, "no page");
	policy_free(p);
	policy_free(same);
	policy_free(other);
	policy_free(none);
}

Test(policy, includes)
{
	struct policy *p = policy_new();
	struct policy_error err = {.count = 0};

	mkdir("conf[1]", 0755);
	mkdir("conf[1]/d", 0755);
	write_file("conf[1]/main",
		   "include d/*.policy\ninclude none/*.policy\ninclude last\ninclude d/none-*\n");
	write_file("conf[1]/last", "serve last");
	write_file("conf[1]/d/20.policy", "serve from names\nserve b\n");
	write_file("conf[1]/d/10.policy", "serve a\n");
	write_file("conf[1]/d/x.other", "nonsense\n");
	write_file("conf[1]/d/names", "n\n");
	cr_assert(!policy_read_file(p, "conf[1]/main", &err), "%s", err.text);
	cr_assert(policy_count(p) == 4);
	cr_expect_str_eq(policy_rule(p, 0)->subject, "a");
	cr_expect_str_eq(policy_rule(p, 2)->subject, "b");
	cr_expect_str_eq(policy_rule(p, 2)->origin.file, "conf[1]/d/20.policy");
	cr_expect(policy_rule(p, 2)->origin.line == 2);
	cr_expect_str_eq(policy_rule(p, 3)->subject, "last");
	cr_expect(policy_lines(p) == 4);
	policy_free(p);
}

Test(policy, add_replaces_and_is_whole_or_nothing)
{
	struct policy *p = parsed("serve a\nserve b\nsource 10.0.0.0/8 drop\nposture observe\n");
	struct policy_error err = {.count = 0};

	policy_inherit(p, NULL, 1000);
	cr_expect(policy_add(p, "source 10.0.0.0/8 limit 5 visits/s", &err) == 1);
	cr_expect(policy_rule(p, 2)->action == ACT_LIMIT && policy_rule(p, 2)->id == LISTENERS_MAX + 3,
		  "id stays");
	cr_expect(policy_add(p, "posture enforce", &err) == 1);
	cr_expect(policy_add(p, "serve c d c", &err) == -EINVAL);
	cr_expect(policy_add(p, "serve e f_/", &err) == -EINVAL);
	cr_expect(policy_add(p, "serve a b", &err) == 0);
	cr_expect(policy_add(p, "serve b z", &err) == 1);
	assert_prints(
		p,
		"serve a\nserve b\nsource 10.0.0.0/8 limit 5 visits/s burst 5\nposture enforce\nserve z\n");
	cr_expect(policy_del(p, "serve a q", &err) == -ENOENT);
	cr_expect_str_eq(err.text, "-:1:9: there is no 'serve q'; expected a rule of the running policy");
	cr_expect(policy_del(p, "serve a z", &err) == 1);
	cr_expect(policy_del(p, "posture", &err) == 1);
	cr_expect(policy_del(p, "source 10.0.0.0/8 drop", &err) == 1, "what follows does not matter");
	assert_prints(p, "serve b\n");
	cr_expect(policy_add(p, "listen tcp/53 as dns", &err) == 1);
	cr_expect(policy_del(p, "listen tcp/53 on 192.0.2.1", &err) == -ENOENT);
	cr_expect(policy_del(p, "listen tcp/53", &err) == 1);
	cr_expect(policy_del(p, "source 10.0.0.0/8 dorp", &err) == -EINVAL, "but it must be right");
	policy_free(p);
}

/* The id of a rule that is no listener, counted from 1. */
static uint32_t id_of(struct policy *p, size_t i)
{
	return policy_rule(p, i)->id - LISTENERS_MAX;
}

Test(policy, identity_and_time)
{
	struct policy *before =
		parsed("serve a\nserve b\nserve c\nsource 10.0.0.0/8 drop for 1m\nsource 11.0.0.0/8 drop\n");
	struct policy *now =
		parsed("source 10.0.0.0/8 drop for 1m\nserve d\nserve c\nsource 11.0.0.0/8 drop for 2m\n"
		       "serve e\nserve a\n");
	struct policy *third = parsed("serve x y z\n");

	policy_inherit(before, NULL, 1000);
	cr_expect(id_of(before, 0) == 1 && id_of(before, 4) == 5);
	cr_expect(policy_rule(before, 3)->expires == 1000 + 60 * SECOND_NS &&
		  !policy_rule(before, 4)->expires);
	policy_inherit(now, before, 5000);
	cr_expect(id_of(now, 0) == 4 && policy_rule(now, 0)->expires == 1000 + 60 * SECOND_NS);
	cr_expect(id_of(now, 1) == 6, "neither has it: b's 2 is still counted for");
	cr_expect(id_of(now, 3) == 5 && policy_rule(now, 3)->expires == 5000 + 120 * SECOND_NS);
	cr_expect(id_of(now, 4) == 7 && id_of(now, 5) == 1);
	policy_inherit(third, now, 6000);
	cr_expect(id_of(third, 0) == 2 && id_of(third, 1) == 8 && id_of(third, 2) == 9);
	policy_free(before);
	policy_free(now);
	policy_free(third);
}

static struct policy *listeners(int from, int to)
{
	struct policy *p = parsed("serve a");
	struct policy_error err;
	char line[64];

	for (int port = from; port <= to; port++) {
		snprintf(line, sizeof(line), "listen tcp/%d as tls", port);
		cr_assert(policy_add(p, line, &err) == 1);
	}
	return p;
}

Test(policy, listeners_have_ids_of_their_own)
{
	struct policy *a = listeners(1, 3), *b = listeners(2, 5), *all = listeners(1, 120),
		      *new = listeners(101, 220);
	bool seen[LISTENERS_MAX + 1] = {false};

	policy_inherit(a, NULL, 0);
	cr_expect(id_of(a, 0) == 1 && policy_rule(a, 1)->id == 1 && policy_rule(a, 3)->id == 3);
	policy_inherit(b, a, 0);
	cr_expect(id_of(b, 0) == 1 && policy_rule(b, 1)->id == 2 && policy_rule(b, 2)->id == 3);
	cr_expect(policy_rule(b, 3)->id == 4 && policy_rule(b, 4)->id == 5);
	policy_inherit(all, NULL, 0);
	policy_inherit(new, all, 0);
	for (size_t i = 1; i < policy_count(new); i++) {
		uint32_t id = policy_rule(new, i)->id;

		cr_assert(id && id <= LISTENERS_MAX && !seen[id], "%u", id);
		seen[id] = true;
	}
	cr_expect(policy_rule(new, 1)->id == 101, "what stays keeps its id");
	policy_free(a);
	policy_free(b);
	policy_free(all);
	policy_free(new);
}

Test(policy, a_time_that_is_over_starts_again_by_add_only)
{
	const char *line = "source 10.0.0.0/8 drop for 1m";
	struct policy *running = parsed(line), *file = parsed(line), *now = parsed(line);
	struct policy_error err;

	policy_inherit(running, NULL, 0);
	cr_expect(policy_rule(running, 0)->expires == 60 * SECOND_NS);
	policy_inherit(file, running, 70 * SECOND_NS);
	cr_expect(policy_rule(file, 0)->expires == 60 * SECOND_NS,
		  "apply of an unchanged line restarts nothing");

	/* the clock of add is the real one: a nanosecond after its start is over */
	policy_rule(running, 0)->expires = 1;
	policy_rule(now, 0)->expires = 1;
	cr_expect(policy_add(now, line, &err) == 1);
	policy_inherit(now, running, 70 * SECOND_NS);
	cr_expect(policy_rule(now, 0)->expires == 130 * SECOND_NS &&
		  policy_rule(now, 0)->id == policy_rule(running, 0)->id);
	cr_expect(!policy_rule(now, 0)->restart);
	policy_free(running);
	policy_free(file);
	policy_free(now);
}

static void note_difference(char sign, const struct rule *r, void *arg)
{
	char line[RULE_LINE_MAX];

	rule_print(r, line, sizeof(line));
	sprintf((char *)arg + strlen(arg), "%c%s\n", sign, line);
}

Test(policy, diff)
{
	struct policy *a = parsed("serve a b c\nposture observe\nstray tls drop\n");
	struct policy *b = parsed("stray tls drop\nserve d\nserve c\nposture enforce\nserve a\n");
	char seen[512] = "";

	cr_expect(policy_diff(a, b, note_difference, seen) == 3);
	cr_expect_str_eq(seen, "-serve b\n+serve d\n~posture enforce\n");
	policy_free(a);
	policy_free(b);
}

static void note_name(const struct name *n, const struct rule *of, void *arg)
{
	char text[NAME_SIZE_MAX + 3];

	name_print(n, text, sizeof(text));
	sprintf((char *)arg + strlen(arg), "%s (%s) ", text, of->subject);
}

Test(policy, forgotten_names)
{
	struct policy *a, *b;
	char seen[512] = "";

	write_file("l", "l1 l2 x.tree\n");
	a = parsed("serve a b .c *.d e 192.0.2.1 x.below.y\nserve from l\nzone z q.z\n");
	write_file("l", "l2\n");
	b = parsed("serve c *.c .d *.tree *.y tree\nserve from l\nserve a\nzone z\n");
	cr_expect(policy_forgotten(a, b, ST_SERVE, note_name, seen) == 4);
	cr_expect(!strncmp(seen, "b (b) e (e) 192.0.2.1 (192.0.2.1) l1 (from /", 43), "%s", seen);
	cr_expect(policy_forgotten(a, b, ST_ZONE, note_name, seen) == 0);
	cr_expect(policy_forgotten(b, a, ST_SERVE, note_name, (*seen = 0, seen)) == 4);
	cr_expect_str_eq(seen, ".d (.d) *.tree (*.tree) *.y (*.y) tree (tree) ");
	policy_free(a);
	policy_free(b);
}

static const struct {
	const char *text, *problem;
} whole[] = {
	{"", NULL},
	{"listen tcp/80 as http\nserve a", NULL},
	{"listen udp/443 as quic", NULL},
	{"listen tcp/80 as http",
	 "test.policy:1:8: tcp/80 judges names as http, but the policy has none: it would close "
	 "the site; expected a serve line"},
	{"zone a\nlisten tcp/443 as tls observe",
	 "test.policy:2:8: tcp/443 judges names as tls, but the policy has none: "
	 "it would close the site; expected a serve line"},
	{"serve a\n listen udp/53 as dns",
	 "test.policy:2:9: udp/53 judges names as dns, but the policy has none: it "
	 "would close the site; expected a zone line"},
	{"listen tcp/80 as http\nserve from empty", "test.policy:1:8: tcp/80 judges names as http, but the "
						    "policy has none: it would close the site; expected a "
						    "serve line"},
};

Test(policy, check)
{
	write_file("empty", "");
	for (size_t i = 0; i < COUNT(whole); i++) {
		struct policy *p = parsed(whole[i].text);
		struct policy_error err = {.count = 0};
		int got = policy_check(p, &err);

		cr_expect(got == (whole[i].problem ? -EINVAL : 0));
		cr_expect_str_eq(err.text, whole[i].problem ? whole[i].problem : "");
		policy_free(p);
	}
}

Test(policy, check_of_sizes)
{
	struct policy *p = parsed("serve a");
	struct policy_error err = {.count = 0};
	char line[64];

	for (int i = 1; i <= POLICY_LISTENERS_MAX + 1; i++) {
		cr_expect(policy_check(p, &err) == 0);
		snprintf(line, sizeof(line), "listen tcp/%d as tls", i);
		cr_assert(policy_add(p, line, &err) == 1);
	}
	cr_expect(policy_check(p, &err) == -E2BIG);
	cr_expect_str_eq(err.text, "-:1:8: policy larger than the tables; expected at most 120 listeners");
	policy_free(p);
}

Test(policy, short_buffers_are_not_overrun)
{
	struct policy *p = parsed("listen tcp/443 on 192.0.2.10 as tls");
	const char *whole_line = "listen tcp/443 on 192.0.2.10 as tls handshake auto";
	char line[64];

	for (size_t size = 0; size < sizeof(line); size++) {
		memset(line, '#', sizeof(line));
		cr_expect(rule_print(policy_rule(p, 0), line, size) == (int)strlen(whole_line));
		cr_expect(line[size] == '#');
		cr_expect(!size || !strncmp(line, whole_line, size - 1));
	}
	policy_free(p);
}
