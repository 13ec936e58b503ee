// SPDX-License-Identifier: GPL-2.0-or-later
#include "servers/probe.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/fd.h"
#include "lib/prefix.h"
#include "policy/policy.h"

#define QUIET_NS (300 * 1000000ull) /* so long one waits for who speaks first */
#define REPLY_NS (1500 * 1000000ull)

/* TLS 1.2, without a name: whoever speaks TLS answers with a handshake or an alert. */
static const uint8_t hello[] = {
	0x16, 0x03, 0x01, 0x00, 0x5b,						/* record */
	0x01, 0x00, 0x00, 0x57, 0x03, 0x03,					/* ClientHello */
	's',  't',  'r',  'a',	'y',  'g',  'a',  't',	'e',  ' ',  's',  'u',	/* random */
	'g',  'g',  'e',  's',	't',  ' ',  '-',  '-',	'p',  'r',  'o',  'b',	/* */
	'e',  0,    0,	  0,	0,    0,    0,	  0,				/* */
	0x00,									/* no session */
	0x00, 0x10, 0xc0, 0x2b, 0xc0, 0x2f, 0xc0, 0x2c, 0xc0, 0x30, 0xcc, 0xa9, /* ciphers */
	0xcc, 0xa8, 0x00, 0x9c, 0x00, 0x2f,					/* */
	0x01, 0x00,								/* no compression */
	0x00, 0x1e,								/* extensions */
	0x00, 0x0a, 0x00, 0x06, 0x00, 0x04, 0x00, 0x1d, 0x00, 0x17,		/* groups */
	0x00, 0x0b, 0x00, 0x02, 0x01, 0x00,					/* points */
	0x00, 0x0d, 0x00, 0x0a, 0x00, 0x08, 0x04, 0x03, 0x08, 0x04, 0x04, 0x01, 0x02, 0x01, /* signatures */
};
_Static_assert(sizeof(hello) == 5 + 0x5b, "the lengths of the ClientHello");

static const char head[] = "HEAD / HTTP/1.0\r\n\r\n";

struct asking {
	struct probe *p;
	enum { CONNECTS, LISTENS, WAITS, ENDED } state;
	bool http; /* the second connection */
	int fd;
	uint64_t until;
	uint8_t got[PROBE_BYTES];
	size_t len;
};

static void begin(struct asking *a, uint64_t now)
{
	struct sockaddr_in6 to = {.sin6_family = AF_INET6, .sin6_port = htons(a->p->port)};
	struct sockaddr_in to4 = {.sin_family = AF_INET, .sin_port = htons(a->p->port)};
	bool v4 = address_is_v4(a->p->addr);
	int err;

	memcpy(&to.sin6_addr, a->p->addr, 16);
	memcpy(&to4.sin_addr, a->p->addr + 12, 4);
	a->len = 0;
	a->fd = socket(v4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	err = a->fd < 0 ? -1
	      : v4	? connect(a->fd, (void *)&to4, sizeof(to4))
			: connect(a->fd, (void *)&to, sizeof(to));
	a->state = a->fd >= 0 && (!err || errno == EINPROGRESS) ? CONNECTS : ENDED;
	a->until = now + REPLY_NS;
	if (a->state == ENDED)
		close_fd(&a->fd);
}

static void end(struct asking *a, uint8_t as)
{
	a->p->as = as;
	a->state = ENDED;
	close_fd(&a->fd);
}

static bool is_tls(const struct asking *a)
{
	return a->len >= 5 && (a->got[0] == 0x15 || a->got[0] == 0x16) && a->got[1] == 3 && a->got[2] <= 4;
}

static bool is_http(const struct asking *a)
{
	return a->len >= 5 && !memcmp(a->got, "HTTP/", 5);
}

/* No answer, or the end of it: the other question, if it was not put yet. */
static void next(struct asking *a, uint64_t now)
{
	bool again = !a->http && a->state == WAITS;

	close_fd(&a->fd);
	a->state = ENDED;
	if (!again)
		return;
	a->http = true;
	begin(a, now);
}

static void put_question(struct asking *a, uint64_t now)
{
	const void *what = a->http ? (const void *)head : (const void *)hello;
	size_t len = a->http ? sizeof(head) - 1 : sizeof(hello);

	a->state = WAITS;
	a->until = now + REPLY_NS;
	if (send(a->fd, what, len, MSG_NOSIGNAL) != (ssize_t)len)
		next(a, now);
}

static void take(struct asking *a, uint64_t now)
{
	ssize_t len = recv(a->fd, a->got + a->len, sizeof(a->got) - a->len, 0);

	if (len < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (len > 0)
		a->len += len;
	/* Who speaks first speaks something else; it is sent nothing. */
	if (a->state == LISTENS)
		end(a, PROTO_NONE);
	else if (is_tls(a))
		end(a, PROTO_TLS);
	else if (is_http(a))
		end(a, PROTO_HTTP);
	else if (len <= 0 || a->len == sizeof(a->got))
		next(a, now);
}

static void happened(struct asking *a, short events, uint64_t now)
{
	int err = 0;
	socklen_t len = sizeof(err);

	if (a->state != CONNECTS) {
		take(a, now);
		return;
	}
	if (events & (POLLERR | POLLHUP) || getsockopt(a->fd, SOL_SOCKET, SO_ERROR, &err, &len) || err) {
		end(a, PROTO_NONE);
		return;
	}
	a->state = LISTENS;
	a->until = now + QUIET_NS;
}

static void too_late(struct asking *a, uint64_t now)
{
	if (a->state == LISTENS)
		put_question(a, now);
	else
		next(a, now);
}

/* Waits for the next thing to happen; false: all have ended. */
static bool step(struct asking *a, size_t count, uint64_t end)
{
	struct pollfd p[PROBES_MOST];
	uint64_t now = monotonic_ns(), first = end;
	bool any = false;
	size_t i;

	for (i = 0; i < count; i++) {
		p[i] = (struct pollfd){a[i].state == ENDED ? -1 : a[i].fd,
				       a[i].state == CONNECTS ? POLLOUT : POLLIN, 0};
		any |= a[i].state != ENDED;
		if (a[i].state != ENDED && a[i].until < first)
			first = a[i].until;
	}
	if (!any || now >= end)
		return false;
	if (poll(p, count, first > now ? (int)((first - now) / 1000000) + 1 : 0) < 0 && errno != EINTR)
		return false;
	now = monotonic_ns();
	for (i = 0; i < count; i++)
		if (p[i].revents)
			happened(&a[i], p[i].revents, now);
		else if (a[i].state != ENDED && now >= a[i].until)
			too_late(&a[i], now);
	return true;
}

void probe_all(struct probe *p, size_t count)
{
	uint64_t now = monotonic_ns(), end_of_all = now + PROBE_SECONDS * SECOND_NS;
	static struct asking all[PROBES_MOST];
	size_t i;

	count = count < PROBES_MOST ? count : PROBES_MOST;
	for (i = 0; i < count; i++) {
		all[i] = (struct asking){.p = &p[i]};
		p[i].as = PROTO_NONE;
		begin(&all[i], now);
	}
	while (step(all, count, end_of_all))
		;
	for (i = 0; i < count; i++)
		close_fd(&all[i].fd);
}
