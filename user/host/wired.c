// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/wired.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/net_namespace.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "host/netlink.h"
#include "lib/fd.h"
#include "lib/say.h"

#define WIRED_MOST 4096

/* How the kernel calls the namespaces of the other ends, as seen from here. */
struct ends {
	int ids[WIRED_MOST];
	size_t count;
};

static bool has_end(const struct ends *e, int id)
{
	size_t i;

	for (i = 0; i < e->count; i++)
		if (e->ids[i] == id)
			return true;
	return false;
}

static int note(const struct nlmsghdr *n, void *arg)
{
	struct ends *e = arg;
	int id;

	if (!n) {
		e->count = 0;
		return 0;
	}
	if (n->nlmsg_type != RTM_NEWLINK)
		return 0;
	id = rtnl_int(rtnl_link_attr(n, IFLA_LINK_NETNSID, sizeof(int)), -1);
	if (id >= 0 && e->count < WIRED_MOST && !has_end(e, id))
		e->ids[e->count++] = id;
	return 0;
}

static int read_ends(int fd, struct ends *e)
{
	struct {
		struct nlmsghdr n;
		struct ifinfomsg i;
	} q = {.n = {.nlmsg_len = sizeof(q),
		     .nlmsg_type = RTM_GETLINK,
		     .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP}};

	return rtnl_dump(fd, &q.n, note, e);
}

/* The kernel's name for this namespace; negative: it has none, so that no device leads there. */
static int id_of(int fd, int netns)
{
	struct {
		struct nlmsghdr n;
		struct rtgenmsg g;
		struct rtattr a __attribute__((aligned(4)));
		int netns;
	} q = {.n = {.nlmsg_len = sizeof(q), .nlmsg_type = RTM_GETNSID, .nlmsg_flags = NLM_F_REQUEST},
	       .a = {.rta_type = NETNSA_FD, .rta_len = RTA_LENGTH(sizeof(int))},
	       .netns = netns};
	char buffer[1024] __attribute__((aligned(NLMSG_ALIGNTO)));
	const struct nlmsghdr *n = (void *)buffer;
	ssize_t len;

	if (send(fd, &q, sizeof(q), 0) < 0)
		return -1;
	len = recv(fd, buffer, sizeof(buffer), 0);
	if (len < 0 || !NLMSG_OK(n, len) || n->nlmsg_type != RTM_NEWNSID)
		return -1;
	return rtnl_int(rtnl_attr(n, sizeof(struct rtgenmsg), NETNSA_NSID, sizeof(int)), -1);
}

struct place {
	dev_t dev;
	ino_t ino;
};

/* Each namespace once. */
static bool is_new(struct place *seen, size_t *count, const struct stat *s)
{
	size_t i;

	for (i = 0; i < *count; i++)
		if (seen[i].dev == s->st_dev && seen[i].ino == s->st_ino)
			return false;
	if (*count == WIRED_MOST)
		return false;
	seen[(*count)++] = (struct place){s->st_dev, s->st_ino};
	return true;
}

/* There and back. Not to come back would make of one host another one. */
static int visit(int there, int here, wired_fn *fn, void *arg)
{
	int err;

	if (setns(there, CLONE_NEWNET))
		return 0;
	err = fn(arg);
	if (setns(here, CLONE_NEWNET))
		return fail(-errno, "cannot come back from a network namespace: %s", strerror(errno));
	return err;
}

int wired_each(wired_fn *fn, void *arg)
{
	static struct place seen[WIRED_MOST];
	static struct ends ends;
	cleanup_fd int fd = rtnl_open(), here = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	int err = fd < 0 ? fd : here < 0 ? -errno : read_ends(fd, &ends);
	struct dirent *e;
	size_t count = 0;
	char path[64];
	struct stat s;
	DIR *d;

	if (err)
		return fail(err, "cannot read which devices lead into containers: %s", strerror(-err));
	d = ends.count && !fstat(here, &s) && is_new(seen, &count, &s) ? opendir("/proc") : NULL;
	while (d && !err && (e = readdir(d))) {
		cleanup_fd int there = -1;

		if (!isdigit((unsigned char)e->d_name[0]))
			continue;
		snprintf(path, sizeof(path), "/proc/%.16s/ns/net", e->d_name);
		if (stat(path, &s) || !is_new(seen, &count, &s))
			continue;
		there = open(path, O_RDONLY | O_CLOEXEC);
		if (there >= 0 && has_end(&ends, id_of(fd, there)))
			err = visit(there, here, fn, arg);
	}
	if (d)
		closedir(d);
	return err;
}
