/* SPDX-License-Identifier: GPL-2.0-or-later */
/* clang-format off */
/* Judged at the handshake. */

#define OFFER  .flags = SYN, .tcp_options = BYTES("\x02\x04\x05\xb4\x04\x02\x01\x03\x03\x07")
#define MD5    "\x13\x12" "0123456789abcdef"
#define SHAKEN STEP(syn_answered, SYN_ACK, OFFER) STEP(ack_absorbed, GONE, .flags = ACK)

ROW("a served visit is handed to the server, once", DEEP, .how = SHAKE)
	STEP(syn_answered, SYN_ACK, OFFER)
	STEP(syn_answered, SYN_ACK, .again = true)
	STEP(ack_absorbed, GONE, .flags = ACK)
	STEP(ack_absorbed, GONE, .again = true)
	STEP(keepalive_answered, ACK_CLIENT, .flags = ACK, .ahead = -1)
	STEP(keepalive_answered, ACK_CLIENT, .flags = ACK, .ahead = -1, .data = BYTES("\0"))
	STEP(served, INTRODUCED, .http = HERE)
	STEP(established, SAME, .again = true)
	STEP(replayed, SAME, .again = true)
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

ROW("a stray for a name that a line is about", DEEP "stray http drop for old.example\nstray http reset for new.example\n",
    .how = SHAKE)
	SHAKEN
	STEP(stray_dropped, GONE, .http = "old.example")
	STEP(tail_dropped, GONE, .again = true)
	STEP(syn_answered, SYN_ACK, OFFER, .fresh = true)
	STEP(stray_refused, RST_CLIENT, .http = "new.example")
	STEP(syn_answered, SYN_ACK, OFFER, .fresh = true)
	STEP(stray_answered, PAGE, .http = STRAY)
END

ROW("with timestamps", DEEP, .how = SHAKE)
	STEP(syn_answered, SYN_ACK, OFFER, .stamps = true)
	STEP(ack_absorbed, GONE, .flags = ACK, .stamps = true)
	STEP(keepalive_answered, ACK_CLIENT, .flags = ACK, .ahead = -1, .stamps = true)
	STEP(served, INTRODUCED, .http = HERE, .stamps = true)
	STEP(established, SAME, .http = STRAY, .stamps = true)
END

ROW("IPv6, tagged", DEEP, .how = SHAKE, .client = CLIENT6, .server = HOST6)
	STEP(syn_answered, SYN_ACK, OFFER, .stamps = true, .tags = {0x8100})
	STEP(ack_absorbed, GONE, .flags = ACK, .stamps = true, .tags = {0x8100})
	STEP(served, INTRODUCED, .http = HERE, .stamps = true, .tags = {0x8100})
	STEP(syn_answered, SYN_ACK, OFFER, .fresh = true)
	STEP(served, INTRODUCED, .http = HERE)
END

ROW("with ECN, IP options, data without a bare ACK before it, and FIN", DEEP, .how = SHAKE)
	STEP(syn_answered, SYN_ACK, .flags = SYN | 0xc0, .tcp_options = BYTES("\x02\x04\x05\xb4"))
	STEP(served, INTRODUCED, .http = HERE, .flags = FIN | DATA, .ip_options = BYTES("\x94\x04\x00\x00"))
END

ROW("a SYN without options gets none; one with data (Fast Open) gets nothing for it", DEEP, .how = SHAKE)
	STEP(syn_answered, SYN_ACK, .flags = SYN)
	STEP(served, INTRODUCED, .http = HERE)
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
	/* TCP MD5 (RFC 2385), TCP-AO (RFC 5925), MP_JOIN (RFC 8684) */
	STEP(handshake, SAME, .flags = SYN, .tcp_options = BYTES("\x02\x04\x05\xb4" MD5), .ahead = 1)
	STEP(handshake, SAME, .flags = SYN, .tcp_options = BYTES("\x02\x04\x05\xb4\x1d\x04\x01\x01"), .ahead = 1)
	STEP(handshake, SAME, .flags = SYN, .tcp_options = BYTES("\x02\x04\x05\xb4\x1e\x0c\x10\0\1\2\3\4\5\6\7\x8"), .ahead = 1)
	STEP(syn_answered, SYN_ACK, .flags = SYN, .tcp_options = BYTES("\x02\x04\x05\xb4\x1e\x04\x01\x01"))
END

ROW("SYNs of no host", DEEP, .how = SHAKE)
	STEP(handshake, SAME, OFFER, .from = "255.255.255.255", .ahead = 1)
	STEP(handshake, SAME, OFFER, .from = "224.0.0.1", .ahead = 1)
	STEP(handshake, SAME, OFFER, .from = "240.0.0.1", .ahead = 1)
	STEP(handshake, SAME, OFFER, .from = "127.0.0.1", .ahead = 1)
	STEP(handshake, SAME, OFFER, .from = "0.0.0.0", .ahead = 1)
	STEP(handshake, SAME, OFFER, .from = "0.1.2.3", .ahead = 1)
	STEP(handshake, SAME, OFFER, .from = HOST4, .ahead = 1)
	STEP(syn_answered, SYN_ACK, OFFER, .from = "223.255.255.255", .ahead = 1)
END

ROW("the same, IPv6", DEEP, .how = SHAKE, .client = CLIENT6, .server = HOST6)
	STEP(handshake, SAME, OFFER, .from = "::", .ahead = 1)
	STEP(handshake, SAME, OFFER, .from = "::1", .ahead = 1)
	STEP(handshake, SAME, OFFER, .from = "ff02::1", .ahead = 1)
	STEP(handshake, SAME, OFFER, .from = "ff0e::1", .ahead = 1)
	STEP(handshake, SAME, OFFER, .from = HOST6, .ahead = 1)
	STEP(syn_answered, SYN_ACK, OFFER)
END

ROW("first data that was damaged on its way comes again", DEEP, .how = SHAKE)
	SHAKEN
	STEP(unacceptable_dropped, GONE, .http = HERE, .damaged = true, .lost = true)
	STEP(unacceptable_dropped, GONE, .http = HERE, .bad_header = true, .lost = true)
	STEP(unacceptable_dropped, GONE, .http = HERE, .only = 20, .damaged = true, .lost = true)
	STEP(held, GONE, .http = HERE, .only = 20)
	STEP(unacceptable_dropped, GONE, .http = HERE, .first = 20, .damaged = true, .lost = true)
	STEP(unacceptable_dropped, GONE, .http = HERE, .first = 20, .bad_header = true, .lost = true)
	STEP(served, INTRODUCED, .http = HERE, .first = 20)
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
	STEP(served, INTRODUCED, .http = HERE)
END

ROW("the same ports again, and no FIN was seen", DEEP, .how = SHAKE)
	SHAKEN
	STEP(served, INTRODUCED, .http = HERE)
	STEP(established, SAME, .letters = 1000)
	STEP(control, SAME, .flags = ACK)
	STEP(syn_answered, SYN_ACK, OFFER, .reopen = 5000000)
	STEP(ack_absorbed, GONE, .flags = ACK)
	STEP(stray_answered, PAGE, .http = STRAY)
END

ROW("the same ports again behind a FIN, a little on", DEEP, .how = SHAKE)
	SHAKEN
	STEP(served, INTRODUCED, .http = HERE)
	STEP(control, SAME, .flags = FIN | ACK)
	STEP(syn_answered, SYN_ACK, OFFER, .reopen = 1000)
	STEP(ack_absorbed, GONE, .flags = ACK)
	STEP(served, INTRODUCED, .http = HERE)
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
	STEP(served, INTRODUCED, .tls = HERE)
END

ROW("DNS over TCP", DEEP_DNS, .how = SHAKE, .port = 53)
	SHAKEN
	STEP(stray_answered, REFUSED_TCP, .dns = STRAY)
	STEP(tail_answered, REFUSED_TCP, .again = true)
	STEP(syn_answered, SYN_ACK, OFFER, .stamps = true, .fresh = true)
	STEP(stray_answered, REFUSED_TCP, .dns = "x", .stamps = true)
	STEP(syn_answered, SYN_ACK, OFFER, .fresh = true)
	STEP(served, INTRODUCED, .dns = "served.example")
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

ROW("the challenge of a certificate", DEEP "stray http drop\n", .how = SHAKE)
	SHAKEN
	STEP(acme_passed, INTRODUCED, .text = TARGET("GET " CHALLENGE "a-Token_0"))
	STEP(established, SAME, .http = STRAY)
END

ROW("strays that pass", DEEP "stray http pass\n", .how = SHAKE)
	SHAKEN
	STEP(stray_passed, INTRODUCED, .http = STRAY)
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
	STEP(unnamed_passed, INTRODUCED, .text = NO_NAME)
	STEP(syn_answered, SYN_ACK, OFFER, .fresh = true)
	STEP(unreadable_passed, INTRODUCED, .text = NOT_HTTP)
END

ROW("a visit is spent by its first data, not by SYNs", DEEP "source 198.18.0.0/15 limit 1 visits/s burst 1\n", .how = SHAKE)
	SHAKEN
	STEP(syn_answered, SYN_ACK, OFFER, .fresh = true)
	STEP(ack_absorbed, GONE, .flags = ACK)
	STEP(served, INTRODUCED, .http = HERE)
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
	STEP(served, INTRODUCED, .http = HERE)
END

ROW("data ahead of a first segment that was lost waits for it", DEEP, .how = SHAKE)
	SHAKEN
	STEP(early, GONE, .http = HERE, .ahead = 1000, .lost = true)
	STEP(served, INTRODUCED, .http = HERE)
END

ROW("data that proves nothing passes when it comes again much later", DEEP, .how = SHAKE)
	SHAKEN
	STEP(early, GONE, .http = HERE, .from_port = 997, .lost = true)
	STEP(no_conversation, SAME, .again = true, .pause = 1100)
END

ROW("a served name that spans segments: held, joined, bound", DEEP, .how = SHAKE)
	SHAKEN
	STEP(held, GONE, .http = HERE, .only = 5)
	STEP(held, GONE, .http = HERE, .first = 5, .only = 20)
	STEP(held, GONE, .http = HERE, .first = 30, .ahead = 5, .lost = true)
	STEP(served, INTRODUCED, .http = HERE, .first = 25)
	STEP(established, SAME, .http = STRAY)
END

ROW("held with timestamps, IPv6, odd lengths", DEEP_TLS, .how = SHAKE, .port = 443, .client = CLIENT6B, .server = HOST6B)
	STEP(syn_answered, SYN_ACK, OFFER, .stamps = true)
	STEP(held, GONE, .tls = HERE, .only = 33, .stamps = true)
	STEP(held, GONE, .tls = HERE, .first = 33, .only = 8, .stamps = true)
	STEP(held, GONE, .tls = HERE, .first = 41, .only = 70, .stamps = true)
	STEP(served, INTRODUCED, .tls = HERE, .first = 111, .stamps = true)
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
	STEP(cannot_hold, INTRODUCED, .again = true)
	STEP(stray_reset, RST_SERVER, .http = STRAY, .first = 20)
	STEP(tail_answered, PAGE, .again = true)
END

ROW("a first segment that is too long to be held", DEEP, .how = SHAKE)
	SHAKEN
	STEP(cannot_hold, INTRODUCED, .text = "GET / HTTP/1.1\r\nX: ", .letters = 5000)
	STEP(replayed, SAME, .again = true, .anew = true)
	STEP(served, SAME, .text = "\r\nHost: " HERE "\r\n\r\n")
END

ROW("segments that are too long together", DEEP, .how = SHAKE)
	SHAKEN
	STEP(held, GONE, .text = "GET / HTTP/1.1\r\nX: ", .letters = 1000)
	STEP(held, GONE, .letters = 1400)
	STEP(held, GONE, .letters = 1400)
	STEP(cannot_hold, INTRODUCED, .letters = 1400)
	STEP(out_of_order, SAME, .again = true, .anew = true)
	STEP(served, SAME, .text = "\r\nHost: " HERE "\r\n\r\n")
END

/* ---- while the server has not answered ---- */

ROW("first data is the timer of its SYN", DEEP, .how = SHAKE)
	SHAKEN
	STEP(served, INTRODUCED, .http = HERE, .lost = true)
	STEP(introduced_again, INTRODUCED, .again = true, .lost = true)
	STEP(introduced_again, INTRODUCED, .again = true)
	STEP(established, SAME, .http = STRAY)
END

ROW("what follows first data is kept behind it; nothing else reaches the host", DEEP, .how = SHAKE)
	SHAKEN
	STEP(served, INTRODUCED, .http = HERE, .lost = true)
	STEP(ack_absorbed, GONE, .flags = ACK)
	STEP(ack_absorbed, GONE, .again = true)
	STEP(ack_absorbed, GONE, .flags = ACK, .ahead = -1)
	STEP(waiting, GONE, .http = STRAY)
	STEP(waiting, GONE, .letters = 1400, .ahead = 100)
	STEP(waiting, GONE, .letters = 1400, .flags = FIN | DATA)
	STEP(ack_absorbed, GONE, .flags = FIN | ACK, .ahead = -1)
	STEP(introduced_again, INTRODUCED, .first_again = true)
	STEP(control, SAME, .flags = ACK)
END

ROW("half a name is held, and nothing of it reaches the host", DEEP, .how = SHAKE)
	SHAKEN
	STEP(held, GONE, .http = HERE, .only = 20)
	STEP(ack_absorbed, GONE, .flags = ACK)
	STEP(ack_absorbed, GONE, .again = true)
	STEP(ack_absorbed, GONE, .flags = ACK, .ahead = -1)
	STEP(keepalive_answered, ACK_CLIENT, .flags = ACK, .ahead = -21)
	STEP(ack_absorbed, GONE, .flags = FIN | ACK, .ahead = 100)
	STEP(held, GONE, .http = HERE, .first = 30, .ahead = 10)
	STEP(served, INTRODUCED, .http = HERE, .first = 20)
	STEP(established, SAME, .http = STRAY)
END

ROW("half a stray's name, and an ACK", DEEP, .how = SHAKE)
	SHAKEN
	STEP(held, GONE, .http = STRAY, .only = 20)
	STEP(ack_absorbed, GONE, .flags = ACK)
	STEP(ack_absorbed, GONE, .flags = FIN | ACK, .ahead = 100)
	STEP(stray_answered, PAGE, .http = STRAY, .first = 20)
END

ROW("a client that leaves amid a name", DEEP, .how = SHAKE)
	SHAKEN
	STEP(held, GONE, .http = HERE, .only = 20)
	STEP(ack_absorbed, GONE, .flags = RST)
	STEP(tail_dropped, GONE, .http = HERE, .first = 20)
END

ROW("a blind RST does not end what is held", DEEP, .how = SHAKE)
	SHAKEN
	STEP(held, GONE, .http = HERE, .only = 20)
	STEP(ack_absorbed, GONE, .flags = RST, .ahead = 1)
	STEP(ack_absorbed, GONE, .flags = RST, .ahead = -1)
	STEP(ack_absorbed, GONE, .flags = RST, .ahead = 50000)
	STEP(served, INTRODUCED, .http = HERE, .first = 20)
END

ROW("nor what was introduced", DEEP, .how = SHAKE)
	SHAKEN
	STEP(served, INTRODUCED, .http = HERE, .lost = true)
	STEP(ack_absorbed, GONE, .flags = RST, .ahead = 50000)
	STEP(ack_absorbed, GONE, .flags = RST, .ahead = -70)
	STEP(introduced_again, INTRODUCED, .first_again = true)
END

ROW("FIN behind what was held, and behind what waits", DEEP, .how = SHAKE)
	SHAKEN
	STEP(held, GONE, .http = HERE, .only = 20)
	STEP(served, INTRODUCED, .http = HERE, .first = 20, .flags = FIN | DATA, .lost = true)
	STEP(introduced_again, INTRODUCED, .first_again = true)
END

ROW("what was introduced undecided, and whose server has not answered", DEEP, .how = SHAKE)
	SHAKEN
	STEP(held, GONE, .http = HERE, .only = 20)
	STEP(cannot_hold, INTRODUCED, .first_again = true, .lost = true)
	STEP(introduced_again, INTRODUCED, .first_again = true, .lost = true)
	STEP(waiting, GONE, .http = HERE, .first = 20, .lost = true)
	STEP(ack_absorbed, GONE, .flags = ACK)
	STEP(ack_absorbed, GONE, .flags = FIN | ACK, .ahead = 100)
	STEP(introduced_again, INTRODUCED, .first_again = true)
	STEP(served, SAME, .http = HERE, .first = 20)
	STEP(established, SAME, .http = STRAY)
END

/* ---- what the host's TCP would not take decides nothing ---- */

ROW("decoys before a served name: checksums, MD5", DEEP, .how = SHAKE)
	SHAKEN
	STEP(unacceptable_dropped, GONE, .http = STRAY, .damaged = true)
	STEP(unacceptable_dropped, GONE, .http = STRAY, .bad_header = true)
	STEP(unacceptable_dropped, GONE, .http = STRAY, .tcp_options = BYTES(MD5))
	STEP(unacceptable_dropped, GONE, .http = STRAY, .ip_options = BYTES("\x94\x04\x00\x00"), .bad_header = true)
	STEP(served, INTRODUCED, .http = HERE)
END

ROW("decoys before a served name: timestamps", DEEP, .how = SHAKE)
	STEP(syn_answered, SYN_ACK, OFFER, .stamps = true)
	STEP(ack_absorbed, GONE, .flags = ACK, .stamps = true)
	STEP(unacceptable_dropped, GONE, .http = STRAY, .stamps = true, .older = 600000)
	STEP(unacceptable_dropped, GONE, .http = STRAY, .stamps = true, .older = 70000)
	STEP(unacceptable_dropped, GONE, .http = STRAY, .stamps = true, .older = 0x7fff0000)
	STEP(served, INTRODUCED, .http = HERE, .stamps = true)
END

ROW("decoys between the halves of a name", DEEP, .how = SHAKE)
	STEP(syn_answered, SYN_ACK, OFFER, .stamps = true)
	STEP(held, GONE, .http = HERE, .only = 20, .stamps = true)
	STEP(unacceptable_dropped, GONE, .http = STRAY, .first = 20, .stamps = true, .older = 21)
	STEP(unacceptable_dropped, GONE, .http = STRAY, .first = 20, .stamps = true, .damaged = true)
	STEP(unacceptable_dropped, GONE, .http = STRAY, .first = 20, .stamps = true, .bad_header = true)
	STEP(unacceptable_dropped, GONE, .http = STRAY, .first = 20, .tcp_options = BYTES(MD5))
	STEP(served, INTRODUCED, .http = HERE, .first = 20, .stamps = true)
END

ROW("a decoy with two hop-by-hop headers", DEEP, .how = SHAKE, .client = CLIENT6, .server = HOST6)
	SHAKEN
	STEP(malformed, SAME, .http = STRAY, .extensions = "hh", .lost = true)
	STEP(malformed, SAME, .http = STRAY, .extensions = "dh", .lost = true)
	STEP(unacceptable_dropped, GONE, .http = STRAY, .extensions = "h", .damaged = true)
	STEP(served, INTRODUCED, .http = HERE, .extensions = "hd")
END

ROW("a decoy that acknowledges what we never said", DEEP, .how = SHAKE)
	SHAKEN
	STEP(early, GONE, .http = STRAY, .ack_ahead = 66000, .lost = true)
	STEP(early, GONE, .http = STRAY, .ack_ahead = -66000, .lost = true)
	STEP(early, GONE, .http = STRAY, .flags = PSH, .lost = true)
	STEP(served, INTRODUCED, .http = HERE)
END

ROW("urgent bytes: introduced unjudged, and not kept", DEEP, .how = SHAKE)
	SHAKEN
	STEP(urgent, INTRODUCED, .http = STRAY, .flags = URG | DATA, .urgent = 30)
	STEP(established, SAME, .again = true, .anew = true)
	STEP(established, SAME, .http = STRAY)
END

ROW("urgent bytes in the second segment", DEEP, .how = SHAKE)
	SHAKEN
	STEP(held, GONE, .http = STRAY, .only = 20)
	STEP(urgent, INTRODUCED, .http = STRAY, .first = 20, .flags = URG | DATA, .urgent = 5, .lost = true)
	STEP(introduced_again, INTRODUCED, .first_again = true)
	STEP(established, SAME, .first_again = true, .anew = true)
END

/* ---- Apple's and Microsoft's stacks, sometimes ---- */

ROW("timestamps agreed, then missing", DEEP, .how = SHAKE)
	STEP(syn_answered, SYN_ACK, OFFER, .stamps = true)
	STEP(ack_absorbed, GONE, .flags = ACK)
	STEP(keepalive_answered, ACK_CLIENT, .flags = ACK, .ahead = -1)
	STEP(keepalive_answered, ACK_CLIENT, .flags = ACK, .ahead = -1, .data = BYTES("\0"))
	STEP(served, INTRODUCED, .http = HERE)
	STEP(established, SAME, .http = STRAY)
END

ROW("the same of a stray, and of one that is silent", DEEP, .how = SHAKE, .client = CLIENT6, .server = HOST6)
	STEP(syn_answered, SYN_ACK, OFFER, .stamps = true)
	STEP(stray_answered, PAGE, .http = STRAY)
	STEP(syn_answered, SYN_ACK, OFFER, .stamps = true, .fresh = true)
	STEP(silent_closed, RST_CLIENT, .flags = FIN | ACK)
END

/* ---- another policy between the handshake and the first data ---- */

ROW("its source is trusted by then", DEEP, .how = SHAKE)
	SHAKEN
	STEP(source_trusted, INTRODUCED, .http = STRAY, .policy = DEEP "source 198.18.0.0/15 trust\n")
	STEP(source_trusted, SAME, .http = STRAY)
	STEP(source_trusted, SAME, .flags = ACK)
END

ROW("its source is trusted amid its name", DEEP, .how = SHAKE)
	SHAKEN
	STEP(held, GONE, .http = STRAY, .only = 20)
	STEP(ack_absorbed, GONE, .flags = ACK, .policy = DEEP "source 198.18.0.0/15 trust\n")
	STEP(source_trusted, INTRODUCED, .http = STRAY, .first = 20)
	STEP(source_trusted, SAME, .http = STRAY)
END

ROW("its source is trusted before the server answers", DEEP, .how = SHAKE)
	SHAKEN
	STEP(served, INTRODUCED, .http = HERE, .lost = true)
	STEP(introduced_again, INTRODUCED, .first_again = true, .policy = DEEP "source 198.18.0.0/15 trust\n")
	STEP(source_trusted, SAME, .http = STRAY)
END

ROW("its listener shakes hands no more", DEEP, .how = SHAKE)
	SHAKEN
	STEP(keepalive_answered, ACK_CLIENT, .flags = ACK, .ahead = -1, .policy = WEB)
	STEP(served, INTRODUCED, .http = HERE)
	STEP(established, SAME, .http = STRAY)
	STEP(handshake, SAME, OFFER, .fresh = true)
END

ROW("its listener shakes hands no more, and it is a stray", DEEP, .how = SHAKE)
	SHAKEN
	STEP(held, GONE, .http = STRAY, .only = 20)
	STEP(stray_answered, PAGE, .http = STRAY, .first = 20, .policy = WEB)
	STEP(tail_closed, ACK_CLIENT, .flags = FIN | ACK)
END

ROW("its listener is gone", DEEP, .how = SHAKE)
	SHAKEN
	STEP(keepalive_answered, ACK_CLIENT, .flags = ACK, .ahead = -1, .policy = SERVED)
	STEP(no_listener, INTRODUCED, .http = STRAY)
	STEP(no_listener, SAME, .http = STRAY)
	STEP(no_listener, SAME, .flags = ACK)
END

ROW("its listener is gone amid its name", DEEP, .how = SHAKE)
	SHAKEN
	STEP(held, GONE, .http = STRAY, .only = 20)
	STEP(no_listener, INTRODUCED, .http = STRAY, .first = 20, .policy = SERVED)
	STEP(no_listener, SAME, .http = STRAY)
END

ROW("a stray's end outlives its listener", DEEP, .how = SHAKE)
	SHAKEN
	STEP(stray_answered, PAGE, .http = STRAY)
	STEP(tail_closed, ACK_CLIENT, .flags = FIN | ACK, .policy = SERVED)
END

ROW("the gate observes by then", DEEP, .how = SHAKE)
	SHAKEN
	STEP(keepalive_answered, ACK_CLIENT, .flags = ACK, .ahead = -1, .policy = "posture observe\n" DEEP)
	STEP(stray_answered, INTRODUCED, .http = STRAY, .watched = true)
	STEP(established, SAME, .http = STRAY, .watched = true)
END

ROW("the gate observes amid its name", DEEP, .how = SHAKE)
	SHAKEN
	STEP(held, GONE, .http = STRAY, .only = 20)
	STEP(stray_answered, INTRODUCED, .http = STRAY, .first = 20, .watched = true, .policy = "posture observe\n" DEEP)
	STEP(established, SAME, .http = STRAY, .watched = true)
END

ROW("another listener knows nothing of them", DEEP, .how = SHAKE)
	SHAKEN
END
