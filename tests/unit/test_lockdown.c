// SPDX-License-Identifier: GPL-2.0-or-later
#include <criterion/criterion.h>

#include "host/lockdown.h"
#include "tests/shared/scratch.h"

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
		char path[SCRATCH_PATH];
		int fd = scratch_file(path, rows[i].text);

		cr_expect(lockdown_is_confidential(path) == rows[i].confidential, "%s", rows[i].text);
		close(fd);
	}
	cr_expect(!lockdown_is_confidential("/there/is/no/such/file"));
}
