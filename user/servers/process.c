// SPDX-License-Identifier: GPL-2.0-or-later
#include "servers/process.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "host/listening.h"
#include "lib/fd.h"
#include "lib/say.h"

/* ---- sockets --------------------------------------------------------------------- */

static int put(struct listeners *l, const struct listening_socket *s)
{
	struct listening_socket *grown = l->sockets;

	if (l->count == l->room) {
		l->room = l->room ? 2 * l->room : 32;
		grown = reallocarray(l->sockets, l->room, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		l->sockets = grown;
	}
	grown[l->count++] = *s;
	return 0;
}

static void set_address(struct listening_socket *s, const void *addr, bool v4)
{
	static const uint8_t none[16];

	if (v4) {
		s->addr[10] = s->addr[11] = 0xff;
		memcpy(s->addr + 12, addr, 4);
	} else {
		memcpy(s->addr, addr, 16);
	}
	s->any = !memcmp(addr, none, v4 ? 4 : 16);
}

struct reading {
	struct listeners *l;
	uint8_t l4;
	unsigned int place;
	size_t had;
};

static int note(const struct nlmsghdr *n, void *arg)
{
	struct reading *r = arg;
	const struct inet_diag_msg *m;
	struct listening_socket s = {.l4 = r->l4, .place = r->place};

	if (!n)
		r->l->count = r->had;
	if (!n || n->nlmsg_type != SOCK_DIAG_BY_FAMILY)
		return 0;
	m = NLMSG_DATA(n);
	s.port = ntohs(m->id.idiag_sport);
	s.inode = m->idiag_inode;
	set_address(&s, m->id.idiag_src, m->idiag_family == AF_INET);
	return put(r->l, &s);
}

static int read_family(struct listeners *l, int fd, int family, int l4, unsigned int place)
{
	struct reading r = {.l = l, .l4 = l4, .place = place, .had = l->count};

	return listening_dump(fd, family, l4, note, &r);
}

static int order(const void *a, const void *b)
{
	const struct listening_socket *x = a, *y = b;

	if (x->l4 != y->l4)
		return x->l4 - y->l4;
	if (x->port != y->port)
		return x->port - y->port;
	return memcmp(x->addr, y->addr, 16);
}

/* ---- processes ------------------------------------------------------------------- */

static bool same_namespace(const char *pid, const char *which)
{
	struct stat theirs, ours;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%.16s/ns/%s", pid, which);
	if (stat(path, &theirs))
		return true;
	snprintf(path, sizeof(path), "/proc/self/ns/%s", which);
	return stat(path, &ours) || (theirs.st_dev == ours.st_dev && theirs.st_ino == ours.st_ino);
}

/* Has it a mount namespace with another root in it? (Many units of systemd have one with ours; a server
 * that calls chroot(2) stays in ours.) */
static bool other_files(pid_t pid)
{
	struct stat theirs, ours;
	char path[64];

	snprintf(path, sizeof(path), "%d", pid);
	if (same_namespace(path, "mnt"))
		return false;
	snprintf(path, sizeof(path), "/proc/%d/root", pid);
	return stat(path, &theirs) || stat("/proc/self/root", &ours) || theirs.st_dev != ours.st_dev ||
	       theirs.st_ino != ours.st_ino;
}

static bool exe_of(pid_t pid, struct stat *s)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	return !stat(path, s);
}

/* Of /proc/PID/status. */
static void read_status(pid_t pid, pid_t *parent, uid_t *uid)
{
	char path[64], line[256];
	FILE *f;

	*parent = 0;
	*uid = (uid_t)-1;
	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f)) {
		sscanf(line, "PPid: %d", parent);
		sscanf(line, "Uid: %*u %u", uid);
	}
	if (f)
		fclose(f);
}

#define ANCESTORS_MOST 64

static pid_t topmost(pid_t pid)
{
	struct stat exe, above;
	pid_t parent;
	uid_t uid;

	if (!exe_of(pid, &exe))
		return pid;
	for (int i = 0; i < ANCESTORS_MOST; i++) {
		read_status(pid, &parent, &uid);
		if (parent <= 1 || !exe_of(parent, &above) || above.st_ino != exe.st_ino ||
		    above.st_dev != exe.st_dev)
			break;
		pid = parent;
	}
	return pid;
}

#define ARGS_MOST (64 << 10)

/* nginx and others write their own line, all in one word: its words are what counts. */
static const char *const *read_args(struct arena *a, pid_t pid)
{
	static const char *const none[] = {NULL};
	char path[64], *bytes, *at, **args;
	size_t len, count = 0, i;
	bool title;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/cmdline", pid);
	f = fopen(path, "re");
	bytes = f ? arena_alloc(a, ARGS_MOST + 1) : NULL;
	len = bytes ? fread(bytes, 1, ARGS_MOST, f) : 0;
	if (f)
		fclose(f);
	while (len && !bytes[len - 1])
		len--;
	if (!len)
		return none;
	title = !memchr(bytes, 0, len);
	for (i = 0; i < len; i++) {
		if (title && bytes[i] == ' ')
			bytes[i] = '\0';
		count += !bytes[i];
	}
	args = arena_alloc(a, (count + 2) * sizeof(*args));
	if (!args)
		return none;
	for (at = bytes, i = 0; at <= bytes + len; at += strlen(at) + 1)
		args[i++] = at;
	return (const char *const *)args;
}

static const char *read_name(struct arena *a, pid_t pid)
{
	char path[64], exe[PATH_MAX], *slash, *gone;
	ssize_t len;

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	len = readlink(path, exe, sizeof(exe) - 1);
	exe[len > 0 ? len : 0] = '\0';
	gone = strstr(exe, " (deleted)");
	if (gone)
		*gone = '\0';
	slash = strrchr(exe, '/');
	slash = slash ? slash + 1 : exe;
	return arena_text(a, slash, strlen(slash));
}

static struct process *process_of(struct listeners *l, pid_t pid)
{
	struct process *p;
	struct stat exe;
	char text[16];
	pid_t parent;

	pid = topmost(pid);
	for (p = l->processes; p; p = p->next)
		if (p->pid == pid)
			return p;
	p = arena_alloc(&l->arena, sizeof(*p));
	if (!p)
		return NULL;
	p->pid = pid;
	if (exe_of(pid, &exe)) {
		p->exe_dev = exe.st_dev;
		p->exe_ino = exe.st_ino;
	}
	p->name = read_name(&l->arena, pid);
	p->args = read_args(&l->arena, pid);
	read_status(pid, &parent, &p->uid);
	snprintf(text, sizeof(text), "%d", pid);
	p->container = !same_namespace(text, "pid") || !same_namespace(text, "user") || other_files(pid);
	p->next = l->processes;
	l->processes = p;
	return p->name ? p : NULL;
}

/* ---- whose are they? --------------------------------------------------------------- */

static int inode_order(const void *a, const void *b)
{
	const struct listening_socket *const *x = a, *const *y = b;

	return ((*x)->inode > (*y)->inode) - ((*x)->inode < (*y)->inode);
}

static void claim(struct listeners *l, struct listening_socket **by_inode, const char *pid)
{
	struct listening_socket key, *wanted = &key, **found;
	char path[64], target[64];
	struct dirent *e;
	ssize_t len;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%.16s/fd", pid);
	d = opendir(path);
	while (d && (e = readdir(d))) {
		len = readlinkat(dirfd(d), e->d_name, target, sizeof(target) - 1);
		target[len > 0 ? len : 0] = '\0';
		if (sscanf(target, "socket:[%u]", &key.inode) != 1)
			continue;
		found = bsearch(&wanted, by_inode, l->count, sizeof(*by_inode), inode_order);
		if (found && !(*found)->process)
			(*found)->process = process_of(l, atoi(pid));
	}
	if (d)
		closedir(d);
}

/* systemd keeps sockets that it opened for others: asked last. */
int listeners_claim(struct listeners *l)
{
	struct listening_socket **by_inode = calloc(l->count + 1, sizeof(*by_inode));
	struct dirent *e;
	size_t i;
	DIR *d;

	if (!by_inode)
		return -ENOMEM;
	for (i = 0; i < l->count; i++)
		by_inode[i] = &l->sockets[i];
	qsort(by_inode, l->count, sizeof(*by_inode), inode_order);
	d = l->count ? opendir("/proc") : NULL;
	while (d && (e = readdir(d)))
		if (isdigit((unsigned char)e->d_name[0]) && strcmp(e->d_name, "1"))
			claim(l, by_inode, e->d_name);
	if (d) {
		closedir(d);
		claim(l, by_inode, "1");
	}
	free(by_inode);
	return 0;
}

int listeners_add(struct listeners *l, unsigned int place)
{
	static const int families[] = {AF_INET, AF_INET6}, protocols[] = {IPPROTO_TCP, IPPROTO_UDP};
	cleanup_fd int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	int err = fd < 0 ? -errno : 0, i;

	for (i = 0; i < 4 && !err; i++)
		err = read_family(l, fd, families[i % 2], protocols[i / 2], place);
	return err ? fail(err, "cannot read which sockets listen: %s", strerror(-err)) : 0;
}

int listeners_read(struct listeners *l)
{
	int err = listeners_add(l, 0);

	if (err)
		return err;
	qsort(l->sockets, l->count, sizeof(*l->sockets), order);
	err = listeners_claim(l);
	return err ? fail(err, "cannot read whose sockets listen: %s", strerror(-err)) : 0;
}

void listeners_free(struct listeners *l)
{
	free(l->sockets);
	arena_free(&l->arena);
	memset(l, 0, sizeof(*l));
}

const char *process_option(const struct process *p, const char *option)
{
	size_t len = strlen(option);
	const char *const *a;

	for (a = p->args; *a; a++) {
		if (strncmp(*a, option, len))
			continue;
		if ((*a)[len])
			return *a + len + ((*a)[len] == '=');
		return a[1];
	}
	return NULL;
}
