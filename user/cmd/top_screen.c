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

/* no-color.org: an empty one is none. */
static bool coloured(void)
{
	const char *no = getenv("NO_COLOR");

	return has_colors() && (!no || !*no);
}

static int paint(int pair)
{
	return coloured() ? COLOR_PAIR(pair) : 0;
}

static bool can(const char *capability)
{
	const char *how = tigetstr((char *)capability);

	return how && how != (char *)-1;
}

int screen_begin(void)
{
	setlocale(LC_CTYPE, "");
	blocks = !strcmp(nl_langinfo(CODESET), "UTF-8");
	screen = newterm(NULL, stdout, stdin);
	if (!screen)
		return -1;
	set_term(screen);
	if (!can("cup")) { /* TERM=dumb: nowhere to go to */
		endwin();
		delscreen(screen);
		return -1;
	}
	cbreak();
	noecho();
	keypad(stdscr, TRUE);
	set_escdelay(50);
	curs_set(0);
	if (coloured()) {
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
	/* Where there is no other screen to go back to, the next prompt comes here. */
	move(LINES - 1, 0);
	clrtoeol();
	refresh();
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

/* What is printed is ASCII: see heavy_text(). */
static void put_part(int y, int x, int width, int attributes, const char *text)
{
	if (y < 0 || y >= LINES || width <= 0)
		return;
	attron(attributes);
	mvaddnstr(y, x, text, width);
	attroff(attributes);
}

/* In so many columns; what is cut ends with a ~. */
static void put(int y, int x, int width, int attributes, const char *text)
{
	put_part(y, x, width, attributes, text);
	if ((int)strlen(text) > width)
		put_part(y, x + width - 1, 1, attributes, "~");
}

/* How many columns of the text go into a line: up to a blank, if there is one. */
static int fold_at(const char *text, int width)
{
	int n = strlen(text);

	if (n > width)
		for (n = width; n > width / 2 && text[n] != ' '; n--)
			;
	return n > width / 2 ? n : width;
}

static int lines_of(const char *text)
{
	int width = COLS > 2 ? COLS - 1 : 1, lines = 0, n;

	for (; *text; lines++) {
		n = strlen(text) > (size_t)width ? fold_at(text, width) : (int)strlen(text);
		text += n;
		text += strspn(text, " ");
	}
	return lines;
}

/* Several lines at most; returns how many. */
static int put_folded(int y, int lines, int attributes, const char *text)
{
	int used = 0, width = COLS > 2 ? COLS - 1 : 1, n;

	while (*text && used < lines) {
		n = strlen(text) > (size_t)width ? fold_at(text, width) : (int)strlen(text);
		put_part(y + used, 0, n, attributes, text);
		text += n;
		text += strspn(text, " ");
		if (++used == lines && *text)
			put_part(y + used - 1, width - 1, 1, attributes, "~");
	}
	return used;
}

static int sum_of(const struct second *s)
{
	return s->served + s->stray + s->other;
}

static struct second second_of(const struct watch *w, const struct track *t, int ago)
{
	uint64_t second = w->history.last - ago;

	return t ? track_at(&w->history, t, second) : history_at(&w->history, second);
}

/* Of the seconds that one column stands for, the newest first. */
static struct second column_of(const struct watch *w, const struct track *t, int from, int to)
{
	struct second sum = {0};
	int i;

	for (i = from; i < to; i++) {
		struct second s = second_of(w, t, i);

		sum.served += s.served;
		sum.stray += s.stray;
		sum.other += s.other;
	}
	sum.served /= to - from;
	sum.stray /= to - from;
	sum.other /= to - from;
	return sum;
}

/* The last minute, the newest on the right; in fewer columns a column is the mean of some
 * seconds. */
static void spark(int y, int x, int width, const struct watch *w, const struct track *t)
{
	static const char *const high[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
	static const char *const low[] = {" ", ".", ".", ":", "-", "=", "+", "*", "#"};
	struct second s[HISTORY_LISTENER];
	int i, most = 1, n;

	if (width > HISTORY_LISTENER)
		width = HISTORY_LISTENER;
	for (i = 0; i < width; i++) {
		s[i] = column_of(w, t, i * HISTORY_LISTENER / width, (i + 1) * HISTORY_LISTENER / width);
		most = sum_of(&s[i]) > most ? sum_of(&s[i]) : most;
	}
	for (i = 0; i < width; i++) {
		int colour = paint(s[i].stray > s[i].served ? PAIR_STRAY : PAIR_GOOD);

		n = ((long)sum_of(&s[i]) * 8 + most - 1) / most;
		attron(colour);
		mvaddstr(y, x + width - 1 - i, (blocks ? high : low)[n]);
		attroff(colour);
	}
}

/* ---- head -------------------------------------------------------------------------- */

/* A piece of the title, if there is room for all of it. */
static bool add_piece(char *title, int room, const char *piece)
{
	int used = strlen(title);

	if (used + 2 + (int)strlen(piece) > room)
		return false;
	sprintf(title + used, "  %s", piece);
	return true;
}

/* What the programs cost, wherever there is room for it. */
static bool add_cost(const struct top *t, char *line, int room)
{
	char piece[64];

	snprintf(piece, sizeof(piece), "CPU: XDP %.1f %%, tc %.1f %%", t->cost[0], t->cost[1]);
	return t->cost_known && add_piece(line, room, piece);
}

static int draw_title(const struct top *t, bool *cost_shown)
{
	const struct watch *w = &t->watch;
	char text[400], clock[16], piece[POSTURE_TEXT + 64];
	char posture[POSTURE_TEXT], number[TOP_NUMBER], limit[TOP_NUMBER];
	int room = COLS - 10 < (int)sizeof(text) ? COLS - 10 : (int)sizeof(text) - 1;
	time_t now = time(NULL);
	struct room bound = {0};
	struct tm tm;

	strftime(clock, sizeof(clock), "%H:%M:%S", localtime_r(&now, &tm));
	snprintf(text, sizeof(text), "straygate %s", w->instance);
	if (w->open) {
		add_piece(text, room,
			  posture_print(policy_find(w->now.tally.policy, ST_POSTURE, ""), posture));
		gate_room((struct gate *)&w->gate, &bound);
		top_number(COLS >= 100, bound.bound, number);
		top_number(COLS >= 100, bound.limit, limit);
		snprintf(piece, sizeof(piece), "bound %s of %s", number, limit);
		add_piece(text, room, piece);
		*cost_shown = add_cost(t, text, room);
	}
	put(0, 0, COLS - 10, A_BOLD, text);
	put(0, COLS - 9, 9, t->paused ? A_REVERSE : 0, t->paused ? " paused  " : clock);
	return 1;
}

static int draw_total(const struct top *t, int y, bool cost_shown)
{
	const struct watch *w = &t->watch;
	struct second s = history_at(&w->history, w->history.last);
	const char *served = grouped(s.served), *stray = grouped(s.stray), *turned = grouped(s.turned);
	char text[200];
	int n;

	if (!w->open)
		served = stray = turned = "-";
	n = snprintf(text, sizeof(text), "served %s/s  stray %s/s  turned away %s/s", served, stray, turned);
	if (n > COLS)
		n = snprintf(text, sizeof(text), "served %s  stray %s  turned %s", served, stray, turned);
	if (!cost_shown && add_cost(t, text, COLS < (int)sizeof(text) ? COLS : (int)sizeof(text) - 1))
		n = strlen(text);
	put(y, 0, COLS, 0, text);
	if (COLS - n - 1 > 8)
		spark(y, n + 1, COLS - n - 1, w, NULL);
	return y + 1;
}

/* The worst that is wrong, in two lines if it is long; on large screens some more. */
static int draw_problems(const struct top *t, int y)
{
	const struct findings *f = &t->watch.findings;
	int room = LINES >= 40 ? 8 : LINES >= 16 ? 2 : 1, shown = 0, level;
	char text[400];
	size_t i;

	for (level = LEVEL_CRITICAL; level >= LEVEL_WARNING; level--)
		for (i = 0; i < f->count && room && (!shown || LINES >= 40); i++) {
			int colour = paint(level == LEVEL_CRITICAL ? PAIR_BAD : PAIR_STRAY) | A_BOLD, used;

			if ((int)f->cause[i].level != level)
				continue;
			snprintf(text, sizeof(text), "%s: %s%s", level_name(level), f->cause[i].text,
				 f->count > 1 && LINES < 40 ? " (and more, see `straygate`)" : "");
			used = put_folded(y, room, colour, text);
			y += used;
			room -= used;
			shown++;
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

static void draw_row(const struct top *t, enum top_list list, size_t i, const struct top_columns *c, int y,
		     int x, int width)
{
	const struct top_row *row = &t->rows[list].row[i];
	char line[TOP_LINE];

	if (list != TOP_LISTENERS) {
		put(y, x, width, attributes_of(t, list, i), row->text);
		return;
	}
	top_columns_line(c, row, line);
	put(y, x, width, attributes_of(t, list, i), line);
	if (c->spark)
		spark(y, x + (int)strlen(line) + 1, (int)c->spark, &t->watch, row->track);
}

/* Heading and rows in a window of the screen, with what is selected in sight. */
static void draw_list(const struct top *t, enum top_list list, int y, int x, int height, int width)
{
	const struct top_rows *rows = &t->rows[list];
	struct top_columns c = {0};
	char heading[TOP_LINE];
	size_t first, i;

	if (height < 2 || width < 1)
		return;
	snprintf(heading, sizeof(heading), "%s", top_heading(list));
	if (list == TOP_LISTENERS) {
		c = top_columns_for(rows, width);
		top_columns_heading(&c, heading);
	}
	put(y, x, width, A_UNDERLINE, heading);
	height--;
	first = t->at[list] >= (size_t)height ? t->at[list] - height + 1 : 0;
	for (i = first; i < rows->count && i - first < (size_t)height; i++)
		draw_row(t, list, i, &c, y + 1 + (int)(i - first), x, width);
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

/* The longest that there is room for. */
static const char *keys_for(int width, bool filtered)
{
	static const char *const keys[][2] = {
		{"q quit  tab list  n names  s sources  r reasons  o order  f filter  e explain  a act  "
		 "p pause  h help",
		 "q quit  tab list  n names  s sources  r reasons  o order  f all  e explain  a act  p pause "
		 " "
		 "h help"},
		{"q quit tab list n names s sources r reasons o order f filter e explain a act",
		 "q quit tab list n names s sources r reasons o order f all e explain a act"},
		{"q quit  h help", "q quit  h help  f all"},
	};
	size_t i;

	for (i = 0; i < 2; i++)
		if ((int)strlen(keys[i][filtered]) <= width)
			return keys[i][filtered];
	return keys[2][filtered];
}

static int draw_message(const struct top *t)
{
	int lines = 1;

	if (!*t->message) {
		put(LINES - 1, 0, COLS, A_DIM, keys_for(COLS, *t->filter));
		return 1;
	}
	lines = lines_of(t->message);
	if (lines > LINES - 3)
		lines = LINES > 3 ? LINES - 3 : 1;
	put_folded(LINES - lines, lines, A_BOLD, t->message);
	return lines;
}

void screen_draw(const struct top *t)
{
	bool cost_shown = false;
	int y, left, listeners;

	erase();
	y = draw_title(t, &cost_shown);
	y = draw_problems(t, y);
	y = draw_total(t, y, cost_shown);
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
