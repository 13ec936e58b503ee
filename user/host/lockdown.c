// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/lockdown.h"

#include <stdio.h>
#include <string.h>

bool lockdown_is_confidential(const char *path)
{
	/* "none integrity [confidentiality]": the one in brackets is in force. */
	char modes[128] = "";
	FILE *f = fopen(path, "r");

	if (!f)
		return false;
	if (!fgets(modes, sizeof(modes), f))
		modes[0] = 0;
	fclose(f);
	return strstr(modes, "[confidentiality]");
}
