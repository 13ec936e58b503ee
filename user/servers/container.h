/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the container of a process is called. */
#ifndef STRAYGATE_SERVERS_CONTAINER_H
#define STRAYGATE_SERVERS_CONTAINER_H

#include "servers/model.h"
#include "servers/process.h"

/* "container web (podman)", "container 4f0c31b2a9d7 (docker)", or "a container" if that is all that can be
 * told. It is asked of the processes that started it and of the control groups that they put it into,
 * which those inside cannot change. The text is the model's. */
const char *container_of(struct model *m, pid_t pid);

#endif
