// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * HTTP by http-parser, which was Node's. It knows lines and fields; which of
 * them names the host is RFC 9112 3.2's: the target if it has one, else Host; and
 * a Host that is not empty and names another one than the target is a second name.
 */
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include <http_parser.h>

#include "peer.h"

#define URL_MAX 4096

/* A head on its way through the parser. */
struct head {
	struct peer host; /* the value of Host, as it is */
	char url[URL_MAX], field[16];
	size_t url_len, field_len;
	int hosts;
	bool value, complete, too_long;
};

static int take_url(http_parser *h, const char *at, size_t len)
{
	struct head *d = h->data;

	d->too_long |= len > URL_MAX - d->url_len;
	if (d->too_long)
		return 1;
	memcpy(d->url + d->url_len, at, len);
	d->url_len += len;
	return 0;
}

/* A field's name comes in pieces; what does not fit is not Host. */
static int take_field(http_parser *h, const char *at, size_t len)
{
	struct head *d = h->data;
	size_t room;

	if (d->value)
		d->field_len = 0;
	d->value = false;
	room = sizeof(d->field) - d->field_len;
	len = len < room ? len : room;
	memcpy(d->field + d->field_len, at, len);
	d->field_len += len;
	return 0;
}

/* "Host " is one to some. */
static bool is_host(const struct head *d)
{
	size_t len = d->field_len;

	while (len && d->field[len - 1] == ' ')
		len--;
	return len == 4 && !strncasecmp(d->field, "host", 4);
}

static int take_value(http_parser *h, const char *at, size_t len)
{
	struct head *d = h->data;

	if (!is_host(d)) {
		d->value = true;
		return 0;
	}
	if (!d->value)
		d->hosts++;
	d->value = true;
	if (d->hosts == 1)
		peer_add(&d->host, at, len);
	return 0;
}

/* Nothing behind the first head is of interest. */
static int end_head(http_parser *h)
{
	struct head *d = h->data;

	d->complete = true;
	return -1;
}

/* Without its port: what follows the last colon, if that is a number. */
static void drop_port(struct peer *p)
{
	size_t n = p->len;

	while (n && p->name[n - 1] >= '0' && p->name[n - 1] <= '9')
		n--;
	if (n && p->name[n - 1] == ':')
		p->len = n - 1;
}

static bool target_name(const struct head *d, bool connect, struct peer *p)
{
	struct http_parser_url u;
	size_t at, len;

	http_parser_url_init(&u);
	if (http_parser_parse_url(d->url, d->url_len, connect, &u)) {
		p->said = SAID_REFUSED;
		return true;
	}
	if (!(u.field_set & 1 << UF_HOST))
		return false;
	at = u.field_data[UF_HOST].off;
	len = u.field_data[UF_HOST].len;
	/* It takes the brackets off. */
	if (at && d->url[at - 1] == '[') {
		at--;
		len += 2;
	}
	peer_add(p, d->url + at, len);
	return true;
}

/* Blanks around a value are none of it (RFC 9110 5.5). */
static void host_name(struct head *d, struct peer *p)
{
	size_t from = 0, len = d->host.len;

	while (len && strchr(" \t", d->host.name[len - 1]))
		len--;
	while (from < len && strchr(" \t", d->host.name[from]))
		from++;
	peer_add(p, d->host.name + from, len - from);
	drop_port(p);
}

/* Beside the target's name in @p, which ends as it was written. */
static bool names_another(struct head *d, const struct peer *p)
{
	static struct peer target, host;

	target = *p;
	peer_begin(&host, SAID_NAME);
	host_name(d, &host);
	if (host.said != SAID_NAME || !host.len)
		return host.said != SAID_NAME;
	peer_close(&target);
	peer_close(&host);
	return host.len != target.len || strncasecmp(host.name, target.name, host.len);
}

void peer_http(const uint8_t *data, size_t size, struct peer *p)
{
	static const http_parser_settings settings = {
		.on_url = take_url,
		.on_header_field = take_field,
		.on_header_value = take_value,
		.on_headers_complete = end_head,
	};
	static struct head d;
	http_parser h;

	memset(&d, 0, offsetof(struct head, host.name));
	memset(&d.url_len, 0, sizeof(d) - offsetof(struct head, url_len));
	peer_begin(p, SAID_NAME);
	http_parser_init(&h, HTTP_REQUEST);
	h.data = &d;
	http_parser_execute(&h, &settings, (const char *)data, size);
	if (!d.complete) {
		p->said = HTTP_PARSER_ERRNO(&h) == HPE_OK ? SAID_MORE : SAID_REFUSED;
		return;
	}
	d.host.said = SAID_NAME;
	if (d.hosts > 1)
		p->said = SAID_TWICE;
	else if (target_name(&d, h.method == HTTP_CONNECT, p))
		p->said = p->said == SAID_NAME && d.hosts && names_another(&d, p) ? SAID_TWICE : p->said;
	else if (d.hosts)
		host_name(&d, p);
	peer_close(p);
	if (p->said == SAID_NAME && !p->len)
		p->said = SAID_NOTHING;
}
