/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of reasons: all that is known of a reason stands here and nowhere
 * else. The kernel part acts by it, the controller reports by it, and the man
 * page's table is made from it (scripts/reasons-doc).
 */
#ifndef STRAYGATE_REASON_H
#define STRAYGATE_REASON_H

enum verdict { VERDICT_PASS, VERDICT_DROP, VERDICT_ANSWER, VERDICT_RESET };

/* What a reason makes of the packet in hand; act.h writes it. */
enum sends {
	SENDS_NOTHING,
	SENDS_SYN_ACK,	  /* to the client, with a cookie */
	SENDS_ANSWER,	  /* to the client: a page, an alert, REFUSED, each with FIN */
	SENDS_ACK,	  /* to the client: what it sent has arrived */
	SENDS_PROBE_ACK,  /* to the client: the answer to a keep-alive probe */
	SENDS_RST_CLIENT, /* to the client */
	SENDS_RST_SERVER, /* up the stack: the server's socket is freed */
	SENDS_SYN,	  /* up the stack: the client's SYN once more */
	SENDS_QUIC_VN,	  /* to the client: Version Negotiation (RFC 8999 6) */
};

/* What a visit counts as, by the packet at which it was judged. */
enum counts_as {
	COUNTS_NO_VISIT,
	COUNTS_SERVED,
	COUNTS_STRAY,
	COUNTS_UNNAMED,
	COUNTS_UNREADABLE,
	COUNTS_UNKNOWN,
	COUNTS_BY_SOURCE,
};

/*
 * Every packet gets exactly one reason. R(number, name, verdict, what is sent,
 * what the visit counts as, text): numbers are never reused (7, damaged, and 48, adopt_failed,
 * have gone), names are part of the JSON, the text is for people.
 *
 * A `reset` of a first request at data depth means that the packet itself becomes
 * a RST for the server's socket. What the client sends again is the visit's tail.
 */
/* clang-format off */
#define STRAYGATE_REASONS(R) \
	R(1, not_ip, PASS, NOTHING, NO_VISIT, \
	  "neither IPv4 nor IPv6 (ARP, LLDP, ...)") \
	R(2, other_protocol, PASS, NOTHING, NO_VISIT, \
	  "neither TCP nor UDP (ICMP, NDP, ...)") \
	R(3, fragment, PASS, NOTHING, NO_VISIT, \
	  "a later fragment, or a first one without its header") \
	R(4, malformed, PASS, NOTHING, NO_VISIT, \
	  "headers that cannot be read") \
	R(5, no_listener, PASS, NOTHING, NO_VISIT, \
	  "for no listener") \
	R(6, not_local, PASS, NOTHING, NO_VISIT, \
	  "for a listener's port, but another host's address") \
	R(10, source_trusted, PASS, NOTHING, BY_SOURCE, \
	  "source is trusted") \
	R(11, source_dropped, DROP, NOTHING, BY_SOURCE, \
	  "source is dropped") \
	R(12, source_limited, DROP, NOTHING, BY_SOURCE, \
	  "source is over its limit") \
	R(13, visit_limited, RESET, RST_SERVER, BY_SOURCE, \
	  "first request of a source over its limit of visits") \
	R(14, client_visit_limited, RESET, RST_SERVER, BY_SOURCE, \
	  "first request of a client network over its limit of visits") \
	R(20, handshake, PASS, NOTHING, NO_VISIT, \
	  "SYN, left to the kernel") \
	R(21, control, PASS, NOTHING, NO_VISIT, \
	  "no data (ACK, FIN, RST)") \
	R(22, established, PASS, NOTHING, NO_VISIT, \
	  "later data of a visit judged before") \
	R(23, forgotten, PASS, NOTHING, NO_VISIT, \
	  "data of a visit older than the gate, or forgotten by a full table") \
	R(24, no_conversation, PASS, NOTHING, NO_VISIT, \
	  "data for which no socket is there (yet)") \
	R(25, out_of_order, PASS, NOTHING, NO_VISIT, \
	  "data out of order before the name was complete") \
	R(26, undecided, PASS, NOTHING, NO_VISIT, \
	  "first data, name not complete yet") \
	R(27, syn_answered, ANSWER, SYN_ACK, NO_VISIT, \
	  "SYN, answered by the gate with a cookie") \
	R(28, ack_absorbed, DROP, NOTHING, NO_VISIT, \
	  "ACK without data of a visit that shook hands with the gate") \
	R(29, keepalive_answered, ANSWER, PROBE_ACK, NO_VISIT, \
	  "keep-alive probe of a silent visit, answered") \
	R(30, served, PASS, NOTHING, SERVED, \
	  "asks for a served name") \
	R(31, stray_passed, PASS, NOTHING, STRAY, \
	  "stray, let pass by the policy") \
	R(32, stray_dropped, DROP, NOTHING, STRAY, \
	  "stray, dropped") \
	R(33, stray_answered, ANSWER, ANSWER, STRAY, \
	  "stray, answered for the server") \
	R(34, stray_reset, RESET, RST_SERVER, STRAY, \
	  "stray, the server's socket is freed by a RST") \
	R(35, unnamed_passed, PASS, NOTHING, UNNAMED, \
	  "names nothing, let pass by the policy") \
	R(36, unnamed_dropped, DROP, NOTHING, UNNAMED, \
	  "names nothing, dropped") \
	R(37, unnamed_answered, ANSWER, ANSWER, UNNAMED, \
	  "names nothing, answered for the server") \
	R(38, unnamed_reset, RESET, RST_SERVER, UNNAMED, \
	  "names nothing, the server's socket is freed by a RST") \
	R(39, unreadable_passed, PASS, NOTHING, UNREADABLE, \
	  "not the listener's protocol, let pass by the policy") \
	R(40, unreadable_dropped, DROP, NOTHING, UNREADABLE, \
	  "not the listener's protocol, dropped") \
	R(41, unreadable_reset, RESET, RST_SERVER, UNREADABLE, \
	  "not the listener's protocol, the server's socket is freed by a RST") \
	R(42, stray_refused, RESET, RST_CLIENT, STRAY, \
	  "stray, reset before the server knew of it") \
	R(43, unnamed_refused, RESET, RST_CLIENT, UNNAMED, \
	  "names nothing, reset before the server knew of it") \
	R(44, unreadable_refused, RESET, RST_CLIENT, UNREADABLE, \
	  "not the listener's protocol, reset before the server knew of it") \
	R(45, held, DROP, NOTHING, NO_VISIT, \
	  "first data, kept by the gate until the name is complete") \
	R(46, cannot_hold, PASS, NOTHING, NO_VISIT, \
	  "name not complete and too long to keep: introduced to the server undecided") \
	R(47, silent_closed, RESET, RST_CLIENT, NO_VISIT, \
	  "a visit that never said a word, closed by its client") \
	R(49, early, DROP, NOTHING, NO_VISIT, \
	  "data ahead of the first, which its client sends again") \
	R(50, tail_dropped, DROP, NOTHING, NO_VISIT, \
	  "after a visit was turned away: dropped") \
	R(51, tail_answered, ANSWER, ANSWER, NO_VISIT, \
	  "after a visit was turned away: its request answered") \
	R(52, tail_reset, RESET, RST_CLIENT, NO_VISIT, \
	  "after a visit was turned away: client reset") \
	R(53, tail_closed, ANSWER, ACK, NO_VISIT, \
	  "after a visit was turned away: its end acknowledged") \
	R(54, quic_passed, PASS, NOTHING, NO_VISIT, \
	  "QUIC, let pass by the policy") \
	R(55, quic_dropped, DROP, NOTHING, NO_VISIT, \
	  "QUIC, dropped") \
	R(56, quic_fallback, ANSWER, QUIC_VN, NO_VISIT, \
	  "QUIC Initial, answered so that the browser takes TCP") \
	R(58, table_missing, PASS, NOTHING, NO_VISIT, \
	  "a table of the policy could not be read") \
	R(59, cannot_rewrite, PASS, NOTHING, NO_VISIT, \
	  "the packet could not be rewritten or resized") \
	R(60, dns_awaited, PASS, NOTHING, NO_VISIT, \
	  "DNS answer of a resolver, or one that a socket waits for") \
	R(61, dns_unasked, DROP, NOTHING, NO_VISIT, \
	  "DNS answer that nobody asked for") \
	R(62, held_forgotten, DROP, NOTHING, NO_VISIT, \
	  "what was kept of a visit was forgotten by a full table; the client sends it again") \
	R(63, introduced_again, PASS, SYN, NO_VISIT, \
	  "first data again while the server has not answered: its SYN goes to the server again") \
	R(64, waiting, DROP, NOTHING, NO_VISIT, \
	  "data while the server has not answered: kept behind the first, or sent again by its client") \
	R(65, room_full, PASS, NOTHING, NO_VISIT, \
	  "SYN, left to the kernel: the table of bound visits is nearly full") \
	R(66, unacceptable, PASS, NOTHING, NO_VISIT, \
	  "a segment that TCP would not take as first data (checksum, acknowledgement, timestamp, option); decides nothing") \
	R(67, unacceptable_dropped, DROP, NOTHING, NO_VISIT, \
	  "the same of a visit that shook hands with the gate, whose server knows nothing of it yet") \
	R(68, urgent, PASS, NOTHING, NO_VISIT, \
	  "first data with urgent bytes: not judged") \
	R(69, replayed, PASS, NOTHING, NO_VISIT, \
	  "first data of a visit that was bound already: a retransmission, or recorded and sent again") \
	R(70, cannot_introduce, DROP, NOTHING, NO_VISIT, \
	  "a visit that could not be introduced to its server now; its client sends again") \
	R(75, unknown_passed, PASS, NOTHING, UNKNOWN, \
	  "not among the names of its zone, let pass by the policy") \
	R(76, unknown_dropped, DROP, NOTHING, UNKNOWN, \
	  "not among the names of its zone, dropped") \
	R(77, unknown_answered, ANSWER, ANSWER, UNKNOWN, \
	  "not among the names of its zone, answered for the server") \
	R(78, unknown_reset, RESET, RST_SERVER, UNKNOWN, \
	  "not among the names of its zone, the server's socket is freed by a RST") \
	R(79, acme_passed, PASS, NOTHING, STRAY, \
	  "the challenge of a certificate (ACME HTTP-01) for a name that is not served, ten a second") \
	R(81, stray_familiar, PASS, NOTHING, STRAY, \
	  "stray, but asked for before the trouble as well: let pass by posture auto") \
	R(84, client_limited, DROP, NOTHING, BY_SOURCE, \
	  "client network is over its limit") \
	R(85, client_answered, ANSWER, ANSWER, BY_SOURCE, \
	  "client network is over its limit of visits, answered for the server") \
	R(86, learned_dropped, DROP, NOTHING, BY_SOURCE, \
	  "source is learned: it sent strays and nothing else") \
	R(89, client_reset, RESET, RST_SERVER, BY_SOURCE, \
	  "PROXY header of a client that is dropped or over its limit, the server's socket is freed by a RST") \
	R(90, client_refused, RESET, RST_CLIENT, BY_SOURCE, \
	  "PROXY header of a client that is dropped or over its limit, reset before the server knew of it") \
	R(95, unanswerable, PASS, NOTHING, NO_VISIT, \
	  "a datagram that wants an answer, from an address that no client has or in a frame to a group: left to the host") \
	R(96, unknown_familiar, PASS, NOTHING, UNKNOWN, \
	  "not among the names of its zone, but asked for before the trouble as well: let pass by posture auto")
/* clang-format on */

#define REASONS_MAX 128 /* room in a counter's index, not the number of reasons */

enum reason {
	CONTINUE = 0, /* a stage's word for "no reason yet, go on" */
#define R(nr, name, verdict, sends, counts, text) REASON_##name = nr,
	STRAYGATE_REASONS(R)
#undef R
};

#define R(nr, name, verdict, sends, counts, text) \
	_Static_assert((nr) > 0 && (nr) < REASONS_MAX, "a counter's index has no room");
STRAYGATE_REASONS(R)
#undef R

#endif
