/* SPDX-License-Identifier: GPL-2.0-or-later */
/* clang-format off */
/* QUIC: what its listener's line says. */

ROW("an Initial gets no version that its browser speaks", QUIC " fallback\n", .port = 443, .protocol = IPPROTO_UDP)
	STEP(quic_fallback, VERSION_NEGOTIATION, .quic = "8 bytes.")
	STEP(quic_fallback, VERSION_NEGOTIATION, .quic = "")
	STEP(quic_fallback, VERSION_NEGOTIATION, .quic = "the longest of v1...")
	STEP(quic_fallback, VERSION_NEGOTIATION, .quic = "x", .tags = {0x8100}, .ip_options = BYTES("\x94\x04\x00\x00"))
	STEP(unanswerable, SAME, .quic = "8 bytes.", .from = "255.255.255.255", .observed = REASON_quic_fallback)
	STEP(unanswerable, SAME, .quic = "8 bytes.", .group_mac = true, .observed = REASON_quic_fallback)
	STEP(quic_passed, SAME, .quic = "cut short", .only = 1199)
	STEP(quic_passed, SAME, .data = BYTES("\x43\x11\x22\x33\x44"), .zeroes = 1300)
	STEP(quic_passed, SAME, .data = BYTES("\xc3\x00\x00\x00\x00\x08"), .zeroes = 1300)
	STEP(quic_passed, SAME, .data = BYTES("\xc3\x00\x00\x00\x01\x15"), .zeroes = 1300)
	STEP(cannot_rewrite, SAME, .data = BYTES("\xc3\x00\x00\x00\x01\x00\x15"), .zeroes = 1300,
	     .observed = REASON_quic_fallback)
	STEP(quic_passed, SAME, .data = {0})
END

ROW("the same over IPv6", QUIC " fallback\n", .port = 443, .protocol = IPPROTO_UDP, .client = CLIENT6, .server = HOST6)
	STEP(quic_fallback, VERSION_NEGOTIATION, .quic = "8 bytes.")
	STEP(quic_fallback, VERSION_NEGOTIATION, .quic = "8 bytes.", .tags = {0x88a8, 0x8100}, .extensions = "d")
END

ROW("QUIC that passes", QUIC " pass\n", .port = 443, .protocol = IPPROTO_UDP)
	STEP(quic_passed, SAME, .quic = "8 bytes.")
END

ROW("QUIC that is dropped", QUIC " drop\n", .port = 443, .protocol = IPPROTO_UDP)
	STEP(quic_dropped, GONE, .quic = "8 bytes.")
	STEP(quic_dropped, GONE, .text = "short")
END

ROW("QUIC up to a limit", QUIC " limit 1 packets/s burst 2\n", .port = 443, .protocol = IPPROTO_UDP)
	STEP(quic_passed, SAME, .quic = "8 bytes.")
	STEP(quic_passed, SAME, .again = true)
	STEP(quic_dropped, GONE, .again = true)
END
