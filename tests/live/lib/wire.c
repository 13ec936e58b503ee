// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Was a packet changed between the crowd and the victim's host?
 *
 *	wire OBJECT VICTIM CROWD	both as /run/netns/NAME
 *
 * From "ready" on its standard output until it is told to end (TERM), every packet of v0
 * and c0 is digested at two places and compared, each comparison as a multiset:
 *
 *	wire in		sent by c0		behind v0's driver, and native XDP in it
 *	host in		behind GRO		behind generic XDP and tc ingress
 *	host out	before tc egress	behind tc egress
 *	wire out	sent by v0		behind c0's driver: nothing that XDP made is among it
 *
 * GRO lies between `wire in` and `host in`, the segmentation of what is sent between `host
 * out` and `wire out`, so neither is in a comparison. Behind tc ingress and before tc
 * egress netfilter sends a copy to a device of the victim's that is down (see asleep.sh).
 * `host in` leaves out the Ethernet header, which generic XDP hides from some copies.
 *
 * It closes with a line for each comparison, "NAME: N before, N behind, N lost, N changed,
 * N only before, N only behind" (changed: different ones that are not in both places as
 * often), and some of these packets, as they began. Exit status: 0 if all
 * of them are, 1 if not, 2 if it could not look.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <arpa/inet.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "tests/live/lib/wire.h"

#define SHOWN	20 /* packets of a comparison */
#define BATCH	16384
#define SETTLED 3 /* s: how long what is under way may take */

static const char *const names[COMPARISONS] = {"wire in", "host in", "host out", "wire out"};
static volatile sig_atomic_t done;

static void on_signal(int nr)
{
	(void)nr;
	done = 1;
}

static unsigned int namespace_of(const char *path)
{
	struct stat st;

	if (stat(path, &st)) {
		fprintf(stderr, "wire: %s: %s\n", path, strerror(errno));
		exit(2);
	}
	return st.st_ino;
}

/* room: for so many packets that differ; 0: as many as the object says. */
static struct bpf_object *load(const char *path, unsigned int victim, unsigned int crowd, unsigned int room)
{
	struct bpf_object *o = bpf_object__open_file(path, NULL);
	struct bpf_program *p;
	struct bpf_map *m;
	unsigned int ns[2] = {victim, crowd};
	size_t size;

	if (!o)
		return NULL;
	bpf_object__for_each_map(m, o)
	{
		if (room && !strcmp(bpf_map__name(m), "packets") && bpf_map__set_max_entries(m, room))
			return NULL;
		if (!strstr(bpf_map__name(m), ".rodata"))
			continue;
		bpf_map__initial_value(m, &size);
		if (size != sizeof(ns) || bpf_map__set_initial_value(m, ns, size))
			return NULL;
	}
	if (bpf_object__load(o))
		return NULL;
	bpf_object__for_each_program(p, o)
	{
		if (!bpf_program__attach(p)) /* until this process ends */
			return NULL;
	}
	return o;
}

struct differences {
	unsigned long n;
	__u64 before, behind;  /* packets that are only there */
	char text[SHOWN][300]; /* the first of them, in words */
};

static struct differences found[COMPARISONS];

static void describe(char *to, size_t size, const struct digest *key, const struct seen *s)
{
	size_t n = snprintf(to, size, "%lld before, %lld behind, %u bytes of %04x:", (long long)s->before,
			    (long long)s->after, key->length - 1, ntohs(s->type));

	for (unsigned int i = 0; i < sizeof(s->head) && i + 1 < key->length; i++)
		n += snprintf(to + n, size - n, "%s%02x", i % 4 ? "" : " ", s->head[i]);
}

/* Those that are not in both places as often, or could not be read. */
static unsigned long compare(int packets)
{
	static struct digest keys[BATCH];
	static struct seen values[BATCH];
	unsigned long all = 0;
	void *from = NULL;
	__u32 at, n;
	int err;

	memset(found, 0, sizeof(found));
	do {
		n = BATCH;
		err = bpf_map_lookup_batch(packets, from, &at, keys, values, &n, NULL);
		if (err && err != -ENOENT) {
			fprintf(stderr, "wire: reading the packets: %s\n", strerror(-err));
			exit(2);
		}
		from = &at;
		for (__u32 i = 0; i < n; i++) {
			struct differences *d = &found[keys[i].which % COMPARISONS];

			if (values[i].before == values[i].after && keys[i].length)
				continue;
			if (values[i].before > values[i].after)
				d->before += values[i].before - values[i].after;
			else
				d->behind += values[i].after - values[i].before;
			if (d->n < SHOWN)
				describe(d->text[d->n], sizeof(d->text[0]), &keys[i], &values[i]);
			d->n++;
			all++;
		}
	} while (!err);
	return all;
}

/* Compares until nothing differs, or a comparison has begun so late that nothing was under
 * way any more. One of ten million packets takes longer than that. */
static void settle(int packets)
{
	time_t end = time(NULL) + SETTLED, began;

	do {
		began = time(NULL);
		if (!compare(packets))
			return;
		usleep(200000);
	} while (began < end);
}

static int report(int totals)
{
	int status = 0;

	for (unsigned int i = 0; i < COMPARISONS; i++) {
		const struct differences *d = &found[i];
		struct sums t = {};

		bpf_map_lookup_elem(totals, &i, &t);
		printf("%s: %llu before, %llu behind, %llu lost, %lu changed, %llu only before, %llu only "
		       "behind\n",
		       names[i], t.before, t.after, t.lost, d->n, d->before, d->behind);
		for (unsigned long j = 0; j < d->n && j < SHOWN; j++)
			printf("\t%s\n", d->text[j]);
		if (d->n || t.lost)
			status = 1;
	}
	return status;
}

int main(int argc, char **argv)
{
	struct sigaction act = {.sa_handler = on_signal};
	struct bpf_object *o;
	int packets, totals;

	if (argc != 4 && argc != 5) {
		fprintf(stderr, "usage: wire OBJECT VICTIM CROWD [ROOM]\n");
		return 2;
	}
	sigaction(SIGTERM, &act, NULL);
	sigaction(SIGINT, &act, NULL);
	o = load(argv[1], namespace_of(argv[2]), namespace_of(argv[3]),
		 argc == 5 ? strtoul(argv[4], NULL, 10) : 0);
	if (!o) {
		fprintf(stderr, "wire: the packets cannot be looked at (Linux 6.12 or later is needed)\n");
		return 2;
	}
	packets = bpf_object__find_map_fd_by_name(o, "packets");
	totals = bpf_object__find_map_fd_by_name(o, "totals");
	printf("ready\n");
	fflush(stdout);
	while (!done)
		usleep(100000);
	settle(packets);
	return report(totals);
}
