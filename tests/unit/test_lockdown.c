// SPDX-License-Identifier: GPL-2.0-or-later
#include <criterion/criterion.h>
#include <stdio.h>
#include <unistd.h>

#include "host/lockdown.h"

Test(lockdown, modes)
{
	static const struct {
		const char *text;
		bool confidential;
	} rows[] = {
		{"none integrity [confidentiality]\n", true},
		{"none [integrity] confidentiality\n", false},
		{"[none] integrity confidentiality\n", false},
		{"", false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char path[] = "/tmp/straygate-lockdown-XXXXXX";
		int fd = mkstemp(path);

		cr_assert(fd >= 0 && dprintf(fd, "%s", rows[i].text) >= 0);
		close(fd);
		cr_expect(lockdown_is_confidential(path) == rows[i].confidential, "%s", rows[i].text);
		unlink(path);
	}
	cr_expect(!lockdown_is_confidential("/there/is/no/such/file"));
}
