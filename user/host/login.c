// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/login.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/process.h"

static uid_t number(const char *text)
{
	unsigned long n;
	char *end;

	if (!text || *text < '0' || *text > '9')
		return LOGIN_UNKNOWN;
	n = strtoul(text, &end, 10);
	return (*end && *end != '\n') || n >= LOGIN_UNKNOWN ? LOGIN_UNKNOWN : n;
}

static uid_t of_audit(void)
{
	uid_t uid = LOGIN_UNKNOWN;
	char line[32];
	FILE *f = fopen("/proc/self/loginuid", "re");

	if (f && fgets(line, sizeof(line), f))
		uid = number(line);
	if (f)
		fclose(f);
	return uid;
}

/* A process of somebody's who is not root began all this. */
static uid_t of_parents(void)
{
	unsigned int pid = getppid(), steps;
	uid_t uid = 0;

	for (steps = 0; pid > 1 && steps < 64; steps++) {
		unsigned int parent;

		if (process_status(pid, &parent, &uid) || uid)
			break;
		pid = parent;
	}
	return uid ? uid : LOGIN_UNKNOWN;
}

uid_t login_uid(void)
{
	uid_t uid = of_audit();

	if (uid == LOGIN_UNKNOWN && !geteuid())
		uid = number(getenv("SUDO_UID"));
	if (uid == LOGIN_UNKNOWN && !getuid())
		uid = of_parents();
	return uid;
}

/* Not getpwuid(3), which a static binary cannot call. */
void login_name(uid_t uid, char *out, size_t size)
{
	FILE *f = fopen("/etc/passwd", "re");
	struct passwd *found = NULL;

	while (f && (found = fgetpwent(f)) && found->pw_uid != uid)
		;
	snprintf(out, size, "%s", found ? found->pw_name : "");
	if (f)
		fclose(f);
}
