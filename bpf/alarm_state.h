/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When is a listener in trouble? The rules of posture `auto`, in plain C: the tests and
 * `status` ask the very code that the kernel runs.
 *
 * Time is cut into windows of a second. A window calls for the listener if in it
 *
 *	strays	were as many as its line says (100 if it says nothing), ten times as
 *		many as in calm, and half of the visits that were judged; or
 *	silence	of the SYNs that were answered, two thirds and 200 more than spoke
 *
 * and two in a row engage it. Pressure, a queue of the server's socket that is more than
 * half full, calls for nothing by itself, since a rush of served visitors and a server
 * that hangs fill queues as well. It makes a fifth of the strays and a quarter of the
 * silence enough, whatever calm is.
 *
 * Only SYNs that were answered count: with a full accept queue the kernel drops them, and
 * the visitors of a server that hangs would look silent. So a flood of silence that fills
 * the queue within a second is seen in that second alone; where the queue stays full, and
 * hardly anybody is answered or speaks, it goes on.
 *
 * Engaged is one word, the time until which: each window with half of what called for it
 * moves that on by `patience`. So a listener is asleep again when nothing comes, without
 * a timer and without a packet: who asks compares the word with the clock. Empty queues
 * are no reason to sleep, because it is the gate that empties them.
 */
#ifndef STRAYGATE_ALARM_STATE_H
#define STRAYGATE_ALARM_STATE_H

#include <stdbool.h>

#include "bpf/compiler.h"
#include "bpf/shared.h"

#define ALARM_WINDOW	   1000000000ULL /* ns */
#define ALARM_WINDOWS	   2		 /* in a row */
#define ALARM_SERVED_LEAST 20		 /* visits, before a listener may engage */
#define ALARM_CALM_SHIFT   16
#define ALARM_TENFOLD	   10

#define ALARM_RATE	      100  /* strays a second */
#define ALARM_RATE_DNS	      2000 /* over UDP, where nothing but the query is spent */
#define ALARM_RATE_QUIC	      200  /* Initials, of which nobody knows whether they are strays */
#define ALARM_PRESSED_FIFTH   5
#define ALARM_SILENCE	      200
#define ALARM_SILENCE_PRESSED 50
#define ALARM_BACKLOG_LEAST   64 /* a shorter queue is full at any time */

#define ALARM_STREAK_SILENT (1U << 31) /* in `streak`: the last of them called by silence */

/* What the listener's line and the moment ask for. */
struct alarm_terms {
	__u32 rate;  /* strays a second */
	bool silent; /* silence counts: the gate could keep it away from the server */
	bool engage; /* or only learn */
};

static __always_inline bool alarm_is_engaged(const struct alarm *a, __u64 now)
{
	__u64 until = *(const volatile __u64 *)&a->until;

	return until && now < until;
}

/* Known well enough to tell trouble from its ordinary day. */
static __always_inline bool alarm_is_armed(const struct alarm *a, const struct pace *p, __u64 now)
{
	return a->begun && now - a->begun >= p->arm && a->served >= ALARM_SERVED_LEAST;
}

static __always_inline __u32 alarm_rate(__u32 above, __u32 as, bool udp)
{
	if (above)
		return above;
	return as == PROTO_QUIC ? ALARM_RATE_QUIC : as == PROTO_DNS && udp ? ALARM_RATE_DNS : ALARM_RATE;
}

/* ---- calm ------------------------------------------------------------------ */

/* The average of n windows and then k more without anything. */
static __always_inline __u64 alarm_fade(__u64 calm, __u64 n, __u64 k, __u64 most)
{
	__u64 q, r = 1ULL << 32;
	__u32 i;

	if (n < most)
		return calm * n / (n + k);
	/* (1 - 1/n)^k */
	q = (1ULL << 32) - (1ULL << 32) / (n ? n : 1);
	for (i = 0; i < 20; i++) {
		if (k >> i & 1)
			r = r * (q & 0xffffffff) >> 32;
		q = (q & 0xffffffff) * (q & 0xffffffff) >> 32;
	}
	return k >> 20 ? 0 : (calm >> 12) * r >> 20;
}

static __always_inline __u64 alarm_average(__u64 calm, __u64 n, __u32 came)
{
	__u64 now = (__u64)came << ALARM_CALM_SHIFT;

	return now > calm ? calm + (now - calm) / n : calm - (calm - now) / n;
}

/* A window of the ordinary day, and those behind it in which nothing came. */
static __always_inline void alarm_learn(struct alarm *a, const struct pace *p, const struct alarm_window *w,
					__u64 empty)
{
	__u64 most = p->memory / ALARM_WINDOW, n = (__u64)a->calm_windows + 1;

	most = most ? most : 1;
	n = n < most ? n : most;
	if (w) {
		a->calm_strays = alarm_average(a->calm_strays, n, w->strays);
		a->calm_visits = alarm_average(a->calm_visits, n, w->visits);
		a->calm_windows = n;
	}
	if (!empty)
		return;
	n = a->calm_windows;
	a->calm_strays = alarm_fade(a->calm_strays, n, empty, most);
	a->calm_visits = alarm_fade(a->calm_visits, n, empty, most);
	a->calm_windows = n + empty < most ? n + empty : most;
}

/* ---- signals --------------------------------------------------------------- */

static __always_inline void alarm_needs(struct alarm *a, const struct alarm_terms *t)
{
	__u64 tenfold = a->calm_strays * ALARM_TENFOLD >> ALARM_CALM_SHIFT;

	if (a->pressed) {
		a->need_strays = t->rate / ALARM_PRESSED_FIFTH ?: 1;
		a->need_silent = ALARM_SILENCE_PRESSED;
	} else {
		a->need_strays = t->rate > tenfold ? t->rate : tenfold;
		a->need_silent = ALARM_SILENCE;
	}
}

/* Why this window calls for it; 0: it does not. */
static __always_inline __u32 alarm_calls(const struct alarm *a, const struct alarm_terms *t,
					 const struct alarm_window *w)
{
	__u32 cause = 0;

	if (w->strays >= a->need_strays && w->strays * 2 >= w->visits)
		cause |= ALARM_STRAYS;
	if (t->silent && w->silent >= a->need_silent && w->silent * 3ULL >= w->answered * 2ULL)
		cause |= ALARM_SILENT;
	return cause && a->pressed ? cause | ALARM_PRESSURE : cause;
}

/* After a window that called for it by silence: the queue is full of the silent, so that
 * the kernel lets in nobody else. (Those whom a server that hangs keeps waiting have
 * spoken when they came.) */
static __always_inline bool alarm_goes_on(const struct alarm *a, const struct alarm_terms *t,
					  const struct alarm_window *w)
{
	return t->silent && a->pressed && a->streak & ALARM_STREAK_SILENT && w->answered < a->need_silent &&
	       w->visits * 2ULL < a->need_silent;
}

/* ---- from window to window ------------------------------------------------- */

static __always_inline void alarm_engage(struct alarm *a, const struct pace *p, __u32 cause, __u64 now)
{
	bool again = a->times && now - a->changed < p->relapse;

	a->patience = again && a->patience ? a->patience * 2 : p->patience;
	if (a->patience > p->patience_most)
		a->patience = p->patience_most;
	a->why = a->last;
	if (cause & ALARM_FULL)
		a->why.silent = a->accept + a->half_open;
	a->cause = cause;
	a->changed = now;
	a->times++;
	a->streak = 0;
	*(volatile __u64 *)&a->until = now + a->patience;
}

/* It fell asleep meanwhile: when is known, whoever notices it. */
static __always_inline void alarm_settle(struct alarm *a, __u64 now)
{
	if (!a->until || now < a->until)
		return;
	a->changed = a->until;
	a->streak = 0;
	*(volatile __u64 *)&a->until = 0;
}

/* The window in a->last has ended, and behind it so many in which nothing came. */
static __always_inline void alarm_window(struct alarm *a, const struct pace *p, const struct alarm_terms *t,
					 __u64 empty)
{
	const struct alarm_window *w = &a->last;
	__u64 now = a->ends;
	__u32 cause, in_a_row;

	alarm_settle(a, now);
	if (a->until) {
		if (w->strays * 2ULL >= a->need_strays || (t->silent && w->silent * 2ULL >= a->need_silent))
			*(volatile __u64 *)&a->until = now + a->patience;
		return;
	}
	alarm_needs(a, t);
	cause = alarm_calls(a, t, w);
	if (!cause && alarm_goes_on(a, t, w))
		cause = ALARM_SILENT | ALARM_PRESSURE | ALARM_FULL;
	if (!cause || !alarm_is_armed(a, p, now)) {
		a->streak = 0;
		alarm_learn(a, p, w, empty);
		return;
	}
	/* Trouble is not what is learned of calm. */
	in_a_row = (a->streak & ~ALARM_STREAK_SILENT) + 1;
	if (t->engage && in_a_row >= ALARM_WINDOWS) {
		alarm_engage(a, p, cause, now);
		return;
	}
	a->streak = cause & ALARM_SILENT ? in_a_row | ALARM_STREAK_SILENT : in_a_row;
	if (empty || !t->engage)
		a->streak = 0;
	if (empty)
		alarm_learn(a, p, 0, empty);
}

#endif
