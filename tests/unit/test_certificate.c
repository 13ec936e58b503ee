// SPDX-License-Identifier: GPL-2.0-or-later
/* Names of very many certificates: openssl(1) is run for hundreds at once, and one that is none of them takes
 * nothing from the others. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "servers/process.h"
#include "servers/reader.h"
#include "tests/shared/scratch.h"

static void make_one(const char *file, const char *names)
{
	char command[1024];

	snprintf(command, sizeof(command),
		 "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -keyout "
		 "key -out cert -subj '/CN=x' -addext 'subjectAltName=%s' "
		 "-addext 'nsComment=17: Certificate' 2>/dev/null && cat key cert >%s",
		 names, file);
	cr_assert_eq(system(command), 0, "%s", command);
}

static void put_file(const char *file, const char *text)
{
	FILE *f = fopen(file, "w");

	cr_assert_not_null(f);
	fputs(text, f);
	fclose(f);
}

/* "a.example c.example "; the names of all files, whose certificates are what they are called. */
static void check(const char *files, const char *wanted, size_t notes)
{
	const struct process p = {.pid = getpid(), .name = "test"};
	const struct found_at from = {.server = "test"};
	struct model m = {0};
	char *copy = strdup(files), *rest = copy, *file, path[256], got[4096] = "";
	size_t i, len = 0;

	while ((file = strsep(&rest, " "))) {
		snprintf(path, sizeof(path), "%s/%s", scratch, file);
		read_certificate(&m, &p, path, &from);
		read_certificate(&m, &p, path, &from);
	}
	read_certificates(&m);
	for (i = 0; i < m.name_count; i++) {
		const char *name = strrchr(m.names[i].origin.file, '/') + 1;

		len += snprintf(got + len, sizeof(got) - len, "%s:%s%s ", name,
				m.names[i].name.kind == NAME_BELOW ? "*." : "", m.names[i].name.text);
	}
	cr_expect_str_eq(got, wanted, "%s: got \"%s\", wanted \"%s\"", files, got, wanted);
	cr_expect_eq(m.note_count, notes, "%s: %zu notes, wanted %zu: %s", files, m.note_count, notes,
		     m.note_count ? m.notes[0].text : "");
	free(copy);
	model_free(&m);
}

Test(certificate, many_at_once, .init = scratch_enter, .fini = scratch_leave)
{
	cr_assert(!chmod(scratch, 0755));
	make_one("a", "DNS:a.example,DNS:*.a.example");
	make_one("b", "DNS:b.example,IP:192.0.2.1");
	make_one("c", "DNS:c.example");
	put_file("broken", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n");
	put_file("endless", "-----BEGIN CERTIFICATE-----\nMIIB\n");
	put_file("empty", "");
	check("a b c", "a:a.example a:*.a.example b:b.example b:192.0.2.1 c:c.example ", 0);
	check("a broken b c", "a:a.example a:*.a.example b:b.example b:192.0.2.1 c:c.example ", 1);
	check("broken endless missing empty c a", "c:c.example a:a.example a:*.a.example ", 4);
	check("c", "c:c.example ", 0);
	check("broken", "", 1);
}
