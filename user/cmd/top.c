// SPDX-License-Identifier: GPL-2.0-or-later
/* `straygate top`: the loop, the keys, and what they do. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/top_screen.h"
#include "cmd/verb.h"
#include "lib/say.h"

static volatile sig_atomic_t ended;

static void end(int signal)
{
	(void)signal;
	ended = 1;
}

static void catch_signals(void)
{
	static const int ends[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
	struct sigaction a = {.sa_handler = end};
	size_t i;

	for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		sigaction(ends[i], &a, NULL);
}

/* ---- what the programs cost -------------------------------------------------------- */

static void read_costs(struct top *t)
{
	const struct tally *now = &t->watch.now.tally;
	uint64_t ns[GATE_PROGRAMS], sum[2] = {0}, at = monotonic_ns();
	bool known = t->watch.open && t->stats >= 0 && now->device_count;
	size_t i;

	for (i = 0; known && i < now->device_count; i++) {
		known = !gate_run_time(&t->watch.gate, &now->devices[i], ns);
		sum[0] += ns[0];
		sum[1] += ns[1] + ns[2];
	}
	for (i = 0; i < 2; i++) {
		t->cost_known = known && t->cost_at && sum[i] >= t->cost_ns[i];
		if (t->cost_known)
			t->cost[i] = 100.0 * (sum[i] - t->cost_ns[i]) / (at - t->cost_at);
	}
	for (i = 0; i < 2; i++)
		t->cost_ns[i] = sum[i];
	t->cost_at = known ? at : 0;
}

/* ---- keys -------------------------------------------------------------------------- */

static struct top_row *selected(struct top *t)
{
	enum top_list list = t->focus;

	return t->at[list] < t->rows[list].count ? &t->rows[list].row[t->at[list]] : NULL;
}

static void move(struct top *t, int by)
{
	size_t *at = &t->at[t->focus], count = t->rows[t->focus].count;

	if (by < 0)
		*at = *at < (size_t)-by ? 0 : *at + by;
	else if (count)
		*at = *at + by < count ? *at + by : count - 1;
}

static void set_filter(struct top *t)
{
	const struct top_row *r = t->focus == TOP_LISTENERS ? selected(t) : NULL;

	if (*t->filter || !r)
		*t->filter = 0;
	else
		memcpy(t->filter, r->key, sizeof(t->filter));
	memset(t->at, 0, sizeof(t->at));
}

static void keep_line(struct top *t)
{
	const struct top_row *r = selected(t);
	size_t i;

	if (!r || !*r->line) {
		snprintf(t->message, sizeof(t->message), "there is no line that acts on this");
		return;
	}
	snprintf(t->message, sizeof(t->message), "%s", r->line);
	for (i = 0; i < t->kept; i++)
		if (!strcmp(t->keep[i], r->line))
			return;
	if (t->kept < TOP_KEPT)
		memcpy(t->keep[t->kept++], r->line, sizeof(r->line));
}

static void show_lower(struct top *t, enum top_list list)
{
	t->lower = list;
	t->focus = list;
}

static void explain(struct top *t)
{
	const struct top_row *r = selected(t);

	snprintf(t->message, sizeof(t->message), "%s", r ? r->explain : "nothing is selected");
}

/* False: it was the one that ends it. */
static bool press(struct top *t, int key)
{
	*t->message = 0;
	switch (key) {
	case 'q':
	case 27:
		return false;
	case KEY_UP_:
	case 'k':
		move(t, -1);
		break;
	case KEY_DOWN_:
	case 'j':
		move(t, 1);
		break;
	case KEY_PAGE_UP_:
		move(t, -10);
		break;
	case KEY_PAGE_DOWN_:
		move(t, 10);
		break;
	case '\t':
		t->focus = t->focus == TOP_LISTENERS ? t->lower : TOP_LISTENERS;
		break;
	case 'n':
		show_lower(t, TOP_NAMES);
		break;
	case 's':
		show_lower(t, TOP_SOURCES);
		break;
	case 'r':
		show_lower(t, TOP_REASONS);
		break;
	case 'l':
		t->focus = TOP_LISTENERS;
		break;
	case 'o':
		t->order = (t->order + 1) % ORDERS;
		snprintf(t->message, sizeof(t->message), "listeners in order of: %s", order_name(t->order));
		break;
	case 'p':
	case ' ':
		t->paused = !t->paused;
		break;
	case 'f':
		set_filter(t);
		break;
	case 'e':
	case '\n':
	case '\r':
		explain(t);
		break;
	case 'a':
		keep_line(t);
		break;
	case 'h':
	case '?':
		snprintf(t->message, sizeof(t->message), "%s", top_help);
		break;
	}
	return true;
}

/* ---- the loop ---------------------------------------------------------------------- */

static void look(struct top *t, uint64_t second)
{
	watch_second(&t->watch, second);
	watch_strays(&t->watch);
	watch_bound(&t->watch);
	read_costs(t);
}

static void make_rows(struct top *t)
{
	int i;

	for (i = 0; i < TOP_LISTS; i++) {
		top_rows_make(&t->rows[i], &t->watch, i, t->order, t->filter);
		if (t->at[i] >= t->rows[i].count)
			t->at[i] = t->rows[i].count ? t->rows[i].count - 1 : 0;
	}
}

static void loop(struct top *t)
{
	uint64_t second = monotonic_ns() / SECOND_NS, now;
	int key;

	look(t, second);
	while (!ended) {
		make_rows(t);
		screen_draw(t);
		now = monotonic_ns();
		key = screen_key(
			(second + 1) * SECOND_NS > now ? ((second + 1) * SECOND_NS - now) / 1000000 + 1 : 0);
		if (key == KEY_GONE_ || (key != KEY_NONE_ && !press(t, key)))
			return;
		if (monotonic_ns() / SECOND_NS == second)
			continue;
		second = monotonic_ns() / SECOND_NS;
		if (!t->paused)
			look(t, second);
	}
}

static int run(const struct call *c)
{
	static struct top t;
	cleanup_gate struct gate g = GATE_INIT;
	size_t i;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return fail(EXIT_FAILED, "top needs a terminal; `straygate status -j` is for programs");
	if (gate_open(&g, c->instance, GATE_READ))
		return EXIT_FAILED;
	t = (struct top){.lower = TOP_NAMES, .stats = gate_stats_on()};
	if (screen_begin())
		return fail(EXIT_FAILED,
			    "top cannot draw on this terminal (TERM=%s); `straygate status` needs none",
			    getenv("TERM") ?: "");
	catch_signals();
	watch_init(&t.watch, c->instance, NULL);
	loop(&t);
	watch_end(&t.watch);
	screen_end();
	close_fd(&t.stats);
	for (i = 0; i < t.kept; i++)
		puts(t.keep[i]);
	return EXIT_OK;
}

const struct verb verb_top = {
	.name = "top",
	.arguments = "",
	.summary = "show live what arrives and what becomes of it",
	.help = "Rates of each listener with their last minute, the most asked stray names, the most\n"
		"active sources, reasons, and what the programs cost (as root). Keys:\n"
		"  up down tab    select; tab: the other list    n s r   names, sources, reasons\n"
		"  o              other order                    f       this listener alone, or all\n"
		"  e              explain what is selected       p       pause\n"
		"  a              show the command that would act on it, and print it at the end\n"
		"  h              show all keys                  q       quit\n"
		"While root runs it, the kernel measures BPF programs (kernel.bpf_stats_enabled).\n"
		"If NO_COLOR is set in the environment, it uses no colours.\n",
	.takes = 0,
	.least = 0,
	.most = 0,
	.run = run,
};
