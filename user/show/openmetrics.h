/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counters and gauges for metrics collectors. */
#ifndef STRAYGATE_OPENMETRICS_H
#define STRAYGATE_OPENMETRICS_H

#include "show/tally.h"

/* They name and type counters in two ways: a collector of the one takes those of the
 * other for untyped. */
enum metrics_format {
	METRICS_OPENMETRICS, /* OpenMetrics 1.0.0 text */
	METRICS_PROMETHEUS,  /* Prometheus text 0.0.4, as node_exporter's textfile collector reads it */
};

/* 0 or -errno, of reading the lines of the policy. */
int openmetrics_print(struct gate *g, const struct tally *t, const struct rule_counters *counters,
		      enum metrics_format format);

#endif
