// SPDX-License-Identifier: GPL-2.0-or-later
/* Packets: building and reading. */
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <string.h>

#include "crowd.h"

/* Sums are of big-endian words, kept unfolded in 32 bits of host order. */
uint32_t sum_bytes(uint32_t sum, const uint8_t *p, size_t len)
{
	uint64_t s = 0;

	for (; len >= 8; len -= 8, p += 8) {
		uint64_t w;

		memcpy(&w, p, 8);
		s += (w & 0xffffffff) + (w >> 32);
	}
	if (len) {
		uint64_t w = 0;

		memcpy(&w, p, len);
		s += (w & 0xffffffff) + (w >> 32);
	}
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return sum + ntohs(s);
}

uint16_t sum_fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* Which address behind the prefix, or which /64. */
static uint32_t place_of(const struct stream *s, uint32_t host)
{
	return s->hosts ? host / s->hosts << 8 | s->first_host | host % s->hosts : host;
}

/* The way back; false: it is none of this stream's. */
static bool host_at(const struct stream *s, uint32_t place, uint32_t *host)
{
	if (s->hosts && (place & 0xff & ~(s->hosts - 1)) != s->first_host)
		return false;
	*host = s->hosts ? (place >> 8) * s->hosts + (place & (s->hosts - 1)) : place;
	return *host < s->sources;
}

/* Where the last bit of that stands in an IPv6 address: right behind the prefix, so that a
 * short one is many networks. */
static unsigned int place_shift(const struct stream *s)
{
	return s->hosts ? 64 : 128 - s->prefix_len - __builtin_ctz(s->sources);
}

static void source_of(const struct stream *s, uint64_t n, uint8_t addr[16], uint16_t *port)
{
	uint32_t host = place_of(s, (uint32_t)n * s->stride & (s->sources - 1));

	memcpy(addr, s->base, 16);
	if (s->v6) {
		unsigned int shift = place_shift(s);
		unsigned __int128 wide = (unsigned __int128)host << shift;

		for (unsigned int i = 0; i < 16; i++)
			addr[i] |= (uint8_t)(wide >> (120 - 8 * i));
		addr[15] |= shift ? 1 : 0;
	} else {
		put32(addr, get32(addr) | host);
	}
	*port = PORT_BASE + (n / s->sources & (PORTS - 1));
}

/* Ethernet and IP; returns where layer 4 begins, and the pseudo header's sum. */
static uint8_t *build_ip(const struct stream *s, const struct visit *v, uint8_t *f, uint8_t l4, size_t l4_len,
			 uint16_t *port, uint32_t *pseudo)
{
	static uint16_t id;
	uint8_t addr[16];

	source_of(s, v->n, addr, port);
	memcpy(f, config.mac, 6);
	memcpy(f + 6, config.our_mac, 6);
	if (s->v6) {
		put16(f + 12, ETH_P_IPV6);
		put32(f + 14, 0x60000000);
		put16(f + 18, l4_len);
		f[20] = l4;
		f[21] = 64;
		memcpy(f + 22, addr, 16);
		memcpy(f + 38, config.to6, 16);
		*pseudo = sum_bytes(l4 + l4_len, f + 22, 32);
		return f + 54;
	}
	put16(f + 12, ETH_P_IP);
	put16(f + 14, 0x4500);
	put16(f + 16, 20 + l4_len);
	put16(f + 18, ++id);
	put16(f + 20, 0x4000);
	put16(f + 22, 64 << 8 | l4);
	put16(f + 24, 0);
	memcpy(f + 26, addr, 4);
	memcpy(f + 30, config.to4, 4);
	put16(f + 24, ~sum_fold(sum_bytes(0, f + 14, 20)));
	*pseudo = sum_bytes(l4 + l4_len, f + 26, 8);
	return f + 34;
}

static void build_options(const struct stream *s, const struct visit *v, uint8_t *o, bool syn)
{
	size_t len = 0;

	if (syn) {
		/* MSS, SACK, window scale: a browser's on Linux or, without
		 * timestamps, on Windows. */
		put32(o, 0x02040000 | (s->v6 ? 1440 : 1460));
		put32(o + 4, config.timestamps ? 0x0402080a : 0x01010402);
		len = 8;
	} else if (config.timestamps) {
		put32(o, 0x0101080a);
		len = 4;
	}
	if (config.timestamps) {
		put32(o + len, now / NSEC_PER_MSEC);
		put32(o + len + 4, v->ts_recent);
		len += 8;
	}
	if (syn)
		put32(o + len, config.timestamps ? 0x01030307 : 0x01030308);
}

/* A segment of visit v, into f; returns its length. sum is that of the data. */
size_t frame_tcp(uint8_t *f, const struct stream *s, const struct visit *v, uint8_t flags, uint32_t seq,
		 const uint8_t *data, size_t len, uint32_t sum)
{
	bool syn = flags & TCP_SYN;
	size_t head = 20 + (config.timestamps ? (syn ? 20 : 12) : (syn ? 12 : 0));
	uint8_t *t;
	uint16_t port;
	uint32_t pseudo;

	t = build_ip(s, v, f, IPPROTO_TCP, head + len, &port, &pseudo);
	put16(t, port);
	put16(t + 2, s->port);
	put32(t + 4, seq);
	put32(t + 8, flags & TCP_ACK ? v->rcv_nxt : 0);
	t[12] = head / 4 << 4;
	t[13] = flags;
	put16(t + 14, syn ? 64240 : 502);
	put32(t + 16, 0);
	build_options(s, v, t + 20, syn);
	put16(t + 16, ~sum_fold(sum_bytes(pseudo + sum, t, head)));
	if (len)
		memcpy(t + head, data, len);
	return t + head + len - f;
}

size_t frame_udp(uint8_t *f, const struct stream *s, const struct visit *v, const uint8_t *data, size_t len)
{
	uint8_t *u;
	uint16_t port, sum;
	uint32_t pseudo;

	u = build_ip(s, v, f, IPPROTO_UDP, 8 + len, &port, &pseudo);
	put16(u, port);
	put16(u + 2, s->port);
	put16(u + 4, 8 + len);
	put16(u + 6, 0);
	memcpy(u + 8, data, len);
	sum = ~sum_fold(sum_bytes(pseudo, u, 8 + len));
	put16(u + 6, sum ? sum : 0xffff);
	return u + 8 + len - f;
}

static struct stream *stream_of(const uint8_t *addr, bool v6, uint32_t *host)
{
	for (unsigned int i = 0; i < stream_count; i++) {
		struct stream *s = &streams[i];

		if (s->v6 != v6)
			continue;
		if (!v6) {
			uint32_t a = get32(addr), b = get32(s->base);

			if (a < b || !host_at(s, a - b, host))
				continue;
		} else {
			unsigned __int128 a = 0, b = 0, mask = ~(unsigned __int128)0 << (128 - s->prefix_len);

			for (unsigned int k = 0; k < 16; k++) {
				a = a << 8 | addr[k];
				b = b << 8 | s->base[k];
			}
			if ((a & mask) != b || !host_at(s, (uint32_t)((a - b) >> place_shift(s)), host))
				continue;
		}
		return s;
	}
	return NULL;
}

static bool read_tcp(struct packet *p, const uint8_t *t, size_t l4_len, size_t have)
{
	size_t head = have < 20 ? 0 : (t[12] >> 4) * 4;

	if (head < 20 || head > l4_len || head > have)
		return false;
	p->seq = get32(t + 4);
	p->ack = get32(t + 8);
	p->flags = t[13];
	p->tsval = 0;
	for (size_t i = 20; config.timestamps && i + 10 <= head;) {
		if (t[i] == 8) {
			p->tsval = get32(t + i + 2);
			break;
		}
		i += t[i] == 1 || t[i + 1] < 2 ? 1 : t[i + 1];
	}
	p->data = t + head;
	p->len = l4_len - head;
	p->have = have - head < p->len ? have - head : p->len;
	return true;
}

/* Reads a frame as a visitor's host would: what has a wrong checksum is not
 * there. (Some replies come from our own XDP program: nobody else checks them.) */
bool frame_read(const uint8_t *f, size_t have, bool check, struct packet *p)
{
	bool v6 = have >= 54 && get16(f + 12) == ETH_P_IPV6;
	size_t l3 = v6 ? 40 : 20, l4_len;
	const uint8_t *t = f + 14 + l3;
	uint32_t host, pseudo;
	uint16_t port;

	if (have < 14 + l3 + 8 || (!v6 && (get16(f + 12) != ETH_P_IP || f[14] != 0x45)))
		return false;
	l4_len = v6 ? get16(f + 18) : get16(f + 16) - 20u;
	p->l4 = v6 ? f[20] : f[23];
	p->stream = stream_of(v6 ? f + 38 : f + 30, v6, &host);
	port = get16(t + 2);
	if (!p->stream || port < PORT_BASE || port >= PORT_BASE + PORTS)
		return false;
	have -= 14 + l3;
	if (have > l4_len)
		have = l4_len;
	if (check && have == l4_len) {
		bool zero = p->l4 == IPPROTO_UDP && !v6 && !get16(t + 6);

		pseudo = v6 ? sum_bytes(p->l4 + l4_len, f + 22, 32) : sum_bytes(p->l4 + l4_len, f + 26, 8);
		if ((!zero && sum_fold(sum_bytes(pseudo, t, l4_len)) != 0xffff) ||
		    (!v6 && sum_fold(sum_bytes(0, f + 14, 20)) != 0xffff)) {
			wire_stats.rx_bad++;
			return false;
		}
	}
	p->low = (uint64_t)(port - PORT_BASE) * p->stream->sources +
		 (host * p->stream->unstride & (p->stream->sources - 1));
	p->sport = get16(t);
	p->stream->c.rx_bytes += 14 + l3 + l4_len;
	if (p->l4 == IPPROTO_TCP)
		return read_tcp(p, t, l4_len, have);
	p->data = t + 8;
	p->len = l4_len - 8;
	p->have = have - 8;
	return p->l4 == IPPROTO_UDP;
}
