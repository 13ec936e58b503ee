/* SPDX-License-Identifier: GPL-2.0-only */
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

ROW("a query for the root is answered; one without a question cannot be", WEB_DNS "unnamed dns answer\n", .port = 53,
    .protocol = IPPROTO_UDP)
	STEP(unnamed_answered, REFUSED, .dns = "")
	STEP(cannot_rewrite, SAME, .data = BYTES(DNS_NO_NAME), .observed = REASON_unnamed_answered)
END

ROW("DNS over TCP", WEB_DNS, .how = OPEN, .port = 53)
	STEP(served, SAME, .dns = "served.example")
	STEP(established, SAME, .dns = STRAY)
	STEP(undecided, SAME, .dns = STRAY, .only = 1, .fresh = true)
	STEP(stray_reset, RST_SERVER, .dns = STRAY, .first = 1)
	STEP(tail_answered, RST_CLIENT, .again = true)
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
