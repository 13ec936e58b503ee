/* SPDX-License-Identifier: GPL-2.0-only */
/* clang-format off */
/* Judged at the handshake. */

#define OFFER  .flags = SYN, .tcp_options = BYTES("\x02\x04\x05\xb4\x04\x02\x01\x03\x03\x07")
#define SHAKEN STEP(syn_answered, SYN_ACK, OFFER) STEP(ack_absorbed, GONE, .flags = ACK)

ROW("a served visit is handed to the server, once", DEEP, .how = SHAKE)
	STEP(syn_answered, SYN_ACK, OFFER)
	STEP(syn_answered, SYN_ACK, .again = true)
	STEP(ack_absorbed, GONE, .flags = ACK)
	STEP(ack_absorbed, GONE, .again = true)
	STEP(keepalive_answered, ACK_CLIENT, .flags = ACK, .ahead = -1)
	STEP(keepalive_answered, ACK_CLIENT, .flags = ACK, .ahead = -1, .data = BYTES("\0"))
	STEP(served, ADOPTED, .http = HERE)
	STEP(established, SAME, .again = true)
	STEP(established, SAME, .http = STRAY)
	STEP(control, SAME, .flags = ACK)
	STEP(control, SAME, .flags = FIN | ACK)
END

ROW("what a stray gets that wants little", DEEP, .how = SHAKE)
	SHAKEN
	STEP(stray_answered, HEAD, .text = "HEAD / HTTP/1.1\r\nHost: " STRAY "\r\n\r\n")
	STEP(tail_answered, HEAD, .again = true)
	STEP(syn_answered, SYN_ACK, OFFER, .fresh = true)
	STEP(held, GONE, .text = "HEAD / HTTP/1.1\r\nHost: " STRAY "\r\n\r\n", .only = 15)
	STEP(stray_answered, HEAD, .text = "HEAD / HTTP/1.1\r\nHost: " STRAY "\r\n\r\n", .first = 15)
	STEP(syn_answered, SYN_ACK, OFFER, .fresh = true)
	STEP(stray_answered, PAGE, .text = "GET / HTTP/1.0\r\nHost: " STRAY "\r\n\r\n")
	STEP(syn_answered, SYN_ACK, .flags = SYN, .tcp_options = BYTES("\x02\x04\x02\x18"), .fresh = true)
	STEP(stray_answered, BRIEF, .http = STRAY)
	STEP(syn_answered, SYN_ACK, OFFER, .fresh = true)
	STEP(stray_answered, BRIEF, .http = STRAY, .window = 4)
	STEP(syn_answered, SYN_ACK, OFFER, .fresh = true)
	STEP(stray_answered, BARE, .http = STRAY, .window = 1)
END

ROW("with timestamps", DEEP, .how = SHAKE)
	STEP(syn_answered, SYN_ACK, OFFER, .stamps = true)
	STEP(ack_absorbed, GONE, .flags = ACK, .stamps = true)
	STEP(keepalive_answered, ACK_CLIENT, .flags = ACK, .ahead = -1, .stamps = true)
	STEP(served, ADOPTED, .http = HERE, .stamps = true)
	STEP(established, SAME, .http = STRAY, .stamps = true)
END

ROW("IPv6, tagged", DEEP, .how = SHAKE, .client = CLIENT6, .server = HOST6)
	STEP(syn_answered, SYN_ACK, OFFER, .stamps = true, .tags = {0x8100})
	STEP(ack_absorbed, GONE, .flags = ACK, .stamps = true, .tags = {0x8100})
	STEP(served, ADOPTED, .http = HERE, .stamps = true, .tags = {0x8100})
	STEP(syn_answered, SYN_ACK, OFFER, .fresh = true)
	STEP(served, ADOPTED, .http = HERE)
END

ROW("with ECN, IP options, data without a bare ACK before it, and FIN", DEEP, .how = SHAKE)
	STEP(syn_answered, SYN_ACK, .flags = SYN | 0xc0, .tcp_options = BYTES("\x02\x04\x05\xb4"))
	STEP(served, ADOPTED, .http = HERE, .flags = FIN | DATA, .ip_options = BYTES("\x94\x04\x00\x00"))
END

ROW("a SYN without options gets none; one with data (Fast Open) gets nothing for it", DEEP, .how = SHAKE)
	STEP(syn_answered, SYN_ACK, .flags = SYN)
	STEP(served, ADOPTED, .http = HERE)
	STEP(syn_answered, SYN_ACK, .flags = SYN, .data = BYTES("early"), .ahead = -1, .fresh = true)
END

ROW("SYNs that are the kernel's", DEEP, .how = SHAKE)
	STEP(handshake, SAME, OFFER, .other_mac = 1, .ahead = 1)
	STEP(handshake, SAME, OFFER, .other_mac = 4, .ahead = 1)
	STEP(handshake, SAME, OFFER, .other_mac = 6, .ahead = 1)
	STEP(handshake, SAME, .flags = SYN, .tcp_options = BYTES("\x02\x04\x02\x17"), .ahead = 1)
	STEP(handshake, SAME, .flags = SYN | ACK, .ahead = 1)
	STEP(handshake, SAME, .flags = SYN | FIN, .ahead = 1)
	STEP(handshake, SAME, .flags = SYN | RST, .ahead = 1)
END

ROW("first data that was damaged on its way comes again", DEEP, .how = SHAKE)
	SHAKEN
	STEP(damaged, SAME, .http = HERE, .damaged = true, .lost = true)
	STEP(damaged, SAME, .http = HERE, .only = 20, .damaged = true, .lost = true)
	STEP(held, GONE, .http = HERE, .only = 20)
	STEP(damaged, SAME, .http = HERE, .first = 20, .damaged = true, .lost = true)
	STEP(served, ADOPTED, .http = HERE, .first = 20)
	STEP(established, SAME, .http = STRAY)
END

ROW("IPv6's least MSS is another", DEEP, .how = SHAKE, .client = CLIENT6, .server = HOST6)
	STEP(handshake, SAME, .flags = SYN, .tcp_options = BYTES("\x02\x04\x04\xc3"), .ahead = 1)
	STEP(syn_answered, SYN_ACK, .flags = SYN, .tcp_options = BYTES("\x02\x04\x04\xc4"))
END

ROW("no SYN-ACK where nobody listens", "listen tcp/8088 as http handshake on\n" SERVED, .port = 8088)
	STEP(handshake, SAME, OFFER)
	STEP(control, SAME, .flags = ACK)
	STEP(no_conversation, SAME, .http = HERE)
END

ROW("a connection that is there already", DEEP, .how = OPEN)
	STEP(handshake, SAME, OFFER, .lost = true, .ahead = 1)
	STEP(served, SAME, .http = HERE)
END

ROW("a trusted source shakes hands with the kernel", DEEP "source 198.18.0.0/15 trust\n", .how = SHAKE)
	STEP(source_trusted, SAME, OFFER)
END

ROW("a dropped source does not shake hands at all", DEEP "source 198.18.0.0/15 drop\n", .how = SHAKE)
	STEP(source_dropped, GONE, OFFER)
END

ROW("`handshake off`", WEB, .how = LISTENS)
	STEP(handshake, SAME, OFFER)
END

ROW("a stray is answered, and its end is the gate's", DEEP, .how = SHAKE)
	SHAKEN
	STEP(stray_answered, PAGE, .http = STRAY)
	STEP(tail_answered, PAGE, .again = true)
	STEP(tail_dropped, GONE, .flags = ACK)
	STEP(tail_closed, ACK_CLIENT, .flags = FIN | ACK)
	STEP(tail_closed, ACK_CLIENT, .again = true)
	STEP(tail_dropped, GONE, .flags = RST)
END

ROW("a stray with timestamps and FIN, IPv6, tagged twice", DEEP, .how = SHAKE, .client = CLIENT6B, .server = HOST6B)
	STEP(syn_answered, SYN_ACK, OFFER, .stamps = true, .tags = {0x88a8, 0x8100})
	STEP(stray_answered, PAGE, .http = STRAY, .flags = FIN | DATA, .stamps = true, .tags = {0x88a8, 0x8100})
	STEP(tail_answered, PAGE, .again = true)
	STEP(tail_dropped, GONE, .flags = ACK, .stamps = true)
END

ROW("the same ports again after an answer: what is proved anew is judged anew", DEEP, .how = SHAKE)
	SHAKEN
	STEP(stray_answered, PAGE, .http = STRAY)
	STEP(syn_answered, SYN_ACK, OFFER, .reopen = 5000000)
	STEP(ack_absorbed, GONE, .flags = ACK)
	STEP(served, ADOPTED, .http = HERE)
END

ROW("the same ports again, and no FIN was seen", DEEP, .how = SHAKE)
	SHAKEN
	STEP(served, ADOPTED, .http = HERE)
	STEP(established, SAME, .letters = 1000)
	STEP(control, SAME, .flags = ACK)
	STEP(syn_answered, SYN_ACK, OFFER, .reopen = 5000000)
	STEP(ack_absorbed, GONE, .flags = ACK)
	STEP(stray_answered, PAGE, .http = STRAY)
END

ROW("the same ports again behind a FIN, a little on", DEEP, .how = SHAKE)
	SHAKEN
	STEP(served, ADOPTED, .http = HERE)
	STEP(control, SAME, .flags = FIN | ACK)
	STEP(syn_answered, SYN_ACK, OFFER, .reopen = 1000)
	STEP(ack_absorbed, GONE, .flags = ACK)
	STEP(served, ADOPTED, .http = HERE)
	STEP(established, SAME, .letters = 1000, .flags = FIN | DATA)
	STEP(syn_answered, SYN_ACK, OFFER, .reopen = 1000)
	STEP(stray_answered, PAGE, .http = STRAY)
END

ROW("TLS", DEEP_TLS, .how = SHAKE, .port = 443)
	SHAKEN
	STEP(stray_answered, TLS_ALERT, .tls = STRAY)
	STEP(tail_answered, TLS_ALERT, .again = true)
	STEP(tail_closed, ACK_CLIENT, .flags = FIN | ACK)
	STEP(syn_answered, SYN_ACK, OFFER, .fresh = true)
	STEP(served, ADOPTED, .tls = HERE)
END

ROW("DNS over TCP", DEEP_DNS, .how = SHAKE, .port = 53)
	SHAKEN
	STEP(stray_answered, REFUSED_TCP, .dns = STRAY)
	STEP(tail_answered, REFUSED_TCP, .again = true)
	STEP(syn_answered, SYN_ACK, OFFER, .stamps = true, .fresh = true)
	STEP(stray_answered, REFUSED_TCP, .dns = "x", .stamps = true)
	STEP(syn_answered, SYN_ACK, OFFER, .fresh = true)
	STEP(served, ADOPTED, .dns = "served.example")
END

ROW("strays that are reset", DEEP "stray http reset\n", .how = SHAKE)
	SHAKEN
	STEP(stray_refused, RST_CLIENT, .http = STRAY)
	STEP(tail_reset, RST_CLIENT, .again = true)
	STEP(tail_reset, RST_CLIENT, .flags = FIN | ACK)
	STEP(tail_dropped, GONE, .flags = RST)
END

ROW("strays that are dropped", DEEP "stray http drop\n", .how = SHAKE)
	SHAKEN
	STEP(stray_dropped, GONE, .http = STRAY)
	STEP(tail_dropped, GONE, .again = true)
	STEP(tail_dropped, GONE, .flags = FIN | ACK)
END

ROW("strays that pass", DEEP "stray http pass\n", .how = SHAKE)
	SHAKEN
	STEP(stray_passed, ADOPTED, .http = STRAY)
	STEP(established, SAME, .http = STRAY)
END

ROW("unnamed and unreadable visits", DEEP "unnamed http answer\nunreadable http reset\n", .how = SHAKE)
	SHAKEN
	STEP(unnamed_answered, PAGE, .text = NO_NAME)
	STEP(syn_answered, SYN_ACK, OFFER, .fresh = true)
	STEP(unreadable_refused, RST_CLIENT, .text = NOT_HTTP)
	STEP(tail_reset, RST_CLIENT, .again = true)
END

ROW("unnamed visits that are reset, unreadable ones that are dropped", DEEP "unnamed http reset\nunreadable http drop\n",
    .how = SHAKE)
	SHAKEN
	STEP(unnamed_refused, RST_CLIENT, .text = NO_NAME)
	STEP(syn_answered, SYN_ACK, OFFER, .fresh = true)
	STEP(unreadable_dropped, GONE, .text = NOT_HTTP)
END

ROW("unnamed and unreadable visits that pass", DEEP, .how = SHAKE)
	SHAKEN
	STEP(unnamed_passed, ADOPTED, .text = NO_NAME)
	STEP(syn_answered, SYN_ACK, OFFER, .fresh = true)
	STEP(unreadable_passed, ADOPTED, .text = NOT_HTTP)
END

ROW("a visit is spent by its first data, not by SYNs", DEEP "source 198.18.0.0/15 limit 1 visits/s burst 1\n", .how = SHAKE)
	SHAKEN
	STEP(syn_answered, SYN_ACK, OFFER, .fresh = true)
	STEP(ack_absorbed, GONE, .flags = ACK)
	STEP(served, ADOPTED, .http = HERE)
	STEP(syn_answered, SYN_ACK, OFFER, .fresh = true)
	STEP(source_limited, GONE, .http = HERE)
	STEP(tail_dropped, GONE, .again = true)
END

ROW("a silent visit", DEEP, .how = SHAKE)
	SHAKEN
	STEP(control, SAME, .flags = RST)
	STEP(silent_closed, RST_CLIENT, .flags = FIN | ACK)
END

ROW("nothing is proved by a cookie that is not ours, or another's", DEEP, .how = SHAKE)
	SHAKEN
	STEP(control, SAME, .flags = ACK, .ack_ahead = 1)
	STEP(control, SAME, .flags = ACK, .ack_ahead = 0x200)
	STEP(control, SAME, .flags = ACK, .ahead = 1)
	STEP(control, SAME, .flags = ACK, .from_port = 999)
	STEP(control, SAME, .flags = ACK, .from = "198.18.0.2")
	STEP(control, SAME, .flags = ACK, .to = HOST4B)
	STEP(early, GONE, .http = HERE, .ack_ahead = 0x200, .lost = true)
	STEP(early, GONE, .http = STRAY, .ahead = 7)
	STEP(early, GONE, .http = STRAY, .ahead = -1)
	STEP(early, GONE, .http = STRAY, .from_port = 999)
	STEP(early, GONE, .http = STRAY, .flags = PSH, .ahead = 0, .from_port = 998)
	STEP(served, ADOPTED, .http = HERE)
END

ROW("data ahead of a first segment that was lost waits for it", DEEP, .how = SHAKE)
	SHAKEN
	STEP(early, GONE, .http = HERE, .ahead = 1000, .lost = true)
	STEP(served, ADOPTED, .http = HERE)
END

ROW("data that proves nothing passes when it comes again much later", DEEP, .how = SHAKE)
	STEP(early, GONE, .http = HERE, .from_port = 997, .lost = true)
	STEP(no_conversation, SAME, .again = true, .pause = 1100)
END

ROW("a served name that spans segments: held, joined, adopted", DEEP, .how = SHAKE)
	SHAKEN
	STEP(held, GONE, .http = HERE, .only = 5)
	STEP(held, GONE, .http = HERE, .first = 5, .only = 20)
	STEP(held, GONE, .http = HERE, .first = 30, .ahead = 5, .lost = true)
	STEP(served, ADOPTED, .http = HERE, .first = 25)
	STEP(established, SAME, .http = STRAY)
END

ROW("held with timestamps, IPv6, odd lengths", DEEP_TLS, .how = SHAKE, .port = 443, .client = CLIENT6B, .server = HOST6B)
	STEP(syn_answered, SYN_ACK, OFFER, .stamps = true)
	STEP(held, GONE, .tls = HERE, .only = 33, .stamps = true)
	STEP(held, GONE, .tls = HERE, .first = 33, .only = 8, .stamps = true)
	STEP(held, GONE, .tls = HERE, .first = 41, .only = 70, .stamps = true)
	STEP(served, ADOPTED, .tls = HERE, .first = 111, .stamps = true)
	STEP(established, SAME, .text = "more", .stamps = true)
END

ROW("a stray's name that spans segments", DEEP, .how = SHAKE)
	SHAKEN
	STEP(held, GONE, .http = STRAY, .only = 20)
	STEP(stray_answered, PAGE, .http = STRAY, .first = 20)
	STEP(tail_answered, PAGE, .again = true)
	STEP(tail_closed, ACK_CLIENT, .flags = FIN | ACK)
END

ROW("a client that sends no more before its first segment is acknowledged", DEEP, .how = SHAKE)
	SHAKEN
	STEP(held, GONE, .http = STRAY, .only = 20)
	STEP(cannot_hold, ADOPTED, .again = true)
	STEP(stray_reset, RST_SERVER, .http = STRAY, .first = 20)
	STEP(tail_answered, PAGE, .again = true)
END

ROW("a first segment that is too long to be held", DEEP, .how = SHAKE)
	SHAKEN
	STEP(cannot_hold, ADOPTED, .text = "GET / HTTP/1.1\r\nX: ", .letters = 5000, .lost = true)
END

ROW("segments that are too long together", DEEP, .how = SHAKE)
	SHAKEN
	STEP(held, GONE, .text = "GET / HTTP/1.1\r\nX: ", .letters = 1000)
	STEP(held, GONE, .letters = 1400)
	STEP(held, GONE, .letters = 1400)
	STEP(cannot_hold, ADOPTED, .letters = 1400)
	STEP(served, SAME, .text = "\r\nHost: " HERE "\r\n\r\n")
END

ROW("an adopted visit of which no socket is ever seen", DEEP, .how = SHAKE)
	SHAKEN
	STEP(served, ADOPTED, .http = HERE, .lost = true)
	STEP(established, SAME, .again = true, .quick = true)
	STEP(adopt_failed, RST_CLIENT, .again = true, .pause = 60)
	STEP(tail_reset, RST_CLIENT, .again = true)
END

ROW("behind a lost visit the next from its network is the kernel's", DEEP, .how = SHAKE)
	STEP(syn_answered, SYN_ACK, OFFER)
	STEP(served, ADOPTED, .http = HERE, .lost = true)
	STEP(adopt_failed, RST_CLIENT, .again = true, .pause = 60)
	STEP(handshake, SAME, OFFER, .fresh = true)
END

ROW("another listener knows nothing of them", DEEP, .how = SHAKE)
	SHAKEN
END
