// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/top_screen.h"

#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <ncurses.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/say.h"

const char top_help[] =
	"up/down select; tab other list; n names, s sources, r reasons; o order; f this listener alone; "
	"e explain; a the line that acts on it (printed at the end); p pause; q quit";

enum { PAIR_GOOD = 1, PAIR_STRAY, PAIR_BAD };
#define WIDE 160 /* columns from which three lists stand beside each other */

static SCREEN *screen;
static bool blocks; /* the terminal has UTF-8 */

static int paint(int pair)
{
	return has_colors() && !getenv("NO_COLOR") ? COLOR_PAIR(pair) : 0;
}

int screen_begin(void)
{
	setlocale(LC_CTYPE, "");
	blocks = !strcmp(nl_langinfo(CODESET), "UTF-8");
	screen = newterm(NULL, stdout, stdin);
	if (!screen)
		return -1;
	set_term(screen);
	cbreak();
	noecho();
	keypad(stdscr, TRUE);
	set_escdelay(50);
	curs_set(0);
	if (has_colors() && !getenv("NO_COLOR")) {
		start_color();
		use_default_colors();
		init_pair(PAIR_GOOD, COLOR_GREEN, -1);
		init_pair(PAIR_STRAY, COLOR_YELLOW, -1);
		init_pair(PAIR_BAD, COLOR_RED, -1);
	}
	return 0;
}

void screen_end(void)
{
	endwin();
	delscreen(screen);
	setlocale(LC_CTYPE, "C");
}

int screen_key(int ms)
{
	int key;

	timeout(ms);
	errno = 0;
	key = getch();
	switch (key) {
	case ERR:
		return errno == EIO || errno == ENXIO ? KEY_GONE_ : KEY_NONE_;
	case KEY_UP:
		return KEY_UP_;
	case KEY_DOWN:
		return KEY_DOWN_;
	case KEY_PPAGE:
		return KEY_PAGE_UP_;
	case KEY_NPAGE:
		return KEY_PAGE_DOWN_;
	case KEY_ENTER:
		return '\n';
	case KEY_RESIZE:
		return KEY_NONE_;
	}
	return key;
}

/* ---- pieces ------------------------------------------------------------------------ */

/* Cut at so many columns. What is printed has no control characters: see heavy_text(). */
static void put(int y, int x, int width, int attributes, const char *text)
{
	if (y < 0 || y >= LINES || width <= 0)
		return;
	attron(attributes);
	mvaddnstr(y, x, text, width);
	attroff(attributes);
}

/* Several lines at most; returns how many. */
static int put_folded(int y, int lines, int attributes, const char *text)
{
	int used = 0, width = COLS - 1, n;

	while (*text && used < lines) {
		n = strlen(text);
		if (n > width)
			for (n = width; n > width / 2 && text[n] != ' '; n--)
				;
		put(y + used++, 0, n, attributes, text);
		text += n;
		text += strspn(text, " ");
	}
	return used;
}

static int sum_of(const struct second *s)
{
	return s->served + s->stray + s->other;
}

/* The last `width` seconds, the newest on the right. */
static void spark(int y, int x, int width, const struct watch *w, const struct track *t)
{
	static const char *const high[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
	static const char *const low[] = {" ", ".", ".", ":", "-", "=", "+", "*", "#"};
	struct second s;
	int i, most = 1, n;

	if (width > HISTORY_LISTENER)
		width = HISTORY_LISTENER;
	for (i = 0; i < width; i++) {
		s = t ? track_at(&w->history, t, w->history.last - i)
		      : history_at(&w->history, w->history.last - i);
		most = sum_of(&s) > most ? sum_of(&s) : most;
	}
	for (i = 0; i < width; i++) {
		s = t ? track_at(&w->history, t, w->history.last - i)
		      : history_at(&w->history, w->history.last - i);
		n = ((long)sum_of(&s) * 8 + most - 1) / most;
		attron(paint(s.stray > s.served ? PAIR_STRAY : PAIR_GOOD));
		mvaddstr(y, x + width - 1 - i, (blocks ? high : low)[n]);
		attroff(paint(s.stray > s.served ? PAIR_STRAY : PAIR_GOOD));
	}
}

/* ---- head -------------------------------------------------------------------------- */

static int draw_title(const struct top *t)
{
	const struct watch *w = &t->watch;
	char text[400], clock[16];
	char posture[POSTURE_TEXT];
	time_t now = time(NULL);
	struct room room = {0};
	struct tm tm;
	int n;

	strftime(clock, sizeof(clock), "%H:%M:%S", localtime_r(&now, &tm));
	n = snprintf(text, sizeof(text), "straygate %s", w->instance);
	if (w->open) {
		n += snprintf(text + n, sizeof(text) - n, "  %s",
			      posture_print(policy_find(w->now.tally.policy, ST_POSTURE, ""), posture));
		if (t->cost_known)
			n += snprintf(text + n, sizeof(text) - n, "  CPU: XDP %.1f %%, tc %.1f %%",
				      t->cost[0], t->cost[1]);
		gate_room((struct gate *)&w->gate, &room);
		snprintf(text + n, sizeof(text) - n, "  bound %s of %s", grouped(room.bound),
			 grouped(room.limit));
	}
	put(0, 0, COLS - 10, A_BOLD, text);
	put(0, COLS - 9, 9, t->paused ? A_REVERSE : 0, t->paused ? " paused  " : clock);
	return 1;
}

static int draw_total(const struct top *t, int y)
{
	const struct watch *w = &t->watch;
	struct second s = history_at(&w->history, w->history.last);
	char text[200];
	int n;

	n = snprintf(text, sizeof(text), "served %s/s  stray %s/s  turned away %s/s ", grouped(s.served),
		     grouped(s.stray), grouped(s.turned));
	put(y, 0, COLS, 0, text);
	if (COLS - n - 1 > 8)
		spark(y, n + 1, COLS - n - 1, w, NULL);
	return y + 1;
}

/* The worst that is wrong; on large screens some more. */
static int draw_problems(const struct top *t, int y)
{
	const struct findings *f = &t->watch.findings;
	int room = LINES >= 40 ? 4 : 1, level;
	char text[260];
	size_t i;

	for (level = LEVEL_CRITICAL; level >= LEVEL_WARNING && room; level--)
		for (i = 0; i < f->count && room; i++) {
			if ((int)f->cause[i].level != level)
				continue;
			snprintf(text, sizeof(text), "%s: %s%s", level_name(level), f->cause[i].text,
				 room == 1 && f->count > 1 && LINES < 40 ? "  (and more: `straygate`)" : "");
			put(y++, 0, COLS, paint(level == LEVEL_CRITICAL ? PAIR_BAD : PAIR_STRAY) | A_BOLD,
			    text);
			room--;
		}
	return y;
}

/* ---- lists ------------------------------------------------------------------------- */

static int attributes_of(const struct top *t, enum top_list list, size_t row)
{
	if (t->focus == list && t->at[list] == row)
		return A_REVERSE;
	return t->rows[list].row[row].turned ? paint(PAIR_STRAY) : 0;
}

/* Heading and rows in a window of the screen, with what is selected in sight. */
static void draw_list(const struct top *t, enum top_list list, int y, int x, int height, int width)
{
	const struct top_rows *rows = &t->rows[list];
	size_t first, i;
	int used;

	if (height < 2)
		return;
	put(y, x, width, A_UNDERLINE, top_heading(list));
	height--;
	first = t->at[list] >= (size_t)height ? t->at[list] - height + 1 : 0;
	for (i = first; i < rows->count && i - first < (size_t)height; i++) {
		int at = y + 1 + (int)(i - first);

		put(at, x, width, attributes_of(t, list, i), rows->row[i].text);
		used = strlen(rows->row[i].text) + 2;
		if (list == TOP_LISTENERS && width - used >= 10)
			spark(at, x + used, width - used, &t->watch, rows->row[i].track);
	}
	if (!rows->count)
		put(y + 1, x, width, A_DIM, t->watch.open ? "  none yet" : "  the gate is not up");
}

static void draw_lower(const struct top *t, int y, int height)
{
	int third = COLS / 3;

	if (COLS < WIDE) {
		draw_list(t, t->lower, y, 0, height, COLS);
		return;
	}
	draw_list(t, TOP_NAMES, y, 0, height, third - 1);
	draw_list(t, TOP_SOURCES, y, third, height, third - 1);
	draw_list(t, TOP_REASONS, y, 2 * third, height, COLS - 2 * third);
}

static int draw_message(const struct top *t)
{
	char keys[300];
	int lines = 1, width = COLS > 1 ? COLS - 1 : 1;

	if (*t->message) {
		lines = (int)strlen(t->message) / width + 2;
		if (lines > LINES / 3)
			lines = LINES / 3;
		put_folded(LINES - lines, lines, A_BOLD, t->message);
		return lines;
	}
	snprintf(keys, sizeof(keys),
		 "q quit  tab list  n names  s sources  r reasons  o order  f %s  e explain  a act  p pause",
		 *t->filter ? "all" : "filter");
	put(LINES - 1, 0, COLS, A_DIM, keys);
	return lines;
}

void screen_draw(const struct top *t)
{
	int y, left, listeners;

	erase();
	y = draw_title(t);
	y = draw_problems(t, y);
	y = draw_total(t, y);
	if (*t->filter) {
		char text[400];

		snprintf(text, sizeof(text), "of %s alone; names and sources: of its protocol", t->filter);
		put(y++, 0, COLS, A_BOLD, text);
	}
	left = LINES - y - draw_message(t);
	listeners = (int)t->rows[TOP_LISTENERS].count + 1;
	if (listeners < 2)
		listeners = 2;
	if (listeners > left / 2)
		listeners = left / 2;
	draw_list(t, TOP_LISTENERS, y, 0, listeners, COLS);
	draw_lower(t, y + listeners + 1, left - listeners - 1);
	refresh();
}
