// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Visitors who each ask for a page of their own, and compare what they get:
 *
 *	echo ADDRESS PORT NAME COUNT AT_ONCE FIRST SOURCES
 *
 * They come from SOURCES addresses, FIRST and those after it, by turns, which all are
 * this host's own: one address has some 30,000 ports at a time for one server, and a
 * port that the server still holds in TIME-WAIT is the kernel's to shake hands with.
 * The server sends the path back that it was asked for. Every second request comes in
 * two segments, cut in the middle of the name. Prints one line of JSON; its exit status
 * is 1 if a visitor got another one's page, or none.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define PATIENCE 30000 /* ms without any event */

struct visitor {
	int fd;
	bool cut;     /* its request comes in two parts */
	bool is_next; /* the second one is next */
	char token[32];
	char page[1024];
	size_t got;
};

static union {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
} server;
static socklen_t server_len;
static union {
	struct in_addr v4;
	struct in6_addr v6;
	uint32_t words[4]; /* network byte order */
} first;
static unsigned long sources;
static const char *name;
static unsigned long started, right, wrong, failed;
static int poll_fd;

static void fatal(const char *what)
{
	perror(what);
	exit(2);
}

/* The port is chosen at connect(), when the server is known; IPv6 knows no address that
 * only a local route makes the host's own. */
static void come_from(int fd, uint32_t nth)
{
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_addr = first.v6};
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_addr = first.v4};
	bool is_v4 = server.any.sa_family == AF_INET;
	int one = 1;

	v4.sin_addr.s_addr = htonl(ntohl(first.words[0]) + nth);
	v6.sin6_addr.s6_addr32[3] = htonl(ntohl(first.words[3]) + nth);
	setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof(one));
	if (!is_v4)
		setsockopt(fd, IPPROTO_IPV6, IPV6_FREEBIND, &one, sizeof(one));
	if (bind(fd, is_v4 ? (struct sockaddr *)&v4 : (struct sockaddr *)&v6, server_len))
		fatal("bind");
}

static void begin(struct visitor *v)
{
	struct epoll_event e = {.events = EPOLLOUT, .data.ptr = v};
	int one = 1;

	v->fd = socket(server.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (v->fd < 0)
		fatal("socket");
	setsockopt(v->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	come_from(v->fd, started % sources);
	v->cut = started % 2;
	v->is_next = false;
	v->got = 0;
	snprintf(v->token, sizeof(v->token), "/echo/%d-%lu", getpid(), started++);
	if (connect(v->fd, &server.any, server_len) && errno != EINPROGRESS)
		fatal("connect");
	if (epoll_ctl(poll_fd, EPOLL_CTL_ADD, v->fd, &e))
		fatal("epoll_ctl");
}

/* The next part of its request. */
static bool ask(struct visitor *v)
{
	struct epoll_event e = {.events = EPOLLIN, .data.ptr = v};
	char request[512];
	size_t from = 0, to, len;

	len = snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n",
		       v->token, name);
	to = len;
	if (v->cut) {
		size_t cut = strlen("GET  HTTP/1.1\r\nHost: ") + strlen(v->token) + strlen(name) / 2;

		*(v->is_next ? &from : &to) = cut;
	}
	if (!v->cut || v->is_next)
		epoll_ctl(poll_fd, EPOLL_CTL_MOD, v->fd, &e);
	v->is_next = true;
	return send(v->fd, request + from, to - from, MSG_NOSIGNAL) == (ssize_t)(to - from);
}

static void judge(struct visitor *v, bool whole)
{
	const char *body;

	v->page[v->got] = '\0';
	body = strstr(v->page, "\r\n\r\n");
	if (!whole || !body)
		failed++;
	else if (!strcmp(body + 4, v->token))
		right++;
	else if (wrong++ < 5)
		fprintf(stderr, "%s got: %.100s\n", v->token, body + 4);
}

/* Has it come to its end? */
static bool go_on(struct visitor *v, uint32_t events)
{
	ssize_t n = 1;

	if (events & EPOLLOUT) {
		if (ask(v))
			return false;
		judge(v, false);
		return true;
	}
	while (v->got < sizeof(v->page) - 1 && n > 0) {
		n = recv(v->fd, v->page + v->got, sizeof(v->page) - 1 - v->got, 0);
		if (n > 0)
			v->got += n;
	}
	if (n < 0 && errno == EAGAIN)
		return false;
	judge(v, !n);
	return true;
}

static void run(struct visitor *all, unsigned long count, unsigned long at_once)
{
	struct epoll_event events[256];
	unsigned long living = 0;
	int i, n;

	while (living < at_once && started < count) {
		begin(&all[living]);
		living++;
	}
	while (living) {
		n = epoll_wait(poll_fd, events, 256, PATIENCE);
		if (n <= 0) {
			failed += living;
			return;
		}
		for (i = 0; i < n; i++) {
			struct visitor *v = events[i].data.ptr;

			if (!go_on(v, events[i].events))
				continue;
			close(v->fd);
			if (started < count)
				begin(v);
			else
				living--;
		}
	}
}

/* Both addresses are of one family. */
static bool addresses(const char *address, const char *port, const char *from)
{
	if (inet_pton(AF_INET, address, &server.v4.sin_addr) == 1) {
		server.v4.sin_family = AF_INET;
		server.v4.sin_port = htons(atoi(port));
		server_len = sizeof(server.v4);
		return inet_pton(AF_INET, from, &first.v4) == 1;
	}
	if (inet_pton(AF_INET6, address, &server.v6.sin6_addr) != 1)
		return false;
	server.v6.sin6_family = AF_INET6;
	server.v6.sin6_port = htons(atoi(port));
	server_len = sizeof(server.v6);
	return inet_pton(AF_INET6, from, &first.v6) == 1;
}

int main(int argc, char **argv)
{
	unsigned long count, at_once;
	struct visitor *all;

	if (argc != 8) {
		fprintf(stderr, "usage: echo ADDRESS PORT NAME COUNT AT_ONCE FIRST SOURCES\n");
		return 2;
	}
	name = argv[3];
	count = strtoul(argv[4], NULL, 10);
	at_once = strtoul(argv[5], NULL, 10);
	sources = strtoul(argv[7], NULL, 10);
	if (!sources || !addresses(argv[1], argv[2], argv[6])) {
		fprintf(stderr, "echo: not addresses of one family, or no source: %s, %s, %s\n", argv[1],
			argv[6], argv[7]);
		return 2;
	}
	all = calloc(at_once, sizeof(*all));
	poll_fd = epoll_create1(0);
	if (!all || poll_fd < 0)
		fatal("echo");
	run(all, count, at_once);
	printf("{\"asked\":%lu,\"right\":%lu,\"wrong\":%lu,\"failed\":%lu}\n", started, right, wrong, failed);
	free(all);
	return wrong || failed;
}
