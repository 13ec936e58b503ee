// SPDX-License-Identifier: GPL-2.0-or-later
/* Feeding packets to programs, and the figures that come of it. */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>

#include "ns.h"
#include "ns.skel.h"

const char *feed_only = "";

static struct ns_bpf *feeder;
static struct feed_state state;
static struct feed_packet first; /* test runs begin with some packet */

/* Maps of the gate's that the feeding programs do not use are made small. */
static void shrink_maps(struct ns_bpf *o)
{
	struct bpf_map *m;

	bpf_object__for_each_map(m, o->obj)
	{
		if (bpf_map__type(m) == BPF_MAP_TYPE_LRU_HASH)
			bpf_map__set_max_entries(m, 64);
	}
}

static struct ns_bpf *open_feeder(void)
{
	struct ns_bpf *o = ns_bpf__open();

	if (!o)
		die("the feeding programs: %s", strerror(errno));
	shrink_maps(o);
	return o;
}

void feed_open(void)
{
	feeder = open_feeder();
	if (ns_bpf__load(feeder))
		die("the feeding programs do not load: %s", strerror(errno));
}

int feed_empty(bool linear)
{
	return bpf_program__fd(linear ? feeder->progs.empty_linear : feeder->progs.empty);
}

int feed_look_nowhere(void)
{
	return bpf_program__fd(feeder->progs.look_nowhere);
}

int feed_look_lpm(void)
{
	return bpf_program__fd(feeder->progs.look_lpm);
}

int feed_lpm_map(bool ipv6)
{
	return bpf_map__fd(ipv6 ? feeder->maps.lpm6 : feeder->maps.lpm4);
}

/* A copy of the object whose look-up reads the maps of this gate. */
int feed_look_source(struct instance *g)
{
	struct ns_bpf *o = open_feeder();
	struct bpf_program *p;
	struct bpf_map *m;
	int i;

	bpf_object__for_each_program(p, o->obj) bpf_program__set_autoload(p, p == o->progs.look_source);
	for (i = 0; i < GATE_MAPS; i++) {
		m = bpf_object__find_map_by_name(o->obj, gate_map_names[i]);
		if (m && bpf_map__reuse_fd(m, g->gate.maps[i]))
			die("map %s: %s", gate_map_names[i], strerror(errno));
	}
	if (ns_bpf__load(o))
		die("the look-up does not load: %s", strerror(errno));
	return bpf_program__fd(o->progs.look_source);
}

/* ---- what is fed --------------------------------------------------------- */

static void put_states(void)
{
	struct feed_state cpu[libbpf_num_possible_cpus()];
	uint32_t zero = 0;
	int i;

	for (i = 0; i < libbpf_num_possible_cpus(); i++) {
		cpu[i] = state;
		/* Cores at once begin at places of their own. */
		cpu[i].pick = state.picks ? (uint64_t)state.picks * i / libbpf_num_possible_cpus() : 0;
	}
	if (bpf_map_update_elem(bpf_map__fd(feeder->maps.feed_states), &zero, cpu, BPF_ANY))
		die("feeding: %s", strerror(errno));
}

static void put_batch(int map, const void *values, uint32_t count)
{
	static uint32_t keys[FEED_PICKS];
	uint32_t i, n = count;

	for (i = 0; i < count; i++)
		keys[i] = i;
	if (bpf_map_update_batch(map, keys, values, &n, NULL))
		die("feeding: %s", strerror(errno));
}

void feed_packets(const struct feed_packet *f, uint32_t count)
{
	put_batch(bpf_map__fd(feeder->maps.feed_packets), f, count);
	memcpy(&first, f, sizeof(first));
	state.next = 0;
	state.packets = count;
	put_states();
}

void feed_picks(const struct feed_pick *p, uint32_t count, uint32_t at, uint32_t len)
{
	put_batch(bpf_map__fd(feeder->maps.feed_picks), p, count);
	state.pick = 0;
	state.picks = count;
	state.pick_at = at;
	state.pick_len = len;
	put_states();
}

void feed_no_picks(void)
{
	state.pick_len = 0;
	put_states();
}

/* ---- feeding ------------------------------------------------------------- */

static void aim(int program, bool linear)
{
	uint32_t zero = 0;

	if (bpf_map_update_elem(bpf_map__fd(linear ? feeder->maps.target_linear : feeder->maps.target), &zero,
				&program, BPF_ANY))
		die("a program cannot be jumped to: %s", strerror(errno));
}

static uint32_t run(int program, const struct feed_packet *in, struct feed_packet *out, uint32_t repeat,
		    uint32_t *retval)
{
	static __thread uint8_t rest[2048];
	struct xdp_md md = {.data_end = in->len, .ingress_ifindex = world_device()};
	LIBBPF_OPTS(bpf_test_run_opts, o, .data_in = in->bytes, .data_size_in = in->len,
		    .data_out = out ? out->bytes : rest,
		    .data_size_out = out ? sizeof(out->bytes) : sizeof(rest), .ctx_in = &md,
		    .ctx_size_in = sizeof(md), .repeat = repeat);

	if (bpf_prog_test_run_opts(program, &o))
		die("test run of %u bytes: %s", in->len, strerror(errno));
	if (out)
		out->len = o.data_size_out;
	*retval = o.retval;
	return o.duration;
}

double feed_run(int program, bool linear, uint32_t repeat)
{
	uint32_t retval, ns;

	aim(program, linear);
	put_states();
	ns = run(bpf_program__fd(linear ? feeder->progs.feed_linear : feeder->progs.feed), &first, NULL,
		 repeat, &retval);
	if (retval == XDP_ABORTED)
		die("a packet could not be restored, or the program gave up");
	return ns;
}

uint32_t feed_once(int program, const struct feed_packet *in, struct feed_packet *out)
{
	uint32_t retval;

	run(program, in, out, 1, &retval);
	return retval;
}

struct core {
	pthread_t thread;
	pthread_barrier_t *barrier;
	unsigned int cpu;
	uint32_t repeat;
	double seconds;
};

static double cpu_seconds(void)
{
	struct timespec t;

	/* Of this thread: what others do on its core in between is not in it. */
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static void *run_core(void *arg)
{
	struct core *c = arg;
	uint32_t retval;
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(c->cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
	pthread_barrier_wait(c->barrier);
	c->seconds = cpu_seconds();
	run(bpf_program__fd(feeder->progs.feed), &first, NULL, c->repeat, &retval);
	c->seconds = cpu_seconds() - c->seconds;
	return NULL;
}

double feed_run_cores(int program, uint32_t repeat, unsigned int cores)
{
	pthread_barrier_t barrier;
	struct core c[cores];
	double rate = 0;
	unsigned int i;

	aim(program, false);
	put_states();
	pthread_barrier_init(&barrier, NULL, cores);
	for (i = 0; i < cores; i++) {
		c[i] = (struct core){.barrier = &barrier, .cpu = i, .repeat = repeat};
		pthread_create(&c[i].thread, NULL, run_core, &c[i]);
	}
	for (i = 0; i < cores; i++) {
		pthread_join(c[i].thread, NULL);
		rate += repeat / c[i].seconds;
	}
	pthread_barrier_destroy(&barrier);
	return rate;
}

/* ---- figures ------------------------------------------------------------- */

void figure_add(struct figure *f, double sample)
{
	if (f->count < SAMPLES_MAX)
		f->sample[f->count++] = sample;
}

static int compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

double figure_median(const struct figure *f)
{
	double s[SAMPLES_MAX];

	memcpy(s, f->sample, f->count * sizeof(*s));
	qsort(s, f->count, sizeof(*s), compare);
	return f->count ? s[f->count / 2] : 0;
}

void figure_print(struct figure *f)
{
	unsigned int tenth = f->count / 10;

	if (!f->count)
		return;
	qsort(f->sample, f->count, sizeof(*f->sample), compare);
	printf("%s\t%s\t%s\t%s\t%.4g\t%.4g\t%.4g\t%s\n", f->benchmark, f->what, f->who, f->unit,
	       f->sample[f->count / 2], f->sample[tenth], f->sample[f->count - 1 - tenth], f->note);
	fflush(stdout);
}

bool feed_wants(const char *what)
{
	return strstr(what, feed_only);
}

void measure(struct figure *f, int program, bool linear, uint32_t repeat, const struct instance *g,
	     uint32_t reason)
{
	uint64_t before = g ? instance_counted(g, reason) : 0, counted;
	double with, without;

	if (!feed_wants(f->what))
		return;
	without = feed_run(feed_empty(linear), linear, repeat);
	with = feed_run(program, linear, repeat);
	figure_add(f, with - without);
	if (!g)
		return;
	counted = instance_counted(g, reason) - before;
	/* A set of flows may have been full: one in a thousand. */
	if (counted > repeat || repeat - counted > repeat / 1000)
		die("%s: %lu of %u packets were %s", f->what, (unsigned long)counted, repeat,
		    reason_word(reason));
}
