/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a configuration of nginx means. */
#ifndef STRAYGATE_SERVERS_NGINX_H
#define STRAYGATE_SERVERS_NGINX_H

#include "servers/blocks.h"
#include "servers/process.h"

/* Puts listeners, names and certificates of http and stream blocks into the model. folder:
 * where relative paths begin. */
void nginx_evaluate(struct blocks *b, const struct process *p, const char *folder,
		    const struct directive *main);

#endif
