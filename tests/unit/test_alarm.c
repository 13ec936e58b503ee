// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The rules of posture auto, second by second, on the host: what engages a listener,
 * what does not, and when it is asleep again.
 */
#include <criterion/criterion.h>
#include <stdint.h>
#include <string.h>

#include "bpf/alarm_state.h"

#define MINUTE 60
#define HOUR   3600

static const struct pace pace = {
	.arm = HOUR * ALARM_WINDOW,
	.memory = HOUR * ALARM_WINDOW,
	.patience = 5 * MINUTE * ALARM_WINDOW,
	.patience_most = HOUR * ALARM_WINDOW,
	.relapse = HOUR * ALARM_WINDOW,
};
static const struct alarm_terms web = {.rate = ALARM_RATE, .silent = true, .engage = true};

static struct alarm a;
static uint64_t start; /* of the window under way */

static void begin(void)
{
	start = 1000 * ALARM_WINDOW;
	a = (struct alarm){.begun = start, .changed = start, .ends = start + ALARM_WINDOW};
}

TestSuite(alarm, .init = begin);

/* What comes in a second. */
struct second {
	uint32_t served, strays, silent;
	bool pressed;
};

static bool engaged(void)
{
	return alarm_is_engaged(&a, start);
}

/* One window, and `empty` more that no packet has ended. */
static void passes(const struct second *s, uint64_t empty, const struct alarm_terms *t)
{
	a.last = (struct alarm_window){
		.visits = s->served + s->strays,
		.strays = s->strays,
		.answered = s->served + s->strays + s->silent,
		.silent = s->silent,
	};
	a.served += s->served;
	a.pressed = s->pressed;
	alarm_window(&a, &pace, t, empty);
	a.ends += (empty + 1) * ALARM_WINDOW;
	start += (empty + 1) * ALARM_WINDOW;
	alarm_settle(&a, start);
}

/* The same for so long; returns after how many seconds it was engaged, or 0. */
static unsigned int goes_on(unsigned int seconds, struct second s)
{
	unsigned int i, when = 0;

	for (i = 1; i <= seconds; i++) {
		passes(&s, 0, &web);
		when = when || !engaged() ? when : i;
	}
	return when;
}

static void ordinary_hour(void)
{
	cr_assert(!goes_on(HOUR, (struct second){.served = 50, .strays = 2}));
	cr_assert(alarm_is_armed(&a, &pace, start));
}

/* ---- what engages it, and what does not ---- */

Test(alarm, signals)
{
	static const struct {
		const char *what;
		struct second calm, trouble;
		unsigned int engaged; /* after so many seconds; 0: never */
	} cases[] = {
		{"a flood", {50, 2, 0, false}, {50, 1000, 0, false}, 2},
		{"strays: just enough", {50, 2, 0, false}, {50, 100, 0, false}, 2},
		{"strays: too few", {50, 2, 0, false}, {50, 99, 0, false}, 0},
		{"strays: less than half", {50, 2, 0, false}, {150, 149, 0, false}, 0},
		{"strays: half", {50, 2, 0, false}, {150, 150, 0, false}, 2},
		{"strays: nine times as many as ever", {300, 30, 0, false}, {250, 270, 0, false}, 0},
		{"strays: ten times", {300, 30, 0, false}, {250, 310, 0, false}, 2},
		{"strays: few, while the queue is full", {50, 2, 0, false}, {10, 20, 0, true}, 2},
		{"strays: too few for that", {50, 2, 0, false}, {10, 19, 0, true}, 0},
		{"strays: the ordinary number, while the queue is full",
		 {20, 30, 0, false},
		 {20, 30, 0, true},
		 2},
		{"silence", {50, 2, 0, false}, {50, 2, 200, false}, 2},
		{"silence: too little", {50, 2, 0, false}, {50, 2, 199, false}, 0},
		{"silence: half of all", {50, 2, 0, false}, {300, 0, 300, false}, 0},
		{"silence: two thirds", {50, 2, 0, false}, {100, 0, 200, false}, 2},
		{"silence, while the queue is full", {50, 2, 0, false}, {20, 0, 50, true}, 2},
		{"silence: too little for that", {50, 2, 0, false}, {20, 0, 49, true}, 0},
		{"a rush", {50, 2, 0, false}, {5000, 20, 0, true}, 0},
		{"a full queue alone", {50, 2, 0, false}, {0, 0, 0, true}, 0},
		{"nobody comes", {50, 2, 0, false}, {0, 0, 0, false}, 0},
	};
	unsigned int when;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin();
		cr_assert(!goes_on(HOUR, cases[i].calm), "%s: calm", cases[i].what);
		when = goes_on(30, cases[i].trouble);
		cr_expect(when == cases[i].engaged, "%s: engaged after %u, not %u", cases[i].what, when,
			  cases[i].engaged);
	}
}

/* A flood of silence that fills the queue within a second, whatever comes behind it: from
 * then on the kernel answers nobody, until the server gives up waiting for somebody. */
Test(alarm, queue_full_of_silence)
{
	static const struct {
		const char *what;
		struct second first, then;
		unsigned int engaged;
	} cases[] = {
		{"nobody is let in", {10, 0, 600, true}, {0, 0, 0, true}, 1},
		{"some are", {10, 0, 60, true}, {12, 2, 10, true}, 1},
		{"those who came speak: they were slow", {0, 0, 128, true}, {25, 0, 0, true}, 0},
		{"a server that hangs", {128, 0, 20, true}, {0, 0, 0, true}, 0},
		{"strays that wait", {0, 128, 0, true}, {0, 0, 0, true}, 0},
		{"the queue is empty again", {10, 0, 600, true}, {0, 0, 0, false}, 0},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin();
		ordinary_hour();
		cr_assert(!goes_on(1, cases[i].first), "%s: one second", cases[i].what);
		a.accept = 128;
		cr_expect(goes_on(30, cases[i].then) == cases[i].engaged, "%s", cases[i].what);
		cr_expect(!a.times || (a.cause == (ALARM_SILENT | ALARM_PRESSURE | ALARM_FULL) &&
				       a.why.silent == 128),
			  "%s: %u", cases[i].what, a.why.silent);
	}
}

/* Two windows in a row, not two. */
Test(alarm, in_a_row)
{
	ordinary_hour();
	for (int i = 0; i < 20; i++) {
		cr_expect(!goes_on(1, (struct second){.strays = 500}), "one window");
		cr_expect(!goes_on(1, (struct second){.served = 50}), "between");
	}
	/* A second one, after a minute in which nothing came. */
	passes(&(struct second){.strays = 500}, 60, &web);
	cr_expect(!goes_on(1, (struct second){.strays = 500}));
	cr_expect(goes_on(1, (struct second){.strays = 500}) == 1);
}

Test(alarm, armed)
{
	/* Not before an hour, whatever comes; then what has come all the while is calm. */
	cr_expect(!goes_on(HOUR - 1, (struct second){.served = 10, .strays = 400}));
	cr_expect(!goes_on(HOUR, (struct second){.served = 10, .strays = 400}));
	cr_expect(goes_on(10, (struct second){.served = 10, .strays = 4100}) == 2);
	/* Nor where nobody was ever served. */
	begin();
	cr_expect(!goes_on(2 * HOUR, (struct second){.strays = 2}));
	cr_expect(!goes_on(60, (struct second){.strays = 5000}));
}

/* Only learning: nothing engages, and trouble does not become calm. */
Test(alarm, learns)
{
	struct alarm_terms observe = web;
	struct second flood = {.strays = 5000};

	observe.engage = false;
	ordinary_hour();
	for (int i = 0; i < HOUR; i++)
		passes(&flood, 0, &observe);
	cr_expect(!a.times && !engaged());
	cr_expect(a.calm_strays >> ALARM_CALM_SHIFT <= 2);
}

Test(alarm, rates)
{
	cr_expect(alarm_rate(0, PROTO_HTTP, false) == 100 && alarm_rate(0, PROTO_TLS, false) == 100);
	cr_expect(alarm_rate(0, PROTO_DNS, true) == 2000 && alarm_rate(0, PROTO_DNS, false) == 100);
	cr_expect(alarm_rate(0, PROTO_QUIC, true) == 200 && alarm_rate(7, PROTO_DNS, true) == 7);
}

/* ---- asleep again ---- */

Test(alarm, patience)
{
	ordinary_hour();
	cr_assert(goes_on(2, (struct second){.strays = 100}) == 2);
	/* Half of what called for it keeps it engaged, for ever. */
	goes_on(HOUR, (struct second){.served = 50, .strays = 50});
	cr_expect(engaged());
	goes_on(5 * MINUTE - 1, (struct second){.served = 50, .strays = 49});
	cr_expect(engaged(), "too early");
	goes_on(1, (struct second){.served = 50, .strays = 49});
	cr_expect(!engaged(), "too late");
	cr_expect(a.changed == start && a.times == 1);
}

/* Without a packet: who asks knows, and so does the next packet. */
Test(alarm, nothing_comes)
{
	uint64_t asleep;

	ordinary_hour();
	goes_on(2, (struct second){.strays = 1000});
	cr_assert(engaged());
	asleep = start + 5 * MINUTE * ALARM_WINDOW;
	cr_expect(alarm_is_engaged(&a, asleep - 1) && !alarm_is_engaged(&a, asleep));
	passes(&(struct second){0}, 10 * MINUTE, &web);
	cr_expect(!a.until && a.changed == asleep);
}

/* A flood that comes and goes: each time twice as long, up to an hour. */
Test(alarm, flapping)
{
	static const unsigned int minutes[] = {5, 10, 20, 40, 60, 60};
	unsigned int n;

	ordinary_hour();
	for (size_t i = 0; i < sizeof(minutes) / sizeof(minutes[0]); i++) {
		cr_assert(goes_on(2, (struct second){.strays = 1000}) == 2);
		for (n = 0; engaged(); n++)
			passes(&(struct second){.served = 5}, 0, &web);
		cr_expect(n == minutes[i] * MINUTE, "%u s, not %u min", n, minutes[i]);
		goes_on(MINUTE, (struct second){.served = 5});
	}
	goes_on(HOUR, (struct second){.served = 5});
	cr_assert(goes_on(2, (struct second){.strays = 1000}) == 2);
	cr_expect(a.patience == pace.patience, "after an hour of calm it begins anew");
}

/* Engaged time is no calm: what was calm before is calm after it. */
Test(alarm, engaged_is_no_calm)
{
	uint64_t calm;

	ordinary_hour();
	calm = a.calm_strays;
	goes_on(HOUR, (struct second){.strays = 1000});
	cr_expect(a.calm_strays == calm);
}

/* ---- the average ---- */

Test(alarm, average)
{
	/* The plain average of less than an hour. */
	goes_on(100, (struct second){.served = 1, .strays = 10});
	passes(&(struct second){.strays = 10}, 99, &web);
	cr_expect((a.calm_strays >> (ALARM_CALM_SHIFT - 4)) / 16.0 > 4.9 &&
		  (a.calm_strays >> (ALARM_CALM_SHIFT - 4)) / 16.0 < 5.2);
	/* Then it fades by 1/e an hour, whether packets end the windows or not. */
	for (int each = 0; each < 2; each++) {
		begin();
		goes_on(HOUR, (struct second){.served = 50, .strays = 50});
		if (each)
			goes_on(HOUR, (struct second){.served = 1});
		else
			passes(&(struct second){.served = 1}, HOUR - 1, &web);
		cr_expect(a.calm_strays * 100 >> ALARM_CALM_SHIFT >= 1800 &&
				  a.calm_strays * 100 >> ALARM_CALM_SHIFT <= 1860,
			  "%llu", (unsigned long long)(a.calm_strays * 100 >> ALARM_CALM_SHIFT));
	}
	passes(&(struct second){0}, 1ULL << 40, &web);
	cr_expect(!a.calm_strays);
}
