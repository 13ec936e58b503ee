// SPDX-License-Identifier: GPL-2.0-or-later
/* Packets as clients send them, with the checksums of TCP and IPv4. */
#include <arpa/inet.h>
#include <string.h>

#include "ns.h"

static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

static void read_address(const char *text, uint8_t to[16])
{
	memcpy(to, mapped, sizeof(mapped));
	if (inet_pton(AF_INET, text, to + 12) != 1 && inet_pton(AF_INET6, text, to) != 1)
		die("address %s", text);
}

struct ends ends_make(const char *client, uint16_t client_port, const char *server, uint16_t server_port)
{
	struct ends e = {.client_port = client_port, .server_port = server_port};

	read_address(client, e.client);
	read_address(server, e.server);
	return e;
}

bool ends_v4(const struct ends *e)
{
	return !memcmp(e->client, mapped, sizeof(mapped));
}

struct flow_key ends_key(const struct ends *e)
{
	struct flow_key k = {.client_port = htons(e->client_port), .server_port = htons(e->server_port)};

	memcpy(k.client, e->client, 16);
	memcpy(k.server, e->server, 16);
	return k;
}

size_t client_at(const struct ends *e)
{
	return ends_v4(e) ? 14 + 12 : 14 + 8;
}

size_t client_len(const struct ends *e)
{
	return ends_v4(e) ? 4 : 16;
}

static uint32_t sum(uint32_t so_far, const uint8_t *p, size_t len)
{
	for (; len > 1; p += 2, len -= 2)
		so_far += p[0] << 8 | p[1];
	return len ? so_far + (p[0] << 8) : so_far;
}

/* RFC 1071. */
static uint16_t folded(uint32_t s)
{
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return ~s;
}

static uint8_t *put_headers(uint8_t *to, const struct ends *e, uint8_t protocol, size_t len)
{
	static const uint8_t macs[12] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2};

	memcpy(to, macs, sizeof(macs));
	if (ends_v4(e)) {
		put16(to + 12, 0x0800);
		memset(to + 14, 0, 12);
		to[14] = 0x45;
		put16(to + 16, 20 + len);
		put16(to + 20, 0x4000);
		to[22] = 57;
		to[23] = protocol;
		memcpy(to + 26, e->client + 12, 4);
		memcpy(to + 30, e->server + 12, 4);
		put16(to + 24, folded(sum(0, to + 14, 20)));
		return to + 34;
	}
	put16(to + 12, 0x86dd);
	put32(to + 14, 0x60000000);
	put16(to + 18, len);
	to[20] = protocol;
	to[21] = 57;
	memcpy(to + 22, e->client, 16);
	memcpy(to + 38, e->server, 16);
	return to + 54;
}

/* As Linux: of a SYN all options, else timestamps alone. */
static size_t put_options(uint8_t *to, const struct segment *s)
{
	if (s->flags & SYN) {
		put32(to, 2 << 24 | 4 << 16 | 1460);
		if (s->tsval) {
			put32(to + 4, 4 << 24 | 2 << 16 | 8 << 8 | 10);
			put32(to + 8, s->tsval);
			put32(to + 12, 0);
			put32(to + 16, 1 << 24 | 3 << 16 | 3 << 8 | 7);
			return 20;
		}
		put32(to + 4, 1 << 24 | 3 << 16 | 3 << 8 | 8);
		put32(to + 8, 1 << 24 | 1 << 16 | 4 << 8 | 2);
		return 12;
	}
	if (!s->tsval)
		return 0;
	put32(to, 1 << 24 | 1 << 16 | 8 << 8 | 10);
	put32(to + 4, s->tsval);
	put32(to + 8, s->tsecr);
	return 12;
}

/* RFC 9293 3.1. */
static void put_checksum(uint8_t *tcp, const struct ends *e, size_t len)
{
	size_t skip = 16 - client_len(e);
	uint32_t s = sum(IPPROTO_TCP + len, e->client + skip, 16 - skip);

	s = sum(sum(s, e->server + skip, 16 - skip), tcp, len);
	put16(tcp + 16, folded(s));
}

void frame_tcp_say(struct feed_packet *f, const struct ends *e, size_t at, const void *bytes, size_t len)
{
	size_t tcp = 14 + (ends_v4(e) ? 20 : 40);

	memcpy(f->bytes + at, bytes, len);
	memset(f->bytes + tcp + 16, 0, 2);
	put_checksum(f->bytes + tcp, e, f->len - tcp);
}

void frame_tcp(struct feed_packet *f, const struct ends *e, const struct segment *s)
{
	uint8_t options[40], *t;
	size_t n = put_options(options, s);

	t = put_headers(f->bytes, e, IPPROTO_TCP, 20 + n + s->len);
	put16(t, e->client_port);
	put16(t + 2, e->server_port);
	put32(t + 4, s->seq);
	put32(t + 8, s->flags & ACK ? s->ack : 0);
	t[12] = (20 + n) / 4 << 4;
	t[13] = s->flags;
	put16(t + 14, 64240);
	put32(t + 16, 0);
	memcpy(t + 20, options, n);
	if (s->len)
		memcpy(t + 20 + n, s->data, s->len);
	put_checksum(t, e, 20 + n + s->len);
	f->len = t + 20 + n + s->len - f->bytes;
	/* What Ethernet fills up is not IP's. */
	if (f->len < 60) {
		memset(f->bytes + f->len, 0, 60 - f->len);
		f->len = 60;
	}
}

void frame_udp(struct feed_packet *f, const struct ends *e, const void *data, size_t len)
{
	uint8_t *u = put_headers(f->bytes, e, IPPROTO_UDP, 8 + len);

	put16(u, e->client_port);
	put16(u + 2, e->server_port);
	put16(u + 4, 8 + len);
	put16(u + 6, 0);
	memcpy(u + 8, data, len);
	f->len = u + 8 + len - f->bytes;
}

void frame_arp(struct feed_packet *f)
{
	memset(f->bytes, 0xff, 6);
	memset(f->bytes + 6, 0, 54);
	put16(f->bytes + 12, 0x0806);
	f->len = 60;
}
