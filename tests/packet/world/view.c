// SPDX-License-Identifier: GPL-2.0-or-later
/* Frames taken apart, by other code than that which builds them. */
#include <string.h>

#include "frame.h"

static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

/* RFC 1071, with the carry brought round at once. */
static uint32_t ones_sum(uint32_t sum, const uint8_t *at, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		sum += i & 1 ? at[i] : at[i] << 8;
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return sum;
}

/* 0xffff if the checksum in there is right. */
static uint32_t pseudo_sum(const struct frame *f, const struct view *v, size_t end)
{
	size_t skip = address_is_v4(v->from) ? 12 : 0, n = end - v->l4;
	uint8_t rest[4] = {n >> 8, n & 0xff, 0, v->protocol};
	uint32_t sum = ones_sum(0, v->from + skip, 16 - skip);

	sum = ones_sum(sum, v->to + skip, 16 - skip);
	sum = ones_sum(sum, rest, sizeof(rest));
	return ones_sum(sum, f->bytes + v->l4, n);
}

static uint16_t get16(const struct frame *f, size_t at)
{
	return f->bytes[at] << 8 | f->bytes[at + 1];
}

static uint32_t get32(const struct frame *f, size_t at)
{
	return (uint32_t)get16(f, at) << 16 | get16(f, at + 2);
}

static const char *view_ipv4(const struct frame *f, struct view *v)
{
	size_t header = (f->bytes[v->l3] & 15) * 4;

	if (f->len < v->l3 + 20 || f->bytes[v->l3] >> 4 != 4 || header < 20)
		return "no IPv4 header";
	v->ip_len = get16(f, v->l3 + 2);
	if (v->ip_len < header || f->len < v->l3 + v->ip_len)
		return "length of the IPv4 packet";
	v->ttl = f->bytes[v->l3 + 8];
	v->protocol = f->bytes[v->l3 + 9];
	memcpy(v->from, mapped, 12);
	memcpy(v->from + 12, f->bytes + v->l3 + 12, 4);
	memcpy(v->to, mapped, 12);
	memcpy(v->to + 12, f->bytes + v->l3 + 16, 4);
	v->l4 = v->l3 + header;
	/* Not at once: what is damaged may still be looked at. */
	v->bad_header = ones_sum(0, f->bytes + v->l3, header) != 0xffff;
	return NULL;
}

static const char *view_ipv6(const struct frame *f, struct view *v)
{
	uint8_t next = f->bytes[v->l3 + 6];

	if (f->len < v->l3 + 40 || f->bytes[v->l3] >> 4 != 6)
		return "no IPv6 header";
	v->ip_len = 40 + get16(f, v->l3 + 4);
	if (f->len < v->l3 + v->ip_len)
		return "length of the IPv6 packet";
	v->ttl = f->bytes[v->l3 + 7];
	memcpy(v->from, f->bytes + v->l3 + 8, 16);
	memcpy(v->to, f->bytes + v->l3 + 24, 16);
	v->l4 = v->l3 + 40;
	while (next == IPPROTO_HOPOPTS || next == IPPROTO_ROUTING || next == IPPROTO_DSTOPTS ||
	       next == IPPROTO_FRAGMENT || next == IPPROTO_AH) {
		size_t n = f->bytes[v->l4 + 1];

		n = next == IPPROTO_AH ? (n + 2) * 4 : next == IPPROTO_FRAGMENT ? 8 : (n + 1) * 8;
		next = f->bytes[v->l4];
		v->l4 += n;
		if (v->l4 + 2 > f->len)
			return "IPv6 extension headers";
	}
	v->protocol = next;
	return NULL;
}

static void view_option(const struct frame *f, struct view *v, size_t at, size_t n)
{
	switch (f->bytes[at] << 8 | n) {
	case 2 << 8 | 4:
		v->mss = get16(f, at + 2);
		break;
	case 3 << 8 | 3:
		v->scale = f->bytes[at + 2] + 1;
		break;
	case 4 << 8 | 2:
		v->sack = true;
		break;
	case 8 << 8 | 10:
		v->stamps = true;
		v->tsval = get32(f, at + 2);
		v->tsecr = get32(f, at + 6);
	}
}

static bool view_options(const struct frame *f, struct view *v)
{
	size_t at = v->l4 + 20, n;

	while (at < v->payload && f->bytes[at]) {
		n = f->bytes[at] == 1 ? 1 : at + 1 < v->payload ? f->bytes[at + 1] : 0;
		if (!n || at + n > v->payload || (n == 1 && f->bytes[at] != 1))
			return false;
		view_option(f, v, at, n);
		at += n;
	}
	return true;
}

static const char *view_transport(const struct frame *f, struct view *v)
{
	size_t end = v->l3 + v->ip_len, header = v->protocol == IPPROTO_TCP ? 20 : 8;

	if (v->l4 + header > end)
		return "no transport header";
	v->from_port = get16(f, v->l4);
	v->to_port = get16(f, v->l4 + 2);
	if (v->protocol == IPPROTO_TCP) {
		header = (f->bytes[v->l4 + 12] >> 4) * 4;
		v->seq = get32(f, v->l4 + 4);
		v->ack = get32(f, v->l4 + 8);
		v->flags = f->bytes[v->l4 + 13];
		v->window = get16(f, v->l4 + 14);
	} else if (get16(f, v->l4 + 4) != end - v->l4) {
		return "length of the datagram";
	}
	if (header < 8 || v->l4 + header > end)
		return "length of the transport header";
	v->payload = v->l4 + header;
	v->payload_len = end - v->payload;
	if (v->protocol == IPPROTO_TCP && !view_options(f, v))
		return "TCP options";
	return NULL;
}

const char *frame_view(const struct frame *f, struct view *v)
{
	const char *flaw;
	uint16_t type;

	*v = (struct view){.l3 = 14};
	for (;; v->l3 += 4) {
		if (f->len < v->l3)
			return "no link header";
		type = get16(f, v->l3 - 2);
		if (type != 0x8100 && type != 0x88a8 && type != 0x9100)
			break;
	}
	if (type != 0x0800 && type != 0x86dd)
		return "no IP packet";
	flaw = type == 0x0800 ? view_ipv4(f, v) : view_ipv6(f, v);
	if (flaw || (v->protocol != IPPROTO_TCP && v->protocol != IPPROTO_UDP))
		return flaw ? flaw : "neither TCP nor UDP";
	return view_transport(f, v);
}

const char *frame_flaw(const struct frame *f, struct view *v)
{
	const char *flaw = frame_view(f, v);

	if (flaw)
		return flaw;
	if (v->bad_header)
		return "checksum of the IPv4 header";
	return pseudo_sum(f, v, v->l3 + v->ip_len) == 0xffff ? NULL : "checksum of the transport header";
}

static void set_sum(struct frame *f, size_t at, uint32_t sum)
{
	f->bytes[at] = ~sum >> 8;
	f->bytes[at + 1] = ~sum;
}

void frame_right_sums(struct frame *f)
{
	struct view v;
	size_t at;

	frame_view(f, &v);
	if (!v.l4)
		return;
	if (address_is_v4(v.from)) {
		memset(f->bytes + v.l3 + 10, 0, 2);
		set_sum(f, v.l3 + 10, ones_sum(0, f->bytes + v.l3, v.l4 - v.l3));
	}
	if (!v.payload || (v.protocol != IPPROTO_TCP && v.protocol != IPPROTO_UDP))
		return;
	at = v.l4 + (v.protocol == IPPROTO_TCP ? 16 : 6);
	memset(f->bytes + at, 0, 2);
	set_sum(f, at, pseudo_sum(f, &v, v.l3 + v.ip_len));
}
