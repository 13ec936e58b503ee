/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All that the kernel has of something: addresses, routes, devices (rtnetlink(7)). */
#ifndef STRAYGATE_RTNL_H
#define STRAYGATE_RTNL_H

#include <stddef.h>

struct nlmsghdr;
struct rtattr;

/* A socket of which the kernel takes each field of a question as a filter. fd or
 * -errno. */
int rtnl_open(void);

/* Gets each message that comes; NULL: another dump begins, forget the one before. An
 * error of it ends the dump. */
typedef int rtnl_fn(const struct nlmsghdr *n, void *arg);

/* Sends the question (NLM_F_DUMP) by an open socket, and hands each message that
 * comes to fn. A dump that was interrupted by a change is made again. 0 or -errno;
 * -EINTR: there was no end to the changes. */
int rtnl_dump(int fd, const struct nlmsghdr *question, rtnl_fn *fn, void *arg);

/* Asks for a change, and waits until the kernel has made or refused it. 0 or -errno;
 * reason: the kernel's own words (its extended acknowledgement), "" if it has none. */
int rtnl_change(int fd, struct nlmsghdr *request, char *reason, size_t size);

/* The first attribute of this type that has `least` bytes or more: behind a message's own
 * header of `header` bytes, or inside of another attribute, which may be NULL. NULL: there
 * is none. What is found stands in the message. Generic netlink's (struct nlattr) are laid
 * out alike. */
const struct rtattr *rtnl_attr(const struct nlmsghdr *n, size_t header, unsigned int type, size_t least);
/* The same of a device (RTM_NEWLINK). */
const struct rtattr *rtnl_link_attr(const struct nlmsghdr *n, unsigned int type, size_t least);
const struct rtattr *rtnl_attr_in(const struct rtattr *outer, unsigned int type, size_t least);
/* The number that one holds; `otherwise`: there is no attribute. */
int rtnl_int(const struct rtattr *a, int otherwise);

#endif
