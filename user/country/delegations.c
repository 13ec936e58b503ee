// SPDX-License-Identifier: GPL-2.0-or-later
/* Delegation files of the registries, as they come or compressed. */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "country/country.h"
#include "lib/delegation.h"
#include "lib/say.h"

#define LINE_MAX_BYTES 1024

static void close_file(gzFile *f)
{
	if (*f)
		gzclose_r(*f);
}

static int take(struct wanted *w, const char *path, size_t number, const char *line)
{
	struct delegation d;
	struct country *c;
	const char *why;
	int got = delegation_read(line, strlen(line), &d, &why);

	if (got < 0)
		return fail(got,
			    "%s:%zu: no line of a delegation file; %s. It reads MaxMind DBs and the "
			    "delegated-...-latest and -extended-latest files of the registries",
			    path, number, why);
	if (got != DELEGATION_GIVEN)
		return 0;
	c = wanted_country(w, d.country, 2);
	return c && wanted_add(w, c, d.first, d.last) ? fail(-ENOMEM, "%s", strerror(ENOMEM)) : 0;
}

/* The end of the file, or what was in the way of it. */
static int at_end(gzFile f, const char *path, size_t lines)
{
	int err = Z_OK;
	const char *why = gzerror(f, &err);

	if (err == Z_ERRNO)
		return fail(-EIO, "%s: %s", path, strerror(errno));
	if (err != Z_OK && err != Z_STREAM_END)
		return fail(-EBADMSG, "%s: it is damaged (%s); expected a whole file of gzip", path, why);
	return lines ? 0 : fail(-EINVAL, "%s is empty; expected a delegation file or a MaxMind DB", path);
}

int delegations_read(struct wanted *w, const char *path)
{
	bool standard = !strcmp(path, "-");
	gzFile f __attribute__((cleanup(close_file))) =
		standard ? gzdopen(dup(STDIN_FILENO), "rb") : gzopen(path, "rb");
	char line[LINE_MAX_BYTES];
	size_t number = 0;
	int err = 0;

	if (!f)
		return fail(-errno, "%s: %s", path, strerror(errno));
	while (!err && gzgets(f, line, sizeof(line))) {
		number++;
		/* A line without an end is the last, or too long; one with a NUL seems to be. */
		if (!strchr(line, '\n') && (!gzeof(f) || strlen(line) == sizeof(line) - 1))
			return fail(-EINVAL,
				    "%s:%zu: no text, or a line of more than %d bytes; expected a "
				    "delegation file or a MaxMind DB",
				    path, number, LINE_MAX_BYTES - 2);
		err = take(w, path, number, line);
	}
	return err ? err : at_end(f, path, number);
}
