/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The readers of servers' configurations: one file each. A reader puts into the model what
 * the server of this process serves; what it cannot understand becomes a note.
 */
#ifndef STRAYGATE_SERVERS_READER_H
#define STRAYGATE_SERVERS_READER_H

#include "servers/model.h"
#include "servers/process.h"

/* 0, or -errno: nothing is known of it, which a note says. */
typedef int reader_fn(struct model *m, const struct process *p);

reader_fn read_nginx, read_apache, read_haproxy, read_caddy, read_lighttpd, read_nsd, read_knot, read_bind,
	read_unbound;

/* Names of the certificate (its subjectAltName) in a file of the server: put into the model when all
 * servers were read, many at once. */
void read_certificate(struct model *m, const struct process *p, const char *path,
		      const struct found_at *where);
void read_certificates(struct model *m);

/* "192.0.2.1:80", "[::]:443", "*:80", ":80", "80" into s; false: it is none, such as a
 * socket of unix(7). port: what it is without one. */
bool read_endpoint(struct site *s, const char *text, unsigned int port);

#endif
