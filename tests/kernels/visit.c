// SPDX-License-Identifier: GPL-2.0-or-later
/* One visit over the kernel's own TCP or UDP, and what the visitor saw of it. */
#include "guest.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gate/made_packet.h"

/* Emulated, a machine is slow, and the first retransmission takes 200 ms anyway. */
#define CONNECT_MS 3000
#define ANSWER_MS  6000
#define SILENT_MS  300

struct kind {
	const char *name;
	enum protocol as;
	int port;
	int type;
	int cut; /* so many bytes in a segment of their own */
};

static const struct kind kinds[] = {
	{"http", PROTO_HTTP, PORT_HTTP, SOCK_STREAM, 0},
	{"http-short", PROTO_HTTP, PORT_HTTP, SOCK_STREAM, 0},
	{"tls", PROTO_TLS, PORT_TLS, SOCK_STREAM, 0},
	{"tls-split", PROTO_TLS, PORT_TLS, SOCK_STREAM, 40}, /* the name is in the second */
	{"silent", PROTO_TLS, PORT_TLS, SOCK_STREAM, -1},    /* all of them: says nothing */
	{"dns", PROTO_DNS, PORT_DNS, SOCK_DGRAM, 0},
};

/* As browsers have it. */
static int http_request(const char *name, uint8_t out[PROBE_MAX])
{
	return snprintf(
		(char *)out, PROBE_MAX,
		"GET / HTTP/1.1\r\n"
		"Host: %s\r\n"
		"User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n"
		"Accept: text/html,application/xhtml+xml,*/*;q=0.8\r\n"
		"Accept-Encoding: gzip, deflate\r\n"
		"Connection: keep-alive\r\n\r\n",
		name);
}

/* What else a client says first: the payload of explain's made-up packet. */
static int request(const struct kind *k, const char *name, uint8_t out[PROBE_MAX])
{
	struct probe p = {
		.client = {[10] = 0xff, [11] = 0xff},
		.server = {[10] = 0xff, [11] = 0xff},
		.l4 = k->type == SOCK_STREAM ? IPPROTO_TCP : IPPROTO_UDP,
		.port = k->port,
		.as = k->as,
		.name = name,
	};
	int headers = 14 + 20 + (k->type == SOCK_STREAM ? 20 : 8);
	int len = probe_packet(&p, out);

	if (len <= headers)
		return -1;
	memmove(out, out + headers, len - headers);
	return len - headers;
}

/* IPv4 or IPv6, by the text. */
static socklen_t address(struct sockaddr_storage *out, const char *text, int port)
{
	struct sockaddr_in6 *six = (void *)out;
	struct sockaddr_in *four = (void *)out;

	memset(out, 0, sizeof(*out));
	if (inet_pton(AF_INET, text, &four->sin_addr) == 1) {
		four->sin_family = AF_INET;
		four->sin_port = htons(port);
		return sizeof(*four);
	}
	if (inet_pton(AF_INET6, text, &six->sin6_addr) == 1) {
		six->sin6_family = AF_INET6;
		six->sin6_port = htons(port);
		return sizeof(*six);
	}
	return 0;
}

static bool ready(int fd, short events, int ms)
{
	struct pollfd p = {.fd = fd, .events = events};

	return poll(&p, 1, ms) == 1;
}

/* The connection, or -1 with its end told. */
static int connect_to(const struct kind *k, const char *to, const char *from)
{
	struct sockaddr_storage a, b;
	socklen_t size = address(&a, to, k->port), bound = from ? address(&b, from, 0) : 0;
	int fd, err = 0;
	socklen_t n = sizeof(err);

	fd = size ? socket(a.ss_family, k->type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0) : -1;
	if (fd < 0 || (from && bind(fd, (struct sockaddr *)&b, bound))) {
		printf("cannot try: %s\n", strerror(errno));
		return -1;
	}
	if (connect(fd, (struct sockaddr *)&a, size) && errno != EINPROGRESS)
		err = errno;
	else if (!ready(fd, POLLOUT, CONNECT_MS))
		err = ETIMEDOUT;
	else
		getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &n);
	if (!err)
		return fd;
	printf("no handshake: %s\n", strerror(err));
	close(fd);
	return -1;
}

/* Text up to its first line's end, bytes as hex. */
static void print_stream(const uint8_t *bytes, size_t len)
{
	size_t i;

	for (i = 0; i < len && isprint(bytes[i]); i++)
		;
	if (i && (bytes[i] == '\r' || bytes[i] == '\n')) {
		printf("%.*s", (int)i, (const char *)bytes);
		return;
	}
	for (i = 0; i < len && i < 32; i++)
		printf("%02x", bytes[i]);
}

static int read_stream(int fd)
{
	uint8_t bytes[4096];
	size_t len = 0;
	ssize_t n = -1;
	int err = ETIMEDOUT;

	while (len < sizeof(bytes) && ready(fd, POLLIN, ANSWER_MS)) {
		n = recv(fd, bytes + len, sizeof(bytes) - len, 0);
		err = errno;
		if (n <= 0)
			break;
		len += n;
		err = ETIMEDOUT;
		n = -1;
	}
	print_stream(bytes, len);
	printf("%s%s\n", len ? ", then " : "", n ? strerror(err) : "closed");
	return 0;
}

static int read_datagram(int fd, const uint8_t *sent, int len)
{
	uint8_t bytes[4096];
	ssize_t n = ready(fd, POLLIN, ANSWER_MS) ? recv(fd, bytes, sizeof(bytes), 0) : 0;

	if (n < 12) {
		puts("no answer");
		return 0;
	}
	printf("%s %s, rcode %d, %zd bytes for %d\n", bytes[2] & 0x80 ? "answer" : "no answer",
	       memcmp(bytes, sent, 2) ? "to another question" : "to this question", bytes[3] & 0xf, n, len);
	return 0;
}

static bool send_all(int fd, const struct kind *k, const uint8_t *bytes, int len)
{
	int yes = 1;

	if (k->cut) {
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
		if (send(fd, bytes, k->cut, 0) != k->cut)
			return false;
	}
	return send(fd, bytes + k->cut, len - k->cut, 0) == len - k->cut;
}

int visit(int argc, char **argv)
{
	const struct kind *k = NULL;
	uint8_t bytes[PROBE_MAX];
	size_t i;
	int fd, len = -1;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strcmp(argv[0], kinds[i].name))
			k = &kinds[i];
	if (k)
		len = k == kinds ? http_request(argv[2], bytes) : request(k, argv[2], bytes);
	if (len < 0) {
		puts("cannot try: no such request");
		return 2;
	}
	fd = connect_to(k, argv[1], argc > 3 ? argv[3] : NULL);
	if (fd < 0)
		return 0;
	if (k->cut < 0) {
		usleep(SILENT_MS * 1000);
		puts("a handshake, and no word");
	} else if (!send_all(fd, k, bytes, len))
		printf("cannot send: %s\n", strerror(errno));
	else if (k->type == SOCK_STREAM)
		read_stream(fd);
	else
		read_datagram(fd, bytes, len);
	close(fd);
	return 0;
}
