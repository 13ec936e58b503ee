// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/when.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"

#define DAY 86400

static bool ago(const char *text, time_t now, time_t *out)
{
	static const struct {
		char unit;
		time_t seconds;
	} units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', DAY}};
	char *end;
	unsigned long n = strtoul(text, &end, 10);
	size_t i;

	if (*text < '0' || *text > '9' || !*end || end[1] || n > 36500UL * DAY)
		return false;
	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (*end == units[i].unit) {
			*out = now - (time_t)n * units[i].seconds;
			return true;
		}
	return false;
}

/* strptime(3) takes blanks where none are, and fewer digits than there should be. */
static bool read_time(const char *text, const char *format, struct tm *tm)
{
	const char *end = strptime(text, format, tm);

	return end && (!*end || !strcmp(end, "Z")) && !strchr(text, ' ') == !strchr(format, ' ');
}

static bool of_day(const char *text, time_t now, time_t *out)
{
	static const char *const formats[] = {"%H:%M:%S", "%H:%M"};
	size_t i;

	for (i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		struct tm tm;

		localtime_r(&now, &tm);
		tm.tm_sec = 0;
		tm.tm_isdst = -1;
		if (strchr(text, 'Z') || !read_time(text, formats[i], &tm))
			continue;
		*out = mktime(&tm);
		if (*out > now) {
			tm.tm_mday--;
			tm.tm_isdst = -1;
			*out = mktime(&tm);
		}
		return true;
	}
	return false;
}

static bool dated(const char *text, time_t *out)
{
	static const char *const formats[] = {"%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M",
					      "%Y-%m-%d %H:%M", "%Y-%m-%d"};
	size_t i;

	for (i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		struct tm tm = {.tm_isdst = -1};

		if (!read_time(text, formats[i], &tm))
			continue;
		*out = strchr(text, 'Z') ? timegm(&tm) : mktime(&tm);
		return true;
	}
	return false;
}

bool when_parse(const char *text, time_t now, time_t *out)
{
	if (!strcmp(text, "now")) {
		*out = now;
		return true;
	}
	return ago(text, now, out) || of_day(text, now, out) || dated(text, out);
}

void when_local(uint64_t ns, char *out, size_t size)
{
	time_t seconds = ns / SECOND_NS;
	struct tm tm;

	localtime_r(&seconds, &tm);
	strftime(out, size, "%F %T", &tm);
}

void when_utc(uint64_t ns, char *out, size_t size)
{
	time_t seconds = ns / SECOND_NS;
	char text[40];
	struct tm tm;

	gmtime_r(&seconds, &tm);
	strftime(text, sizeof(text), "%FT%T", &tm);
	snprintf(out, size, "%s.%03uZ", text, (unsigned int)(ns % SECOND_NS / 1000000));
}
