// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The other side, as fast as it can be: answers each packet by itself, without
 * state. It is there to find the crowd's own limit, not to be a server: every
 * name gets the same short page and FIN, every query NOERROR.
 */
#include <string.h>

#include "crowd.h"

static const char page[] = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 3\r\n\r\nok\n";

/* Turns addresses round and sets lengths; returns where layer 4 begins. */
static uint8_t *answer_ip(const uint8_t *in, uint8_t *out, size_t l4_len, uint32_t *pseudo)
{
	memcpy(out, in + 6, 6);
	memcpy(out + 6, in, 6);
	memcpy(out + 12, in + 12, 2);
	if (get16(in + 12) == 0x0800) {
		memcpy(out + 14, in + 14, 12);
		memcpy(out + 26, in + 30, 4);
		memcpy(out + 30, in + 26, 4);
		put16(out + 16, 20 + l4_len);
		put16(out + 24, 0);
		put16(out + 24, ~sum_fold(sum_bytes(0, out + 14, 20)));
		*pseudo = sum_bytes(in[23] + l4_len, out + 26, 8);
		return out + 34;
	}
	memcpy(out + 14, in + 14, 8);
	memcpy(out + 22, in + 38, 16);
	memcpy(out + 38, in + 22, 16);
	put16(out + 18, l4_len);
	*pseudo = sum_bytes(in[20] + l4_len, out + 22, 32);
	return out + 54;
}

static size_t answer_udp(const uint8_t *in, const uint8_t *udp, uint8_t *out)
{
	size_t len = get16(udp + 4);
	uint32_t pseudo;
	uint8_t *o = answer_ip(in, out, len, &pseudo);

	memcpy(o, udp + 2, 2);
	memcpy(o + 2, udp, 2);
	memcpy(o + 4, udp + 4, len - 4);
	o[10] |= 0x80;
	put16(o + 6, 0);
	put16(o + 6, ~sum_fold(sum_bytes(pseudo, o, len)));
	return o + len - out;
}

static size_t answer_tcp(const uint8_t *in, const uint8_t *tcp, size_t l4_len, uint8_t *out)
{
	size_t head = (tcp[12] >> 4) * 4, data = l4_len - head, len = 20;
	uint32_t seq = get32(tcp + 4), ack = get32(tcp + 8), pseudo;
	uint8_t flags = tcp[13], body[FRAME_MAX], *o;

	memset(body, 0, 20);
	memcpy(body, tcp + 2, 2);
	memcpy(body + 2, tcp, 2);
	put16(body + 14, 65535);
	if (flags & TCP_SYN) {
		put32(body + 4, seq * 2654435761u);
		put32(body + 8, seq + 1);
		body[13] = TCP_SYN | TCP_ACK;
	} else if (flags & TCP_FIN || (data && flags & TCP_PSH)) {
		put32(body + 4, ack);
		put32(body + 8, seq + data + !!(flags & TCP_FIN));
		body[13] = TCP_ACK;
		if (data) {
			body[13] |= TCP_FIN | TCP_PSH;
			memcpy(body + 20, page, sizeof(page) - 1);
			len += sizeof(page) - 1;
		}
	} else {
		return 0;
	}
	body[12] = 5 << 4;
	o = answer_ip(in, out, len, &pseudo);
	put16(body + 16, ~sum_fold(sum_bytes(pseudo, body, len)));
	memcpy(o, body, len);
	return o + len - out;
}

/* The answer's length, 0: none. Frames are those that wire_receive() lets
 * through: Ethernet, IP without options, TCP or UDP. */
size_t answer_packet(const uint8_t *in, size_t len, uint8_t *out)
{
	bool v4 = len >= 34 && get16(in + 12) == 0x0800;
	size_t l3 = v4 ? 20 : 40, l4_len;

	if (len < 14 + l3 + 8 || (v4 && in[14] != 0x45))
		return 0;
	l4_len = v4 ? get16(in + 16) - 20u : get16(in + 18);
	if (14 + l3 + l4_len > len)
		return 0;
	if (in[v4 ? 23 : 20] == IPPROTO_UDP)
		return answer_udp(in, in + 14 + l3, out);
	if (in[v4 ? 23 : 20] == IPPROTO_TCP && l4_len >= 20)
		return answer_tcp(in, in + 14 + l3, l4_len, out);
	return 0;
}
