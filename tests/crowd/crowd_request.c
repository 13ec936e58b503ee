// SPDX-License-Identifier: GPL-2.0-or-later
/* What a visitor says. */
#include <stdio.h>
#include <string.h>

#include "crowd.h"

/* Cuts the request into --segments parts; without that, as TCP would. */
static int request_cut(struct request *r)
{
	unsigned int parts = config.segments;
	size_t size, off = 0;

	if (!parts)
		parts = (r->len + SEGMENT_BYTES - 1) / SEGMENT_BYTES;
	size = parts == (r->len + SEGMENT_BYTES - 1u) / SEGMENT_BYTES ? SEGMENT_BYTES
								      : (r->len + parts - 1) / parts;
	if (size > SEGMENT_BYTES)
		size = SEGMENT_BYTES;
	for (r->segments = 0; off < r->len; r->segments++) {
		size_t len = r->len - off < size ? r->len - off : size;

		if (r->segments == MAX_SEGMENTS)
			return -1;
		r->segment[r->segments].off = off;
		r->segment[r->segments].len = len;
		r->segment[r->segments].sum = sum_bytes(0, r->bytes + off, len);
		off += len;
	}
	return 0;
}

int request_http(struct request *r, const char *name)
{
	int len = snprintf((char *)r->bytes, sizeof(r->bytes),
			   "GET %s HTTP/1.1\r\n"
			   "Host: %s\r\n"
			   "Connection: close\r\n"
			   "User-Agent: Mozilla/5.0 (X11; Linux x86_64) crowd/1\r\n"
			   "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n"
			   "Accept-Encoding: gzip, deflate\r\n"
			   "Accept-Language: en-US,en;q=0.9\r\n\r\n",
			   config.path, name);

	if (len < 0 || (size_t)len >= sizeof(r->bytes))
		return -1;
	r->len = len;
	return request_cut(r);
}

/* A writer for TLS's nested lengths. */
struct writer {
	uint8_t *p;
	size_t len;
};

static void w8(struct writer *w, uint8_t v)
{
	w->p[w->len++] = v;
}

static void w16(struct writer *w, uint16_t v)
{
	put16(w->p + w->len, v);
	w->len += 2;
}

static void wbytes(struct writer *w, const void *from, size_t len)
{
	if (len)
		memcpy(w->p + w->len, from, len);
	w->len += len;
}

static void wrandom(struct writer *w, size_t len)
{
	while (len--)
		w8(w, random64() >> 24);
}

static size_t wopen(struct writer *w, unsigned int bytes)
{
	w->len += bytes;
	return w->len;
}

static void wclose(struct writer *w, size_t mark, unsigned int bytes)
{
	size_t len = w->len - mark;

	for (unsigned int i = 0; i < bytes; i++)
		w->p[mark - 1 - i] = len >> (8 * i);
}

static void tls_fixed(struct writer *w, uint16_t type, const void *body, size_t len)
{
	w16(w, type);
	w16(w, len);
	wbytes(w, body, len);
}

static void tls_server_name(struct writer *w, const char *name)
{
	size_t ext, list, host;

	w16(w, 0);
	ext = wopen(w, 2);
	list = wopen(w, 2);
	w8(w, 0);
	host = wopen(w, 2);
	wbytes(w, name, strlen(name));
	wclose(w, host, 2);
	wclose(w, list, 2);
	wclose(w, ext, 2);
}

/* GREASE, the post-quantum share that makes a ClientHello longer than a segment,
 * and X25519. */
static void tls_key_share(struct writer *w)
{
	size_t ext, list;

	w16(w, 51);
	ext = wopen(w, 2);
	list = wopen(w, 2);
	w16(w, 0x4a4a);
	w16(w, 1);
	w8(w, 0);
	w16(w, 0x11ec);
	w16(w, 1216);
	wrandom(w, 1216);
	w16(w, 0x001d);
	w16(w, 32);
	wrandom(w, 32);
	wclose(w, list, 2);
	wclose(w, ext, 2);
}

static void tls_extensions(struct writer *w, const char *name, bool sni_last)
{
	static const uint8_t groups[] = {0, 10, 0x4a, 0x4a, 0x11, 0xec, 0, 0x1d, 0, 0x17, 0, 0x18};
	static const uint8_t points[] = {1, 0};
	static const uint8_t alpn[] = "\0\x0c\x02h2\x08http/1.1";
	static const uint8_t status[] = {1, 0, 0, 0, 0};
	static const uint8_t algorithms[] = {0, 16, 4, 3, 8, 4, 4, 1, 5, 3, 8, 5, 5, 1, 8, 6, 6, 1};
	static const uint8_t modes[] = {1, 1};
	static const uint8_t versions[] = {6, 0x2a, 0x2a, 3, 4, 3, 3};
	static const uint8_t compress[] = {2, 0, 2};
	static const uint8_t settings[] = {0, 3, 2, 'h', '2'};
	static const uint8_t renegotiate[] = {0};

	tls_fixed(w, 0x1a1a, NULL, 0);
	if (!sni_last)
		tls_server_name(w, name);
	tls_fixed(w, 23, NULL, 0);
	tls_fixed(w, 0xff01, renegotiate, sizeof(renegotiate));
	tls_fixed(w, 10, groups, sizeof(groups));
	tls_fixed(w, 11, points, sizeof(points));
	tls_fixed(w, 35, NULL, 0);
	tls_fixed(w, 16, alpn, sizeof(alpn) - 1);
	tls_fixed(w, 5, status, sizeof(status));
	tls_fixed(w, 13, algorithms, sizeof(algorithms));
	tls_fixed(w, 18, NULL, 0);
	tls_key_share(w);
	tls_fixed(w, 45, modes, sizeof(modes));
	tls_fixed(w, 43, versions, sizeof(versions));
	tls_fixed(w, 27, compress, sizeof(compress));
	tls_fixed(w, 17613, settings, sizeof(settings));
	/* Encrypted ClientHello, or its GREASE: nobody outside can tell. */
	w16(w, 0xfe0d);
	w16(w, 282);
	wrandom(w, 282);
	if (sni_last)
		tls_server_name(w, name);
	w16(w, 0x3a3a);
	w16(w, 1);
	w8(w, 0);
}

/* A ClientHello of Chromium's size and content: some 1,900 bytes, two segments.
 * Chromium shuffles its extensions; in about half of its hellos the name lies
 * beyond the first segment. */
int request_tls(struct request *r, const char *name, bool sni_last)
{
	static const uint16_t ciphers[] = {0x5a5a, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030,
					   0xcca9, 0xcca8, 0xc013, 0xc014, 0x009c, 0x009d, 0x002f, 0x0035};
	struct writer w = {.p = r->bytes};
	size_t record, hello, extensions;

	w8(&w, 22);
	w16(&w, 0x0301);
	record = wopen(&w, 2);
	w8(&w, 1);
	hello = wopen(&w, 3);
	w16(&w, 0x0303);
	wrandom(&w, 32);
	w8(&w, 32);
	wrandom(&w, 32);
	w16(&w, sizeof(ciphers));
	for (size_t i = 0; i < sizeof(ciphers) / sizeof(*ciphers); i++)
		w16(&w, ciphers[i]);
	w16(&w, 0x0100);
	extensions = wopen(&w, 2);
	tls_extensions(&w, name, sni_last);
	wclose(&w, extensions, 2);
	wclose(&w, hello, 3);
	wclose(&w, record, 2);
	r->len = w.len;
	return request_cut(r);
}

static size_t dns_name(uint8_t *out, const char *name)
{
	size_t len = 0;

	while (*name) {
		size_t label = strcspn(name, ".");

		if (!label)
			break;
		out[len++] = label;
		memcpy(out + len, name, label);
		len += label;
		name += label;
		if (*name == '.')
			name++;
	}
	return len;
}

/* A query for [LABEL.]NAME A, with EDNS, as a resolver sends it. */
size_t request_dns(uint8_t *out, uint16_t id, const char *label, const char *name)
{
	static const uint8_t head[] = {0, 0, 0, 1, 0, 0, 0, 0, 0, 1};
	static const uint8_t edns[] = {0, 0, 41, 0x04, 0xd0, 0, 0, 0x80, 0, 0, 0};
	size_t len = 12;

	put16(out, id);
	memcpy(out + 2, head, sizeof(head));
	len += dns_name(out + len, label);
	len += dns_name(out + len, name);
	out[len++] = 0;
	put16(out + len, 1);
	put16(out + len + 2, 1);
	len += 4;
	memcpy(out + len, edns, sizeof(edns));
	return len + sizeof(edns);
}
