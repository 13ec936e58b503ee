/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `status` says: as JSON, and what of it is asked for elsewhere, too. */
#ifndef STRAYGATE_STATUS_H
#define STRAYGATE_STATUS_H

#include <jansson.h>

#include "gate/gate.h"
#include "show/tally.h"

/* A file says nothing of the posture: what was said at the command line stays. */
int keep_posture(struct policy *now, struct policy *before);

/* Seconds until what waits to be confirmed goes back, at least 1; 0: nothing waits. */
unsigned int seconds_left(struct gate *g);

enum drift { DRIFT_NO_FILE, DRIFT_NONE, DRIFT_DIFFERS, DRIFT_UNREADABLE };

/* Does what runs differ from the file it came from? */
enum drift drift(const struct gate *g, struct policy *running);

/* What is not attached judges nobody: that is a failure. An exit status. */
int status_exit(const struct tally *t);

/* The program that gets what the gate passes; null: none, or it cannot be seen. */
json_t *chained_json(const struct chained *c);

/* Prints it all; an exit status. */
int status_json(struct gate *g, const char *instance);

#endif
