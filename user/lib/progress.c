// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/progress.h"

#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define FIRST_MS 500 /* what takes less shows nothing */
#define NEXT_MS	 200
#define WIDE	 400 /* columns at most */

uint64_t progress_count;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t ended;
static pthread_t writer;
static bool running; /* the writer; of the calling thread alone */

/* Under the lock. */
static bool ending;
static char what[256];
static const char *unit;
static uint64_t total;
static char shown[WIDE + 1]; /* the line that is there now */
static size_t on_screen;     /* its columns */

int progress_shown(void)
{
	const char *term = getenv("TERM");

	return isatty(STDERR_FILENO) && term && *term && strcmp(term, "dumb");
}

/* ---- the line -------------------------------------------------------------------- */

static void group_digits(uint64_t n, char out[32])
{
	char digits[24];
	int len = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)n), i;

	for (i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			*out++ = ',';
		*out++ = digits[i];
	}
	*out = 0;
}

static void write_out(const char *bytes, size_t len)
{
	ssize_t put;

	for (; len; bytes += put, len -= put) {
		put = write(STDERR_FILENO, bytes, len);
		if (put <= 0)
			return;
	}
}

/* In the background nobody asked to see it, and the terminal is another's. */
static bool in_foreground(void)
{
	pid_t group = tcgetpgrp(STDERR_FILENO);

	return group < 0 || group == getpgrp();
}

static size_t columns(void)
{
	struct winsize w = {0};

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &w) || !w.ws_col)
		return 80;
	return w.ws_col < WIDE ? w.ws_col : WIDE;
}

/* The numbers come first where there is not room for all. */
static size_t make_line(char *out, size_t width)
{
	uint64_t done = __atomic_load_n(&progress_count, __ATOMIC_RELAXED);
	char counted[128] = "", n[32], of[32];
	int head = strlen(what), tail;

	group_digits(done, n);
	group_digits(total, of);
	if (unit && total)
		snprintf(counted, sizeof(counted), ": %s of %s %s (%llu %%)", n, of, unit,
			 (unsigned long long)(done < total ? done * 100 / total : 100));
	else if (unit)
		snprintf(counted, sizeof(counted), ": %s %s", n, unit);
	else if (total)
		snprintf(counted, sizeof(counted), ": %llu %%",
			 (unsigned long long)(done < total ? done * 100 / total : 100));
	tail = strlen(counted);
	if (head + tail > (int)width)
		head = tail < (int)width ? (int)width - tail : 0;
	snprintf(out, width + 1, "%.*s%s", head, what, counted + (head ? 0 : tail ? 2 : 0));
	for (char *at = out; *at; at++)
		if (*at < ' ' || *at > '~')
			*at = '?';
	return strlen(out);
}

/* Blanks and not an escape sequence: right on every terminal. The last column stays
 * free, or some terminals would go to the next line. */
static void draw(void)
{
	char line[2 * WIDE + 3];
	size_t width = columns() - 1, len, blanks;

	if (!in_foreground())
		return;
	line[0] = '\r';
	len = make_line(line + 1, width);
	if (on_screen == len && !strcmp(shown, line + 1))
		return;
	strcpy(shown, line + 1);
	blanks = on_screen > len ? on_screen - len : 0;
	if (len + blanks > width)
		blanks = width - len;
	memset(line + 1 + len, ' ', blanks);
	memset(line + 1 + len + blanks, '\b', blanks);
	write_out(line, 1 + len + 2 * blanks);
	on_screen = len;
}

static void take_away(void)
{
	char line[WIDE + 2];
	size_t width = columns() - 1, len = on_screen < width ? on_screen : width;

	if (!on_screen)
		return;
	on_screen = 0;
	memset(line, ' ', sizeof(line));
	line[0] = line[1 + len] = '\r';
	write_out(line, len + 2);
}

/* ---- the writer -------------------------------------------------------------------- */

static void add_ms(struct timespec *t, long ms)
{
	t->tv_nsec += ms * 1000000;
	t->tv_sec += t->tv_nsec / 1000000000;
	t->tv_nsec %= 1000000000;
}

static void *write_lines(void *none)
{
	struct timespec due;

	clock_gettime(CLOCK_MONOTONIC, &due);
	add_ms(&due, FIRST_MS);
	pthread_mutex_lock(&lock);
	while (!ending) {
		if (!pthread_cond_timedwait(&ended, &lock, &due))
			continue;
		draw();
		clock_gettime(CLOCK_MONOTONIC, &due);
		add_ms(&due, NEXT_MS);
	}
	take_away();
	pthread_mutex_unlock(&lock);
	return none;
}

/* A child that is forked meanwhile has no writer, and must not wait for one. */
static void hold(void)
{
	pthread_mutex_lock(&lock);
}

static void let_go(void)
{
	pthread_mutex_unlock(&lock);
}

static void be_a_child(void)
{
	running = false;
	on_screen = 0;
	pthread_mutex_unlock(&lock);
}

/* Signals are the business of the thread that works. */
static void start(void)
{
	static bool known;
	pthread_condattr_t monotonic;
	sigset_t all, before;

	if (!known) {
		pthread_condattr_init(&monotonic);
		pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
		pthread_cond_init(&ended, &monotonic);
		pthread_atfork(hold, let_go, be_a_child);
		known = true;
	}
	ending = false;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	running = !pthread_create(&writer, NULL, write_lines, NULL);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* ---- what is said ------------------------------------------------------------------- */

void progress(const char *counted, uint64_t all, const char *format, ...)
{
	va_list args;

	if (!running && !progress_shown())
		return;
	pthread_mutex_lock(&lock);
	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	unit = counted;
	total = all;
	progress_done(0);
	pthread_mutex_unlock(&lock);
	if (!running)
		start();
}

void progress_end(void)
{
	if (!running)
		return;
	pthread_mutex_lock(&lock);
	ending = true;
	pthread_cond_signal(&ended);
	pthread_mutex_unlock(&lock);
	pthread_join(writer, NULL);
	running = false;
}

void progress_hide(void)
{
	pthread_mutex_lock(&lock);
	take_away();
}

void progress_unhide(void)
{
	pthread_mutex_unlock(&lock);
}
