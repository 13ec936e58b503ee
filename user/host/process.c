// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/process.h"

#include <errno.h>
#include <stdio.h>

int process_status(unsigned int pid, unsigned int *parent, uid_t *uid)
{
	char path[64], line[256];
	int found = 0;
	FILE *f;

	*parent = 0;
	snprintf(path, sizeof(path), "/proc/%u/status", pid);
	f = fopen(path, "re");
	if (!f)
		return -errno;
	while (found < 2 && fgets(line, sizeof(line), f))
		found += sscanf(line, "PPid: %u", parent) == 1 || sscanf(line, "Uid: %u", uid) == 1;
	fclose(f);
	return found == 2 ? 0 : -ENOENT;
}
