/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The answer to a ClientHello: a fatal alert (RFC 8446 6). */
#ifndef STRAYGATE_ANSWER_TLS_H
#define STRAYGATE_ANSWER_TLS_H

#include "bpf/rewrite.h"

#define ALERT_LENGTH 7

/* A record of type alert with two bytes in it, as TLS 1.2 on the wire. */
static __always_inline __u32 put_alert(const struct packet *p, __u8 *to)
{
	to[0] = 21;
	to[1] = 3;
	to[2] = 3;
	to[3] = 0;
	to[4] = 2;
	to[5] = 2;
	to[6] = p->answer ? p->answer : TLS_ALERT_DEFAULT;
	return ALERT_LENGTH;
}

#endif
