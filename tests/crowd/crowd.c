// SPDX-License-Identifier: GPL-2.0-or-later
/* The loop. See crowd.h for the parts. */
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "crowd.h"

/* Longer than this behind its schedule, a crowd does not catch up: the burst
 * would measure the rings between, not the victim. */
#define LAG_MAX (20 * NSEC_PER_MSEC)

/* How long a round without work waits, in ns: a reply may be in the ring at once. */
#define WAIT_MIN 30000
#define WAIT_MAX 50000

struct config config = {
	.device = "c0",
	.to4 = {10, 77, 0, 1},
	.timestamps = true,
	.sni = 2,
	.path = "/",
	.seconds = 5,
	.deadline = 10000 * NSEC_PER_MSEC,
	.drain = 2000 * NSEC_PER_MSEC,
	.good_within = 500 * NSEC_PER_MSEC,
};
struct stream streams[MAX_STREAMS];
unsigned int stream_count;
uint64_t now;
uint64_t random_state;
uint64_t idle;

static volatile sig_atomic_t told_to_end;

/* The first one: nobody comes any more, and the report is of what was. */
static void end_early(int signal)
{
	(void)signal;
	told_to_end = 1;
}

static uint64_t clock_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * NSEC_PER_SEC + t.tv_nsec;
}

/* Begins what is due, a few at a time: whole bursts would overrun the 256 packets
 * that a veth pair holds. */
static unsigned int begin_due(struct stream *s, uint64_t end)
{
	unsigned int n = 0;

	while (s->due <= now && s->due < end && n < 16) {
		if (now - s->due > LAG_MAX) {
			s->c.skipped++;
		} else {
			visit_begin(s);
			n++;
		}
		s->due = mix_next(s);
	}
	if (s->comebacks_head != s->comebacks_tail && now < end)
		n += comebacks_begin(s);
	return n;
}

/* Sets a timer only for what is worth one: it can cost more than a visit does.
 * Awake, it keeps the core: having yielded, it may come back milliseconds later,
 * and that would stand in the visitors' latencies. */
static void wait_for_work(uint64_t end)
{
	uint64_t until = now + WAIT_MAX, timer = visits_next_timer(), waited;
	struct timespec t = {0};

	for (unsigned int i = 0; i < stream_count; i++)
		if (streams[i].due < until && streams[i].due < end)
			until = streams[i].due;
	if (timer < until)
		until = timer;
	if (config.dry)
		return;
	if (until < now + WAIT_MIN) {
		waited = clock_now() - now;
		/* Longer than that, somebody else had the core. */
		idle += waited < 2000 ? waited : 2000;
		return;
	}
	t.tv_nsec = until - now;
	nanosleep(&t, NULL);
}

static uint64_t visits_open(void)
{
	uint64_t open = 0;

	for (unsigned int i = 0; i < stream_count; i++)
		open += streams[i].open;
	return open;
}

static double run(void)
{
	uint64_t begin = clock_now(), end = begin + (uint64_t)(config.seconds * 1e9);
	bool measured = false;

	for (unsigned int i = 0; i < stream_count; i++)
		streams[i].begin = streams[i].due = begin;
	report_begin();
	for (;;) {
		unsigned int work;

		now = clock_now();
		if (told_to_end && now < end)
			end = now;
		if (now >= end && !measured) {
			report_cpu();
			measured = true;
		}
		if (now >= end + config.drain || (now >= end && !visits_open()))
			break;
		work = wire_receive(64);
		visits_acknowledge();
		visits_timers();
		visits_deadlines();
		for (unsigned int i = 0; i < stream_count; i++)
			work += begin_due(&streams[i], end);
		wire_flush();
		if (!work)
			wait_for_work(end);
		else if (config.fifo)
			sched_yield(); /* to the thread that brings replies, with all of them at once */
	}
	visits_give_up();
	wire_flush();
	return (end - begin) / 1e9;
}

static void run_answer(void)
{
	uint64_t end = clock_now() + (uint64_t)(config.seconds * 1e9);

	while (clock_now() < end)
		if (!wire_answer())
			usleep(50);
	printf("answerer: %lu in, %lu out\n", wire_stats.rx_packets, wire_stats.tx_packets);
}

/* On a busy machine a visitor must not be late because a compiler had the core. */
static int take_core(void)
{
	struct sched_param param = {.sched_priority = 1};

	if (!sched_setscheduler(0, SCHED_FIFO, &param))
		return 0;
	perror("crowd: --fifo");
	return -1;
}

int main(int argc, char **argv)
{
	struct sigaction on_int = {.sa_handler = end_early, .sa_flags = SA_RESETHAND};
	double seconds;

	if (getrandom(&random_state, sizeof(random_state), 0) < 0)
		return 1;
	random_state |= 1;
	options_read(argc, argv);
	/* Sleeps of 50 us would last 100 with the default slack. */
	prctl(PR_SET_TIMERSLACK, 1);
	sigaction(SIGINT, &on_int, NULL);
	if (config.fifo && take_core())
		return 1;
	if (config.answerer) {
		if (wire_open())
			return 1;
		run_answer();
		return 0;
	}
	if (config.dry ? wire_open_dry() : wire_open())
		return 1;
	seconds = run();
	wire_close();
	report_end(seconds);
	return 0;
}
