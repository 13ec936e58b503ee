// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/socket_diag.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#define TCP_LISTENING 10 /* include/net/tcp_states.h */

int socket_diag_open(void)
{
	int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);

	return fd < 0 ? -errno : fd;
}

/* Asks, and returns the error that came back, or 0 and the state of the socket. */
static int ask(int fd, const struct flow_key *v, int what, int flags, uint8_t *state)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	struct {
		struct nlmsghdr n;
		struct inet_diag_req_v2 r;
	} q = {
		.n = {.nlmsg_len = sizeof(q), .nlmsg_type = what, .nlmsg_flags = NLM_F_REQUEST | flags},
		.r = {.sdiag_family = AF_INET6,
		      .sdiag_protocol = IPPROTO_TCP,
		      .idiag_states = -1,
		      .id = {.idiag_sport = v->server_port,
			     .idiag_dport = v->client_port,
			     .idiag_cookie = {INET_DIAG_NOCOOKIE, INET_DIAG_NOCOOKIE}}},
	};
	char buffer[8192];
	struct nlmsghdr *n = (void *)buffer;
	size_t from = 0;
	ssize_t len;

	if (!memcmp(v->client, mapped, sizeof(mapped))) {
		q.r.sdiag_family = AF_INET;
		from = sizeof(mapped);
	}
	memcpy(q.r.id.idiag_src, v->server + from, 16 - from);
	memcpy(q.r.id.idiag_dst, v->client + from, 16 - from);
	if (send(fd, &q, sizeof(q), 0) < 0)
		return -errno;
	len = recv(fd, buffer, sizeof(buffer), 0);
	if (len < 0)
		return -errno;
	if (!NLMSG_OK(n, len))
		return -EIO;
	if (n->nlmsg_type == NLMSG_ERROR)
		return ((struct nlmsgerr *)NLMSG_DATA(n))->error;
	*state = ((struct inet_diag_msg *)NLMSG_DATA(n))->idiag_state;
	return 0;
}

bool socket_diag_exists(int fd, const struct flow_key *visit)
{
	uint8_t state = 0;
	int err = ask(fd, visit, SOCK_DIAG_BY_FAMILY, 0, &state);

	return err ? err != -ENOENT : state != TCP_LISTENING;
}

int socket_diag_destroy(int fd, const struct flow_key *visit)
{
	uint8_t state = 0;

	if (!socket_diag_exists(fd, visit))
		return -ENOENT; /* and not the one that listens there, by no means */
	return ask(fd, visit, SOCK_DESTROY, NLM_F_ACK, &state);
}
