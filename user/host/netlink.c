// SPDX-License-Identifier: GPL-2.0-only
#include "host/netlink.h"

#include <errno.h>
#include <linux/netlink.h>
#include <sys/socket.h>

int rtnl_dump(int fd, const struct nlmsghdr *question, rtnl_fn *fn, void *arg)
{
	static char buffer[64 << 10] __attribute__((aligned(NLMSG_ALIGNTO)));
	int err = send(fd, question, question->nlmsg_len, 0) < 0 ? -errno : 0;

	while (!err) {
		ssize_t len = recv(fd, buffer, sizeof(buffer), 0);
		struct nlmsghdr *n = (void *)buffer;

		if (len <= 0)
			return len ? -errno : -EIO;
		for (; NLMSG_OK(n, len) && !err; n = NLMSG_NEXT(n, len)) {
			if (n->nlmsg_type == NLMSG_DONE)
				return 0;
			if (n->nlmsg_type == NLMSG_ERROR)
				return ((struct nlmsgerr *)NLMSG_DATA(n))->error;
			err = fn(n, arg);
		}
	}
	return err;
}
