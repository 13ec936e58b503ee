// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/ssh.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/process.h"

/* ---- this session ----------------------------------------------------------- */

/* SSH_CONNECTION: client, its port, server, server's port (ssh(1)). */
static unsigned int port_of(const char *connection)
{
	unsigned int port;

	return connection && sscanf(connection, "%*s %*s %*s %u", &port) == 1 ? port : 0;
}

static unsigned int port_of_process(unsigned int pid)
{
	static const char key[] = "SSH_CONNECTION=";
	unsigned int port = 0;
	char path[64], *word = NULL;
	size_t room = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%u/environ", pid);
	f = fopen(path, "r");
	while (f && !port && getdelim(&word, &room, 0, f) > 0)
		if (!strncmp(word, key, sizeof(key) - 1))
			port = port_of(word + sizeof(key) - 1);
	free(word);
	if (f)
		fclose(f);
	return port;
}

unsigned int ssh_session_port(void)
{
	unsigned int port = port_of(getenv("SSH_CONNECTION")), pid = getppid(), parent, steps;
	uid_t uid;

	for (steps = 0; !port && pid > 1 && steps < 64; steps++) {
		port = port_of_process(pid);
		process_status(pid, &parent, &uid);
		pid = parent;
	}
	return port;
}

/* ---- servers ---------------------------------------------------------------- */

/* Inodes of the sockets that have the port, of either family. */
struct sockets {
	unsigned long inode[256];
	size_t count;
};

static void find_sockets(struct sockets *s, const char *path, unsigned int port)
{
	unsigned int local;
	unsigned long inode;
	char line[512];
	FILE *f = fopen(path, "r");

	while (f && fgets(line, sizeof(line), f) && s->count < sizeof(s->inode) / sizeof(s->inode[0]))
		if (sscanf(line, " %*u: %*[0-9A-Fa-f]:%x %*s %*s %*s %*s %*s %*s %*s %lu", &local, &inode) ==
			    2 &&
		    local == port && inode)
			s->inode[s->count++] = inode;
	if (f)
		fclose(f);
}

static bool is_server(const char *pid)
{
	static const char *const names[] = {"sshd", "dropbear"};
	char path[64], name[32] = "";
	size_t i;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%.16s/comm", pid);
	f = fopen(path, "r");
	if (f && !fgets(name, sizeof(name), f))
		name[0] = 0;
	if (f)
		fclose(f);
	/* sshd-session and sshd-auth are parts of it. */
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strncmp(name, names[i], strlen(names[i])))
			return true;
	return false;
}

/* Inodes of sockets are unique among network namespaces. */
static bool holds_one(const char *pid, const struct sockets *s)
{
	char path[64], target[64];
	unsigned long inode;
	bool found = false;
	struct dirent *e;
	ssize_t len;
	size_t i;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%.16s/fd", pid);
	d = opendir(path);
	while (d && !found && (e = readdir(d))) {
		len = readlinkat(dirfd(d), e->d_name, target, sizeof(target) - 1);
		target[len > 0 ? len : 0] = 0;
		if (sscanf(target, "socket:[%lu]", &inode) != 1)
			continue;
		for (i = 0; i < s->count; i++)
			found |= s->inode[i] == inode;
	}
	if (d)
		closedir(d);
	return found;
}

bool ssh_has_port(unsigned int port)
{
	struct sockets s = {0};
	struct dirent *e;
	bool found = false;
	DIR *d;

	find_sockets(&s, "/proc/self/net/tcp", port);
	find_sockets(&s, "/proc/self/net/tcp6", port);
	d = s.count ? opendir("/proc") : NULL;
	while (d && !found && (e = readdir(d)))
		found = isdigit((unsigned char)e->d_name[0]) && is_server(e->d_name) &&
			holds_one(e->d_name, &s);
	if (d)
		closedir(d);
	return found;
}
