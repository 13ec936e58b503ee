// SPDX-License-Identifier: GPL-2.0-or-later
#include "servers/run.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/fd.h"

#define NOBODY	    65534
#define GROUPS_MOST 1024
#define WORDS_MOST  64
#define ERR_BYTES   (64 << 10)
#define CAPS	    64

/* What the child is to be: read before it is made. */
struct self {
	uid_t uid;
	gid_t gid;
	gid_t groups[GROUPS_MOST];
	int group_count;
	uint64_t bounding; /* capabilities that it may ever have */
	int exe, cwd, net, mnt, in;
	size_t memory; /* see struct run */
	char *env;     /* each with a NUL behind */
	size_t env_len;
};

static void self_free(struct self *s)
{
	close_fd(&s->exe);
	close_fd(&s->cwd);
	close_fd(&s->net);
	close_fd(&s->mnt);
	free(s->env);
}

/* ---- what the server is -------------------------------------------------------------- */

static int open_of(pid_t pid, const char *what, int flags)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, what);
	return open(path, flags | O_CLOEXEC);
}

static void read_groups(struct self *s, char *line)
{
	char *word, *rest = line;

	while ((word = strsep(&rest, " \t\n")))
		if (*word && s->group_count < GROUPS_MOST)
			s->groups[s->group_count++] = (gid_t)strtoul(word, NULL, 10);
}

static int read_rights(struct self *s, pid_t pid)
{
	bool uid = false, gid = false, caps = false;
	char path[64], *line = NULL;
	size_t room = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	f = fopen(path, "re");
	while (f && getline(&line, &room, f) > 0) {
		uid |= sscanf(line, "Uid: %*u %u", &s->uid) == 1;
		gid |= sscanf(line, "Gid: %*u %u", &s->gid) == 1;
		caps |= sscanf(line, "CapBnd: %lx", &s->bounding) == 1;
		if (!strncmp(line, "Groups:", 7))
			read_groups(s, line + 7);
	}
	free(line);
	if (f)
		fclose(f);
	return uid && gid && caps ? 0 : -ESRCH;
}

#define ENV_MOST (1 << 20)

static int read_env(struct self *s, pid_t pid)
{
	cleanup_fd int fd = open_of(pid, "environ", O_RDONLY);
	ssize_t got;

	s->env = fd < 0 ? NULL : malloc(ENV_MOST + 1);
	if (!s->env)
		return -errno;
	while (s->env_len < ENV_MOST && (got = read(fd, s->env + s->env_len, ENV_MOST - s->env_len)) > 0)
		s->env_len += got;
	s->env[s->env_len] = '\0';
	return 0;
}

/* Another program than the server's own is only run if nobody but root can have made it. */
static int open_program(const char *path)
{
	cleanup_fd int fd = open(path, O_PATH | O_CLOEXEC);
	struct stat st;
	int keep = fd;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) || st.st_uid || st.st_mode & (S_IWGRP | S_IWOTH) || !S_ISREG(st.st_mode))
		return -EPERM;
	fd = -1;
	return keep;
}

static int self_read(struct self *s, const struct process *p, const char *path)
{
	int err = read_rights(s, p->pid);
	struct stat st;

	if (!err)
		err = read_env(s, p->pid);
	if (err)
		return err;
	s->exe = path ? open_program(path) : open_of(p->pid, "exe", O_PATH);
	/* Another process may have got its number. */
	if (!path && s->exe >= 0 &&
	    (fstat(s->exe, &st) || st.st_dev != p->exe_dev || st.st_ino != p->exe_ino))
		return -ESRCH;
	s->cwd = open_of(p->pid, "cwd", O_PATH | O_DIRECTORY);
	s->net = open_of(p->pid, "ns/net", O_RDONLY);
	s->mnt = open_of(p->pid, "ns/mnt", O_RDONLY);
	if (s->exe < 0)
		return path ? s->exe : -errno;
	return s->net < 0 || s->mnt < 0 ? -errno : 0;
}

/* ---- the child ------------------------------------------------------------------------- */

static bool elsewhere(int ns, const char *ours)
{
	struct stat a, b;

	return !fstat(ns, &a) && !stat(ours, &b) && (a.st_ino != b.st_ino || a.st_dev != b.st_dev);
}

static int enter(const struct self *s)
{
	if (s->net >= 0 && elsewhere(s->net, "/proc/self/ns/net") && setns(s->net, CLONE_NEWNET))
		return -1;
	if (s->mnt >= 0 && elsewhere(s->mnt, "/proc/self/ns/mnt") && setns(s->mnt, CLONE_NEWNS))
		return -1;
	/* A folder that is gone is no folder to be in. */
	if (s->cwd < 0 || fchdir(s->cwd))
		return chdir("/");
	return 0;
}

static int become(const struct self *s)
{
	const struct rlimit cpu = {RUN_LONGEST, RUN_LONGEST}, none = {0, 0}, memory = {s->memory, s->memory};
	int cap;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -1;
	for (cap = 0; cap < CAPS; cap++)
		if (!(s->bounding >> cap & 1))
			prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
	setrlimit(RLIMIT_CPU, &cpu);
	setrlimit(RLIMIT_CORE, &none);
	if (s->memory)
		setrlimit(RLIMIT_DATA, &memory);
	if (geteuid() == 0 && setgroups(s->group_count, s->groups))
		return -1;
	return setresgid(s->gid, s->gid, s->gid) || setresuid(s->uid, s->uid, s->uid) ? -1 : 0;
}

static char **make_env(const struct self *s)
{
	size_t count = 0, i;
	char **env, *at;

	for (i = 0; i < s->env_len; i++)
		count += !s->env[i];
	env = calloc(count + 3, sizeof(*env));
	if (!env)
		return NULL;
	i = 0;
	for (at = s->env; at && at < s->env + s->env_len; at += strlen(at) + 1)
		env[i++] = at;
	if (!i)
		env[i++] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
	env[i] = "LC_ALL=C";
	return env;
}

static void __attribute__((noreturn))
child(const struct self *s, const char *name, const char *const *args, int out, int err)
{
	const char *argv[WORDS_MOST + 2] = {name};
	char **env = make_env(s);
	sigset_t none;
	int i;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setsid();
	for (i = 0; args[i] && i < WORDS_MOST; i++)
		argv[i + 1] = args[i];
	if (!env || dup2(s->in, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0 || enter(s) || become(s)) {
		dprintf(2, "cannot become what the server is: %s\n", strerror(errno));
		_exit(126);
	}
	fexecve(s->exe, (char **)argv, env);
	dprintf(2, "cannot run it: %s\n", strerror(errno));
	_exit(127);
}

/* ---- the parent -------------------------------------------------------------------------- */

struct stream {
	int fd;
	char **bytes;
	size_t *len, room;
	size_t most;
	bool over;
};

/* False: it has ended, or is too long. What is too long on standard error is forgotten. */
static bool take(struct stream *s)
{
	char part[1 << 16], *grown;
	ssize_t got = read(s->fd, part, sizeof(part));

	if (got < 0 && (errno == EINTR || errno == EAGAIN))
		return true;
	if (got <= 0)
		return false;
	if (*s->len + got > s->most) {
		s->over = true;
		return s->most <= ERR_BYTES;
	}
	if (*s->len + got >= s->room) {
		s->room = 2 * (*s->len + got);
		grown = realloc(*s->bytes, s->room);
		s->over = !grown;
		if (!grown)
			return false;
		*s->bytes = grown;
	}
	memcpy(*s->bytes + *s->len, part, got);
	*s->len += got;
	(*s->bytes)[*s->len] = '\0';
	return true;
}

/* CPU time that a process has used so far, in ticks (proc(5)). */
static unsigned long computed(pid_t pid)
{
	char path[64], line[1024], *behind;
	unsigned long user = 0, kernel = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	f = fopen(path, "re");
	behind = f && fgets(line, sizeof(line), f) ? strrchr(line, ')') : NULL;
	if (behind)
		sscanf(behind + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &kernel);
	if (f)
		fclose(f);
	return user + kernel;
}

/* True: both have ended in time. nginx with 20,000 certificates computes for 40 s before it says a word;
 * what waits for something else does not. */
static bool listen_to(struct stream s[2], pid_t pid)
{
	uint64_t begin = monotonic_ns(), moved = begin, now;
	unsigned long had = 0, has;
	int i;

	while (s[0].fd >= 0 || s[1].fd >= 0) {
		struct pollfd p[2] = {{s[0].fd, POLLIN, 0}, {s[1].fd, POLLIN, 0}};
		int got = poll(p, 2, 500);

		if (got < 0)
			return false;
		now = monotonic_ns();
		has = got ? had : computed(pid);
		if (got || has > had)
			moved = now;
		had = has;
		if (now - moved > RUN_SECONDS * SECOND_NS || now - begin > RUN_LONGEST * SECOND_NS)
			return false;
		for (i = 0; i < 2; i++)
			if (p[i].revents && !take(&s[i]))
				close_fd(&s[i].fd);
		if (s[0].over)
			return false;
	}
	return true;
}

/* Its descendants have the pipes: those that stay are in its session's group. */
static int wait_for(pid_t pid, bool ended)
{
	uint64_t end = monotonic_ns() + (ended ? RUN_SECONDS : 0) * SECOND_NS;
	int status = 0;

	while (!waitpid(pid, &status, WNOHANG)) {
		if (monotonic_ns() >= end) {
			kill(-pid, SIGKILL);
			waitpid(pid, &status, 0);
			return status;
		}
		usleep(2000);
	}
	kill(-pid, SIGKILL);
	return status;
}

/* The last line of what it complained of. */
static void complain(struct run *r, int status)
{
	char *line = r->err ? strrchr(r->err, '\n') : NULL;
	int i;

	if (line && !line[1]) {
		*line = '\0';
		line = strrchr(r->err, '\n');
	}
	line = line ? line + 1 : r->err ? r->err : "";
	if (WIFSIGNALED(status))
		snprintf(r->why, sizeof(r->why), "it was ended by signal %d", WTERMSIG(status));
	else
		snprintf(r->why, sizeof(r->why), "exit status %d%s%.200s", WEXITSTATUS(status),
			 *line ? ": " : "", line);
	for (i = 0; r->why[i]; i++)
		if (r->why[i] < ' ' || r->why[i] == 0x7f)
			r->why[i] = '?';
}

static int run(struct self *s, const char *name, const char *const *args, struct run *r)
{
	int out[2], err[2], status;
	size_t err_len = 0;
	bool ended;
	pid_t pid;

	if (pipe2(out, O_CLOEXEC))
		return -errno;
	if (pipe2(err, O_CLOEXEC)) {
		close(out[0]);
		close(out[1]);
		return -errno;
	}
	fflush(NULL);
	pid = fork();
	if (!pid)
		child(s, name, args, out[1], err[1]);
	close(out[1]);
	close(err[1]);
	struct stream streams[2] = {{out[0], &r->out, &r->len, 0, RUN_BYTES, false},
				    {err[0], &r->err, &err_len, 0, ERR_BYTES, false}};
	ended = pid > 0 && listen_to(streams, pid);
	close_fd(&streams[0].fd);
	close_fd(&streams[1].fd);
	if (pid < 0)
		return -errno;
	status = wait_for(pid, ended);
	if (streams[0].over)
		snprintf(r->why, sizeof(r->why), "it prints more than %d MB", RUN_BYTES >> 20);
	else if (!ended)
		snprintf(r->why, sizeof(r->why),
			 "it came to no end, and did nothing for %d s or ran for %d s", RUN_SECONDS,
			 RUN_LONGEST);
	else if (status)
		complain(r, status);
	else
		return 0;
	return -EIO;
}

int run_as(const struct process *p, const char *path, const char *const *args, struct run *r)
{
	struct self s __attribute__((cleanup(self_free))) = {
		.exe = -1,
		.cwd = -1,
		.net = -1,
		.mnt = -1,
		.in = open("/dev/null", O_RDONLY | O_CLOEXEC),
		.memory = r->memory,
	};
	cleanup_fd int in = s.in;
	int err = self_read(&s, p, path);

	if (!err)
		err = run(&s, path ? path : p->name, args, r);
	if (err && !*r->why)
		snprintf(r->why, sizeof(r->why), "cannot run %s: %s", path ? path : p->name, strerror(-err));
	(void)in;
	return err;
}

int run_as_nobody(const char *path, const char *const *args, int fd, struct run *r)
{
	struct self s __attribute__((cleanup(self_free))) = {
		.exe = open_program(path), .cwd = -1, .net = -1, .mnt = -1, .in = fd};
	int err = s.exe < 0 ? s.exe : 0;

	s.uid = geteuid() ? geteuid() : NOBODY;
	s.gid = geteuid() ? getegid() : NOBODY;
	if (!err)
		err = run(&s, path, args, r);
	if (err && !*r->why)
		snprintf(r->why, sizeof(r->why), "cannot run %s: %s", path, strerror(-err));
	return err;
}

void run_free(struct run *r)
{
	free(r->out);
	free(r->err);
	memset(r, 0, sizeof(*r));
}
