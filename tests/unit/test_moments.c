// SPDX-License-Identifier: GPL-2.0-or-later
/* Figures of moments: which stay, and what a kill leaves. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/moments.h"
#include "lib/replace.h"
#include "tests/shared/scratch.h"

#define SECOND 1000000000ULL

TestSuite(moments, .init = scratch_enter, .fini = scratch_leave);

Test(moments, are_kept_in_order)
{
	static const uint64_t times[] = {30, 10, 20};
	struct moments m;
	void *buf;
	size_t len;

	cr_assert(!moments_open(&m, "m"));
	for (size_t i = 0; i < 3; i++)
		cr_assert(!moments_add(&m, times[i], &times[i], sizeof(times[i])));
	moments_close(&m);
	close(open("m/" REPLACE_UNFINISHED, O_CREAT | O_WRONLY, 0600));
	close(open("m/7", O_CREAT | O_WRONLY, 0600));
	cr_assert(!moments_open(&m, "m") && m.count == 3);
	for (size_t i = 0; i < 3; i++) {
		cr_assert(!moments_read(&m, i, &buf, &len) && len == sizeof(uint64_t));
		cr_expect(m.list[i].at == 10 * (i + 1) && *(uint64_t *)buf == m.list[i].at);
		free(buf);
	}
	moments_drop(&m, 1);
	cr_expect(m.count == 2 && m.list[1].at == 30);
	moments_close(&m);
}

/* With what a killed run has left; not with what is nobody's of ours. */
Test(moments, are_removed_with_their_folder)
{
	struct moments m;

	cr_assert(!moments_open(&m, "m") && !moments_add(&m, 7, "seven", 5));
	moments_close(&m);
	close(open("m/" REPLACE_UNFINISHED, O_CREAT | O_WRONLY, 0600));
	close(open("m/strange", O_CREAT | O_WRONLY, 0600));
	moments_remove("m");
	cr_expect(!access("m/strange", F_OK) && !unlink("m/strange"));
	moments_remove("m");
	cr_expect(access("m", F_OK) && errno == ENOENT);
	moments_remove("m");
}

/* By the second for a day: the last minutes are there, and some of each time before. */
Test(moments, of_long_ago_become_rare)
{
	struct moments m;
	uint64_t t, base = 1000 * SECOND;

	cr_assert(!moments_open(&m, "m"));
	for (t = 1; t <= 20000; t++)
		cr_assert(!moments_add(&m, base + t * SECOND, &t, sizeof(t)));
	cr_expect(m.count == MOMENTS_MAX);
	cr_expect(m.list[m.count - 1].at == base + 20000 * SECOND);
	for (size_t i = m.count - 10; i < m.count; i++)
		cr_expect(m.list[i].at - m.list[i - 1].at <= 3 * SECOND, "the last ten are near");
	for (size_t i = 1; i < m.count; i++) {
		uint64_t ago = base + 20000 * SECOND - m.list[i].at;

		cr_expect(m.list[i].at - m.list[i - 1].at <= 2 * SECOND + ago / 4, "a gap at %llu s ago",
			  (unsigned long long)(ago / SECOND));
	}
	moments_close(&m);
}

Test(moments, are_bounded_in_size)
{
	static char large[MOMENTS_BYTES / 4];
	struct moments m;

	cr_assert(!moments_open(&m, "m"));
	for (uint64_t t = 1; t <= 10; t++)
		cr_assert(!moments_add(&m, t, large, sizeof(large)));
	cr_expect(m.count == 4 && m.list[3].at == 10);
	moments_close(&m);
}
