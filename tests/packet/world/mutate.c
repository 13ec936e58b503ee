// SPDX-License-Identifier: GPL-2.0-or-later
#include "mutate.h"

#include <string.h>

#include "rows.h"

#define MUTATED_MAX 3000 /* bytes: what the kernel runs in one piece */

void mutation_begin(struct mutation *m, uint32_t seed)
{
	memset(m, 0, sizeof(*m));
	m->first = seed;
	m->seed = seed ? seed : 1;
}

/* xorshift32 (Marsaglia 2003) */
static uint32_t below(struct mutation *m, uint32_t n)
{
	m->seed ^= m->seed << 13;
	m->seed ^= m->seed >> 17;
	m->seed ^= m->seed << 5;
	return (uint64_t)m->seed * n >> 32;
}

#define pick(m, all) (all)[below(m, sizeof(all) / sizeof((all)[0]))]

/* ---- made up ---- */

static const char *const clients[] = {CLIENT4, "198.18.5.1", "198.18.53.1",
				      CLIENT6, CLIENT6B,     "2001:db8:c:53::1"};
static const char *const servers[] = {HOST4, HOST4B, HOST6, HOST6B, "192.0.2.77", "2001:db8::77"};
static const char *const extensions[] = {"", "h", "hd", "f", "F", "rL", "dhr", "a", "hdrfadh"};
static const uint16_t ports[] = {80, 443, 53, 81, 8080, 22, 0};
static const char *const names[] = {"www.served.example", "www.stray.example", "a.shop.example", "x",
				    "192.0.2.1"};
static const char *const texts[] = {
	"GET / HTTP/1.0\r\n\r\n",
	"SSH-2.0-OpenSSH_9.2\r\n",
	"GET / HT",
	"\x16\3\1\2\0\1",
	"\r\n",
	"",
	"POST / HTTP/1.1\r\nHost: www.stray.example\r\nHost: b\r\n\r\n",
};

static const struct bytes options[] = {
	BYTES(""),
	BYTES("\2\4\5\xb4"),
	BYTES("\2\4\5\xb4\4\2\1\3\3\7"),
	BYTES("\1\1\x08\x0a\0\0\0\1\0\0\0\2"),
	BYTES("\2\4\5\xb4\4\2\x08\x0a\0\0\0\1\0\0\0\0\1\3\3\7"),
	BYTES("\x1e\x0c\0\x81\0\0\0\0\0\0\0\0"),
	BYTES("\3\0"),
	BYTES("\2\xff\1"),
	BYTES("\x08\x0a\0\0"),
};

static void payload(struct mutation *m, struct spec *s)
{
	switch (below(m, 6)) {
	case 0:
		s->http = pick(m, names);
		break;
	case 1:
		s->tls = pick(m, names);
		break;
	case 2:
		s->dns = pick(m, names);
		break;
	case 3:
		s->quic = "12345678";
		break;
	case 4:
		s->text = pick(m, texts);
		break;
	default:
		s->zeroes = below(m, 4) ? below(m, 3) : below(m, 1400);
	}
}

/* The visit's next packet, as it might be. */
static void make_up(struct mutation *m, const struct visit *visit, struct frame *out)
{
	static const uint16_t tags[][TAGS_MAX] = {{0x8100}, {0x88a8, 0x8100}, {0x9100, 0x8100}};
	static const uint8_t flags[] = {0, SYN, ACK, FIN | ACK, RST, RST | ACK, SYN | ACK, SYN | 0xc0, 0xff};
	struct visit v = *visit;
	struct spec s = {.protocol = below(m, 4) ? IPPROTO_TCP : IPPROTO_UDP};

	if (below(m, 3) == 0) {
		address_read(pick(m, clients), v.client);
		do
			address_read(pick(m, servers), v.server);
		while (address_is_v4(v.client) != address_is_v4(v.server));
		v.server_port = pick(m, ports);
		v.client_port = below(m, 4) ? 1024 + below(m, 8000) : 53;
	}
	if (below(m, 4) == 0)
		memcpy(s.tags, pick(m, tags), sizeof(s.tags));
	if (below(m, 4) == 0)
		s.extensions = pick(m, extensions);
	if (below(m, 8) == 0)
		s.ip_options = (struct bytes)BYTES("\x94\4\0\0\1");
	if (below(m, 4) == 0)
		s.padding = below(m, 30);
	s.flags = pick(m, flags);
	s.tcp_options = pick(m, options);
	s.stamps = s.tcp_options.len <= 20 && below(m, 3) == 0;
	s.ahead = below(m, 3) ? 0 : (int)below(m, 5) - 2;
	if (!(s.flags & SYN) || below(m, 8) == 0)
		payload(m, &s);
	frame_build(out, &v, &s);
}

/* No order at all behind the link header, but for the first byte of IP's. */
static void noise(struct mutation *m, struct frame *out)
{
	size_t i;

	out->l3 = 14;
	out->l4 = 34;
	out->payload = 42;
	out->len = 14 + below(m, 120);
	for (i = 0; i < out->len; i++)
		out->bytes[i] = below(m, 256);
	out->bytes[12] = below(m, 2) ? 0x08 : 0x86;
	out->bytes[13] = out->bytes[12] == 0x08 ? 0 : 0xdd;
	out->bytes[14] = out->bytes[12] == 0x08 ? 0x45 : 0x60;
}

/* ---- damaged ---- */

static void copy(struct frame *to, const struct frame *from)
{
	size_t n = from->len < MUTATED_MAX ? from->len : MUTATED_MAX;

	memcpy(to->bytes, from->bytes, n);
	to->len = n;
	to->l3 = from->l3;
	to->l4 = from->l4;
	to->payload = from->payload;
}

/* The beginning of one, and the end of another. */
static void splice(struct mutation *m, struct frame *f)
{
	const struct frame *k = &m->kept;
	size_t at = below(m, 2) ? f->payload : below(m, f->len),
	       from = below(m, 2) ? k->payload : below(m, k->len);
	size_t n;

	/* The kernel runs nothing without a link header. */
	if (at < 14 || at > f->len || from > k->len)
		return;
	n = k->len - from < MUTATED_MAX - at ? k->len - from : MUTATED_MAX - at;
	memcpy(f->bytes + at, k->bytes + from, n);
	f->len = at + n;
}

static void set16(struct frame *f, size_t at, uint32_t value)
{
	if (at + 2 > f->len)
		return;
	f->bytes[at] = value >> 8;
	f->bytes[at + 1] = value;
}

/* Lengths: of IPv4 or IPv6, of UDP, of TCP's header, of IPv4's header. */
static void damage_length(struct mutation *m, struct frame *f)
{
	size_t at = below(m, 2) ? f->l3 + 2 : f->l3 + 4;
	uint32_t ip = f->len > f->l3 ? f->len - f->l3 : 0;

	switch (below(m, 4)) {
	case 0:
		set16(f, at, ip + below(m, 9) - 4);
		break;
	case 1:
		set16(f, f->l4 + 4, ip + below(m, 60) - 50);
		break;
	case 2:
		if (f->l4 + 12 < f->len)
			f->bytes[f->l4 + 12] = below(m, 16) << 4;
		break;
	default:
		if (f->l3 < f->len)
			f->bytes[f->l3] ^= 1 + below(m, 15);
	}
}

static void damage(struct mutation *m, struct frame *f)
{
	size_t headers = f->payload < f->len ? f->payload : f->len, n;

	switch (below(m, 8)) {
	case 0:
		f->bytes[below(m, f->len)] = below(m, 256);
		break;
	case 1:
		f->bytes[below(m, f->len)] ^= 1 << below(m, 8);
		break;
	case 2:
	case 3:
		f->bytes[12 + below(m, headers - 12)] = below(m, 256);
		break;
	case 4:
		damage_length(m, f);
		break;
	case 5:
		if (f->l4 + 14 < f->len)
			f->bytes[f->l4 + 13] = below(m, 256);
		break;
	case 6:
		f->len = 14 + below(m, f->len - 13);
		break;
	default:
		n = below(m, 200);
		if (f->len + n > MUTATED_MAX)
			break;
		memset(f->bytes + f->len, below(m, 2) ? 0 : 'x', n);
		f->len += n;
	}
}

/* As long as the frame is, where a header can be read at all. */
static void right_lengths(struct frame *f)
{
	size_t n = f->len - f->l3;

	if (f->l4 <= f->l3 || f->len < f->l4 + 8)
		return;
	if (f->bytes[f->l3] >> 4 == 4)
		set16(f, f->l3 + 2, n);
	else
		set16(f, f->l3 + 4, n - 40);
	if (f->bytes[f->l3] >> 4 == 4 && f->bytes[f->l3 + 9] == IPPROTO_UDP)
		set16(f, f->l4 + 4, f->len - f->l4);
}

void mutate(struct mutation *m, const struct frame *in, const struct visit *v, struct frame *out)
{
	uint32_t way = below(m, 16), n;

	if (way == 0)
		noise(m, out);
	else if (way < 5)
		make_up(m, v, out);
	else
		copy(out, in);
	if (way > 13 && m->kept.len)
		splice(m, out);
	for (n = below(m, 4); n; n--)
		damage(m, out);
	if (below(m, 4) == 0)
		right_lengths(out);
	if (below(m, 2))
		frame_right_sums(out);
	if (below(m, 64) == 0)
		copy(&m->kept, out);
}
