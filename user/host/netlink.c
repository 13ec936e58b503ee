// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/netlink.h"

#include <errno.h>
#include <linux/netlink.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

/* Of <linux/netlink.h>, from Linux 4.20 on. */
#ifndef NETLINK_GET_STRICT_CHK
#define NETLINK_GET_STRICT_CHK 12
#endif

/* As often as `ip` tries, which is for ever, but not that long. */
#define DUMP_TRIES 32

int rtnl_open(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), one = 1;

	/* Without it the kernel looks at no more than the family of what is asked, and
	 * tells of everything. */
	if (fd >= 0)
		setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &one, sizeof(one));
	return fd < 0 ? -errno : fd;
}

/* -EINTR: what was told is of two moments (NLM_F_DUMP_INTR); it was read to its end. */
static int dump_once(int fd, const struct nlmsghdr *question, rtnl_fn *fn, void *arg)
{
	static char buffer[64 << 10] __attribute__((aligned(NLMSG_ALIGNTO)));
	int err = send(fd, question, question->nlmsg_len, 0) < 0 ? -errno : 0;
	bool changed = false;

	while (!err) {
		ssize_t len = recv(fd, buffer, sizeof(buffer), 0);
		struct nlmsghdr *n = (void *)buffer;

		if (len <= 0)
			return len ? -errno : -EIO;
		for (; NLMSG_OK(n, len) && !err; n = NLMSG_NEXT(n, len)) {
			changed |= n->nlmsg_flags & NLM_F_DUMP_INTR;
			if (n->nlmsg_type == NLMSG_DONE)
				return changed ? -EINTR : 0;
			if (n->nlmsg_type == NLMSG_ERROR)
				return ((struct nlmsgerr *)NLMSG_DATA(n))->error;
			err = fn(n, arg);
		}
	}
	return err;
}

int rtnl_dump(int fd, const struct nlmsghdr *question, rtnl_fn *fn, void *arg)
{
	int err = -EINTR, tries;

	for (tries = 0; tries < DUMP_TRIES && err == -EINTR; tries++) {
		err = fn(NULL, arg);
		if (!err)
			err = dump_once(fd, question, fn, arg);
	}
	return err;
}
