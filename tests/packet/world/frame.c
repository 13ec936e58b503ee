// SPDX-License-Identifier: GPL-2.0-or-later
#include "frame.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

/* TSvals go with the sequence numbers, so that none is older than the one before. */
#define STAMPS_BASE 70000

static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

void address_read(const char *text, uint8_t out[16])
{
	memcpy(out, mapped, sizeof(mapped));
	cr_assert(inet_pton(AF_INET, text, out + 12) == 1 || inet_pton(AF_INET6, text, out) == 1,
		  "address %s", text);
}

/* ---- putting together ---- */

static void put(struct frame *f, const void *bytes, size_t n)
{
	cr_assert(f->len + n <= FRAME_MAX, "frame too long");
	if (n)
		memcpy(f->bytes + f->len, bytes, n);
	f->len += n;
}

static void put8(struct frame *f, uint8_t v)
{
	put(f, &v, 1);
}

static void put16(struct frame *f, uint16_t v)
{
	v = htons(v);
	put(f, &v, 2);
}

static void put32(struct frame *f, uint32_t v)
{
	v = htonl(v);
	put(f, &v, 4);
}

static void set16(struct frame *f, size_t at, uint16_t v)
{
	f->bytes[at] = v >> 8;
	f->bytes[at + 1] = v & 0xff;
}

static void put_link(struct frame *f, const struct spec *s, bool v4)
{
	static const uint8_t macs[12] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2};
	int i;

	put(f, macs, sizeof(macs));
	if (s->other_mac)
		f->bytes[s->other_mac - 1] ^= 0x10;
	f->bytes[0] |= s->group_mac;
	for (i = 0; i < TAGS_MAX && s->tags[i]; i++) {
		put16(f, s->tags[i]);
		put16(f, 0x6000 + 100 + i); /* priority 3, VLAN 100, 101, ... */
	}
	put16(f, s->ethertype ? s->ethertype : v4 ? 0x0800 : 0x86dd);
	f->l3 = f->len;
}

static void put_ipv4(struct frame *f, const struct visit *v, const struct spec *s)
{
	size_t options = (s->ip_options.len + 3) & ~3UL;

	put8(f, 0x40 | (5 + options / 4));
	put8(f, 0);
	put16(f, 0); /* length: seal() */
	put16(f, 0x1234);
	put16(f, s->fragment);
	put8(f, 57);
	put8(f, s->protocol ? s->protocol : IPPROTO_TCP);
	put16(f, 0);
	put(f, v->client + 12, 4);
	put(f, v->server + 12, 4);
	put(f, s->ip_options.at, s->ip_options.len);
	put(f, (uint8_t[4]){0}, options - s->ip_options.len);
}

static uint8_t extension_number(char letter)
{
	switch (letter) {
	case 'h':
		return IPPROTO_HOPOPTS;
	case 'r':
		return IPPROTO_ROUTING;
	case 'd':
		return IPPROTO_DSTOPTS;
	case 'a':
		return IPPROTO_AH;
	}
	return IPPROTO_FRAGMENT;
}

static void put_extension(struct frame *f, char letter, uint8_t next)
{
	put8(f, next);
	switch (letter) {
	case 'a': /* 24 bytes: its length counts in fours, less two */
		put8(f, 4);
		put(f, (uint8_t[22]){0}, 22);
		break;
	case 'f':
	case 'F':
	case 'L':
		put8(f, 0);
		put16(f, letter == 'f' ? 0 : letter == 'F' ? 1 : 8 << 3);
		put32(f, 0x12345678);
		break;
	case 'r': /* type 0, no segments left, 24 bytes */
		put8(f, 2);
		put(f, (uint8_t[22]){0}, 22);
		break;
	default: /* an option that is to be ignored (RFC 4727), up to 16 bytes */
		put8(f, 1);
		put(f, (uint8_t[14]){0x1e, 12}, 14);
	}
}

static void put_ipv6(struct frame *f, const struct visit *v, const struct spec *s)
{
	uint8_t last = s->protocol ? s->protocol : IPPROTO_TCP;
	const char *at = s->extensions ? s->extensions : "";

	put32(f, 0x60000000);
	put16(f, 0);
	put8(f, *at ? extension_number(*at) : last);
	put8(f, 57);
	put(f, v->client, 16);
	put(f, v->server, 16);
	for (; *at; at++)
		put_extension(f, *at, at[1] ? extension_number(at[1]) : last);
}

static void put_tcp(struct frame *f, const struct visit *v, const struct spec *s)
{
	size_t options = (s->tcp_options.len + 3) & ~3UL;
	bool speaks = s->data.len || s->text || s->http || s->tls || s->dns || s->zeroes || s->letters;
	uint8_t usual = speaks ? DATA : ACK;
	uint8_t flags = s->flags ? s->flags : usual;

	put16(f, v->client_port);
	put16(f, v->server_port);
	put32(f, v->seq + s->ahead);
	put32(f, flags & ACK ? v->ack + s->ack_ahead : 0);
	put8(f, (5 + options / 4 + (s->stamps ? 3 : 0)) << 4);
	put8(f, flags);
	put16(f, s->window ? s->window : 64240);
	put16(f, 0); /* checksum: seal() */
	put16(f, s->urgent);
	put(f, s->tcp_options.at, s->tcp_options.len);
	put(f, (uint8_t[4]){1, 1, 1}, options - s->tcp_options.len);
	if (!s->stamps)
		return;
	put32(f, 0x0101080a);
	put32(f, STAMPS_BASE + v->seq - s->older);
	put32(f, flags & ACK ? v->stamp : 0);
}

static void put_udp(struct frame *f, const struct visit *v)
{
	put16(f, v->client_port);
	put16(f, v->server_port);
	put32(f, 0);
}

/* ---- payloads ---- */

static void put_http(struct frame *f, const char *host)
{
	char text[512];
	int n = snprintf(text, sizeof(text), "GET / HTTP/1.1\r\nHost: %s\r\nAccept: */*\r\n\r\n", host);

	put(f, text, n);
}

/* RFC 8446 4.1.2, with an extension before the name's (RFC 6066 3). */
static void put_tls(struct frame *f, const char *host)
{
	size_t n = strlen(host), extensions = 8 + n + 9, hello = 2 + 32 + 1 + 32 + 4 + 2 + 2 + extensions;

	put8(f, 22);
	put16(f, 0x0301);
	put16(f, hello + 4);
	put8(f, 1);
	put8(f, 0);
	put16(f, hello);
	put16(f, 0x0303);
	put(f, (uint8_t[32]){0xaa}, 32);
	put8(f, 32);
	put(f, (uint8_t[32]){0xbb}, 32);
	put32(f, 2 << 16 | 0x1301);
	put16(f, 0x0100);
	put16(f, extensions);
	put32(f, 10 << 16 | 4); /* supported_groups: x25519 */
	put32(f, 2 << 16 | 29);
	put16(f, 0);
	put16(f, n + 5);
	put16(f, n + 3);
	put8(f, 0);
	put16(f, n);
	put(f, host, n);
}

/* RFC 1035 4.1, QTYPE A, with RD and, as all resolvers do, an OPT record. */
static void put_dns(struct frame *f, const char *name, bool tcp)
{
	size_t n = strlen(name);
	const char *end;

	if (tcp)
		put16(f, 12 + (n ? n + 2 : 1) + 4 + 11);
	put(f, "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x01", 12);
	for (; *name; name = *end ? end + 1 : end) {
		end = strchrnul(name, '.');
		put8(f, end - name);
		put(f, name, end - name);
	}
	put8(f, 0);
	put32(f, 1 << 16 | 1);
	put(f, "\x00\x00\x29\x04\xd0\x00\x00\x80\x00\x00\x00", 11);
}

/* RFC 9000 17.2.2, as far as anybody without keys can see; 1,200 bytes. */
static void put_quic(struct frame *f, const char *id)
{
	static const uint8_t rest[1200];
	size_t from = f->len, n = strlen(id);

	put8(f, 0xc3);
	put32(f, 1);
	put8(f, n);
	put(f, id, n);
	put8(f, 5);
	put(f, "\1\2\3\4\5", 5);
	put(f, rest, 1200 - (f->len - from));
}

static void put_payload(struct frame *f, const struct spec *s)
{
	size_t n;

	f->payload = f->len;
	if (s->http)
		put_http(f, s->http);
	else if (s->tls)
		put_tls(f, s->tls);
	else if (s->dns)
		put_dns(f, s->dns, s->protocol != IPPROTO_UDP);
	else if (s->quic)
		put_quic(f, s->quic);
	else if (s->text)
		put(f, s->text, strlen(s->text));
	else
		put(f, s->data.at, s->data.len);
	cr_assert(f->len + s->zeroes + s->letters <= FRAME_MAX, "frame too long");
	memset(f->bytes + f->len, 0, s->zeroes);
	f->len += s->zeroes;
	memset(f->bytes + f->len, 'x', s->letters);
	f->len += s->letters;
	n = f->len - f->payload;
	if (!s->first && !s->only)
		return;
	cr_assert(s->first <= n && s->only <= n - s->first, "payload is not that long");
	n = s->only ? s->only : n - s->first;
	memmove(f->bytes + f->payload, f->bytes + f->payload + s->first, n);
	f->len = f->payload + n;
}

/* ---- checksums (RFC 1071), lengths ---- */

static uint32_t add_up(uint32_t sum, const uint8_t *at, size_t n)
{
	for (; n > 1; at += 2, n -= 2)
		sum += at[0] << 8 | at[1];
	return n ? sum + (at[0] << 8) : sum;
}

static uint16_t fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* Of a whole segment or datagram, 0xffff if its checksum is in there and right. */
static uint16_t transport_sum(const uint8_t *l4, size_t n, uint8_t protocol, const uint8_t *from,
			      const uint8_t *to)
{
	size_t skip = address_is_v4(from) ? 12 : 0;
	uint32_t sum = protocol + n;

	sum = add_up(sum, from + skip, 16 - skip);
	sum = add_up(sum, to + skip, 16 - skip);
	return fold(add_up(sum, l4, n));
}

static void seal(struct frame *f, size_t end, uint8_t protocol, const struct visit *v)
{
	size_t at = protocol == IPPROTO_UDP ? f->l4 + 6 : f->l4 + 16;
	uint16_t sum;

	if (address_is_v4(v->client)) {
		set16(f, f->l3 + 2, end - f->l3);
		set16(f, f->l3 + 10, 0);
		set16(f, f->l3 + 10, ~fold(add_up(0, f->bytes + f->l3, (f->bytes[f->l3] & 15) * 4)));
	} else {
		set16(f, f->l3 + 4, end - f->l3 - 40);
	}
	if (protocol != IPPROTO_TCP && protocol != IPPROTO_UDP)
		return;
	if (protocol == IPPROTO_UDP)
		set16(f, f->l4 + 4, end - f->l4);
	set16(f, at, 0);
	sum = ~transport_sum(f->bytes + f->l4, end - f->l4, protocol, v->client, v->server);
	set16(f, at, sum ? sum : 0xffff);
}

void frame_build(struct frame *f, const struct visit *visit, const struct spec *s)
{
	uint8_t protocol = s->protocol ? s->protocol : IPPROTO_TCP;
	struct visit v = *visit;
	size_t end;

	if (s->from)
		address_read(s->from, v.client);
	if (s->to)
		address_read(s->to, v.server);
	v.client_port = s->from_port ? s->from_port : v.client_port;
	v.server_port = s->to_port ? s->to_port : v.server_port;
	f->len = 0;
	put_link(f, s, address_is_v4(v.client));
	if (address_is_v4(v.client))
		put_ipv4(f, &v, s);
	else
		put_ipv6(f, &v, s);
	f->l4 = f->len;
	if (protocol == IPPROTO_TCP)
		put_tcp(f, &v, s);
	else if (protocol == IPPROTO_UDP)
		put_udp(f, &v);
	put_payload(f, s);
	end = f->len;
	put(f, (uint8_t[64]){0}, s->padding);
	seal(f, end, protocol, &v);
	if (s->damaged)
		f->bytes[end - 1] ^= 1;
	if (s->bad_header)
		f->bytes[f->l3 + 11] ^= 1;
}
