/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One server block of nginx. */
#ifndef STRAYGATE_SERVERS_NGINX_SITE_H
#define STRAYGATE_SERVERS_NGINX_SITE_H

#include "servers/blocks.h"

/* What is done with a request that comes to it. */
enum nginx_does {
	NGINX_REFUSES,	 /* a status of 4xx, or the connection is closed */
	NGINX_REDIRECTS, /* to the very name that was asked for */
	NGINX_SERVES,
	NGINX_BY_NAME, /* whatever name it is: that decides what is served */
};

enum nginx_does nginx_does(const struct directive *server);

#endif
