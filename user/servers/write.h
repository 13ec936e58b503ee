/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was found, as a policy with comments, as a list of names, or as JSON. */
#ifndef STRAYGATE_SERVERS_WRITE_H
#define STRAYGATE_SERVERS_WRITE_H

#include "servers/servers.h"

void servers_write_policy(const struct servers *s);
/* For `serve from FILE`. */
void servers_write_names(const struct servers *s);
void servers_write_json(const struct servers *s, const char *instance);

/* "tcp/443 on 192.0.2.10", as the subject of a listen line. out: 96 bytes. */
void found_subject(const struct found *f, char out[96]);
const char *class_name(enum site_class c);
/* "nginx /etc/nginx/nginx.conf:12", of which nothing ends a line. out: 300 bytes. */
void where_text(const struct found_at *where, char out[300]);

#endif
