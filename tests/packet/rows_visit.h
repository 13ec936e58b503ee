/* SPDX-License-Identifier: GPL-2.0-or-later */
/* clang-format off */
/* Which packet of its visit is this? */

ROW("SYN, ACK, keep-alive probe: the kernel's", WEB, .how = OPEN)
	STEP(handshake, SAME, .flags = SYN, .from_port = 9999)
	STEP(handshake, SAME, .flags = SYN, .from_port = 9999, .data = BYTES("fast open"))
	STEP(handshake, SAME, .flags = SYN | 0xc0, .from_port = 9999)
	STEP(control, SAME, .flags = ACK)
	STEP(control, SAME, .flags = ACK, .ahead = -1)
	STEP(control, SAME, .flags = RST, .from_port = 9999)
	STEP(control, SAME, .flags = FIN | ACK)
END

ROW("later data of a served visit is never judged", WEB, .how = OPEN)
	STEP(served, SAME, .http = HERE)
	STEP(established, SAME, .http = STRAY)
	STEP(established, SAME, .text = "GET / HTTP/1.1\r\nHost: " STRAY "\r\n\r\n")
	STEP(established, SAME, .again = true)
	STEP(control, SAME, .flags = FIN | ACK)
END

ROW("first data that was lost behind the gate is first data again", WEB, .how = OPEN)
	STEP(served, SAME, .http = HERE, .lost = true)
	STEP(served, SAME, .again = true)
END

ROW("a visit older than the gate", WEB, .how = OLD)
	STEP(forgotten, SAME, .http = STRAY)
	STEP(forgotten, SAME, .http = HERE)
END

ROW("data where only a socket listens", WEB, .how = LISTENS)
	STEP(no_conversation, SAME, .http = STRAY)
	STEP(no_conversation, SAME, .http = HERE)
END

ROW("data where nothing is", "listen tcp/8088 as http handshake off\n" SERVED, .port = 8088)
	STEP(no_conversation, SAME, .http = STRAY)
	STEP(control, SAME, .flags = ACK)
END

ROW("later data runs ahead of the first", WEB, .how = OPEN)
	STEP(out_of_order, SAME, .http = STRAY, .ahead = 20, .lost = true)
	STEP(out_of_order, SAME, .http = STRAY, .ahead = -1, .lost = true)
	STEP(stray_reset, RST_SERVER, .http = STRAY, .told = true)
END

ROW("a request in three segments, one of them out of order", WEB, .how = OPEN)
	STEP(undecided, SAME, .http = STRAY, .only = 10)
	STEP(out_of_order, SAME, .http = STRAY, .first = 11, .ahead = 1, .lost = true)
	STEP(undecided, SAME, .http = STRAY, .first = 10, .only = 1)
	STEP(out_of_order, SAME, .again = true)
	STEP(stray_reset, RST_SERVER, .http = STRAY, .first = 11)
	STEP(tail_answered, PAGE, .again = true)
END

ROW("a served request in two segments, IPv6", WEB, .how = OPEN, .client = CLIENT6, .server = HOST6)
	STEP(undecided, SAME, .http = HERE, .only = 20)
	STEP(served, SAME, .http = HERE, .first = 20)
	STEP(established, SAME, .http = STRAY)
END

ROW("first data of a half-open visit", "listen tcp/81 as http handshake off\n" SERVED, .how = HALF, .port = 81)
	STEP(control, SAME, .flags = ACK, .lost = true)
	STEP(no_conversation, SAME, .http = STRAY, .ahead = 1, .lost = true)
	STEP(served, SAME, .http = HERE)
	STEP(established, SAME, .http = STRAY)
END

ROW("a stray's first data of a half-open visit", "listen tcp/81 as http handshake off\n" SERVED, .how = HALF, .port = 81)
	STEP(stray_reset, RST_SERVER, .http = STRAY)
	STEP(tail_answered, PAGE, .again = true)
END

ROW("the final ACK of the kernel's own cookie with a served request", WEB, .how = COOKIE)
	STEP(no_conversation, SAME, .http = STRAY, .ack_ahead = 4711, .lost = true)
	STEP(served, SAME, .http = HERE)
	STEP(established, SAME, .http = STRAY)
END

ROW("the final ACK of the kernel's own cookie with a stray request", WEB, .how = COOKIE)
	STEP(stray_reset, RST_SERVER, .http = STRAY)
	STEP(tail_answered, PAGE, .again = true)
END

ROW("the kernel's own cookie, IPv6", WEB, .how = COOKIE, .client = CLIENT6, .server = HOST6)
	STEP(stray_reset, RST_SERVER, .http = STRAY)
END

ROW("the same ports again after a visit that was turned away", WEB, .how = OPEN)
	STEP(stray_reset, RST_SERVER, .http = STRAY)
	STEP(handshake, SAME, .flags = SYN)
	STEP(control, SAME, .flags = ACK)
END

ROW("the same ports again after a served visit, and no FIN was seen", WEB, .how = OPEN)
	STEP(served, SAME, .http = HERE)
	STEP(established, SAME, .letters = 1000)
	STEP(stray_reset, RST_SERVER, .http = STRAY, .reopen = 5000000)
END

ROW("the same ports again behind a FIN, a little on", WEB, .how = OPEN)
	STEP(served, SAME, .http = HERE)
	STEP(control, SAME, .flags = FIN | ACK)
	STEP(stray_reset, RST_SERVER, .http = STRAY, .reopen = 1000)
END

ROW("a jump in its numbers makes a visit no new one", WEB, .how = OPEN)
	STEP(served, SAME, .http = HERE)
	STEP(established, SAME, .http = STRAY, .ahead = 5000000)
	STEP(established, SAME, .http = STRAY)
END

ROW("the end of a visit that was answered", WEB, .how = OPEN)
	STEP(stray_reset, RST_SERVER, .http = STRAY)
	STEP(tail_answered, PAGE, .again = true)
	STEP(tail_answered, PAGE, .again = true)
	STEP(tail_dropped, GONE, .flags = ACK)
	STEP(tail_closed, ACK_CLIENT, .flags = FIN | ACK)
	STEP(tail_closed, ACK_CLIENT, .again = true)
	STEP(tail_dropped, GONE, .flags = RST)
END

ROW("a client that leaves before it was answered", WEB, .how = OPEN)
	STEP(stray_reset, RST_SERVER, .http = STRAY)
	STEP(tail_dropped, GONE, .flags = ACK)
	STEP(tail_reset, RST_CLIENT, .flags = FIN | ACK)
END

ROW("a request with FIN", WEB, .how = OPEN)
	STEP(stray_reset, RST_SERVER, .http = STRAY, .flags = FIN | DATA)
	STEP(tail_answered, PAGE, .again = true)
	STEP(tail_dropped, GONE, .flags = ACK)
END

ROW("more data of a visit that was answered", WEB, .how = OPEN)
	STEP(stray_reset, RST_SERVER, .http = STRAY)
	STEP(tail_answered, PAGE, .again = true)
	STEP(tail_closed, ACK_CLIENT, .http = HERE)
END

ROW("a visit that is reset", WEB "stray http reset\n", .how = OPEN)
	STEP(stray_reset, RST_SERVER, .http = STRAY)
	STEP(tail_reset, RST_CLIENT, .again = true)
	STEP(tail_reset, RST_CLIENT, .flags = FIN | ACK)
	STEP(tail_dropped, GONE, .flags = RST)
END

ROW("a visit that is dropped", WEB "stray http drop\n", .how = OPEN)
	STEP(stray_reset, RST_SERVER, .http = STRAY)
	STEP(tail_dropped, GONE, .again = true)
	STEP(tail_dropped, GONE, .flags = FIN | ACK)
END

ROW("IPv6, tagged twice, with options: its answers keep the tags and nothing else", WEB, .how = OPEN,
    .client = CLIENT6, .server = HOST6)
	STEP(stray_reset, RST_SERVER, .http = STRAY, .tags = {0x88a8, 0x8100}, .extensions = "hd", .padding = 7,
	     .tcp_options = BYTES("\x01\x01\x08\x0a\x00\x00\x00\x01\x00\x00\x00\x02"))
	STEP(tail_answered, PAGE, .again = true)
	STEP(tail_closed, ACK_CLIENT, .flags = FIN | ACK, .tags = {0x88a8, 0x8100}, .padding = 4)
END

ROW("IPv4, tagged, with options", WEB, .how = OPEN)
	STEP(stray_reset, RST_SERVER, .http = STRAY, .tags = {0x8100},
	     .ip_options = BYTES("\x94\x04\x00\x00\x01"),
	     .tcp_options = BYTES("\x01\x01\x08\x0a\x00\x00\x00\x01\x00\x00\x00\x02"))
	STEP(tail_answered, PAGE, .again = true)
	STEP(tail_closed, ACK_CLIENT, .flags = FIN | ACK, .tags = {0x8100}, .padding = 2)
END

ROW("the older kind of QinQ", WEB, .how = OPEN)
	STEP(stray_reset, RST_SERVER, .http = STRAY, .tags = {0x9100, 0x8100})
	STEP(tail_answered, PAGE, .again = true)
END

/* ---- what the host's TCP would not take decides nothing ---- */

#define KEYED "\x13\x12" "0123456789abcdef"

ROW("decoys before a served name", WEB, .how = OPEN)
	STEP(unacceptable, SAME, .http = STRAY, .damaged = true)
	STEP(unacceptable, SAME, .http = STRAY, .bad_header = true)
	STEP(unacceptable, SAME, .http = STRAY, .tcp_options = BYTES(KEYED))
	STEP(unacceptable, SAME, .http = STRAY, .flags = PSH)
	STEP(unacceptable, SAME, .http = STRAY, .ack_ahead = 1)
	STEP(unacceptable, SAME, .http = STRAY, .ack_ahead = -1)
	STEP(unacceptable, SAME, .http = STRAY, .ack_ahead = 66000)
	STEP(unacceptable, SAME, .http = STRAY, .ack_ahead = -66000)
	STEP(served, SAME, .http = HERE)
	STEP(established, SAME, .http = STRAY)
END

ROW("decoys before a stray's name, IPv6", WEB, .how = OPEN, .client = CLIENT6, .server = HOST6)
	STEP(unacceptable, SAME, .http = HERE, .damaged = true)
	STEP(unacceptable, SAME, .http = HERE, .tcp_options = BYTES(KEYED))
	STEP(unacceptable, SAME, .http = HERE, .flags = PSH)
	STEP(unacceptable, SAME, .http = HERE, .ack_ahead = 66000)
	STEP(unacceptable, SAME, .http = HERE, .ack_ahead = -66000)
	STEP(malformed, SAME, .http = HERE, .extensions = "hh", .lost = true)
	STEP(stray_reset, RST_SERVER, .http = STRAY)
END

ROW("an old timestamp before a served name", WEB, .how = OPEN, .stamps = true)
	STEP(unacceptable, SAME, .http = STRAY, .stamps = true, .older = 2)
	STEP(unacceptable, SAME, .http = STRAY, .stamps = true, .older = 600000)
	STEP(served, SAME, .http = HERE, .stamps = true)
END

ROW("decoys amid a name", WEB, .how = OPEN)
	STEP(undecided, SAME, .http = HERE, .only = 20)
	STEP(unacceptable, SAME, .http = STRAY, .first = 20, .damaged = true)
	STEP(unacceptable, SAME, .http = STRAY, .first = 20, .tcp_options = BYTES(KEYED))
	STEP(served, SAME, .http = HERE, .first = 20)
END

ROW("a decoy of a half-open visit", "listen tcp/81 as http handshake off\n" SERVED, .how = HALF, .port = 81)
	STEP(unacceptable, SAME, .http = STRAY, .ack_ahead = 1, .lost = true)
	STEP(unacceptable, SAME, .http = STRAY, .flags = PSH, .lost = true)
	STEP(served, SAME, .http = HERE)
END

ROW("urgent bytes are not judged", WEB, .how = OPEN)
	STEP(urgent, SAME, .http = STRAY, .flags = URG | DATA, .urgent = 30)
	STEP(established, SAME, .http = STRAY)
END

ROW("urgent bytes in the second segment", WEB, .how = OPEN)
	STEP(undecided, SAME, .http = STRAY, .only = 20)
	STEP(urgent, SAME, .http = STRAY, .first = 20, .flags = URG | DATA, .urgent = 5)
	STEP(established, SAME, .http = STRAY)
END

/* ---- who has not proved his address ---- */

/* Of what the server has said, and its client has not seen, something is acknowledged:
 * as likely guessed as known. */
ROW("a spoofed request draws nothing that is longer than what came", WEB, .how = OPEN)
	STEP(stray_reset, RST_SERVER, .http = STRAY, .ack_ahead = 3, .server_says = "hello", .spoofed = true)
	STEP(tail_reset, RST_CLIENT, .again = true)
	STEP(tail_reset, RST_CLIENT, .data = BYTES("x"))
	STEP(tail_reset, RST_CLIENT, .data = BYTES("x"), .ack_ahead = -100)
	STEP(tail_reset, RST_CLIENT, .flags = FIN | ACK)
	STEP(tail_reset, RST_CLIENT, .flags = ACK)
	STEP(tail_dropped, GONE, .flags = RST)
END

ROW("and spends none of its source's visits", WEB "source 198.18.0.0/15 limit 1 visits/s burst 1\n", .how = OPEN)
	STEP(stray_reset, RST_SERVER, .http = STRAY, .ack_ahead = 3, .server_says = "hello")
	STEP(stray_reset, RST_SERVER, .http = STRAY, .ack_ahead = 3, .server_says = "hello", .fresh = true)
	STEP(served, SAME, .http = HERE, .fresh = true)
	STEP(visit_limited, RST_SERVER, .http = HERE, .fresh = true)
END

ROW("a server that speaks first, to a client that has heard all of it or nothing", WEB, .how = OPEN)
	STEP(stray_reset, RST_SERVER, .http = STRAY, .server_says = "hello")
	STEP(tail_answered, PAGE, .again = true)
	STEP(stray_reset, RST_SERVER, .http = STRAY, .ack_ahead = 5, .server_says = "hello", .fresh = true)
	STEP(tail_answered, PAGE, .again = true)
END
