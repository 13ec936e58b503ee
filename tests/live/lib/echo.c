// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Visitors who each ask for a page of their own, and compare what they get:
 *
 *	echo ADDRESS PORT NAME COUNT AT_ONCE
 *
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
static const char *name;
static unsigned long started, right, wrong, failed;
static int poll_fd;

static void fatal(const char *what)
{
	perror(what);
	exit(2);
}

static void begin(struct visitor *v)
{
	struct epoll_event e = {.events = EPOLLOUT, .data.ptr = v};
	int one = 1;

	v->fd = socket(server.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (v->fd < 0)
		fatal("socket");
	setsockopt(v->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
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

int main(int argc, char **argv)
{
	unsigned long count, at_once;
	struct visitor *all;

	if (argc != 6) {
		fprintf(stderr, "usage: echo ADDRESS PORT NAME COUNT AT_ONCE\n");
		return 2;
	}
	name = argv[3];
	count = strtoul(argv[4], NULL, 10);
	at_once = strtoul(argv[5], NULL, 10);
	if (inet_pton(AF_INET, argv[1], &server.v4.sin_addr) == 1) {
		server.v4.sin_family = AF_INET;
		server.v4.sin_port = htons(atoi(argv[2]));
		server_len = sizeof(server.v4);
	} else if (inet_pton(AF_INET6, argv[1], &server.v6.sin6_addr) == 1) {
		server.v6.sin6_family = AF_INET6;
		server.v6.sin6_port = htons(atoi(argv[2]));
		server_len = sizeof(server.v6);
	} else {
		fprintf(stderr, "echo: not an address: %s\n", argv[1]);
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
