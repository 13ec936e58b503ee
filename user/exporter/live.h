/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the page is told, as messages of an event stream (WHATWG HTML, "Server-sent
 * events"): all that there was, and then what there is, second by second. */
#ifndef STRAYGATE_EXPORTER_LIVE_H
#define STRAYGATE_EXPORTER_LIVE_H

#include "show/watch.h"

/* free(); NULL: no memory. */
char *live_history(const struct watch *w, size_t *length);
char *live_second(const struct watch *w, size_t *length);
/* The same history, as a document. */
char *live_history_document(const struct watch *w, size_t *length);

#endif
