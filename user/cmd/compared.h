/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What `suggest` found when it was last run for an instance: when that was, which listeners answer any
 * name, and which names the servers have and the policy had not. It is kept in
 * /run/straygate/NAME.servers, and believed only if it is root's.
 */
#ifndef STRAYGATE_COMPARED_H
#define STRAYGATE_COMPARED_H

#include "policy/policy.h"
#include "servers/servers.h"

struct compared {
	uint64_t when;	      /* s since 1970; 0: never */
	char *open;	      /* "tcp/80\n...": listeners that answer any name, NULL: none */
	struct policy *names; /* that were not in the policy, NULL: none */
};

/* Empty if there is nothing to be read. */
void compared_read(struct compared *c, const char *instance);
void compared_free(struct compared *c);
#define cleanup_compared __attribute__((cleanup(compared_free)))

/* A line "tcp/80" or "tcp/80 on ADDRESS" is known to answer any name. */
bool compared_open(const struct compared *c, const struct rule *listener);
/* How many names are missing still from a policy; the first ones as text in out. */
size_t compared_missing(const struct compared *c, struct policy *p, char *out, size_t size);

/* Was a policy that acts (or would, in posture auto) not compared for a day? since: when its posture
 * became what it is. */
bool compared_is_old(const struct compared *c, bool acts, uint64_t since);

/* Notes it. running: NULL if the instance is not up, and then nothing was compared. */
void compared_write(const char *instance, const struct servers *s, struct policy *running);

/* The names and zones of the servers, as a policy of `serve` and `zone` lines; NULL and a message. */
struct policy *servers_policy(const struct servers *s);

#endif
