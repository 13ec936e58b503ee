// SPDX-License-Identifier: GPL-2.0-or-later
/* A file is replaced whole, keeps what is its operator's, and a failure leaves nothing behind. */
#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <sys/xattr.h>

#include "lib/replace.h"
#include "tests/shared/scratch.h"

TestSuite(replace, .init = scratch_enter, .fini = scratch_leave);

#define LARGE (128 * 1024)

static char large[LARGE];

static void put(const char *path, const char *text, mode_t mode)
{
	FILE *f = fopen(path, "w");

	cr_assert(f && fputs(text, f) >= 0 && !fclose(f) && !chmod(path, mode), "%s", path);
}

static void expect_text(const char *what, const char *path, const char *wanted)
{
	char got[64] = "";
	FILE *f = fopen(path, "r");

	if (f) {
		cr_expect(fread(got, 1, sizeof(got) - 1, f) < sizeof(got) - 1, "%s", what);
		fclose(f);
	}
	cr_expect(!f == !wanted, "%s: %s", what, path);
	cr_expect_str_eq(got, wanted ? wanted : "", "%s: %s says \"%s\"", what, path, got);
}

static mode_t mode_of(const char *path)
{
	struct stat st;

	return lstat(path, &st) ? 0 : st.st_mode;
}

/* ---- what comes of it -------------------------------------------------------------------- */

static void nothing(void)
{
}

static void one(void)
{
	put("file", "old", 0600);
}

static void one_of_all(void)
{
	put("file", "old", 0664);
}

static void read_only(void)
{
	put("file", "old", 0400);
}

static void hard_link(void)
{
	one();
	cr_assert(!link("file", "other"));
}

static void symbolic(void)
{
	put("other", "old", 0640);
	cr_assert(!mkdir("in", 0755) && !symlink("in/two", "file") && !symlink("../other", "in/two"));
}

static void dangling(void)
{
	cr_assert(!mkdir("in", 0755) && !symlink("in/none", "file"));
}

static void circle(void)
{
	cr_assert(!symlink("file", "other") && !symlink("other", "file"));
}

static void folder(void)
{
	cr_assert(!mkdir("file", 0755));
}

static void fifo(void)
{
	cr_assert(!mkfifo("file", 0600));
}

static void left(void)
{
	one();
	put(REPLACE_UNFINISHED, "what a run that was killed has left", 0666);
}

static void left_link(void)
{
	one();
	put("other", "somebody's", 0600);
	cr_assert(!symlink("other", REPLACE_UNFINISHED));
}

/* As a disk that is full in the midst of a write, for those who may not mount one. */
static void no_room(void)
{
	static const struct rlimit few = {4096, 4096};

	one();
	signal(SIGXFSZ, SIG_IGN);
	cr_assert(!setrlimit(RLIMIT_FSIZE, &few));
}

Test(replace, outcomes)
{
	static const struct {
		const char *what;
		void (*before)(void);
		int err;
		mode_t mode;	   /* of what `file` leads to */
		const char *other; /* what the file `other` says then, NULL: there is none */
		size_t len;	   /* 0: "new" */
	} rows[] = {
		{"none", nothing, 0, 0640, NULL, 0},
		{"one", one, 0, 0600, NULL, 0},
		{"one for all", one_of_all, 0, 0664, NULL, 0},
		{"none may write to it", read_only, 0, 0400, NULL, 0},
		{"a hard link", hard_link, 0, 0600, "old", 0},
		{"a symbolic link", symbolic, 0, 0640, "new", 0},
		{"one to nothing", dangling, 0, 0640, NULL, 0},
		{"a circle of links", circle, -ELOOP, 0, NULL, 0},
		{"a folder", folder, -EINVAL, 0750, NULL, 0},
		{"a FIFO", fifo, -EINVAL, 0600, NULL, 0},
		{"what a kill left", left, 0, 0600, NULL, 0},
		{"a link in its way", left_link, -ELOOP, 0600, "somebody's", 0},
		{"no room", no_room, -EFBIG, 0600, NULL, LARGE},
	};

	umask(027);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *what = rows[i].what;
		struct stat st = {0};
		bool was_link;
		int got;

		cr_assert(!mkdir(what, 0755) && !chdir(what));
		rows[i].before();
		was_link = S_ISLNK(mode_of("file"));
		got = replace_file(AT_FDCWD, "file", rows[i].len ? large : "new", rows[i].len ?: 3);
		cr_expect(got == rows[i].err, "%s: %s", what, strerror(-got));
		cr_expect(!stat("file", &st) == !!rows[i].mode, "%s: is it there?", what);
		cr_expect((st.st_mode & 07777) == rows[i].mode, "%s: %o", what, st.st_mode);
		if (S_ISREG(st.st_mode))
			expect_text(what, "file", rows[i].err ? "old" : "new");
		cr_expect(S_ISLNK(mode_of("file")) == was_link, "%s: a link stays one", what);
		expect_text(what, "other", rows[i].other);
		cr_expect(rows[i].before == left_link || !mode_of(REPLACE_UNFINISHED),
			  "%s: something is left", what);
		cr_assert(!chdir(".."));
	}
}

Test(replace, paths)
{
	static const struct {
		const char *path; /* below the folder `in` */
		int err;
	} rows[] = {
		{"file", 0},	       {"./file", 0},	       {"../in/file", 0},    {"sub/file", 0},
		{"sub/../../file", 0}, {"none/file", -ENOENT}, {"file/x", -ENOTDIR}, {"sub", -EINVAL},
		{"sub/", -EINVAL},     {"sub/.", -EINVAL},     {"sub/..", -EINVAL},  {"none/", -EINVAL},
		{"", -EINVAL},
	};
	char whole[sizeof(scratch) + 8], name[NAME_MAX + 2] = "";
	int dir;

	cr_assert(!mkdir("in", 0755) && !mkdir("in/sub", 0755));
	dir = open("in", O_RDONLY | O_DIRECTORY);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int got = replace_file(dir, rows[i].path, rows[i].path, strlen(rows[i].path));

		cr_expect(got == rows[i].err, "\"%s\": %s", rows[i].path, strerror(-got));
	}
	expect_text("the last one", "in/file", "../in/file");
	expect_text("in a folder below", "in/sub/file", "sub/file");
	expect_text("in the one above", "file", "sub/../../file");
	snprintf(whole, sizeof(whole), "%s/file", scratch);
	cr_expect(!replace_file(dir, whole, "whole", 5));
	expect_text("a whole path", "file", "whole");
	memset(name, 'n', NAME_MAX + 1);
	cr_expect(replace_file(dir, name, "", 0) == -ENAMETOOLONG);
	name[NAME_MAX] = '\0';
	cr_expect(!replace_file(dir, name, "", 0), "as long as can be");
	close(dir);
}

/* What the old one was counts for nothing. */
Test(replace, runtime_files_are_their_writer_s)
{
	struct stat st;

	umask(077);
	cr_expect(!replace_runtime_file(AT_FDCWD, "file", "one", 3, 0644));
	expect_text("new", "file", "one");
	cr_expect((mode_of("file") & 07777) == 0644);
	cr_assert(!chmod("file", 0666) && (geteuid() || !chown("file", 65534, 65534)));
	cr_expect(!replace_runtime_file(AT_FDCWD, "file", "two", 3, 0600));
	expect_text("old", "file", "two");
	cr_expect((mode_of("file") & 07777) == 0600);
	cr_expect(!stat("file", &st) && st.st_uid == geteuid());
}

/* user::rw-, user:USER:r--, group::---, mask::r--, other::--- */
static const unsigned char acl[] = {
	2, 0, 0,   0,	1,   0,	  6,  0, 255, 255, 255, 255, 2,	  0,   4,  0, 0xfe, 0xff, 0,   0,   4,	 0,
	0, 0, 255, 255, 255, 255, 16, 0, 4,   0,   255, 255, 255, 255, 32, 0, 0,    0,	  255, 255, 255, 255,
};
#define ACL "system.posix_acl_access"

Test(replace, access_lists_are_kept)
{
	unsigned char got[sizeof(acl) + 1];

	one();
	if (setxattr("file", ACL, acl, sizeof(acl), 0))
		cr_skip_test("no POSIX ACLs here");
	cr_expect((mode_of("file") & 07777) == 0640, "its mask");
	cr_expect(!replace_file(AT_FDCWD, "file", "new", 3));
	cr_expect(getxattr("file", ACL, got, sizeof(got)) == sizeof(acl) && !memcmp(got, acl, sizeof(acl)));
	cr_expect((mode_of("file") & 07777) == 0640);
	/* A folder's default one is for files that are new. */
	cr_assert(!removexattr("file", ACL) && !chmod("file", 0640));
	cr_assert(!setxattr(".", "system.posix_acl_default", acl, sizeof(acl), 0));
	cr_expect(!replace_file(AT_FDCWD, "file", "new", 3));
	cr_expect(getxattr("file", ACL, got, sizeof(got)) < 0 && errno == ENODATA);
	cr_expect((mode_of("file") & 07777) == 0640);
}

/* ---- as root ----------------------------------------------------------------------------- */

Test(replace, owners_are_kept)
{
	struct stat st;

	if (geteuid())
		cr_skip_test("needs root");
	one();
	cr_assert(!chown("file", 65534, 65533));
	cr_expect(!replace_file(AT_FDCWD, "file", "new", 3));
	cr_expect(!stat("file", &st) && st.st_uid == 65534 && st.st_gid == 65533);
	/* Who may not give it away leaves it. */
	cr_assert(!chmod(".", 0777) && !seteuid(65532));
	cr_expect(replace_file(AT_FDCWD, "file", "not", 3) == -EPERM);
	cr_assert(!seteuid(0));
	expect_text("not by others", "file", "new");
	cr_expect(!mode_of(REPLACE_UNFINISHED));
}

/* A disk of their own, which goes with this process. */
static bool mount_here(const char *options)
{
	return !unshare(CLONE_NEWNS) && !mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) &&
	       !mount("tmpfs", scratch, "tmpfs", 0, options) && !chdir(scratch);
}

Test(replace, a_full_disk)
{
	if (!mount_here("size=64k,mode=755"))
		cr_skip_test("needs root");
	one();
	cr_expect(replace_file(AT_FDCWD, "file", large, LARGE) == -ENOSPC);
	expect_text("the old one", "file", "old");
	cr_expect(!mode_of(REPLACE_UNFINISHED));
	cr_expect(!replace_file(AT_FDCWD, "file", "new", 3), "there is room again");
	cr_assert(!chdir("/") && !umount2(scratch, MNT_DETACH));
}

Test(replace, a_disk_that_is_read_only)
{
	if (!mount_here("size=64k,mode=755"))
		cr_skip_test("needs root");
	one();
	cr_assert(!mount(NULL, scratch, NULL, MS_REMOUNT | MS_RDONLY, NULL));
	cr_expect(replace_file(AT_FDCWD, "file", "new", 3) == -EROFS);
	expect_text("the old one", "file", "old");
	cr_assert(!chdir("/") && !umount2(scratch, MNT_DETACH));
}

/* ---- several at once --------------------------------------------------------------------- */

/* Each writes a letter, very often, until it is ended. */
static pid_t writer(char letter)
{
	pid_t pid = fork();

	cr_assert(pid >= 0);
	if (pid)
		return pid;
	memset(large, letter, LARGE);
	while (!replace_runtime_file(AT_FDCWD, "file", large, LARGE, 0644))
		;
	_exit(1);
}

static void expect_whole(void)
{
	static char got[LARGE + 1];
	FILE *f = fopen("file", "r");
	size_t len, i;

	cr_assert(f, "it is always there");
	len = fread(got, 1, sizeof(got), f);
	cr_expect(len == LARGE, "%zu bytes", len);
	for (i = 1; i < len && got[i] == got[0];)
		i++;
	cr_expect(i == len, "two texts in one");
	fclose(f);
}

Test(replace, by_many_and_killed)
{
	cr_assert(!replace_runtime_file(AT_FDCWD, "file", large, LARGE, 0644));
	for (int turn = 0; turn < 20; turn++) {
		pid_t pids[3];

		for (int i = 0; i < 3; i++)
			pids[i] = writer((char)('a' + i));
		for (int i = 0; i < 20; i++)
			expect_whole();
		for (int i = 0; i < 3; i++) {
			int status;

			cr_assert(!kill(pids[i], SIGKILL) && waitpid(pids[i], &status, 0) == pids[i]);
			cr_expect(WIFSIGNALED(status), "a writer failed");
			expect_whole();
		}
	}
	cr_expect(!replace_runtime_file(AT_FDCWD, "file", "end", 3, 0644));
	expect_text("the last", "file", "end");
	cr_expect(!mode_of(REPLACE_UNFINISHED), "what the killed ones left is gone");
}

/* As another run that is at work. */
Test(replace, is_not_taken_from_who_writes)
{
	int fd;

	one();
	put(REPLACE_UNFINISHED, "other", 0600);
	fd = open(REPLACE_UNFINISHED, O_RDWR);
	cr_assert(fd >= 0 && !flock(fd, LOCK_EX));
	cr_expect(replace_file(AT_FDCWD, "file", "new", 3) == -EBUSY);
	expect_text("it waits in vain", "file", "old");
	expect_text("and leaves it alone", REPLACE_UNFINISHED, "other");
	cr_expect(!close(fd) && !replace_file(AT_FDCWD, "file", "new", 3));
	expect_text("until nobody is at it", "file", "new");
}
