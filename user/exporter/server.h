/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The daemon's HTTP: /metrics, /api/..., the page and its event stream. Read-only; one
 * thread, driven by file descriptors that the main loop waits for.
 */
#ifndef STRAYGATE_EXPORTER_SERVER_H
#define STRAYGATE_EXPORTER_SERVER_H

#include <poll.h>

#include "show/watch.h"

#define LISTENS_MAX 8

struct server_options {
	const char *listen[LISTENS_MAX];
	size_t listen_count;
	const char *hosts[LISTENS_MAX + 1]; /* more names that a Host field may have; then NULL */
	bool metrics_only;
};

struct server;

/* Says what is wrong; NULL: it does not run. */
struct server *server_start(const struct server_options *options, struct watch *w);
/* Adds what poll(2) is to wait for; returns how many. */

size_t server_polls(const struct server *s, struct pollfd polls[LISTENS_MAX]);
/* For how long it may wait, ms; -1: for ever. */
int server_timeout(const struct server *s);
/* Does what there is to do. */
void server_run(struct server *s);
/* A second is over: event streams get what the gate did in it. */
void server_second(struct server *s);
void server_stop(struct server *s);

#endif
