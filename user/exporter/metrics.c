// SPDX-License-Identifier: GPL-2.0-or-later
#include "exporter/metrics.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

/* ---- what is wanted -------------------------------------------------------------- */

/* The q of one item of an Accept field, in thousandths; 1000 if there is none. */
static int quality(const char *item, size_t length)
{
	size_t i;

	for (i = 0; i + 2 < length; i++)
		if ((item[i] == ';' || item[i] == ' ') && (item[i + 1] | 0x20) == 'q' && item[i + 2] == '=') {
			double q = strtod(item + i + 3, NULL);

			return q > 1 ? 1000 : q > 0 ? (int)(q * 1000) : 0;
		}
	return 1000;
}

/* How much a type is wanted: by its own item, or by none. */
static int wanted(const char *accept, const char *type)
{
	size_t length = strlen(type), n;
	int best = -1;

	for (; *accept; accept += n + (accept[n] == ',')) {
		accept += strspn(accept, " \t");
		n = strcspn(accept, ",");
		if (n >= length && !strncasecmp(accept, type, length) && strchr("; ,", accept[length]) &&
		    quality(accept, n) > best)
			best = quality(accept, n);
	}
	return best;
}

enum metrics_format metrics_wanted(const char *accept)
{
	int open, text;

	if (!accept)
		return METRICS_PROMETHEUS;
	open = wanted(accept, "application/openmetrics-text");
	text = wanted(accept, "text/plain");
	return open > 0 && open >= text ? METRICS_OPENMETRICS : METRICS_PROMETHEUS;
}

const char *metrics_type(enum metrics_format format)
{
	return format == METRICS_OPENMETRICS ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
					     : "text/plain; version=0.0.4; charset=utf-8";
}

/* ---- the daemon itself ----------------------------------------------------------- */

static void family(FILE *out, enum metrics_format format, const char *name, const char *type,
		   const char *help)
{
	bool counter = !strcmp(type, "counter");

	fprintf(out, "# HELP %s%s %s\n# TYPE %s%s %s\n", name,
		counter && format == METRICS_PROMETHEUS ? "_total" : "", help, name,
		counter && format == METRICS_PROMETHEUS ? "_total" : "", type);
}

static unsigned int open_files(void)
{
	DIR *d = opendir("/proc/self/fd");
	unsigned int n = 0;

	while (d && readdir(d))
		n++;
	if (d)
		closedir(d);
	return n > 3 ? n - 3 : 0; /* ".", ".." and its own */
}

static unsigned long resident(void)
{
	unsigned long size, pages = 0;
	FILE *f = fopen("/proc/self/statm", "re");

	if (f && fscanf(f, "%lu %lu", &size, &pages) != 2)
		pages = 0;
	if (f)
		fclose(f);
	return pages * sysconf(_SC_PAGESIZE);
}

static double seconds(struct timeval t)
{
	return t.tv_sec + t.tv_usec / 1e6;
}

static void own(FILE *out, enum metrics_format format)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	family(out, format, "process_cpu_seconds", "counter", "CPU time that the exporter used.");
	fprintf(out, "process_cpu_seconds_total %.2f\n", seconds(u.ru_utime) + seconds(u.ru_stime));
	family(out, format, "process_resident_memory_bytes", "gauge", "Memory of the exporter.");
	fprintf(out, "process_resident_memory_bytes %lu\n", resident());
	family(out, format, "process_open_fds", "gauge", "Files that the exporter has open.");
	fprintf(out, "process_open_fds %u\n", open_files());
}

char *metrics_text(const struct watch *w, enum metrics_format format, size_t *length)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, length);
	int failed;

	if (!out)
		return NULL;
	family(out, format, "straygate_up", "gauge", "1 if the gate is up and can be read, else 0.");
	fprintf(out, "straygate_up{gate=\"%s\"} %d\n", w->instance, w->open);
	family(out, format, "straygate_problems", "gauge",
	       "What is wrong with the gate, as `straygate status --check` counts it, without the servers' "
	       "names.");
	fprintf(out, "straygate_problems{gate=\"%s\",level=\"warning\"} %u\n", w->instance,
		findings_count(&w->findings, LEVEL_WARNING));
	fprintf(out, "straygate_problems{gate=\"%s\",level=\"critical\"} %u\n", w->instance,
		findings_count(&w->findings, LEVEL_CRITICAL));
	if (w->open)
		openmetrics_print(out, (struct gate *)&w->gate, &w->now.tally, NULL, format);
	own(out, format);
	openmetrics_end(out, format);
	failed = ferror(out);
	if (fclose(out) || failed) {
		free(text);
		return NULL;
	}
	return text;
}
