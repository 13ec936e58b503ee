/* SPDX-License-Identifier: GPL-2.0-or-later */
/* By which port is this host administered? */
#ifndef STRAYGATE_SSH_H
#define STRAYGATE_SSH_H

#include <stdbool.h>

/* The server's port of the SSH session that this process is a part of, by the
 * environment of this process and of its parents: sudo and su take SSH_CONNECTION
 * away. 0: none. */
unsigned int ssh_session_port(void);

/* Has an SSH server of this network namespace a TCP socket with this port, be it
 * listening or of a session? Servers are told by their names. */
bool ssh_has_port(unsigned int port);

#endif
