/* SPDX-License-Identifier: GPL-2.0-or-later */
/* clang-format off */
/* Queries, and answers that nobody asked for. */

ROW("queries for zones that are here", WEB_DNS, .port = 53, .protocol = IPPROTO_UDP)
	STEP(served, SAME, .dns = "served.example")
	STEP(served, SAME, .dns = "a.b.SERVED.example")
END

ROW("queries for other zones", WEB_DNS, .port = 53, .protocol = IPPROTO_UDP)
	STEP(stray_answered, REFUSED, .dns = "www.stray.example")
	STEP(stray_answered, REFUSED, .dns = "xserved.example")
	STEP(stray_answered, REFUSED, .dns = "example")
	STEP(stray_answered, REFUSED, .dns = "WwW.sTrAy.ExAmPlE", .tags = {0x8100}, .padding = 9)
	STEP(stray_answered, REFUSED, .dns = "x", .ip_options = BYTES("\x94\x04\x00\x00"))
	STEP(stray_answered, REFUSED, .data = BYTES(
		"\xab\xcd\x29\x10\x00\x01\x00\x00\x00\x00\x00\x00\x05stray\x00\x00\x06\x00\x01"))
	/* every flag that a query can have set, and counts of what we do not read */
	STEP(stray_answered, REFUSED, .data = BYTES(
		"\xab\xcd\x27\xff\x00\x01\x00\x07\x00\x08\x00\x00\x05stray\x00\x00\x06\x00\x01"))
END

ROW("queries for other zones, IPv6", WEB_DNS, .port = 53, .protocol = IPPROTO_UDP, .client = CLIENT6, .server = HOST6)
	STEP(served, SAME, .dns = "served.example")
	STEP(stray_answered, REFUSED, .dns = STRAY)
	STEP(stray_answered, REFUSED, .dns = STRAY, .tags = {0x88a8, 0x8100}, .extensions = "hd")
	STEP(stray_answered, REFUSED, .dns = STRAY, .from = CLIENT6B, .to = HOST6B)
END

ROW("nobody but a host asks, and by itself", WEB_DNS, .port = 53, .protocol = IPPROTO_UDP)
	STEP(unanswerable, SAME, .dns = STRAY, .from = HOST4, .observed = REASON_stray_answered)
	STEP(unanswerable, SAME, .dns = STRAY, .from = "0.0.0.0", .observed = REASON_stray_answered)
	STEP(unanswerable, SAME, .dns = STRAY, .from = "127.0.0.1", .observed = REASON_stray_answered)
	STEP(unanswerable, SAME, .dns = STRAY, .from = "224.0.0.251", .observed = REASON_stray_answered)
	STEP(unanswerable, SAME, .dns = STRAY, .from = "255.255.255.255", .observed = REASON_stray_answered)
	STEP(unanswerable, SAME, .dns = STRAY, .group_mac = true, .observed = REASON_stray_answered)
	STEP(stray_answered, REFUSED, .dns = STRAY)
	/* A macvlan device, or VRRP's, takes frames that are not for the MAC of the device below. */
	STEP(stray_answered, REFUSED, .dns = STRAY, .other_mac = 1)
	STEP(served, SAME, .dns = "served.example", .group_mac = true)
END

ROW("the same, IPv6", WEB_DNS, .port = 53, .protocol = IPPROTO_UDP, .client = CLIENT6, .server = HOST6)
	STEP(unanswerable, SAME, .dns = STRAY, .from = HOST6, .observed = REASON_stray_answered)
	STEP(unanswerable, SAME, .dns = STRAY, .from = "::", .observed = REASON_stray_answered)
	STEP(unanswerable, SAME, .dns = STRAY, .from = "::1", .observed = REASON_stray_answered)
	STEP(unanswerable, SAME, .dns = STRAY, .from = "ff02::fb", .observed = REASON_stray_answered)
	STEP(unanswerable, SAME, .dns = STRAY, .group_mac = true, .observed = REASON_stray_answered)
	STEP(stray_answered, REFUSED, .dns = STRAY)
END

ROW("queries that are dropped", WEB_DNS "stray dns drop\nunnamed dns drop\nunreadable dns drop\n", .port = 53,
    .protocol = IPPROTO_UDP)
	STEP(stray_dropped, GONE, .dns = STRAY)
	STEP(unnamed_dropped, GONE, .dns = "")
	STEP(unnamed_dropped, GONE, .data = BYTES(DNS_NO_NAME))
	STEP(unreadable_dropped, GONE, .text = "garbage")
	STEP(unreadable_dropped, GONE, .dns = STRAY, .only = 20)
	STEP(unreadable_dropped, GONE, .data = BYTES(DNS_ANSWER))
	STEP(unreadable_dropped, GONE, .data = {0})
	STEP(served, SAME, .dns = "served.example")
END

ROW("queries that pass", WEB_DNS "stray dns pass\n", .port = 53, .protocol = IPPROTO_UDP)
	STEP(stray_passed, SAME, .dns = STRAY)
	STEP(unnamed_passed, SAME, .dns = "")
	STEP(unreadable_passed, SAME, .text = "garbage")
END

ROW("what names nothing is answered, if there is a header only by a header", WEB_DNS "unnamed dns answer\n",
    .port = 53, .protocol = IPPROTO_UDP)
	STEP(unnamed_answered, REFUSED, .dns = "")
	STEP(unnamed_answered, REFUSED, .data = BYTES(DNS_NO_NAME))
	/* how a client asks for a cookie (RFC 7873 5.4) */
	STEP(unnamed_answered, REFUSED, .data = BYTES("\xab\xcd\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01"
		"\x00\x00\x29\x10\x00\x00\x00\x00\x00\x00\x0c\x00\x0a\x00\x08" "12345678"))
	/* STATUS, and DSO (RFC 8490) */
	STEP(unnamed_answered, REFUSED, .data = BYTES("\xab\xcd\x11\x00\x00\x00\x00\x00\x00\x00\x00\x00"))
	STEP(unnamed_answered, REFUSED, .data = BYTES("\xab\xcd\x10\x00\x00\x01\x00\x00\x00\x00\x00\x00\x05stray\x00\x00\x06\x00\x01"))
	STEP(unnamed_answered, REFUSED, .data = BYTES("\xab\xcd\x30\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x03\x00\x06"))
END

ROW("EDNS: the cookie comes back, other options do not", WEB_DNS, .port = 53, .protocol = IPPROTO_UDP)
#define EDNS(flags_, options) .data = BYTES("\xab\xcd\x01\x00\x00\x01\x00\x00\x00\x00\x00\x01\x05stray\x00\x00\x01\x00\x01" \
	"\x00\x00\x29\x10\x00\x00" flags_ options)
	STEP(stray_answered, REFUSED, EDNS("\x00\x80\x00", "\x00\x0c" "\x00\x0a\x00\x08" "12345678"))
	/* with the server's part */
	STEP(stray_answered, REFUSED, EDNS("\x00\x00\x00", "\x00\x1c" "\x00\x0a\x00\x18" "12345678" "abcdefghijklmnop"))
	STEP(stray_answered, REFUSED, EDNS("\x00\x80\x00", "\x00\x1c" "\x00\x03\x00\x00" "\x00\x08\x00\x08" "\x00\x01\x18\x00" "\xc6\x12\x00\x00" "\x00\x0a\x00\x08" "12345678"))
	/* too short, too long, cut off, a second one: only what can be one */
	STEP(stray_answered, REFUSED, EDNS("\x00\x80\x00", "\x00\x0b" "\x00\x0a\x00\x07" "1234567"))
	STEP(stray_answered, REFUSED, EDNS("\x00\x80\x00", "\x00\x2d" "\x00\x0a\x00\x29" "12345678901234567890123456789012345678901"))
	STEP(stray_answered, REFUSED, EDNS("\x00\x80\x00", "\x00\x0c" "\x00\x0a\x00\x09" "12345678"))
	STEP(stray_answered, REFUSED, EDNS("\x00\x80\x00", "\x00\x30" "\x00\x0a\x00\x08" "12345678"))
	STEP(stray_answered, REFUSED, EDNS("\x00\x80\x00", "\x00\x03" "\x00\x0a\x00"))
	/* a version that nobody knows: BADVERS */
	STEP(stray_answered, REFUSED, EDNS("\x01\x80\x00", "\x00\x0c" "\x00\x0a\x00\x08" "12345678"))
	STEP(stray_answered, REFUSED, EDNS("\xff\x00\x00", "\x00\x00"))
#undef EDNS
END

ROW("CHAOS is nobody's zone", WEB_DNS, .port = 53, .protocol = IPPROTO_UDP)
	STEP(unnamed_passed, SAME, .data = BYTES("\xab\xcd\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x07version\x04" "bind\x00\x00\x10\x00\x03"))
	STEP(unnamed_passed, SAME, .data = BYTES("\xab\xcd\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x06served\x07" "example\x00\x00\x10\x00\x04"))
END

ROW("whatever bytes stand in front, a zone is known by its end", WEB_DNS, .port = 53, .protocol = IPPROTO_UDP)
#define BELOW(label, zone) .data = BYTES("\xab\xcd\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00" label zone "\x07" "example\x00\x00\x01\x00\x01")
	STEP(served, SAME, BELOW("\x03" "a.b", "\x06served"))
	STEP(served, SAME, BELOW("\x04\x00\x01\xff\x7f", "\x06served"))
	STEP(served, SAME, BELOW("\x07z\xc3\xbcrich", "\x06served"))
	STEP(served, SAME, BELOW("\x0eMy Printer (2)\x04_ipp\x04_tcp", "\x06served"))
	STEP(stray_answered, REFUSED, BELOW("\x03" "a.b", "\x05stray"))
	/* one label that looks like two */
	STEP(stray_answered, REFUSED, BELOW("", "\x08" "x.served"))
	STEP(stray_answered, REFUSED, .data = BYTES("\xab\xcd\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x0eserved.example\x00\x00\x01\x00\x01"))
#undef BELOW
END

ROW("a zone whose names are known", WEB_DNS LISTED "unknown dns drop\n", .port = 53, .protocol = IPPROTO_UDP)
	STEP(served, SAME, .dns = "listed.example")
	STEP(served, SAME, .dns = "WWW.listed.example")
	STEP(unknown_dropped, GONE, .dns = "x.listed.example")
	STEP(unknown_dropped, GONE, .dns = "x.www.listed.example")
	/* a wildcard, and the name that it stands below */
	STEP(served, SAME, .dns = "x.wild.listed.example")
	STEP(served, SAME, .dns = "x.y.wild.listed.example")
	STEP(served, SAME, .dns = "wild.listed.example")
	STEP(unknown_dropped, GONE, .dns = "xwild.listed.example")
	/* a delegation */
	STEP(served, SAME, .dns = "sub.listed.example")
	STEP(served, SAME, .dns = "x.y.sub.listed.example")
	/* a name that is only there because of one below it (RFC 8020) */
	STEP(served, SAME, .dns = "down.listed.example")
	STEP(served, SAME, .dns = "deep.down.listed.example")
	STEP(unknown_dropped, GONE, .dns = "shallow.down.listed.example")
	/* zones below it, and beside it */
	STEP(served, SAME, .dns = "x.sub2.listed.example")
	STEP(served, SAME, .dns = "x.served.example")
	STEP(stray_answered, REFUSED, .dns = "notlisted.example")
	/* any byte */
#define IN_LISTED(label) .data = BYTES("\xab\xcd\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00" label "\x06listed\x07" "example\x00\x00\x01\x00\x01")
	STEP(served, SAME, IN_LISTED("\x0cmy printer.\xc3"))
	STEP(unknown_dropped, GONE, IN_LISTED("\x0bmy printer."))
	STEP(unknown_dropped, GONE, IN_LISTED("\x04www\x00"))
	STEP(unknown_dropped, GONE, IN_LISTED("\x05x.www"))
#undef IN_LISTED
END

ROW("unknown names, by default within a limit", WEB_DNS LISTED, .port = 53, .protocol = IPPROTO_UDP)
	STEP(unknown_passed, SAME, .dns = "x.listed.example")
END

ROW("unknown names, answered", WEB_DNS LISTED "unknown dns limit 1 visits/s burst 1 else answer nxdomain\n", .port = 53, .protocol = IPPROTO_UDP)
	STEP(unknown_passed, SAME, .dns = "x.listed.example")
	STEP(unknown_answered, NXDOMAIN, .dns = "y.listed.example")
	STEP(unknown_answered, NXDOMAIN, .dns = "z.listed.example")
	STEP(served, SAME, .dns = "www.listed.example")
END

ROW("unknown names over TCP", WEB_DNS LISTED "unknown dns drop\n", .how = OPEN, .port = 53)
	STEP(unknown_reset, RST_SERVER, .dns = "x.listed.example")
	STEP(tail_dropped, GONE, .again = true)
END

ROW("the other answer", WEB_DNS "stray dns answer nxdomain\n", .port = 53, .protocol = IPPROTO_UDP)
	STEP(stray_answered, NXDOMAIN, .dns = STRAY)
	STEP(served, SAME, .dns = "served.example")
END

ROW("DNS over TCP", WEB_DNS, .how = OPEN, .port = 53)
	STEP(served, SAME, .dns = "served.example")
	STEP(established, SAME, .dns = STRAY)
	STEP(undecided, SAME, .dns = STRAY, .only = 1, .fresh = true)
	STEP(stray_reset, RST_SERVER, .dns = STRAY, .first = 1)
	STEP(tail_answered, RST_CLIENT, .again = true)
	/* the length comes alone, and is the server's */
	STEP(undecided, SAME, .dns = STRAY, .only = 2, .fresh = true)
	STEP(stray_reset, RST_SERVER, .dns = STRAY, .first = 2)
	STEP(tail_answered, REFUSED_TCP, .again = true)
	STEP(stray_reset, RST_SERVER, .dns = STRAY, .fresh = true, .told = true)
	STEP(tail_answered, REFUSED_TCP, .again = true)
END

ROW("DNS over TCP, at the handshake", DEEP_DNS "unnamed dns answer\n", .how = SHAKE, .port = 53)
	STEP(syn_answered, SYN_ACK, .flags = SYN, .tcp_options = BYTES("\x02\x04\x05\xb4"))
	STEP(ack_absorbed, GONE, .flags = ACK)
	/* the length comes alone */
	STEP(held, GONE, .dns = STRAY, .only = 2)
	STEP(stray_answered, REFUSED_TCP, .dns = STRAY, .first = 2)
	STEP(syn_answered, SYN_ACK, .flags = SYN, .tcp_options = BYTES("\x02\x04\x05\xb4"), .fresh = true)
	STEP(held, GONE, .dns = "www.stray.example", .only = 17)
	STEP(stray_answered, REFUSED_TCP, .dns = "www.stray.example", .first = 17)
	STEP(syn_answered, SYN_ACK, .flags = SYN, .tcp_options = BYTES("\x02\x04\x05\xb4"), .fresh = true)
	STEP(unnamed_answered, REFUSED_TCP, .data = BYTES("\x00\x0c" DNS_NO_NAME))
END

ROW("answers of resolvers, wherever they go", RESOLVERS, .client = "198.18.53.7", .port = 33333,
    .protocol = IPPROTO_UDP)
	STEP(dns_awaited, SAME, .from_port = 53, .data = BYTES(DNS_ANSWER))
	STEP(no_listener, SAME, .from_port = 54, .data = BYTES(DNS_ANSWER))
END

ROW("answers that nobody asked for", RESOLVERS, .port = 33333, .protocol = IPPROTO_UDP)
	STEP(dns_unasked, GONE, .from_port = 53, .data = BYTES(DNS_ANSWER))
	STEP(no_listener, SAME, .from_port = 54, .data = BYTES(DNS_ANSWER))
	STEP(no_listener, SAME, .from_port = 53, .dns = STRAY)
	STEP(no_listener, SAME, .from_port = 53, .text = "short")
	STEP(no_listener, SAME, .from_port = 53, .to = "192.0.2.3", .data = BYTES(DNS_ANSWER))
	STEP(dns_unasked, GONE, .from_port = 53, .to_port = 53, .data = BYTES(DNS_ANSWER))
	STEP(served, SAME, .from_port = 53, .to_port = 53, .dns = "served.example")
END

ROW("answers that nobody asked for, IPv6", RESOLVERS, .port = 33333, .protocol = IPPROTO_UDP, .client = CLIENT6,
    .server = HOST6)
	STEP(dns_unasked, GONE, .from_port = 53, .data = BYTES(DNS_ANSWER))
	STEP(dns_awaited, SAME, .from = "2001:db8:c:53::1", .from_port = 53, .data = BYTES(DNS_ANSWER))
END

ROW("answers that nobody asked for, in fragments", RESOLVERS, .port = 33333, .protocol = IPPROTO_UDP)
	/* the rest before the first */
	STEP(fragment, SAME, .from_port = 53, .fragment = 0x2004, .zeroes = 64)
	STEP(dns_unasked, GONE, .from_port = 53, .fragment = 0x2000, .data = BYTES(DNS_ANSWER), .zeroes = 64)
	STEP(dns_unasked, GONE, .from_port = 53, .fragment = 0x2004, .zeroes = 64)
	STEP(dns_unasked, GONE, .from_port = 53, .fragment = 0x0008, .zeroes = 9)
	/* of other ends, of another protocol */
	STEP(fragment, SAME, .from = "198.18.0.9", .from_port = 53, .fragment = 0x0008, .zeroes = 9)
	STEP(fragment, SAME, .to = HOST4B, .from_port = 53, .fragment = 0x0008, .zeroes = 9)
	STEP(fragment, SAME, .protocol = IPPROTO_TCP, .from_port = 53, .fragment = 0x0008, .zeroes = 9)
END

ROW("large answers of resolvers, and what is no answer", RESOLVERS, .client = "198.18.53.7", .port = 33333,
    .protocol = IPPROTO_UDP)
	STEP(dns_awaited, SAME, .from_port = 53, .fragment = 0x2000, .data = BYTES(DNS_ANSWER), .zeroes = 64)
	STEP(fragment, SAME, .from_port = 53, .fragment = 0x0008, .zeroes = 9)
	STEP(fragment, SAME, .from = "198.18.7.7", .from_port = 53, .fragment = 0x2000, .dns = STRAY)
	STEP(fragment, SAME, .from = "198.18.7.7", .from_port = 54, .fragment = 0x2000, .data = BYTES(DNS_ANSWER))
	STEP(fragment, SAME, .from = "198.18.7.7", .from_port = 53, .fragment = 0x0008, .zeroes = 9)
END

ROW("the same, IPv6", RESOLVERS, .port = 33333, .protocol = IPPROTO_UDP, .client = CLIENT6, .server = HOST6)
	STEP(fragment, SAME, .from_port = 53, .extensions = "L", .zeroes = 64)
	STEP(dns_unasked, GONE, .from_port = 53, .extensions = "F", .data = BYTES(DNS_ANSWER), .zeroes = 64)
	STEP(dns_unasked, GONE, .from_port = 53, .extensions = "L", .zeroes = 64)
	STEP(fragment, SAME, .from = "2001:db8:c::77", .from_port = 53, .extensions = "L", .zeroes = 64)
	STEP(dns_awaited, SAME, .from = "2001:db8:c:53::1", .from_port = 53, .extensions = "F", .data = BYTES(DNS_ANSWER), .zeroes = 64)
END

ROW("without resolvers no fragment is looked at", WEB_DNS, .port = 33333, .protocol = IPPROTO_UDP)
	STEP(fragment, SAME, .from_port = 53, .fragment = 0x2000, .data = BYTES(DNS_ANSWER), .zeroes = 64)
	STEP(fragment, SAME, .from_port = 53, .fragment = 0x2004, .zeroes = 64)
END
