// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/netlink.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
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

static const struct rtattr *find(const struct rtattr *a, int len, unsigned int type, size_t least)
{
	for (; RTA_OK(a, len); a = RTA_NEXT(a, len))
		if ((a->rta_type & NLA_TYPE_MASK) == type && RTA_PAYLOAD(a) >= least)
			return a;
	return NULL;
}

const struct rtattr *rtnl_attr(const struct nlmsghdr *n, size_t header, unsigned int type, size_t least)
{
	const char *first = (const char *)NLMSG_DATA(n) + NLMSG_ALIGN(header);

	return find((const void *)first, (int)((const char *)n + n->nlmsg_len - first), type, least);
}

const struct rtattr *rtnl_link_attr(const struct nlmsghdr *n, unsigned int type, size_t least)
{
	return rtnl_attr(n, sizeof(struct ifinfomsg), type, least);
}

const struct rtattr *rtnl_attr_in(const struct rtattr *outer, unsigned int type, size_t least)
{
	return outer ? find(RTA_DATA(outer), (int)RTA_PAYLOAD(outer), type, least) : NULL;
}

int rtnl_int(const struct rtattr *a, int otherwise)
{
	int value = otherwise;

	if (a)
		memcpy(&value, RTA_DATA(a), sizeof(value));
	return value;
}

/* The words behind the error, among other attributes (enum nlmsgerr_attrs). */
static void read_words(const struct nlmsghdr *n, char *reason, size_t size)
{
	const struct nlmsgerr *e = NLMSG_DATA(n);
	const struct rtattr *words;
	size_t header = sizeof(*e);

	*reason = 0;
	if (!(n->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	/* A request that was not asked to stay away stands between the two. */
	if (!(n->nlmsg_flags & NLM_F_CAPPED) && e->msg.nlmsg_len > sizeof(e->msg))
		header += NLMSG_ALIGN(e->msg.nlmsg_len) - sizeof(e->msg);
	words = header < n->nlmsg_len ? rtnl_attr(n, header, NLMSGERR_ATTR_MSG, 1) : NULL;
	if (words)
		snprintf(reason, size, "%.*s", (int)RTA_PAYLOAD(words), (const char *)RTA_DATA(words));
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
