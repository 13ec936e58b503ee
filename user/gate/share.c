// SPDX-License-Identifier: GPL-2.0-or-later
/* A group that may read what `status` and `show` want. */
#include "gate/gate.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/say.h"

/* Not getgrnam(3), which a static binary cannot call. */
static int find_group(const char *name, gid_t *group)
{
	unsigned long number;
	struct group *found;
	FILE *f;
	char *end;

	number = strtoul(name, &end, 10);
	*group = number;
	if (*name >= '0' && *name <= '9' && !*end && number < UINT32_MAX)
		return 0;
	f = fopen("/etc/group", "re");
	if (!f)
		return fail(-errno, "/etc/group: %s; give the group's number", strerror(errno));
	while ((found = fgetgrent(f)) && strcmp(found->gr_name, name))
		;
	if (found)
		*group = found->gr_gid;
	fclose(f);
	return found ? 0 : fail(-ENOENT, "group \"%.40s\" is not in /etc/group; give its number", name);
}

/* Said, not done: other programs' pins lie there too. */
static void say_closed(const char *name, gid_t group)
{
	struct stat s;

	if (stat(BPFFS, &s) || s.st_mode & S_IXOTH || (s.st_gid == group && s.st_mode & S_IXGRP))
		return;
	say("group %s does not get through %s (mode %04o); `chgrp %s %s && chmod g+x %s`", name, BPFFS,
	    s.st_mode & 07777, name, BPFFS, BPFFS);
}

int gate_share(struct gate *g, const char *name)
{
	struct stat s;
	gid_t group;
	int err = find_group(name, &group);

	if (err)
		return err;
	g->shared = group != 0;
	err = pin_share(g, g->dir, group);
	/* Others' instances are not listed, and have their own modes. */
	if (!err && g->shared && chmod(GATE_ROOT, 0711))
		err = -errno;
	if (!err && g->shared && !stat(g->dir, &s) && !(s.st_mode & S_ISGID))
		err = -EPERM;
	if (err)
		return fail(err,
			    "%s cannot be shared with group %s: %s; run as root, or as a member of the group",
			    g->dir, name, strerror(-err));
	if (g->shared)
		say_closed(name, group);
	return 0;
}
