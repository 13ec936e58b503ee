/* SPDX-License-Identifier: GPL-2.0-or-later */
/* clang-format off */
/* Source lines: trust, drop, limit, pass. */

ROW("a trusted source is not asked for a name", WEB "source 198.18.0.0/15 trust\n", .how = OPEN)
	STEP(source_trusted, SAME, .http = STRAY)
	STEP(source_trusted, SAME, .flags = SYN)
END

ROW("a dropped source", WEB "source 198.18.0.0/15 drop\n", .how = OPEN)
	STEP(source_dropped, GONE, .flags = SYN)
	STEP(source_dropped, GONE, .http = HERE)
	STEP(source_dropped, GONE, .flags = ACK)
	STEP(no_listener, SAME, .to_port = 22, .text = NOT_HTTP)
END

ROW("a source that passes is asked for a name", WEB "source 198.18.0.0/15 pass\n", .how = OPEN)
	STEP(stray_reset, RST_SERVER, .http = STRAY)
END

ROW("a dropped source, IPv6", WEB "source 2001:db8:c::/48 drop\n", .how = OPEN, .client = CLIENT6, .server = HOST6)
	STEP(source_dropped, GONE, .http = HERE)
END

ROW("packets over the limit of their source", WEB "source 198.18.0.0/15 limit 1 packets/s burst 2\n", .how = OPEN)
	STEP(control, SAME, .flags = ACK)
	STEP(served, SAME, .http = HERE)
	STEP(source_limited, GONE, .http = HERE)
	STEP(source_limited, GONE, .flags = FIN | ACK)
END

ROW("visits over the limit of their source", WEB "source 198.18.0.0/15 limit 1 visits/s burst 2\n", .how = OPEN)
	STEP(served, SAME, .http = HERE)
	STEP(established, SAME, .http = HERE)
	STEP(stray_reset, RST_SERVER, .http = STRAY, .fresh = true)
	STEP(visit_limited, RST_SERVER, .http = HERE, .fresh = true)
	STEP(tail_dropped, GONE, .again = true)
	STEP(tail_dropped, GONE, .flags = FIN | ACK)
END

ROW("a request in two segments is one visit", WEB "source 198.18.0.0/15 limit 1 visits/s burst 1\n", .how = OPEN)
	STEP(undecided, SAME, .http = HERE, .only = 20)
	STEP(served, SAME, .http = HERE, .first = 20)
	STEP(visit_limited, RST_SERVER, .http = HERE, .fresh = true)
END

ROW("and what is held is one visit", DEEP "source 198.18.0.0/15 limit 1 visits/s burst 1\n", .how = SHAKE)
	STEP(syn_answered, SYN_ACK, .flags = SYN)
	STEP(held, GONE, .http = HERE, .only = 20)
	STEP(served, INTRODUCED, .http = HERE, .first = 20)
	STEP(syn_answered, SYN_ACK, .flags = SYN, .fresh = true)
	STEP(source_limited, GONE, .http = HERE)
END

ROW("queries over the limit of their source", WEB_DNS "source 198.18.0.0/15 limit 1 visits/s burst 1\n",
    .port = 53, .protocol = IPPROTO_UDP)
	STEP(served, SAME, .dns = "a.served.example")
	STEP(source_limited, GONE, .dns = "a.served.example")
END

ROW("megabits over the limit of their source: 125,000 bytes, then none", WEB_DNS
    "source 198.18.0.0/15 limit 1 Mbit/s burst 1\n", .port = 53, .protocol = IPPROTO_UDP)
	STEP(served, SAME, .dns = "a.served.example", .zeroes = 31000)
	STEP(served, SAME, .again = true)
	STEP(served, SAME, .again = true)
	STEP(served, SAME, .again = true)
	STEP(source_limited, GONE, .again = true) /* fits again after 240 ms: far from any delay here */
	STEP(served, SAME, .again = true, .pause = 400)
END

ROW("a trusted source is not limited, and spends nothing", WEB
    "source 198.18.0.0/15 limit 1 packets/s burst 1\nsource 198.18.9.9 trust\n")
	STEP(source_trusted, SAME, .from = "198.18.9.9", .flags = ACK)
	STEP(source_trusted, SAME, .again = true)
	STEP(control, SAME, .flags = ACK)
	STEP(source_limited, GONE, .flags = ACK)
	STEP(source_trusted, SAME, .from = "198.18.9.9", .flags = ACK)
END

ROW("what has its own limit spends nothing of the limit around it", WEB
    "source 198.18.0.0/15 limit 1 packets/s burst 1\nsource 198.18.9.0/24 limit 1 packets/s burst 2\n")
	STEP(control, SAME, .from = "198.18.9.9", .flags = ACK)
	STEP(control, SAME, .from = "198.18.9.8", .flags = ACK)
	STEP(source_limited, GONE, .from = "198.18.9.7", .flags = ACK)
	STEP(control, SAME, .flags = ACK)
	STEP(source_limited, GONE, .flags = ACK)
END

ROW("the longest prefix wins", WEB
    "source 0.0.0.0/0 drop\nsource 198.18.0.0/15 trust\nsource 198.18.4.0/22 drop\nsource 198.18.5.0/24 pass\n"
    "source 198.18.5.128/25 drop\nsource 198.18.5.129 trust\nsource 255.255.255.255 trust\nsource 0.0.0.0 trust\n")
	STEP(source_dropped, GONE, .flags = SYN, .from = "10.0.0.1")
	STEP(source_dropped, GONE, .flags = SYN, .from = "198.17.255.255")
	STEP(source_trusted, SAME, .flags = SYN, .from = "198.18.0.0")
	STEP(source_trusted, SAME, .flags = SYN, .from = "198.18.3.255")
	STEP(source_dropped, GONE, .flags = SYN, .from = "198.18.4.0")
	STEP(handshake, SAME, .flags = SYN, .from = "198.18.5.0")
	STEP(handshake, SAME, .flags = SYN, .from = "198.18.5.127")
	STEP(source_dropped, GONE, .flags = SYN, .from = "198.18.5.128")
	STEP(source_trusted, SAME, .flags = SYN, .from = "198.18.5.129")
	STEP(source_dropped, GONE, .flags = SYN, .from = "198.18.5.130")
	STEP(source_dropped, GONE, .flags = SYN, .from = "198.18.7.255")
	STEP(source_trusted, SAME, .flags = SYN, .from = "198.18.8.0")
	STEP(source_trusted, SAME, .flags = SYN, .from = "198.19.255.255")
	STEP(source_dropped, GONE, .flags = SYN, .from = "198.20.0.0")
	STEP(source_trusted, SAME, .flags = SYN, .from = "255.255.255.255")
	STEP(source_trusted, SAME, .flags = SYN, .from = "0.0.0.0")
	STEP(source_dropped, GONE, .flags = SYN, .from = "0.0.0.1")
END

ROW("the longest prefix wins, IPv6, beyond /64 too", WEB
    "source ::/0 drop\nsource 2001:db8:c::/48 trust\nsource 2001:db8:c:1::/64 drop\n"
    "source 2001:db8:c:1:8000::/65 trust\nsource 2001:db8:c:1:8000::1 drop\nsource 2001:db8:c:2::5 drop\n"
    "source ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff trust\n", .client = CLIENT6, .server = HOST6)
	STEP(source_dropped, GONE, .flags = SYN, .from = "2001:db8:b:ffff::1")
	STEP(source_trusted, SAME, .flags = SYN, .from = "2001:db8:c::1")
	STEP(source_dropped, GONE, .flags = SYN, .from = "2001:db8:c:1::")
	STEP(source_dropped, GONE, .flags = SYN, .from = "2001:db8:c:1:7fff:ffff:ffff:ffff")
	STEP(source_trusted, SAME, .flags = SYN, .from = "2001:db8:c:1:8000::")
	STEP(source_dropped, GONE, .flags = SYN, .from = "2001:db8:c:1:8000::1")
	STEP(source_trusted, SAME, .flags = SYN, .from = "2001:db8:c:1:8000::2")
	STEP(source_trusted, SAME, .flags = SYN, .from = "2001:db8:c:1:ffff:ffff:ffff:ffff")
	STEP(source_trusted, SAME, .flags = SYN, .from = "2001:db8:c:2::4")
	STEP(source_dropped, GONE, .flags = SYN, .from = "2001:db8:c:2::5")
	STEP(source_trusted, SAME, .flags = SYN, .from = "2001:db8:c:2::6")
	STEP(source_dropped, GONE, .flags = SYN, .from = "2001:db8:d::")
	STEP(source_trusted, SAME, .flags = SYN, .from = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")
	STEP(source_dropped, GONE, .flags = SYN, .from = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe")
END

ROW("all of IPv4 is not all of IPv6", WEB "source 0.0.0.0/0 drop\n", .client = CLIENT6, .server = HOST6)
	STEP(handshake, SAME, .flags = SYN)
END

ROW("all of IPv6 is not all of IPv4", WEB "source ::/0 drop\n")
	STEP(handshake, SAME, .flags = SYN)
END

ROW("a rule whose time is up gives way to the shorter one, and that to the next; or to none", WEB
    "source 198.18.0.0/15 trust\nsource 198.18.0.0/16 pass for 2s\nsource 198.18.0.0/24 drop for 1s\n"
    "source 2001:db8:c::/48 trust\nsource 2001:db8:c::/96 drop for 1s\nsource 2001:db8:d::1 drop for 1s\n")
	STEP(source_dropped, GONE, .flags = SYN)
	STEP(source_dropped, GONE, .flags = SYN, .from = CLIENT6, .to = HOST6)
	STEP(source_dropped, GONE, .flags = SYN, .from = "2001:db8:d::1", .to = HOST6)
	STEP(handshake, SAME, .flags = SYN, .pause = 1050)
	STEP(source_trusted, SAME, .flags = SYN, .from = CLIENT6, .to = HOST6)
	STEP(handshake, SAME, .flags = SYN, .from = "2001:db8:d::1", .to = HOST6)
	STEP(source_trusted, SAME, .flags = SYN, .pause = 1000)
END
