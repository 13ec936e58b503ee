/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The clients' end of the wire. */
#ifndef STRAYGATE_TESTS_WIRE_H
#define STRAYGATE_TESTS_WIRE_H

#include "frame.h"

void wire_open(void);
/* Index of the host's end, which packets come in by. */
int wire_host(void);
void wire_send(const void *bytes, size_t len);
/* The next frame of the host to this client, or false after `ms`. */
bool wire_receive(const struct visit *v, struct frame *f, struct view *view, int ms);
/* Forgets what has come so far. */
void wire_drain(void);

#endif
