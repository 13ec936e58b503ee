// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/onlook.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio_ext.h>
#include <string.h>

#include "cmd/wanted.h"
#include "lib/clock.h"
#include "lib/say.h"

#define READ_MS 100 /* and then what has come is shown */

static volatile sig_atomic_t stopped;

static void stop(int signal)
{
	(void)signal;
	stopped = 1;
}

int onlook_begin(struct onlooker *o, bool packets, unsigned int rate)
{
	const struct sigaction end = {.sa_handler = stop}, ignored = {.sa_handler = SIG_IGN};

	if (gate_open(o->gate, o->call->instance, GATE_RUN))
		return EXIT_FAILED;
	if (wanted_read(o->gate, o->call, packets, rate, &o->filter))
		return EXIT_USAGE;
	sigaction(SIGINT, &end, NULL);
	sigaction(SIGTERM, &end, NULL);
	sigaction(SIGPIPE, &ignored, NULL);
	o->wall = realtime_ns() - monotonic_ns();
	if (lines_by_id_read(o->gate, &o->lines) || tap_open(o->gate, &o->filter, &o->tap))
		return EXIT_FAILED;
	o->begun = monotonic_ns();
	return EXIT_OK;
}

static int take(const struct tap_record *r, const uint8_t *bytes, void *arg)
{
	struct onlooker *o = arg;
	uint32_t reason = TAP_REASON(r->acted);

	if (!(o->filter.reasons[reason / 64 & 1] >> reason % 64 & 1))
		return 0;
	if (o->unread || o->err || (o->count && o->taken >= o->count))
		return 1;
	o->err = o->take(o, r, bytes);
	if (o->err || o->unread)
		return 1;
	o->taken++;
	return 0;
}

void onlook_unread(struct onlooker *o)
{
	__fpurge(o->out);
	clearerr(o->out);
	o->unread = true;
}

/* What may change meanwhile. */
static int look_round(struct onlooker *o)
{
	struct pollfd reader = {.fd = fileno(o->out)};
	int err;

	if (gate_is_gone(o->gate)) {
		say("instance %s was taken down", o->gate->instance);
		o->ended = true;
		return 0;
	}
	if (poll(&reader, 1, 0) > 0 && reader.revents & (POLLERR | POLLHUP | POLLNVAL))
		o->unread = true;
	o->wall = realtime_ns() - monotonic_ns();
	err = tap_renew(o->tap);
	if (!err)
		err = lines_by_id_read(o->gate, &o->lines);
	return err ? err : o->second(o);
}

static bool is_over(const struct onlooker *o, uint64_t now)
{
	return stopped || o->ended || o->unread || (o->count && o->taken >= o->count) ||
	       (o->call->seconds && now - o->begun >= o->call->seconds * SECOND_NS);
}

int onlook(struct onlooker *o)
{
	uint64_t now = o->begun, next = now + SECOND_NS;
	int err = 0;

	while (!err && !is_over(o, now)) {
		err = tap_read(o->tap, READ_MS, take, o);
		if (err)
			fail(err, "what the kernel reports cannot be read: %s", strerror(-err));
		err = err ? err : o->err;
		if (!err)
			err = o->flush(o);
		now = monotonic_ns();
		if (err || now < next)
			continue;
		next = now + SECOND_NS;
		err = look_round(o);
	}
	tap_stop(o->tap);
	/* What came before that. */
	if (!err && !o->unread && !tap_read(o->tap, 0, take, o))
		err = o->err ? o->err : o->flush(o);
	return err;
}

void onlook_end(struct onlooker *o)
{
	tap_close(o->tap);
	lines_by_id_free(o->lines);
}

int onlook_missed(const struct onlooker *o, const struct tap_counts *counts, char *out, size_t size)
{
	uint64_t after = counts->sent > o->taken ? counts->sent - o->taken : 0;
	int used = 0;

	*out = 0;
	if (counts->over)
		used += snprintf(out + used, size - used, "%s over the rate of %s a second",
				 grouped(counts->over), grouped(o->filter.rate));
	if (counts->lost)
		used += snprintf(out + used, size - used, "%s%s faster than they were read", used ? ", " : "",
				 grouped(counts->lost));
	if (after)
		used += snprintf(out + used, size - used, "%s%s at the end", used ? ", " : "",
				 grouped(after));
	return used;
}
