// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/netlink.h"

#include <errno.h>
#include <linux/netlink.h>
#include <stdbool.h>
#include <stdio.h>
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
	/* What it refuses it says in words, and does not send the request back. */
	if (fd >= 0) {
		setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one));
		setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof(one));
	}
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

/* The words behind the error, among other attributes (enum nlmsgerr_attrs). */
static void read_words(const struct nlmsghdr *n, char *reason, size_t size)
{
	const struct nlmsgerr *e = NLMSG_DATA(n);
	const char *end = (const char *)n + n->nlmsg_len, *at = (const char *)(e + 1);

	*reason = 0;
	if (!(n->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	/* A request that was not asked to stay away stands between the two. */
	if (!(n->nlmsg_flags & NLM_F_CAPPED) && e->msg.nlmsg_len > sizeof(e->msg))
		at += NLMSG_ALIGN(e->msg.nlmsg_len) - sizeof(e->msg);
	while (end - at >= NLA_HDRLEN) {
		const struct nlattr *a = (const void *)at;

		if (a->nla_len < NLA_HDRLEN || a->nla_len > end - at)
			return;
		if ((a->nla_type & NLA_TYPE_MASK) == NLMSGERR_ATTR_MSG)
			snprintf(reason, size, "%.*s", a->nla_len - NLA_HDRLEN, at + NLA_HDRLEN);
		at += NLA_ALIGN(a->nla_len);
	}
}

int rtnl_change(int fd, struct nlmsghdr *request, char *reason, size_t size)
{
	char buffer[4096] __attribute__((aligned(NLMSG_ALIGNTO)));
	const struct nlmsghdr *n = (void *)buffer;
	ssize_t len;

	*reason = 0;
	request->nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK;
	if (send(fd, request, request->nlmsg_len, 0) < 0)
		return -errno;
	len = recv(fd, buffer, sizeof(buffer), 0);
	if (len < 0)
		return -errno;
	if (!NLMSG_OK(n, len) || n->nlmsg_type != NLMSG_ERROR ||
	    n->nlmsg_len < NLMSG_LENGTH(sizeof(struct nlmsgerr)))
		return -EBADMSG;
	read_words(n, reason, size);
	return ((const struct nlmsgerr *)NLMSG_DATA(n))->error;
}
