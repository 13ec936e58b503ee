/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `status --check`: one line, as monitoring plugins have it. */
#ifndef STRAYGATE_STATUS_CHECK_H
#define STRAYGATE_STATUS_CHECK_H

#include "cmd/verb.h"

/* Exit status: 0 all is well, 1 a warning, 2 critical, 3 it cannot be told. */
int status_check(const struct call *c);

#endif
