/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /metrics: the gate's counters and gauges, and the daemon's own. */
#ifndef STRAYGATE_EXPORTER_METRICS_H
#define STRAYGATE_EXPORTER_METRICS_H

#include "show/watch.h"
#include "show/openmetrics.h"

/* What a collector takes, by its Accept field (RFC 9110 12.5.1), or NULL for none:
 * OpenMetrics if it wants that at least as much as text. */
enum metrics_format metrics_wanted(const char *accept);
const char *metrics_type(enum metrics_format format); /* Content-Type */

/* The text; free(). NULL: no memory. */
char *metrics_text(const struct watch *w, enum metrics_format format, size_t *length);

#endif
