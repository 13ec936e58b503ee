/* SPDX-License-Identifier: GPL-2.0-or-later */
/* clang-format off */
/* Headers, listeners, addresses: what never gets as far as a name. */

ROW("neither IPv4 nor IPv6", WEB)
	STEP(not_ip, SAME, .ethertype = 0x0806)
	STEP(not_ip, SAME, .ethertype = 0x88cc)
	STEP(not_ip, SAME, .ethertype = 0x0026)
	STEP(not_ip, SAME, .ethertype = 0x8847, .http = STRAY)
	STEP(not_ip, SAME, .tags = {0x8100}, .ethertype = 0x0806)
	STEP(not_ip, SAME, .tags = {0x88a8, 0x8100, 0x8100}, .http = STRAY)
END

ROW("neither TCP nor UDP", WEB)
	STEP(other_protocol, SAME, .protocol = IPPROTO_ICMP, .text = "ping")
	STEP(other_protocol, SAME, .protocol = IPPROTO_SCTP, .text = "init")
	STEP(other_protocol, SAME, .protocol = IPPROTO_ESP)
	STEP(other_protocol, SAME, .protocol = IPPROTO_IPIP, .http = STRAY)
END

ROW("IPv6, neither TCP nor UDP", WEB, .client = CLIENT6, .server = HOST6)
	STEP(other_protocol, SAME, .protocol = IPPROTO_ICMPV6, .text = "neighbour")
	STEP(other_protocol, SAME, .protocol = IPPROTO_NONE)
	STEP(other_protocol, SAME, .protocol = IPPROTO_ICMPV6, .extensions = "h", .text = "MLD")
	STEP(other_protocol, SAME, .protocol = IPPROTO_MH)
END

ROW("fragments", WEB)
	STEP(fragment, SAME, .fragment = 0x2000, .http = STRAY)
	STEP(fragment, SAME, .fragment = 0x2010, .http = STRAY)
	STEP(fragment, SAME, .fragment = 0x0001, .text = "rest")
	STEP(fragment, SAME, .fragment = 0x1fff, .protocol = IPPROTO_UDP)
END

ROW("not to be fragmented, or an evil packet (RFC 3514), is no fragment", WEB)
	STEP(handshake, SAME, .fragment = 0x4000, .flags = SYN)
	STEP(handshake, SAME, .fragment = 0x8000, .flags = SYN)
END

ROW("IPv6 fragments; a whole one (RFC 6946) is none", WEB, .client = CLIENT6, .server = HOST6)
	STEP(fragment, SAME, .extensions = "F", .http = STRAY)
	STEP(fragment, SAME, .extensions = "L", .text = "rest")
	STEP(fragment, SAME, .extensions = "hL", .text = "rest")
	STEP(handshake, SAME, .extensions = "f", .flags = SYN)
END

ROW("headers that belie themselves", WEB)
	STEP(malformed, SAME, .ethertype = 0x86dd, .http = STRAY)
END

ROW("IPv6 called IPv4", WEB, .client = CLIENT6, .server = HOST6)
	STEP(malformed, SAME, .ethertype = 0x0800, .http = STRAY)
END

ROW("more extension headers than a host sends", WEB, .client = CLIENT6, .server = HOST6)
	STEP(handshake, SAME, .extensions = "hdrfad", .flags = SYN)
	STEP(other_protocol, SAME, .extensions = "hdrfadd", .flags = SYN)
END

ROW("for no listener", WEB)
	STEP(no_listener, SAME, .to_port = 22, .text = NOT_HTTP)
	STEP(no_listener, SAME, .to_port = 443, .tls = STRAY)
	STEP(no_listener, SAME, .to_port = 80, .protocol = IPPROTO_UDP, .text = "GET")
	STEP(no_listener, SAME, .from_port = 80, .to_port = 40000, .text = "HTTP/1.1 200 OK\r\n")
	STEP(no_listener, SAME, .from_port = 53, .to_port = 40000, .protocol = IPPROTO_UDP,
	     .data = BYTES(DNS_ANSWER))
END

ROW("for another host's address: containers and guests", WEB, .how = LISTENS)
	STEP(not_local, SAME, .to = "192.0.2.3", .http = STRAY)
	STEP(not_local, SAME, .to = "192.0.2.0", .flags = SYN)
	STEP(not_local, SAME, .to = "198.18.0.1", .http = STRAY)
	STEP(not_local, SAME, .to = "255.255.255.255", .http = STRAY)
	STEP(not_local, SAME, .to = "0.0.0.0", .http = STRAY)
	STEP(handshake, SAME, .to = HOST4B, .flags = SYN)
END

ROW("IPv6 for another host's address", WEB, .how = LISTENS, .client = CLIENT6, .server = HOST6)
	STEP(not_local, SAME, .to = "2001:db8::2", .http = STRAY)
	STEP(not_local, SAME, .to = "2001:db8::", .http = STRAY)
	STEP(not_local, SAME, .to = "ff02::1", .http = STRAY)
	STEP(not_local, SAME, .to = "2001:db8:0:0:ffff:ffff:ffff:ffff", .http = STRAY)
END

ROW("a listener of one address leaves the other alone", "listen tcp/80 on " HOST4B " as http handshake off\n" SERVED)
	STEP(no_listener, SAME, .flags = SYN)
	STEP(handshake, SAME, .to = HOST4B, .flags = SYN)
END

ROW("on one address something else is spoken", "listen tcp/80 as http handshake off\n"
    "listen tcp/80 on " HOST4B " as tls handshake off\nlisten tcp/80 on " HOST6 " as tls handshake off\n" SERVED, .how = OPEN)
	STEP(stray_reset, RST_SERVER, .http = STRAY)
END

ROW("on that address it is", "listen tcp/80 as http handshake off\n"
    "listen tcp/80 on " HOST4B " as tls handshake off\nlisten tcp/80 on " HOST6 " as tls handshake off\n" SERVED, .how = OPEN,
    .server = HOST4B)
	STEP(unreadable_passed, SAME, .http = STRAY)
	STEP(stray_reset, RST_SERVER, .tls = STRAY, .fresh = true)
END

ROW("and on the IPv6 one", "listen tcp/80 as http handshake off\n"
    "listen tcp/80 on " HOST4B " as tls handshake off\nlisten tcp/80 on " HOST6 " as tls handshake off\n" SERVED, .how = OPEN,
    .client = CLIENT6, .server = HOST6)
	STEP(unreadable_passed, SAME, .http = STRAY)
	STEP(stray_reset, RST_SERVER, .tls = STRAY, .fresh = true)
END

ROW("a listener on an address that is not this host's", "listen tcp/80 on 192.0.2.3 as http handshake off\n" SERVED)
	STEP(not_local, SAME, .to = "192.0.2.3", .http = STRAY)
	STEP(no_listener, SAME, .http = STRAY)
END

ROW("no policy yet", NULL, .how = OPEN)
	STEP(table_missing, SAME, .http = STRAY)
	STEP(table_missing, SAME, .protocol = IPPROTO_UDP, .to_port = 53, .dns = STRAY)
	STEP(not_ip, SAME, .ethertype = 0x0806)
END

ROW("an empty policy", "", .how = OPEN)
	STEP(no_listener, SAME, .http = STRAY)
END
