// SPDX-License-Identifier: GPL-2.0-or-later
/* Which columns of a listener there is room for. */
#include <stdio.h>
#include <string.h>

#include "cmd/top_rows.h"
#include "lib/say.h"

#define SPARK_MOST HISTORY_LISTENER

static const struct {
	const char *heading, *short_heading;
	unsigned int grouped, compact; /* columns */
} numbers[NUMBERS] = {
	[NUMBER_VISITS] = {"visits/s", "visits/s", 9, 8},
	[NUMBER_SERVED] = {"served/s", "served", 9, 6},
	[NUMBER_STRAY] = {"stray/s", "stray", 9, 6},
	[NUMBER_UNNAMED] = {"unnamed/s", "unnamed", 9, 7},
	[NUMBER_ANSWERED] = {"answered/s", "answer", 10, 6},
	[NUMBER_BOUND] = {"bound", "bound", 9, 6},
};

/* ---- what fits --------------------------------------------------------------------- */

static unsigned int taken(const struct top_columns *c)
{
	const unsigned int words[] = {c->subject, c->as, c->depth, c->state, c->spark};
	unsigned int sum = 0;
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		sum += words[i] ? words[i] + 1 : 0;
	for (i = 0; i < NUMBERS; i++)
		sum += c->number[i] ? c->number[i] + 1 : 0;
	return sum ? sum - 1 : 0;
}

static void set_numbers(struct top_columns *c, bool grouped)
{
	size_t i;

	c->grouped = grouped;
	for (i = 0; i < NUMBERS; i++)
		c->number[i] = grouped ? numbers[i].grouped : numbers[i].compact;
}

/* What is too much, of this column, down to the least. */
static void shorten(const struct top_columns *c, unsigned int *column, unsigned int least, unsigned int width)
{
	unsigned int sum = taken(c), over = sum > width ? sum - width : 0;

	if (*column > least)
		*column = *column - least > over ? *column - over : least;
}

static void leave_out(const struct top_columns *c, unsigned int *column, unsigned int width)
{
	if (taken(c) > width)
		*column = 0;
}

static unsigned int longest(const struct top_rows *listeners)
{
	unsigned int most = strlen("listener");
	size_t i;

	for (i = 0; i < listeners->count; i++)
		if (strlen(listeners->row[i].key) > most)
			most = strlen(listeners->row[i].key);
	return most;
}

/* Visits are what the others add up to, nearly; what is spoken is mostly what the port says. */
struct top_columns top_columns_for(const struct top_rows *listeners, unsigned int width)
{
	struct top_columns c = {
		.subject = longest(listeners), .as = 4, .depth = 9, .state = 8, .spark = SPARK_MOST};

	set_numbers(&c, true);
	shorten(&c, &c.spark, 10, width);
	if (taken(&c) > width) {
		set_numbers(&c, false);
		c.state = 7;
	}
	shorten(&c, &c.spark, 8, width);
	leave_out(&c, &c.as, width);
	leave_out(&c, &c.number[NUMBER_VISITS], width);
	shorten(&c, &c.subject, 24, width);
	leave_out(&c, &c.spark, width);
	shorten(&c, &c.subject, 16, width);
	leave_out(&c, &c.number[NUMBER_UNNAMED], width);
	leave_out(&c, &c.number[NUMBER_ANSWERED], width);
	leave_out(&c, &c.number[NUMBER_BOUND], width);
	leave_out(&c, &c.depth, width);
	shorten(&c, &c.subject, 8, width);
	/* What is left over is history's. */
	if (width > taken(&c) + 7)
		c.spark += c.spark ? width - taken(&c) : width - taken(&c) - 1;
	if (c.spark > SPARK_MOST)
		c.spark = SPARK_MOST;
	return c;
}

/* ---- lines --------------------------------------------------------------------------- */

void top_number(bool all, uint64_t n, char out[TOP_NUMBER])
{
	static const char units[] = "kMGTPE";
	double x = n;
	int i;

	if (all) {
		snprintf(out, TOP_NUMBER, "%s", grouped(n));
		return;
	}
	if (n < 10000) {
		snprintf(out, TOP_NUMBER, "%u", (unsigned int)n);
		return;
	}
	for (i = -1; x >= 999.5 && units[i + 1]; i++)
		x /= 1000;
	snprintf(out, TOP_NUMBER, x < 99.95 ? "%.1f%c" : "%.0f%c", x, units[i]);
}

struct line {
	char *out;
	int used;
};

/* What does not fit ends with a ~. */
static void put_word(struct line *l, unsigned int width, const char *word)
{
	if (!width)
		return;
	l->used += snprintf(l->out + l->used, TOP_LINE - l->used, "%s%-*.*s", l->used ? " " : "", (int)width,
			    (int)width, word);
	if (strlen(word) > width)
		l->out[l->used - 1] = '~';
}

static void put_number(struct line *l, unsigned int width, const char *number)
{
	if (width)
		l->used += snprintf(l->out + l->used, TOP_LINE - l->used, "%s%*s", l->used ? " " : "",
				    (int)width, number);
}

void top_columns_heading(const struct top_columns *c, char out[TOP_LINE])
{
	struct line l = {out, 0};
	size_t i;

	*out = 0;
	put_word(&l, c->subject, "listener");
	put_word(&l, c->as, "as");
	put_word(&l, c->depth, "depth");
	put_word(&l, c->state, "state");
	for (i = 0; i < NUMBERS; i++)
		put_number(&l, c->number[i], c->grouped ? numbers[i].heading : numbers[i].short_heading);
	if (c->spark)
		put_word(&l, c->spark, c->spark >= 11 ? "last minute" : "minute");
}

void top_columns_line(const struct top_columns *c, const struct top_row *row, char out[TOP_LINE])
{
	struct line l = {out, 0};
	size_t i;

	*out = 0;
	put_word(&l, c->subject, row->key);
	put_word(&l, c->as, row->listener.as);
	put_word(&l, c->depth, row->listener.depth);
	put_word(&l, c->state, row->listener.state);
	for (i = 0; i < NUMBERS; i++) {
		uint64_t n = row->listener.number[i];
		char number[TOP_NUMBER];

		top_number(c->grouped, n, number);
		put_number(&l, c->number[i], n == NOT_KNOWN ? "-" : number);
	}
}
