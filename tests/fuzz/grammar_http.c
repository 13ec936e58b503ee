// SPDX-License-Identifier: GPL-2.0-or-later
/* Heads of HTTP requests, made of what parsers are known to disagree upon. */
#include "grammar.h"

/* Of each the sound ones come first, and so many they are. */
enum {
	METHODS = 4,
	HOSTS = 9,
	TARGETS = 2,
	SCHEMES = 3,
	PATHS = 4,
	VERSIONS = 2,
	COLONS = 4,
	VALUES = 5,
	FIELDS = 5
};
static const char *const methods[] = {"GET", "POST", "HEAD", "OPTIONS", "CONNECT", "get", "PRI", "M-SEARCH"};
static const char *const hosts[] = {
	"a.example",
	"b.example",
	"A.Example.",
	"www.a.example:80",
	"b.example:",
	"a",
	"[::1]",
	"[::1]:8080",
	"192.0.2.1:80",
	"a_b.example",
	"a..example",
	".a",
	"",
	"a.example b.example",
	"u@a.example",
	"a.example,b.example",
	"a.example:80x",
	"a.example\tb",
	"a.ex\x80mple",
	"%61.example",
	"a.example/b",
	"a.example:80:81",
};
static const char *const targets[] = {"/",	    "/a/b?c=d",	    "*", "/a b", "//b.example/", "/#",
				      "b.example/", "a.example:443"};
static const char *const schemes[] = {"http://", "https://", "HTTP://", "ftp://",
				      "http:/",	 "http:///", "http:",	"://"};
static const char *const paths[] = {"", "/", "/x", "?q", "#f", "/@c.example", "\\", ":80/"};
static const char *const versions[] = {
	" HTTP/1.1", " HTTP/1.0", " HTTP/1.9", "",	     " HTTP/1.10",
	" HTTP/2.0", " HTTP/0.9", " http/1.1", "\tHTTP/1.1", " HTTP/1.1 ",
};
static const char *const ends[] = {"\n", "\r", "\r\r\n", "\n\r", "\r\n\r", "\v\r\n", ""};
static const char *const names[] = {"host", "HOST", "hOsT", "Hos", "Hosts", "X-Host", "Host\x80", "X"};
static const char *const colons[] = {": ", ":", ":  ", ":\t", " :", "\t:", "", " ", ":\v"};
static const char *const values[] = {
	"y",	    "",	    "a: b", "Host: c.example", "0", "chunked", "\xc3\xa4", "y\r\n Host: d.example",
	"y\r\n\tz", "\x01",
};
static const char *const fields[] = {
	"Accept", "Content-Length", "X", "Connection", "X-Forwarded-Host", "Transfer-Encoding", "X y", "Ho",
	"",	  "\x80",
};

static void end_line(struct grammar *g)
{
	grammar_text(g, grammar_once_in(g, 60) ? grammar_pick(g, ends) : "\r\n");
}

static void request_line(struct grammar *g)
{
	while (grammar_once_in(g, 12))
		end_line(g);
	grammar_text(g, grammar_mostly(g, methods, METHODS));
	grammar_text(g, grammar_once_in(g, 40) ? "\t" : " ");
	if (grammar_once_in(g, 3)) {
		grammar_text(g, grammar_mostly(g, schemes, SCHEMES));
		grammar_text(g, grammar_mostly(g, hosts, HOSTS));
		grammar_text(g, grammar_mostly(g, paths, PATHS));
	} else {
		grammar_text(g, grammar_mostly(g, targets, TARGETS));
	}
	grammar_text(g, grammar_mostly(g, versions, VERSIONS));
	end_line(g);
}

static void host_line(struct grammar *g)
{
	grammar_text(g, grammar_once_in(g, 8) ? grammar_pick(g, names) : "Host");
	grammar_text(g, grammar_mostly(g, colons, COLONS));
	grammar_text(g, grammar_mostly(g, hosts, HOSTS));
	while (grammar_once_in(g, 8))
		grammar_byte(g, grammar_once_in(g, 2) ? ' ' : '\t');
	end_line(g);
	/* A folded one (RFC 9112 5.2). */
	if (!grammar_once_in(g, 12))
		return;
	grammar_byte(g, grammar_once_in(g, 2) ? ' ' : '\t');
	grammar_text(g, grammar_mostly(g, hosts, HOSTS));
	end_line(g);
}

static void other_line(struct grammar *g)
{
	if (grammar_once_in(g, 20))
		grammar_byte(g, grammar_once_in(g, 2) ? ' ' : '\t');
	grammar_text(g, grammar_mostly(g, fields, FIELDS));
	grammar_text(g, grammar_mostly(g, colons, COLONS));
	grammar_text(g, grammar_mostly(g, values, VALUES));
	end_line(g);
}

void grammar_http(struct grammar *g)
{
	uint32_t lines = grammar_below(g, 5), host = grammar_below(g, 5), i;

	request_line(g);
	for (i = 0; i < lines; i++) {
		if (i == host || grammar_once_in(g, 16))
			host_line(g);
		other_line(g);
	}
	if (host >= lines)
		host_line(g);
	end_line(g);
	if (grammar_once_in(g, 8))
		grammar_text(g, "5\r\nGET / HTTP/1.1\r\nHost: body.example\r\n\r\n");
	if (grammar_once_in(g, 30) && g->len)
		g->out[grammar_below(g, g->len)] = grammar_below(g, 256);
	if (grammar_once_in(g, 20))
		g->len = grammar_below(g, g->len + 1);
}
