/* SPDX-License-Identifier: GPL-2.0-or-later */
/* clang-format off */
/* `limit each`: every client network has a rate of its own. */

#define EACH "limit each /24 /56 to 1 visits/s burst "

ROW("visits over the limit of their network, and its neighbours", WEB EACH "2\n", .how = OPEN)
	STEP(served, SAME, .http = HERE)
	STEP(established, SAME, .http = HERE)
	STEP(stray_reset, RST_SERVER, .http = STRAY, .fresh = true)
	STEP(client_visit_limited, RST_SERVER, .http = HERE, .fresh = true)
	STEP(tail_dropped, GONE, .again = true)
	STEP(tail_dropped, GONE, .flags = FIN | ACK)
END

ROW("visits over the limit of their network, at the handshake", DEEP EACH "1\n", .how = SHAKE)
	STEP(syn_answered, SYN_ACK, .flags = SYN)
	STEP(ack_absorbed, GONE, .flags = ACK)
	STEP(served, INTRODUCED, .http = HERE)
	STEP(syn_answered, SYN_ACK, .flags = SYN, .fresh = true)
	STEP(client_limited, GONE, .http = HERE)
	STEP(tail_dropped, GONE, .again = true)
	STEP(tail_dropped, GONE, .flags = FIN | ACK)
END

ROW("the same, answered", DEEP EACH "1 else answer\n", .how = SHAKE)
	STEP(syn_answered, SYN_ACK, .flags = SYN)
	STEP(served, INTRODUCED, .http = HERE)
	STEP(syn_answered, SYN_ACK, .flags = SYN, .fresh = true)
	STEP(client_answered, TOO_MANY, .http = HERE)
	STEP(tail_closed, ACK_CLIENT, .flags = FIN | ACK)
END

ROW("the same, TLS", DEEP_TLS EACH "1 else answer for tcp/443\n", .how = SHAKE, .port = 443)
	STEP(syn_answered, SYN_ACK, .flags = SYN)
	STEP(served, INTRODUCED, .tls = HERE)
	STEP(syn_answered, SYN_ACK, .flags = SYN, .fresh = true)
	STEP(client_answered, TLS_ALERT, .tls = HERE)
END

ROW("the same, DNS over TCP", DEEP_DNS EACH "1 else answer\n", .how = SHAKE, .port = 53)
	STEP(syn_answered, SYN_ACK, .flags = SYN)
	STEP(served, INTRODUCED, .dns = "a.served.example")
	STEP(syn_answered, SYN_ACK, .flags = SYN, .fresh = true)
	STEP(client_answered, REFUSED_TCP, .dns = "a.served.example")
END

ROW("answered at data: the server's socket is freed, and the request answered, also when it comes again",
    WEB EACH "1 else answer\n", .how = OPEN)
	STEP(served, SAME, .http = HERE)
	STEP(client_visit_limited, RST_SERVER, .http = HERE, .fresh = true, .told = true)
	STEP(tail_answered, TOO_MANY, .again = true)
END

ROW("the same, DNS over TCP", WEB_DNS EACH "1 else answer\n", .how = OPEN, .port = 53)
	STEP(served, SAME, .dns = "a.served.example")
	STEP(client_visit_limited, RST_SERVER, .dns = "one.more.served.example", .fresh = true, .told = true)
	STEP(tail_answered, REFUSED_TCP, .again = true)
END

ROW("a request in two segments is one visit of its network", WEB EACH "1\n", .how = OPEN)
	STEP(undecided, SAME, .http = HERE, .only = 20)
	STEP(served, SAME, .http = HERE, .first = 20)
	STEP(client_visit_limited, RST_SERVER, .http = HERE, .fresh = true)
END

ROW("what is held is one, and one when it comes again", DEEP EACH "2\n", .how = SHAKE)
	STEP(syn_answered, SYN_ACK, .flags = SYN)
	STEP(held, GONE, .http = HERE, .only = 20)
	STEP(served, INTRODUCED, .http = HERE, .first = 20)
	STEP(syn_answered, SYN_ACK, .flags = SYN, .fresh = true)
	STEP(held, GONE, .http = HERE, .only = 20)
	STEP(cannot_hold, INTRODUCED, .again = true)
	STEP(syn_answered, SYN_ACK, .flags = SYN, .fresh = true)
	STEP(client_limited, GONE, .http = HERE)
END

ROW("first data that did not arrive is one visit when it comes again", WEB EACH "1\n", .how = OPEN)
	STEP(served, SAME, .http = HERE, .lost = true)
	STEP(served, SAME, .again = true, .anew = true)
	STEP(client_visit_limited, RST_SERVER, .http = HERE, .fresh = true)
END

ROW("a spoofed request spends none of its network's visits", WEB EACH "1\n", .how = OPEN)
	STEP(stray_reset, RST_SERVER, .http = STRAY, .ack_ahead = 3, .server_says = "hello")
	STEP(stray_reset, RST_SERVER, .http = STRAY, .ack_ahead = 3, .server_says = "hello", .fresh = true)
	STEP(served, SAME, .http = HERE, .fresh = true)
	STEP(client_visit_limited, RST_SERVER, .http = HERE, .fresh = true)
END

ROW("queries over the limit of their network, dropped; a neighbour is another", WEB_DNS EACH "2\n",
    .port = 53, .protocol = IPPROTO_UDP)
	STEP(served, SAME, .dns = "a.served.example", .from = "198.18.5.1")
	STEP(stray_answered, REFUSED, .dns = "a.stray.example", .from = "198.18.5.255")
	STEP(client_limited, GONE, .dns = "a.served.example", .from = "198.18.5.7")
	STEP(served, SAME, .dns = "a.served.example", .from = "198.18.4.255")
	STEP(served, SAME, .dns = "a.served.example", .from = "198.18.6.0")
	STEP(client_limited, GONE, .dns = "a.served.example", .from = "198.18.5.1")
END

ROW("answered, and what cannot be answered is dropped", WEB_DNS EACH "1 else answer\n",
    .port = 53, .protocol = IPPROTO_UDP)
	STEP(served, SAME, .dns = "a.served.example")
	STEP(client_answered, REFUSED, .dns = "a.served.example")
	STEP(client_answered, REFUSED, .dns = "a.stray.example")
	STEP(client_limited, GONE, .text = "?", .observed = REASON_client_answered)
END

ROW("an IPv6 network is what the line says", WEB_DNS "limit each /32 /56 to 1 visits/s burst 1\n",
    .port = 53, .protocol = IPPROTO_UDP, .client = CLIENT6, .server = HOST6)
	STEP(served, SAME, .dns = "a.served.example", .from = "2001:db8:c:100::1")
	STEP(client_limited, GONE, .dns = "a.served.example", .from = "2001:db8:c:1ff:ffff::2")
	STEP(served, SAME, .dns = "a.served.example", .from = "2001:db8:c:200::1")
	STEP(served, SAME, .dns = "a.served.example", .from = "2001:db8:c:ff::1")
END

ROW("beyond /64 too", WEB_DNS "limit each /32 /100 to 1 visits/s burst 1\n",
    .port = 53, .protocol = IPPROTO_UDP, .client = CLIENT6, .server = HOST6)
	STEP(served, SAME, .dns = "a.served.example", .from = "2001:db8:c:1::1000:1")
	STEP(client_limited, GONE, .dns = "a.served.example", .from = "2001:db8:c:1::1fff:2")
	STEP(served, SAME, .dns = "a.served.example", .from = "2001:db8:c:1::2000:1")
	STEP(served, SAME, .dns = "a.served.example", .from = "2001:db8:c:2::1000:1")
END

ROW("packets over the limit of their network, whatever they are", WEB "limit each /24 /56 to 1 packets/s burst 2\n",
    .how = OPEN)
	STEP(control, SAME, .flags = ACK)
	STEP(served, SAME, .http = HERE)
	STEP(client_limited, GONE, .http = HERE)
	STEP(client_limited, GONE, .flags = FIN | ACK)
	STEP(no_listener, SAME, .to_port = 22, .text = NOT_HTTP)
	STEP(handshake, SAME, .flags = SYN, .from = "198.18.1.0")
END

ROW("a trusted source is not limited, and spends nothing", WEB_DNS EACH "1\nsource 198.18.0.9 trust\n",
    .port = 53, .protocol = IPPROTO_UDP)
	STEP(source_trusted, SAME, .dns = "a.served.example", .from = "198.18.0.9")
	STEP(served, SAME, .dns = "a.served.example")
	STEP(source_trusted, SAME, .dns = "a.served.example", .from = "198.18.0.9")
	STEP(client_limited, GONE, .dns = "a.served.example")
END

ROW("a source that passes, or has a limit of its own, is limited as well", WEB_DNS EACH "1\n"
    "source 198.18.7.0/24 pass\nsource 198.18.8.0/24 limit 100 visits/s\n", .port = 53, .protocol = IPPROTO_UDP)
	STEP(served, SAME, .dns = "a.served.example", .from = "198.18.7.1")
	STEP(client_limited, GONE, .dns = "a.served.example", .from = "198.18.7.1")
	STEP(served, SAME, .dns = "a.served.example", .from = "198.18.8.1")
	STEP(client_limited, GONE, .dns = "a.served.example", .from = "198.18.8.1")
END

ROW("all listeners together", WEB_DNS "listen udp/5353 as dns\n" EACH "1\n", .port = 53, .protocol = IPPROTO_UDP)
	STEP(served, SAME, .dns = "a.served.example")
	STEP(client_limited, GONE, .dns = "a.served.example", .to_port = 5353)
END

ROW("or those behind `for`, by their port or by their address", WEB_DNS
    "listen udp/5353 as dns\nlisten udp/5353 on 192.0.2.2 as dns\n"
    EACH "1 for udp/53\n" EACH "1 for udp/5353 on 192.0.2.2\n", .port = 53, .protocol = IPPROTO_UDP)
	STEP(served, SAME, .dns = "a.served.example")
	STEP(client_limited, GONE, .dns = "a.served.example")
	STEP(served, SAME, .dns = "a.served.example", .to_port = 5353)
	STEP(served, SAME, .dns = "a.served.example", .to_port = 5353)
	STEP(served, SAME, .dns = "a.served.example", .to_port = 5353, .to = HOST4B)
	STEP(client_limited, GONE, .dns = "a.served.example", .to_port = 5353, .to = HOST4B)
	STEP(served, SAME, .dns = "a.served.example", .to_port = 5353)
END

ROW("a port is all of its listeners", WEB_DNS "listen udp/53 on 192.0.2.2 as dns\n" EACH "1 for udp/53\n",
    .port = 53, .protocol = IPPROTO_UDP)
	STEP(served, SAME, .dns = "a.served.example", .to = HOST4B)
	STEP(client_limited, GONE, .dns = "a.served.example")
END

ROW("each line for itself, the first that is over it decides, and spends nothing of those behind", WEB_DNS
    "limit each /32 /64 to 1 visits/s burst 1\nlimit each /24 /56 to 1 visits/s burst 2\n",
    .port = 53, .protocol = IPPROTO_UDP)
	STEP(served, SAME, .dns = "a.served.example", .from = "198.18.5.1")
	STEP(client_limited, GONE, .dns = "a.served.example", .from = "198.18.5.1")
	STEP(client_limited, GONE, .dns = "a.served.example", .from = "198.18.5.1")
	STEP(served, SAME, .dns = "a.served.example", .from = "198.18.5.2")
	STEP(client_limited, GONE, .dns = "a.served.example", .from = "198.18.5.3")
END

ROW("QUIC has no visits that can be told apart, but packets", QUIC " pass\nlisten udp/53 as dns\nzone served.example\n"
    EACH "1\nlimit each /24 /56 to 1 packets/s burst 3\n", .port = 443, .protocol = IPPROTO_UDP)
	STEP(quic_passed, SAME, .quic = "\1\2\3\4", .zeroes = 1200)
	STEP(quic_passed, SAME, .again = true)
	STEP(quic_passed, SAME, .again = true)
	STEP(client_limited, GONE, .again = true)
END

ROW("another rate is no new beginning, and a smaller burst holds at once", WEB_DNS
    "limit each /24 /56 to 1 visits/s burst 3\n", .port = 53, .protocol = IPPROTO_UDP)
	STEP(served, SAME, .dns = "a.served.example")
	STEP(served, SAME, .again = true)
	STEP(served, SAME, .again = true)
	STEP(client_limited, GONE, .again = true)
	STEP(client_limited, GONE, .again = true, .policy = WEB_DNS "limit each /24 /56 to 1 visits/s burst 2\n")
	STEP(client_limited, GONE, .again = true, .policy = WEB_DNS "limit each /24 /56 to 20 visits/s burst 20\n")
	STEP(served, SAME, .again = true, .pause = 200)
	STEP(served, SAME, .from = "198.18.1.1", .dns = "a.served.example")
END

ROW("with a line that was not there all begin anew, whatever its id was before", WEB_DNS EACH "1\n",
    .port = 53, .protocol = IPPROTO_UDP)
	STEP(served, SAME, .dns = "a.served.example")
	STEP(client_limited, GONE, .again = true)
	STEP(served, SAME, .again = true, .policy = WEB_DNS)
	STEP(served, SAME, .again = true, .policy = WEB_DNS EACH "1 for udp/53\n")
	STEP(client_limited, GONE, .again = true)
END

ROW("behind a proxy the client is the one that its header names", PROXIED_DEEP EACH "1\n", .how = SHAKE)
	STEP(syn_answered, SYN_ACK, .flags = SYN)
	STEP(served, INTRODUCED, .text = HEADER GET(HERE))
	STEP(syn_answered, SYN_ACK, .flags = SYN, .fresh = true)
	STEP(client_refused, RST_CLIENT, .text = HEADER GET(HERE))
	STEP(tail_reset, RST_CLIENT, .again = true)
	STEP(syn_answered, SYN_ACK, .flags = SYN, .fresh = true)
	STEP(served, INTRODUCED, .text = HEADER6 GET(HERE))
	STEP(syn_answered, SYN_ACK, .flags = SYN, .fresh = true)
	STEP(held, GONE, .text = HEADER GET(HERE), .only = 20)
	STEP(client_refused, RST_CLIENT, .text = HEADER GET(HERE), .first = 20)
END

ROW("at data, and answered", PROXIED EACH "1 else answer\n", .how = OPEN)
	STEP(served, SAME, .text = HEADER GET(HERE))
	STEP(client_visit_limited, RST_SERVER, .text = HEADER GET(HERE), .fresh = true)
	STEP(served, SAME, .text = HEADER6 GET(HERE), .fresh = true)
END

ROW("packets of proxies do not count, and those of others at a proxy's listener do",
    PROXIED "limit each /24 /56 to 1 packets/s burst 1\n", .how = OPEN)
	STEP(control, SAME, .flags = ACK)
	STEP(control, SAME, .again = true)
	STEP(served, SAME, .text = HEADER GET(HERE))
	STEP(handshake, SAME, .flags = SYN, .from = "198.18.1.7")
	STEP(client_limited, GONE, .flags = SYN, .from = "198.18.1.8")
END
