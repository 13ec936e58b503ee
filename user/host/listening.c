// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/listening.h"

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/fd.h"

static int note(const struct nlmsghdr *n, void *arg)
{
	const struct inet_diag_msg *m;
	uint8_t *ports = arg;
	unsigned int port;

	/* Of an interrupted dump nothing is wrong that was seen: ports are only added. */
	if (!n || n->nlmsg_type != SOCK_DIAG_BY_FAMILY)
		return 0;
	m = NLMSG_DATA(n);
	port = ntohs(m->id.idiag_sport);
	ports[port / 8] |= 1 << port % 8;
	return 0;
}

int listening_dump(int fd, int family, int l4, rtnl_fn *fn, void *arg)
{
	struct {
		struct nlmsghdr n;
		struct inet_diag_req_v2 r;
	} q = {
		.n = {.nlmsg_len = sizeof(q),
		      .nlmsg_type = SOCK_DIAG_BY_FAMILY,
		      .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
		/* A UDP socket that is bound, and not connected, is in TCP_CLOSE. */
		.r = {.sdiag_family = family,
		      .sdiag_protocol = l4,
		      .idiag_states = 1U << (l4 == IPPROTO_TCP ? TCP_LISTEN : TCP_CLOSE)},
	};

	return rtnl_dump(fd, &q.n, fn, arg);
}

void listening_read(struct listening *l)
{
	static const int protocols[] = {IPPROTO_TCP, IPPROTO_UDP};
	cleanup_fd int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	int i;

	memset(l, 0, sizeof(*l));
	for (i = 0; i < 2 && fd >= 0; i++)
		l->known[i] = !listening_dump(fd, AF_INET, protocols[i], note, l->ports[i]) &&
			      !listening_dump(fd, AF_INET6, protocols[i], note, l->ports[i]);
}

bool listening_has(const struct listening *l, int l4, unsigned int port)
{
	int i = l4 == IPPROTO_UDP;

	return !l->known[i] || l->ports[i][port / 8] >> port % 8 & 1;
}
