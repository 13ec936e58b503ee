// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Names of certificates, by openssl(1), which runs as nobody and gets the file as its
 * standard input. A library would be a dependency of all that straygate does, for one
 * question that is asked a few times a day, and its reader of hostile files would run as root.
 */
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/fd.h"
#include "servers/files.h"
#include "servers/reader.h"
#include "servers/run.h"

static const char *const programs[] = {"/usr/bin/openssl", "/usr/local/bin/openssl"};

/* "DNS:a.example, DNS:*.b.example, IP Address:192.0.2.1" */
static void read_names(struct model *m, char *text, const struct found_at *where)
{
	static const char dns[] = "DNS:", ip[] = "IP Address:";
	char *item, *rest = text;

	while ((item = strsep(&rest, ",\n"))) {
		while (isspace((unsigned char)*item))
			item++;
		if (!strncmp(item, dns, sizeof(dns) - 1))
			item += sizeof(dns) - 1;
		else if (!strncmp(item, ip, sizeof(ip) - 1) && !strchr(item + sizeof(ip), ':'))
			item += sizeof(ip) - 1;
		else
			continue;
		model_name(m, item, strlen(item), NAMED_CERTIFICATE, where);
	}
}

void read_certificate(struct model *m, const struct process *p, const char *path, const struct found_at *from)
{
	model_certificate(m, p, path, from);
}

/* ---- one --------------------------------------------------------------------------------------- */

static int run_openssl(const char *const *args, int fd, struct run *r)
{
	int err = -ENOENT;
	size_t i;

	for (i = 0; i < 2 && err == -ENOENT; i++)
		err = run_as_nobody(programs[i], args, fd, r);
	return err;
}

static void read_one(struct model *m, const struct certificate *c)
{
	static const char *const args[] = {"x509", "-noout", "-ext", "subjectAltName", NULL};
	const struct found_at where = {.server = c->from.server, .file = c->path};
	cleanup_fd int fd = server_open(c->process, c->path);
	cleanup_run struct run r = {0};

	m->in = c->from.in;
	if (fd < 0)
		model_note(m, true, &c->from, "the certificate %s cannot be read: %s", c->path,
			   strerror(-fd));
	else if (run_openssl(args, fd, &r))
		model_note(m, true, &c->from, "the names of the certificate %s are not known: %s", c->path,
			   r.why);
	else if (r.out)
		read_names(m, r.out, &where);
	m->in = NULL;
}

/* ---- many -------------------------------------------------------------------------------------- */

#define BATCH	  512
#define FILE_MOST (1 << 18)
#define ALL_NS	  (120 * SECOND_NS)

/* Appends the first certificate of the file; the key that may stand there with it stays here. */
static bool append(int to, const struct certificate *c)
{
	static const char begin[] = "-----BEGIN CERTIFICATE-----", end[] = "-----END CERTIFICATE-----";
	static char text[FILE_MOST + 1];
	cleanup_fd int fd = server_open(c->process, c->path);
	size_t len = 0, size;
	char *from, *behind;
	ssize_t got;

	if (fd < 0)
		return false;
	while (len < FILE_MOST && (got = read(fd, text + len, FILE_MOST - len)) > 0)
		len += got;
	text[len] = '\0';
	from = strstr(text, begin);
	behind = from ? strstr(from, end) : NULL;
	if (!behind)
		return false;
	size = behind + sizeof(end) - 1 - from;
	return write(to, from, size) == (ssize_t)size && write(to, "\n", 1) == 1;
}

/* "17: Certificate" */
static bool is_head(const char *line)
{
	size_t digits = strspn(line, "0123456789");

	return digits && !strcmp(line + digits, ": Certificate");
}

/* As many as there were, or it is not known which is which. */
static bool take(struct model *m, struct certificate *const *c, size_t count, char *out)
{
	size_t heads = 0, at = 0;
	bool names = false;
	char *line, *rest;

	for (line = out; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
		size_t digits = strspn(line, "0123456789");

		heads += digits && !strncmp(line + digits, ": Certificate\n", 14);
	}
	if (heads != count)
		return false;
	for (rest = out; (line = strsep(&rest, "\n"));) {
		at += is_head(line);
		if (names && at) {
			const struct found_at where = {.server = c[at - 1]->from.server,
						       .file = c[at - 1]->path};

			m->in = c[at - 1]->from.in;
			read_names(m, line, &where);
		}
		names = strstr(line, "X509v3 Subject Alternative Name:") != NULL;
	}
	m->in = NULL;
	return true;
}

static bool read_batch(struct model *m, struct certificate *const *c, size_t count)
{
	static const char *const args[] = {"storeutl", "-noout", "-text", "-certs", "/dev/stdin", NULL};
	cleanup_fd int fd = memfd_create("certificates", MFD_CLOEXEC);
	cleanup_run struct run r = {0};
	size_t i;

	for (i = 0; i < count; i++)
		if (fd < 0 || !append(fd, c[i]))
			return false;
	return !run_openssl(args, fd, &r) && r.out && take(m, c, count, r.out);
}

/* What does not work for all of them works for each half, or for each. */
static void read_some(struct model *m, struct certificate *const *c, size_t count, uint64_t end)
{
	if (!count || monotonic_ns() >= end)
		return;
	if (count == 1) {
		read_one(m, c[0]);
	} else if (!read_batch(m, c, count)) {
		read_some(m, c, count / 2, end);
		read_some(m, c + count / 2, count - count / 2, end);
	}
}

void read_certificates(struct model *m)
{
	uint64_t end = monotonic_ns() + ALL_NS;
	struct certificate *batch[BATCH];
	size_t i, n;

	for (i = 0; i < m->certificate_count && monotonic_ns() < end; i += n) {
		for (n = 0; n < BATCH && i + n < m->certificate_count; n++)
			batch[n] = &m->certificates[i + n];
		read_some(m, batch, n, end);
	}
	if (monotonic_ns() >= end)
		model_note(m, true, &m->certificates[0].from,
			   "not all of %zu certificates were read: there was no more time",
			   m->certificate_count);
}
