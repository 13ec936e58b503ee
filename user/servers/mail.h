/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names that mail programs and servers ask for of a domain, and no configuration may have. */
#ifndef STRAYGATE_SERVERS_MAIL_H
#define STRAYGATE_SERVERS_MAIL_H

#include "servers/model.h"

/* Comments for a policy: those of the first few domains that a server has names of, less
 * what is served. */
void mail_write_hints(const struct model *m);

#endif
