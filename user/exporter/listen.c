// SPDX-License-Identifier: GPL-2.0-or-later
#include "exporter/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/say.h"

#define BACKLOG 64

/* One that a daemon left that is gone. */
static void remove_dead(const struct sockaddr_un *a)
{
	cleanup_fd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct stat s;

	if (!lstat(a->sun_path, &s) && S_ISSOCK(s.st_mode) && fd >= 0 &&
	    connect(fd, (const struct sockaddr *)a, sizeof(*a)) && errno == ECONNREFUSED)
		unlink(a->sun_path);
}

static int listen_unix(const char *path)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd, err = 0;
	mode_t mask;

	if (!*path || strlen(path) >= sizeof(a.sun_path))
		return fail(-ENAMETOOLONG, "unix:%.200s: a path of 1 to %zu bytes was expected", path,
			    sizeof(a.sun_path) - 1);
	strcpy(a.sun_path, path);
	remove_dead(&a);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	mask = umask(0117);
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) || listen(fd, BACKLOG))
		err = -errno;
	umask(mask);
	if (!err)
		return fd;
	if (fd >= 0)
		close(fd);
	return fail(err, "unix:%s: %s", path, strerror(-err));
}

/* "127.0.0.1:80" or "[::1]:80", by its parts. */
static bool split(const char *where, char *address, size_t size, const char **port)
{
	const char *colon = strrchr(where, ':');
	size_t length = colon ? (size_t)(colon - where) : 0;

	if (!colon || !colon[1] || strspn(colon + 1, "0123456789") != strlen(colon + 1))
		return false;
	if (length > 2 && where[0] == '[' && where[length - 1] == ']') {
		where++;
		length -= 2;
	}
	if (!length || length >= size)
		return false;
	memcpy(address, where, length);
	address[length] = 0;
	*port = colon + 1;
	return true;
}

static int listen_address(const char *where)
{
	struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
				 .ai_socktype = SOCK_STREAM};
	struct addrinfo *a = NULL;
	char address[64];
	const char *port;
	int fd, err = 0, one = 1;

	if (!split(where, address, sizeof(address), &port) || getaddrinfo(address, port, &hints, &a))
		return fail(-EINVAL, "--listen %.100s: expected ADDRESS:PORT, [ADDRESS]:PORT or unix:PATH",
			    where);
	fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (fd < 0 || bind(fd, a->ai_addr, a->ai_addrlen) || listen(fd, BACKLOG))
		err = -errno;
	freeaddrinfo(a);
	if (!err)
		return fd;
	if (fd >= 0)
		close(fd);
	return fail(err, "--listen %s: %s", where, strerror(-err));
}

int listen_on(const char *where)
{
	return strncmp(where, "unix:", 5) ? listen_address(where) : listen_unix(where + 5);
}

void listen_end(const char *where)
{
	if (!strncmp(where, "unix:", 5))
		unlink(where + 5);
}

/* The host of a Host field, without its port and brackets. */
static bool host_of(const char *field, char *host, size_t size)
{
	size_t length = *field == '[' ? strcspn(field, "]") : strcspn(field, ":");
	const char *behind = field + length + (*field == '[' && field[length]);

	if (*behind && (*behind != ':' || strspn(behind + 1, "0123456789") != strlen(behind + 1)))
		return false;
	if (*field == '[') {
		field++;
		length--;
	}
	if (!length || length >= size)
		return false;
	memcpy(host, field, length);
	host[length] = 0;
	return true;
}

bool listen_host_fits(const char *field, const char *const *allowed)
{
	struct in6_addr address;
	char host[256];

	if (!field || !host_of(field, host, sizeof(host)))
		return false;
	if (!strcasecmp(host, "localhost") || inet_pton(AF_INET, host, &address) == 1 ||
	    inet_pton(AF_INET6, host, &address) == 1)
		return true;
	for (; *allowed; allowed++)
		if (!strcasecmp(host, *allowed))
			return true;
	return false;
}
