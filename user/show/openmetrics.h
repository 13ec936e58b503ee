/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counters and gauges for metrics collectors. */
#ifndef STRAYGATE_OPENMETRICS_H
#define STRAYGATE_OPENMETRICS_H

#include <stdio.h>

#include "show/tally.h"

/* They name and type counters in two ways: a collector of the one takes those of the
 * other for untyped. */
enum metrics_format {
	METRICS_OPENMETRICS, /* OpenMetrics 1.0.0 text */
	METRICS_PROMETHEUS,  /* Prometheus text 0.0.4, as node_exporter's textfile collector reads it */
};

/* counters: NULL for no samples of lines of the policy, whose number has no bound and
 * whose subjects may be clients' addresses. 0 or -errno, of reading these lines. */
int openmetrics_print(FILE *out, struct gate *g, const struct tally *t, const struct rule_counters *counters,
		      enum metrics_format format);
/* Behind the last family. */
void openmetrics_end(FILE *out, enum metrics_format format);

#endif
