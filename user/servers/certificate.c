// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Names of certificates, by openssl(1), which runs as nobody and gets the file as its
 * standard input. A library would be a dependency of all that straygate does, for one
 * question that is asked a few times a day, and its reader of hostile files would run as root.
 */
#include <ctype.h>
#include <errno.h>
#include <string.h>

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
	static const char *const args[] = {"x509", "-noout", "-ext", "subjectAltName", NULL};
	const struct found_at where = {
		.server = from->server, .file = model_text(m, path, strlen(path)), .line = 0};
	cleanup_fd int fd = -1;
	cleanup_run struct run r = {0};
	int err = -ENOENT;
	size_t i;

	if (!model_first_time(m, path))
		return;
	fd = server_open(p, path);
	if (fd < 0) {
		model_note(m, true, from, "the certificate %s cannot be read: %s", path, strerror(-fd));
		return;
	}
	for (i = 0; i < 2 && err == -ENOENT; i++)
		err = run_as_nobody(programs[i], args, fd, &r);
	if (err)
		model_note(m, true, from, "the names of the certificate %s are not known: %s", path, r.why);
	else if (r.out)
		read_names(m, r.out, &where);
}
