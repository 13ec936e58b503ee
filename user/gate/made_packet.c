// SPDX-License-Identifier: GPL-2.0-or-later
#include "gate/made_packet.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Bytes that are appended; len counts on when they no longer fit. */
struct writer {
	uint8_t *to;
	size_t len;
	size_t room;
};

static void put(struct writer *w, const void *bytes, size_t n)
{
	if (w->len < w->room && n <= w->room - w->len)
		memcpy(w->to + w->len, bytes, n);
	w->len += n;
}

static void put8(struct writer *w, uint8_t v)
{
	put(w, &v, 1);
}

static void put16(struct writer *w, uint16_t v)
{
	v = htons(v);
	put(w, &v, 2);
}

static void write_http(struct writer *w, const char *name)
{
	char text[512];

	/* HTTP/1.0 without a Host is what names nothing and is well formed. */
	if (name)
		snprintf(text, sizeof(text), "GET / HTTP/1.1\r\nHost: %s\r\n\r\n", name);
	else
		snprintf(text, sizeof(text), "GET / HTTP/1.0\r\n\r\n");
	put(w, text, strlen(text));
}

/* The shortest ClientHello that a server would read: RFC 8446 4.1.2, RFC 6066 3. */
static void write_tls(struct writer *w, const char *name)
{
	static const uint8_t random[32];
	size_t n = name ? strlen(name) : 0;
	size_t extensions = name ? n + 9 : 0;
	size_t hello = 2 + 32 + 1 + 4 + 2 + 2 + extensions;

	put8(w, 22); /* handshake */
	put16(w, 0x0301);
	put16(w, hello + 4);
	put8(w, 1); /* ClientHello */
	put8(w, 0);
	put16(w, hello);
	put16(w, 0x0303);
	put(w, random, sizeof(random));
	put8(w, 0);  /* session */
	put16(w, 2); /* ciphers */
	put16(w, 0x1301);
	put8(w, 1); /* compression: none */
	put8(w, 0);
	put16(w, extensions);
	if (!name)
		return;
	put16(w, 0); /* server_name */
	put16(w, n + 5);
	put16(w, n + 3);
	put8(w, 0); /* host_name */
	put16(w, n);
	put(w, name, n);
}

static void write_dns(struct writer *w, const char *name, bool tcp)
{
	size_t n = name ? strlen(name) + 2 : 1, label;

	if (tcp)
		put16(w, 12 + n + 4);
	put16(w, 0x5347);
	put16(w, 0x0100); /* RD */
	put16(w, 1);
	put16(w, 0);
	put16(w, 0);
	put16(w, 0);
	for (; name && *name; name += label + (name[label] == '.')) {
		label = strcspn(name, ".");
		put8(w, label);
		put(w, name, label);
	}
	put8(w, 0);
	put16(w, 1); /* A */
	put16(w, 1); /* IN */
}

/* Whom the client connected to is known of its own family alone: else it is nobody. */
static void put_server(struct writer *w, const struct probe *p, size_t size)
{
	static const uint8_t nobody[16];
	bool same = address_is_v4(p->client) == address_is_v4(p->server);

	put(w, same ? p->server + 16 - size : nobody, size);
}

/* Version 2 of the header, as HAProxy's doc/proxy-protocol.txt has it. */
static void write_header(struct writer *w, const struct probe *p)
{
	bool v4 = address_is_v4(p->client);
	size_t size = v4 ? 4 : 16;

	put(w, "\r\n\r\n\0\r\nQUIT\n", 12);
	put8(w, 0x21);		   /* version 2, PROXY */
	put8(w, v4 ? 0x11 : 0x21); /* TCP over IPv4, or IPv6 */
	put16(w, 2 * size + 4);
	put(w, p->client + 16 - size, size);
	put_server(w, p, size);
	put16(w, 40000);
	put16(w, p->port);
}

static void write_payload(struct writer *w, const struct probe *p)
{
	if (p->proxied)
		write_header(w, p);
	switch (p->as) {
	case PROTO_HTTP:
		write_http(w, p->name);
		break;
	case PROTO_TLS:
		write_tls(w, p->name);
		break;
	case PROTO_DNS:
		write_dns(w, p->name, p->l4 == IPPROTO_TCP);
		break;
	default:
		put8(w, 0);
	}
}

static void write_l4(struct writer *w, const struct probe *p, size_t payload)
{
	struct tcphdr t = {
		.source = htons(40000), .dest = htons(p->port), .seq = htonl(1), .ack_seq = htonl(1)};
	struct udphdr u = {.source = htons(40000), .dest = htons(p->port), .len = htons(8 + payload)};

	if (p->l4 == IPPROTO_UDP) {
		put(w, &u, sizeof(u));
		return;
	}
	t.doff = 5;
	t.ack = 1;
	t.psh = 1;
	put(w, &t, sizeof(t));
}

/* Who sends the packet. */
static const uint8_t *sender(const struct probe *p)
{
	return p->proxied ? p->via : p->client;
}

static void write_ip(struct writer *w, const struct probe *p, size_t l4)
{
	struct iphdr ip = {.version = 4, .ihl = 5, .ttl = 64, .protocol = p->l4};
	struct ipv6hdr ip6 = {.version = 6, .nexthdr = p->l4, .hop_limit = 64};

	if (address_is_v4(sender(p))) {
		ip.tot_len = htons(sizeof(ip) + l4);
		memcpy(&ip.saddr, sender(p) + 12, 4);
		memcpy(&ip.daddr, p->server + 12, 4);
		put(w, &ip, sizeof(ip));
		return;
	}
	ip6.payload_len = htons(l4);
	memcpy(&ip6.saddr, sender(p), 16);
	memcpy(&ip6.daddr, p->server, 16);
	put(w, &ip6, sizeof(ip6));
}

int probe_packet(const struct probe *p, uint8_t out[PROBE_MAX])
{
	struct ethhdr eth = {.h_proto = htons(address_is_v4(sender(p)) ? ETH_P_IP : ETH_P_IPV6)};
	struct writer w = {.to = out, .room = PROBE_MAX};
	uint8_t payload[PROBE_MAX];
	struct writer data = {.to = payload, .room = sizeof(payload)};

	if (address_is_v4(sender(p)) != address_is_v4(p->server))
		return -EINVAL;
	write_payload(&data, p);
	put(&w, &eth, sizeof(eth));
	write_ip(&w, p, (p->l4 == IPPROTO_UDP ? 8 : 20) + data.len);
	write_l4(&w, p, data.len);
	put(&w, payload, data.len);
	return w.len > w.room || data.len > data.room ? -EINVAL : (int)w.len;
}
