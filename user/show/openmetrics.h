/* SPDX-License-Identifier: GPL-2.0-only */
/* Counters for metrics collectors (OpenMetrics 1.0.0 text). */
#ifndef STRAYGATE_OPENMETRICS_H
#define STRAYGATE_OPENMETRICS_H

#include "show/tally.h"

/* rule: counters by rule id. For node_exporter's textfile collector: write to a
 * temporary file and rename it. */
int openmetrics_print(const struct tally *t, struct rule_counters *counters, const char *instance);

#endif
