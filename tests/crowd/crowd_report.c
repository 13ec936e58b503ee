// SPDX-License-Identifier: GPL-2.0-or-later
/* What came of it. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "crowd.h"

#define MAX_CORES 256

static struct {
	uint64_t busy[MAX_CORES], all[MAX_CORES];
	unsigned int cores;
} cores_before, cores_after;
static double cpu_before, cpu_used;

static unsigned int histogram_slot(uint64_t usec)
{
	unsigned int shift;

	if (usec < HIST_SUB)
		return usec;
	shift = 63 - __builtin_clzll(usec) - 5; /* keeps 6 significant bits */
	usec = shift * (HIST_SUB / 2) + (usec >> shift);
	return usec < HIST_MAX ? usec : HIST_MAX - 1;
}

static uint64_t histogram_value(unsigned int slot)
{
	unsigned int shift;

	if (slot < HIST_SUB)
		return slot;
	shift = slot / (HIST_SUB / 2) - 1;
	return (uint64_t)(slot % (HIST_SUB / 2) + HIST_SUB / 2) << shift;
}

void histogram_add(struct histogram *h, uint64_t usec)
{
	h->count++;
	h->bucket[histogram_slot(usec)]++;
	if (usec > h->max)
		h->max = usec;
}

uint64_t histogram_quantile(const struct histogram *h, double q)
{
	uint64_t rank = q * h->count, seen = 0;

	for (unsigned int i = 0; i < HIST_MAX; i++) {
		seen += h->bucket[i];
		if (seen > rank)
			return histogram_value(i);
	}
	return h->max;
}

static void read_cores(typeof(cores_before) *c)
{
	char line[512];
	FILE *f = fopen("/proc/stat", "re");

	c->cores = 0;
	while (f && fgets(line, sizeof(line), f) && c->cores < MAX_CORES) {
		uint64_t v[8] = {0}, all = 0;

		if (strncmp(line, "cpu", 3) || line[3] == ' ')
			continue;
		sscanf(strchr(line, ' '),
		       "%" SCNu64 "%" SCNu64 "%" SCNu64 "%" SCNu64 "%" SCNu64 "%" SCNu64 "%" SCNu64
		       "%" SCNu64,
		       &v[0], &v[1], &v[2], &v[3], &v[4], &v[5], &v[6], &v[7]);
		for (int i = 0; i < 8; i++)
			all += v[i];
		c->all[c->cores] = all;
		c->busy[c->cores++] = all - v[3] - v[4];
	}
	if (f)
		fclose(f);
}

static double cpu_seconds(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return u.ru_utime.tv_sec + u.ru_stime.tv_sec + (u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

void report_begin(void)
{
	read_cores(&cores_before);
	cpu_before = cpu_seconds();
}

static unsigned int core_percent(unsigned int i)
{
	uint64_t all = cores_after.all[i] - cores_before.all[i];

	return all ? (100 * (cores_after.busy[i] - cores_before.busy[i]) + all / 2) / all : 0;
}

static const char *const modes[] = {"http", "tls", "dns", "silent", "syn", "forged"};

static void text_latency(const char *what, const struct histogram *h)
{
	if (h->count)
		printf("  %-12s %9" PRIu64 "   p50 %.2f ms  p99 %.2f ms  max %.2f ms\n", what, h->count,
		       histogram_quantile(h, 0.5) / 1e3, histogram_quantile(h, 0.99) / 1e3, h->max / 1e3);
	else
		printf("  %-12s %9d\n", what, 0);
}

static void text_stream(const struct stream *s, double seconds)
{
	const struct counters *c = &s->c;

	printf("%s: %s, %" PRIu64 " visits begun, %.0f/s of %.0f/s asked for\n", s->label, modes[s->mode],
	       c->offered, c->offered / seconds, s->rate);
	if (s->mode != MODE_SILENT)
		text_latency("answered", &s->answered);
	if (s->mode != MODE_SILENT)
		printf("  %-12s %9" PRIu64 "   within %.0f ms\n", "good", c->good, config.good_within / 1e6);
	text_latency("turned away", &s->turned_away);
	printf("  %-12s %9" PRIu64 "\n  %-12s %9" PRIu64 "\n  %-12s %9" PRIu64 "\n  %-12s %9" PRIu64 "\n",
	       "reset", c->outcome[OUT_RESET], "closed", c->outcome[OUT_CLOSED], "other",
	       c->outcome[OUT_OTHER], "timeout", c->outcome[OUT_TIMEOUT]);
	if (s->again_max)
		printf("  %-12s %9" PRIu64 "\n", "came again", c->again);
	printf("  not begun %" PRIu64 ", connected %" PRIu64 ", again: %" PRIu64 " SYN, %" PRIu64
	       " data; packets: %" PRIu64 " out, %" PRIu64 " in\n",
	       c->skipped, c->connected, c->syn_again, c->data_again, c->tx_packets, c->rx_packets);
}

static void json_latency(const char *what, const struct histogram *h)
{
	printf("\"%s\": {\"p50\": %" PRIu64 ", \"p99\": %" PRIu64 ", \"max\": %" PRIu64 "}", what,
	       h->count ? histogram_quantile(h, 0.5) : 0, h->count ? histogram_quantile(h, 0.99) : 0, h->max);
}

static void json_stream(const struct stream *s, double seconds)
{
	const struct counters *c = &s->c;

	printf("\"%s\": {\"mode\": \"%s\", \"rate\": %.0f, \"offered\": %" PRIu64 ", \"offered_rate\": %.1f, "
	       "\"came_again\": %" PRIu64 ", \"not_begun\": %" PRIu64 ", \"connected\": %" PRIu64
	       ", \"answered\": %" PRIu64 ", \"good\": %" PRIu64 ", \"turned_away\": %" PRIu64
	       ", \"reset\": %" PRIu64 ", \"closed\": %" PRIu64 ", \"other\": %" PRIu64
	       ", \"timeout\": %" PRIu64 ", \"syn_again\": %" PRIu64 ", \"data_again\": %" PRIu64
	       ", \"tx_packets\": %" PRIu64 ", \"tx_bytes\": %" PRIu64 ", \"rx_packets\": %" PRIu64
	       ", \"rx_bytes\": %" PRIu64 ", ",
	       s->label, modes[s->mode], s->rate, c->offered, c->offered / seconds, c->again, c->skipped,
	       c->connected, c->outcome[OUT_ANSWERED], c->good, c->outcome[OUT_TURNED_AWAY],
	       c->outcome[OUT_RESET], c->outcome[OUT_CLOSED], c->outcome[OUT_OTHER], c->outcome[OUT_TIMEOUT],
	       c->syn_again, c->data_again, c->tx_packets, c->tx_bytes, c->rx_packets, c->rx_bytes);
	json_latency("answered_usec", &s->answered);
	printf(", ");
	json_latency("turned_away_usec", &s->turned_away);
	printf("}");
}

static void report_json(double seconds)
{
	printf("{\"format\": 1, \"seconds\": %.2f, \"streams\": {", seconds);
	for (unsigned int i = 0; i < stream_count; i++) {
		printf("%s", i ? ", " : "");
		json_stream(&streams[i], seconds);
	}
	printf("}, \"wire\": {\"tx_packets\": %" PRIu64 ", \"tx_lost\": %" PRIu64 ", \"rx_packets\": %" PRIu64
	       ", \"rx_foreign\": %" PRIu64 ", \"rx_bad_checksum\": %" PRIu64 ", \"rx_ring_drops\": %" PRIu64
	       "}",
	       wire_stats.tx_packets, wire_stats.tx_lost, wire_stats.rx_packets, wire_stats.rx_foreign,
	       wire_stats.rx_bad, wire_stats.ring_drops);
	printf(", \"cpu\": {\"crowd_percent\": %.0f, \"cores_percent\": [", 100 * cpu_used / seconds);
	for (unsigned int i = 0; i < cores_after.cores; i++)
		printf("%s%u", i ? ", " : "", core_percent(i));
	printf("]}}\n");
}

static void report_text(double seconds)
{
	for (unsigned int i = 0; i < stream_count; i++)
		text_stream(&streams[i], seconds);
	printf("wire: %" PRIu64 " out, %" PRIu64 " in; %" PRIu64 " not sent, %" PRIu64
	       " lost before the crowd, %" PRIu64 " bad checksums, %" PRIu64 " of no visit\n",
	       wire_stats.tx_packets, wire_stats.rx_packets, wire_stats.tx_lost, wire_stats.ring_drops,
	       wire_stats.rx_bad, wire_stats.rx_foreign);
	printf("cpu: crowd %.0f %%; cores", 100 * cpu_used / seconds);
	for (unsigned int i = 0; i < cores_after.cores; i++)
		printf(" %u %%", core_percent(i));
	printf("\n");
}

/* CPU figures are of the time while visits began, without the drain. */
void report_end(double seconds)
{
	if (config.json)
		report_json(seconds);
	else
		report_text(seconds);
}

void report_cpu(void)
{
	read_cores(&cores_after);
	cpu_used = cpu_seconds() - cpu_before - idle / 1e9;
	if (cpu_used < 0) /* it waited while others had the core */
		cpu_used = 0;
}
