/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /api/...: what `straygate show WHAT -j` and `status -j` print. */
#ifndef STRAYGATE_EXPORTER_DOCUMENTS_H
#define STRAYGATE_EXPORTER_DOCUMENTS_H

#include <stddef.h>

#include "show/watch.h"

/* The JSON of /api/WHAT (status, policy, counters, sources, names, flows, strays,
 * history), `top` rows where there is such an option; free(). NULL and *status, of
 * HTTP: 404 there is no such thing, 503 the gate cannot be read now. */
char *document_text(struct watch *w, const char *what, unsigned int top, size_t *length, int *status);

#endif
