/* SPDX-License-Identifier: GPL-2.0-or-later */
/* clang-format off */
/* `proxy` listeners: a PROXY header goes before. */

#define PROXIED      "listen tcp/80 as http handshake off proxy\n" SERVED "source 198.18.0.0/24 trust\n"
#define PROXIED_DEEP "listen tcp/80 as http handshake on proxy\n" SERVED "source 198.18.0.0/24 trust\n"
#define PROXIED_TLS  "listen tcp/443 as tls handshake on proxy\n" SERVED "source 2001:db8:c::/48 trust\n"
#define HEADER       "PROXY TCP4 203.0.113.9 192.0.2.80 54321 80\r\n"
#define HEADER_SIZE  44
#define HEADER6      "PROXY TCP6 2001:db8:77::9 2001:db8::80 54321 80\r\n"
#define GET(name)    "GET / HTTP/1.1\r\nHost: " name "\r\n\r\n"
#define V2(rest)     "\r\n\r\n\0\r\nQUIT\n" rest
#define V2_TCP4      V2("\x21\x11\0\x13" "\xcb\0\x71\x09" "\xc0\0\x02\x50" "\xd4\x31\0\x50" "\x04\0\x04xxxx")
#define V2_LOCAL     V2("\x20\0\0\0")

ROW("whoever is trusted sends a header, and is asked for a name", PROXIED, .how = OPEN)
	STEP(served, SAME, .text = HEADER GET(HERE))
	STEP(established, SAME, .http = STRAY)
	STEP(stray_reset, RST_SERVER, .text = HEADER GET(STRAY), .fresh = true)
	STEP(tail_answered, PAGE, .again = true)
	STEP(served, SAME, .text = HEADER6 GET(HERE), .fresh = true)
	STEP(stray_reset, RST_SERVER, .text = HEADER6 GET(STRAY), .fresh = true)
	STEP(served, SAME, .data = BYTES(V2_TCP4 GET(HERE)), .fresh = true)
	STEP(stray_reset, RST_SERVER, .data = BYTES(V2_TCP4 GET(STRAY)), .fresh = true)
	STEP(tail_answered, PAGE, .again = true)
	STEP(control, SAME, .flags = ACK, .fresh = true)
	STEP(handshake, SAME, .flags = SYN, .fresh = true, .ahead = -1)
END

ROW("nothing else is read of them", PROXIED, .how = OPEN)
	STEP(unreadable_passed, SAME, .http = HERE)
	STEP(unreadable_passed, SAME, .http = STRAY, .fresh = true)
	STEP(unreadable_passed, SAME, .text = HEADER HEADER GET(STRAY), .fresh = true)
	STEP(unreadable_passed, SAME, .text = HEADER NOT_HTTP, .fresh = true)
	STEP(unreadable_passed, SAME, .text = "PROXY TCP4 203.0.113.9\r\n" GET(STRAY), .fresh = true)
	STEP(unreadable_passed, SAME, .data = BYTES(V2("\x21\x11\0\x04" "\xcb\0\x71\x09") GET(STRAY)), .fresh = true)
END

ROW("nobody else's header counts", PROXIED "unreadable http reset\n", .how = OPEN, .client = "198.18.1.1")
	STEP(unreadable_reset, RST_SERVER, .text = HEADER GET(HERE))
	STEP(tail_reset, RST_CLIENT, .again = true)
	STEP(unreadable_reset, RST_SERVER, .data = BYTES(V2_TCP4 GET(HERE)), .fresh = true)
	STEP(unreadable_reset, RST_SERVER, .data = BYTES(V2_LOCAL), .fresh = true)
	STEP(unreadable_reset, RST_SERVER, .http = HERE, .fresh = true)
	STEP(unreadable_reset, RST_SERVER, .text = HEADER, .only = 1, .fresh = true)
END

ROW("nor does anybody's where no line says `proxy`", WEB "unreadable http reset\n", .how = OPEN)
	STEP(unreadable_reset, RST_SERVER, .text = HEADER GET(HERE))
	STEP(unreadable_reset, RST_SERVER, .data = BYTES(V2_TCP4 GET(HERE)), .fresh = true)
END

ROW("a header in a segment of its own, and one that is cut", PROXIED, .how = OPEN)
	STEP(undecided, SAME, .text = HEADER GET(STRAY), .only = HEADER_SIZE)
	STEP(stray_reset, RST_SERVER, .text = HEADER GET(STRAY), .first = HEADER_SIZE)
	STEP(tail_answered, PAGE, .again = true)
	STEP(undecided, SAME, .text = HEADER GET(HERE), .only = HEADER_SIZE, .fresh = true)
	STEP(served, SAME, .text = HEADER GET(HERE), .first = HEADER_SIZE)
	STEP(undecided, SAME, .text = HEADER GET(STRAY), .only = 1, .fresh = true)
	STEP(undecided, SAME, .text = HEADER GET(STRAY), .first = 1, .only = HEADER_SIZE - 2)
	STEP(undecided, SAME, .text = HEADER GET(STRAY), .first = HEADER_SIZE - 1, .only = 21)
	STEP(stray_reset, RST_SERVER, .text = HEADER GET(STRAY), .first = HEADER_SIZE + 20)
	STEP(undecided, SAME, .data = BYTES(V2_TCP4 GET(STRAY)), .only = 33, .fresh = true)
	STEP(stray_reset, RST_SERVER, .data = BYTES(V2_TCP4 GET(STRAY)), .first = 33)
END

ROW("TLVs that go on in the next segments", PROXIED, .how = OPEN)
	STEP(undecided, SAME, .data = BYTES(V2("\x21\x11\x10\x0c" "\xcb\0\x71\x09" "\xc0\0\x02\x50" "\xd4\x31\0\x50")), .letters = 1000)
	STEP(undecided, SAME, .letters = 1400)
	STEP(undecided, SAME, .letters = 1400)
	STEP(undecided, SAME, .letters = 295)
	STEP(undecided, SAME, .letters = 1)
	STEP(stray_reset, RST_SERVER, .text = "?" GET(STRAY), .first = 1)
END

ROW("the proxy's own visits are those of a trusted source", PROXIED "unnamed http reset\n", .how = OPEN)
	STEP(source_trusted, SAME, .data = BYTES(V2_LOCAL))
	STEP(established, SAME, .text = NO_NAME)
	STEP(source_trusted, SAME, .data = BYTES(V2_LOCAL NO_NAME), .fresh = true)
	STEP(source_trusted, SAME, .data = BYTES(V2("\x20\x11\0\x0c" "\xcb\0\x71\x09" "\xc0\0\x02\x50" "\xd4\x31\0\x50") NO_NAME), .fresh = true)
	STEP(source_trusted, SAME, .text = "PROXY UNKNOWN\r\n" NO_NAME, .fresh = true)
	STEP(unnamed_reset, RST_SERVER, .text = HEADER NO_NAME, .fresh = true)
	/* relayed, for somebody behind a socket of another kind */
	STEP(unnamed_reset, RST_SERVER, .data = BYTES(V2("\x21\0\0\0") NO_NAME), .fresh = true)
	STEP(stray_reset, RST_SERVER, .data = BYTES(V2("\x21\0\0\0") GET(STRAY)), .fresh = true)
END

ROW("who asks for the address that the proxy was asked at names nothing", PROXIED, .how = OPEN)
	STEP(unnamed_passed, SAME, .text = HEADER GET("192.0.2.80"))
	STEP(unnamed_passed, SAME, .text = HEADER GET(HOST4), .fresh = true)
	STEP(stray_reset, RST_SERVER, .text = HEADER GET("192.0.2.81"), .fresh = true)
	STEP(unnamed_passed, SAME, .text = HEADER6 GET("[2001:db8::80]"), .fresh = true)
END

ROW("source lines are about whom the header names", PROXIED
    "source 203.0.113.0/24 drop\nsource 203.0.113.8 trust\nsource 2001:db8:77::/48 drop\n"
    "source 203.0.113.7 limit 1 visits/s burst 1\n", .how = OPEN)
	STEP(client_reset, RST_SERVER, .text = HEADER GET(HERE))
	STEP(tail_reset, RST_CLIENT, .again = true)
	STEP(client_reset, RST_SERVER, .data = BYTES(V2_TCP4), .fresh = true)
	STEP(client_reset, RST_SERVER, .text = HEADER6 GET(HERE), .fresh = true)
	STEP(source_trusted, SAME, .text = "PROXY TCP4 203.0.113.8 192.0.2.80 1 80\r\n" GET(STRAY), .fresh = true)
	STEP(served, SAME, .text = "PROXY TCP4 203.0.112.9 192.0.2.80 1 80\r\n" GET(HERE), .fresh = true)
	STEP(undecided, SAME, .text = "PROXY TCP4 203.0.113.7 192.0.2.80 1 80\r\n", .fresh = true)
	STEP(served, SAME, .text = "?" GET(HERE), .first = 1)
	STEP(client_reset, RST_SERVER, .text = "PROXY TCP4 203.0.113.7 192.0.2.80 2 80\r\n", .fresh = true)
END

ROW("and about who sends the packets", PROXIED "source 198.18.9.0/24 drop\n", .how = OPEN, .client = "198.18.9.9")
	STEP(source_dropped, GONE, .flags = SYN)
	STEP(source_dropped, GONE, .text = HEADER GET(HERE))
END

ROW("at the handshake", PROXIED_DEEP "source 203.0.113.7 drop\n", .how = SHAKE)
	STEP(syn_answered, SYN_ACK, OFFER)
	STEP(served, INTRODUCED, .text = HEADER GET(HERE))
	STEP(established, SAME, .http = STRAY)
	STEP(syn_answered, SYN_ACK, OFFER, .fresh = true)
	STEP(stray_answered, PAGE, .text = HEADER GET(STRAY))
	STEP(tail_answered, PAGE, .again = true)
	STEP(tail_closed, ACK_CLIENT, .flags = FIN | ACK)
	STEP(syn_answered, SYN_ACK, OFFER, .fresh = true)
	STEP(served, INTRODUCED, .data = BYTES(V2_TCP4 GET(HERE)))
	STEP(syn_answered, SYN_ACK, OFFER, .fresh = true)
	STEP(source_trusted, INTRODUCED, .data = BYTES(V2_LOCAL))
	STEP(established, SAME, .text = NO_NAME)
	STEP(syn_answered, SYN_ACK, OFFER, .fresh = true)
	STEP(client_refused, RST_CLIENT, .text = "PROXY TCP4 203.0.113.7 192.0.2.80 1 80\r\n")
	STEP(tail_reset, RST_CLIENT, .again = true)
END

ROW("at the handshake, cut", PROXIED_DEEP "source 203.0.113.7 drop\n", .how = SHAKE)
	STEP(syn_answered, SYN_ACK, OFFER)
	STEP(held, GONE, .text = HEADER)
	STEP(served, INTRODUCED, .text = "?" GET(HERE), .first = 1)
	STEP(syn_answered, SYN_ACK, OFFER, .fresh = true)
	STEP(held, GONE, .text = HEADER)
	STEP(stray_answered, PAGE, .text = "?" GET(STRAY), .first = 1)
	STEP(syn_answered, SYN_ACK, OFFER, .fresh = true)
	STEP(held, GONE, .data = BYTES(V2_TCP4 GET(STRAY)), .only = 1)
	STEP(held, GONE, .data = BYTES(V2_TCP4 GET(STRAY)), .first = 1, .only = 31)
	STEP(held, GONE, .data = BYTES(V2_TCP4 GET(STRAY)), .first = 32, .only = 3)
	STEP(stray_answered, PAGE, .data = BYTES(V2_TCP4 GET(STRAY)), .first = 35)
	STEP(syn_answered, SYN_ACK, OFFER, .fresh = true)
	STEP(held, GONE, .text = "PROXY TCP4 203.0.113.7 192.0.2.80 1 80\r\n", .only = 20)
	STEP(client_refused, RST_CLIENT, .text = "PROXY TCP4 203.0.113.7 192.0.2.80 1 80\r\n", .first = 20)
	/* its client waits for an acknowledgement before it goes on */
	STEP(syn_answered, SYN_ACK, OFFER, .fresh = true)
	STEP(held, GONE, .text = HEADER)
	STEP(cannot_hold, INTRODUCED, .again = true)
	STEP(served, SAME, .text = "?" GET(HERE), .first = 1)
END

ROW("at the handshake, a stranger", PROXIED_DEEP "unreadable http reset\n", .how = SHAKE, .client = "198.18.1.1")
	STEP(syn_answered, SYN_ACK, OFFER)
	STEP(unreadable_refused, RST_CLIENT, .text = HEADER GET(HERE))
	STEP(syn_answered, SYN_ACK, OFFER, .fresh = true)
	STEP(unreadable_refused, RST_CLIENT, .text = HEADER, .only = 1)
END

ROW("TLS over IPv6 behind a header of IPv4", PROXIED_TLS, .how = SHAKE, .client = CLIENT6, .server = HOST6, .port = 443)
	STEP(syn_answered, SYN_ACK, OFFER)
	STEP(held, GONE, .text = HEADER)
	STEP(held, GONE, .tls = HERE, .only = 1)
	STEP(served, INTRODUCED, .tls = HERE, .first = 1)
	STEP(syn_answered, SYN_ACK, OFFER, .fresh = true)
	STEP(held, GONE, .data = BYTES(V2_TCP4))
	STEP(held, GONE, .tls = STRAY, .only = 50)
	STEP(stray_answered, TLS_ALERT, .tls = STRAY, .first = 50)
END
