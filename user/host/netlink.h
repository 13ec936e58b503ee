/* SPDX-License-Identifier: GPL-2.0-only */
/* All that the kernel has of something: addresses, routes, devices (rtnetlink(7)). */
#ifndef STRAYGATE_RTNL_H
#define STRAYGATE_RTNL_H

struct nlmsghdr;

/* An error of it ends the dump. */
typedef int rtnl_fn(const struct nlmsghdr *n, void *arg);

/* Sends the question (NLM_F_DUMP) by an open socket, and hands each message that
 * comes to fn. 0 or -errno. */
int rtnl_dump(int fd, const struct nlmsghdr *question, rtnl_fn *fn, void *arg);

#endif
