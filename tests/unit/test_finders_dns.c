/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The finder of a DNS message's first question. */
#include "finders.h"
#include "bpf/find/dns.h"

#define HEAD(flags)    "\x12\x34" flags "\0\1\0\0\0\0\0\0"
#define QUESTION(name) HEAD("\1\0") name "\0\0\1\0\1"
#define OPT	       "\0\0\x29\x10\0\0\0\0\0\0\0"

static const struct row dns_rows[] = {
	FOUND(QUESTION("\3www\7example\3com"), "www.example.com"),
	FOUND(QUESTION("\3wWw\7eXAMPLE\3Com") OPT, "www.example.com"),
	FOUND(QUESTION("\1a"), "a"),
	FOUND(QUESTION("\5_sip_\4a-b1"), "_sip_.a-b1"),
	FOUND(QUESTION("\3a b\1*\2/@"), "a b.*./@"),
	FOUND(HEAD("\1\0") "\7example\0\0\xfb\0\xff", "example"),
	FOUND(HEAD("\x24\0") "\7example\0\0\6\0\1", "example"), /* NOTIFY */
	FOUND(HEAD("\x28\0") "\7example\0\0\6\0\1", "example"), /* UPDATE */
	FOUND(QUESTION("\x3f" L63 "\x3f" L63 "\x3f" L63 "\x3d" L61), L253),
	/* any byte, and none that looks like the border of a label */
	FOUND(QUESTION("\3a.b\1c"), "a?b.c"),
	FOUND(QUESTION("\3a\0b\1c"), "a?b.c"),
	FOUND(QUESTION("\3a\x1f"
		       "b\1c"),
	      "a?b.c"),
	FOUND(QUESTION("\2\x7f\x80\2\xff."), "??.??"),
	FOUND(QUESTION("\7z\xc3\xbcrich\2de"), "z??rich.de"),
	/* unnamed */
	NONE(HEAD("\1\0") "\7version\4bind\0\0\x10\0\3"),
	NONE(HEAD("\1\0") "\1a\0\0\1\0\0"),
	NONE(QUESTION("")),
	NONE("\x12\x34\1\0\0\0\0\0\0\0\0\1" OPT),
	NONE("\x12\x34\x08\0\0\1\0\0\0\0\0\0"),
	NONE("\x12\x34\x10\0\0\0\0\0\0\0\0\0"),
	NONE("\x12\x34\x30\0\0\0\0\0\0\0\0\0"),
	NONE("\x12\x34\x78\0\0\2\0\0\0\0\0\0"),
	/* unreadable */
	BAD("\x12\x34\x81\x80\0\1\0\1\0\0\0\0"
	    "\1a\0\0\1\0\1"),
	BAD("\x12\x34\1\0\0\2\0\0\0\0\0\0"
	    "\1a\0\0\1\0\1"
	    "\1b\0\0\1\0\1"),
	BAD("\x12\x34\1\0\1\0\0\0\0\0\0\0"
	    "\1a\0\0\1\0\1"),
	BAD(QUESTION("\1a\xc0\x0c")),
	BAD(QUESTION("\xc0\x0c")),
	BAD(QUESTION("\x40" L63)),
	BAD(QUESTION("\x80")),
	BAD(QUESTION("\x3f" L63 "\x3f" L63 "\x3f" L63 "\x3e" L61 "x")),
	BAD(QUESTION("\x3f" L63 "\x3f" L63 "\x3f" L63 "\x3d" L61 "\1a")),
	/* cut short: to the caller of a datagram the same */
	MORE(""),
	MORE("\x12\x34\1\0\0\0\0\0\0\0\0"),
	MORE(HEAD("\1\0")),
	MORE(HEAD("\1\0") "\3ww"),
	MORE(HEAD("\1\0") "\3www"),
	MORE(HEAD("\1\0") "\3www\0\0\1\0"),
};

static const struct row dns_tcp_rows[] = {
	FOUND("\0\x21" QUESTION("\3www\7example\3com"), "www.example.com"),
	FOUND("\0\x21" QUESTION("\3www\7example\3com") "\0\x13" QUESTION("\1b"), "www.example.com"),
	FOUND("\xff\xff" QUESTION("\1a"), "a"),
	FOUND("\0\x13" QUESTION("\1a"), "a"),
	BAD("\0\x12" QUESTION("\1a")),
	BAD("\0\x0f" QUESTION("\4abcd")),
	BAD("\0\x0c" QUESTION("\1a")),
	BAD("\0\x0b" QUESTION("\1a")),
	BAD("\0\0" QUESTION("\1a")),
	NONE("\0\x0c\x12\x34\1\0\0\0\0\0\0\0\0\0"),
	NONE("\0\x11" QUESTION("")),
	MORE("\0"),
	MORE("\0\x11"),
};

Test(finders, dns)
{
	check_all("dns", dns_rows, COUNT(dns_rows), dns_begin, dns_feed);
	check_all("dns_tcp", dns_tcp_rows, COUNT(dns_tcp_rows), dns_tcp_begin, dns_feed);
}

/* What an answer is made from. */
Test(finders, dns_question)
{
	static const char notify[] = HEAD("\x24\0") "\7example\0\0\6\0\1" OPT;
	struct finder f;

	cr_assert_eq(feeder_run(&f, dns_begin, dns_feed, notify, sizeof(notify) - 1, 1000, 1), FIND_FOUND);
	cr_expect_eq(f.seen, 12 + 9 + 4);
	cr_expect_eq(f.word, 6 << 16 | 1);
	cr_expect_eq(f.extra, DNS_NOTIFY);
	cr_assert_eq(feeder_run(&f, dns_begin, dns_feed, QUESTION("") OPT, 28, 1, 1), FIND_NONE);
	cr_expect_eq(f.seen, 17);
	cr_expect_eq(f.word, 1 << 16 | 1);
	cr_expect_eq(f.extra, DNS_QUERY);
	cr_assert_eq(feeder_run(&f, dns_tcp_begin, dns_feed, "\0\x13" QUESTION("\1a"), 21, 3, 3), FIND_FOUND);
	cr_expect_eq(f.seen, 2 + 19);
}
