// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A server of every name, which knows nothing of the gate: it answers whatever
 * comes, and its log says what it was made to see.
 */
#include "guest.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECTIONS_MAX 64

enum { HTTP, TLS, DNS, FIRST_CONNECTION };

static FILE *logged;

/* Both families on one socket. */
static int listen_on(int type, int port)
{
	struct sockaddr_in6 a = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	int fd = socket(AF_INET6, type | SOCK_CLOEXEC, 0), no = 0, yes = 1;

	if (fd < 0 || setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof(no)) ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) ||
	    bind(fd, (struct sockaddr *)&a, sizeof(a)) || (type == SOCK_STREAM && listen(fd, 64))) {
		fprintf(stderr, "serve: port %d: %s\n", port, strerror(errno));
		return -1;
	}
	return fd;
}

static const char *whose(const char *bytes, ssize_t len)
{
	return memmem(bytes, len, STRAY_WORD, strlen(STRAY_WORD)) ? "stray" : "served";
}

static void answer_datagram(int fd)
{
	struct sockaddr_storage from;
	socklen_t size = sizeof(from);
	char bytes[2048];
	ssize_t len = recvfrom(fd, bytes, sizeof(bytes), 0, (struct sockaddr *)&from, &size);

	if (len < 12)
		return;
	fprintf(logged, "query %s\n", whose(bytes, len));
	bytes[2] |= 0x80; /* an answer, of no records: NOERROR */
	sendto(fd, bytes, len, 0, (struct sockaddr *)&from, size);
}

/* A request may come in pieces: a record of TLS says how long it is. */
static bool is_whole(const unsigned char *bytes, ssize_t len)
{
	return bytes[0] != 22 || (len >= 5 && len >= 5 + (bytes[3] << 8 | bytes[4]));
}

static ssize_t read_request(int fd, void *bytes, size_t room)
{
	ssize_t len = recv(fd, bytes, room, 0), n;

	while (len > 0 && !is_whole(bytes, len)) {
		n = recv(fd, bytes + len, room - len, 0);
		if (n <= 0)
			return n;
		len += n;
	}
	return len;
}

/* One request a connection. */
static void answer_stream(int fd)
{
	char bytes[4096];
	ssize_t len = read_request(fd, bytes, sizeof(bytes));

	if (len > 0) {
		fprintf(logged, "request %s\n", whose(bytes, len));
		dprintf(fd, "the server read %zd bytes\n", len);
	} else {
		fprintf(logged, "connection without a request, %s\n", len ? strerror(errno) : "closed");
	}
	close(fd);
}

static void accept_into(struct pollfd *polls, nfds_t *count, int listener)
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0)
		return;
	if (*count == FIRST_CONNECTION + CONNECTIONS_MAX) {
		close(fd);
		return;
	}
	polls[(*count)++] = (struct pollfd){.fd = fd, .events = POLLIN};
}

static void answer_all(struct pollfd *polls, nfds_t *count)
{
	nfds_t i;

	for (i = *count; i-- > FIRST_CONNECTION;) {
		if (!polls[i].revents)
			continue;
		answer_stream(polls[i].fd);
		polls[i] = polls[--*count];
	}
	for (i = HTTP; i <= TLS; i++)
		if (polls[i].revents)
			accept_into(polls, count, polls[i].fd);
	if (polls[DNS].revents)
		answer_datagram(polls[DNS].fd);
	fflush(logged);
}

int serve(int argc, char **argv)
{
	struct pollfd polls[FIRST_CONNECTION + CONNECTIONS_MAX] = {
		[HTTP] = {.fd = listen_on(SOCK_STREAM, PORT_HTTP), .events = POLLIN},
		[TLS] = {.fd = listen_on(SOCK_STREAM, PORT_TLS), .events = POLLIN},
		[DNS] = {.fd = listen_on(SOCK_DGRAM, PORT_DNS), .events = POLLIN},
	};
	nfds_t count = FIRST_CONNECTION;

	(void)argc;
	logged = fopen(argv[0], "w");
	if (!logged || polls[HTTP].fd < 0 || polls[TLS].fd < 0 || polls[DNS].fd < 0)
		return 1;
	if (daemon(1, 1))
		return 1;
	while (poll(polls, count, -1) > 0 || errno == EINTR)
		answer_all(polls, &count);
	return 1;
}
