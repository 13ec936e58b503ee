// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>

#include "smuggling.h"

#define A	   "a.example"
#define B	   "b.example"
#define GET	   "GET / HTTP/1.1\r\n"
#define END	   "\r\n\r\n"
#define BAD	   FIND_UNREADABLE, NULL
#define NONE	   FIND_NONE, NULL
#define IS_A	   FIND_FOUND, A
#define IS_B	   FIND_FOUND, B
#define SAYS(text) text, sizeof(text) - 1

/* clang-format off */
static const struct smuggling_row rows[] = {
	{"one Host", SAYS(GET "Host: " A END), IS_A},
	{"two Hosts", SAYS(GET "Host: " A "\r\nHost: " B END), BAD},
	{"two Hosts, the same", SAYS(GET "Host: " A "\r\nHost: " A END), BAD},
	{"two Hosts, far apart, in another case", SAYS(GET "Host: " A "\r\nX: y\r\nY: z\r\nhOST: " B END), BAD},
	{"a Host without a value, and one with", SAYS(GET "Host:\r\nHost: " B END), BAD},
	{"a Host with a value, and one without", SAYS(GET "Host: " A "\r\nHost:" END), BAD},
	{"a Host behind a bare CR", SAYS(GET "X: y\rHost: " B "\r\nHost: " A END), BAD},
	{"a Host behind a bare CR in the request line", SAYS("GET / HTTP/1.1\rHost: " B "\r\nHost: " A END), BAD},
	{"a bare CR behind the value", SAYS(GET "Host: " A "\r\r\n\r\n"), BAD},
	{"a bare CR as the end of the head", SAYS(GET "X: y\r\r\r\nHost: " A END), BAD},
	{"a Host behind a bare LF", SAYS(GET "X: y\nHost: " A END), IS_A},
	{"a second Host behind a bare LF", SAYS(GET "Host: " A "\nHost: " B END), BAD},
	{"a head that ends with bare LFs, and a Host behind", SAYS(GET "Host: " A "\n\nHost: " B END), IS_A},
	{"absolute form against Host", SAYS("GET http://" A "/ HTTP/1.1\r\nHost: " B END), BAD},
	{"absolute form against Host, HTTP/1.0", SAYS("GET http://" A "/ HTTP/1.0\r\nHost: " B END), BAD},
	{"absolute form against the beginning of Host", SAYS("GET http://" A "/ HTTP/1.1\r\nHost: " A "." B END), BAD},
	{"absolute form and the same Host", SAYS("GET http://" A "/ HTTP/1.1\r\nHost: " A ":80" END), IS_A},
	{"absolute form and an empty Host", SAYS("GET http://" A "/ HTTP/1.1\r\nHost:" END), IS_A},
	{"absolute form, in capitals, with port and dot", SAYS("GET HTTP://A.EXAMPLE.:80/ HTTP/1.1\r\nHost: " A END), IS_A},
	{"absolute form and two Hosts", SAYS("GET http://" A "/ HTTP/1.1\r\nHost: " A "\r\nHost: " B END), BAD},
	{"absolute form and no Host", SAYS("GET http://" A "/ HTTP/1.1" END), IS_A},
	{"absolute form without a path, a query behind", SAYS("GET http://" A "?http://" B "/ HTTP/1.1\r\nHost: " A END), IS_A},
	{"absolute form with a userinfo", SAYS("GET http://" B "@" A "/ HTTP/1.1\r\nHost: " B END), BAD},
	{"absolute form with a password", SAYS("GET http://" B ":80@" A "/ HTTP/1.1\r\nHost: " B END), BAD},
	{"absolute form with a backslash", SAYS("GET http://" A "\\@" B "/ HTTP/1.1\r\nHost: " B END), BAD},
	{"absolute form with a fragment", SAYS("GET http://" A "#" B "/ HTTP/1.1\r\nHost: " B END), BAD},
	{"absolute form with no host", SAYS("GET http:/// HTTP/1.1\r\nHost: " B END), BAD},
	{"absolute form with one slash", SAYS("GET http:/" A "/ HTTP/1.1\r\nHost: " B END), BAD},
	{"a path that looks like one", SAYS("GET //" B "/ HTTP/1.1\r\nHost: " A END), IS_A},
	{"a path with one within", SAYS("GET /http://" B "/ HTTP/1.1\r\nHost: " A END), IS_A},
	{"authority form", SAYS("CONNECT " A ":443 HTTP/1.1\r\nHost: " A END), IS_A},
	{"authority form against Host", SAYS("CONNECT " A ":443 HTTP/1.1\r\nHost: " B END), BAD},
	{"a folded Host", SAYS(GET "Host: " A "\r\n ." B END), BAD},
	{"a folded Host, by a tab", SAYS(GET "Host: " A "\r\n\t." B END), BAD},
	{"a Host folded before its value", SAYS(GET "Host:\r\n " A END), BAD},
	{"a Host folded to nothing", SAYS(GET "Host: " A "\r\n \r\n\r\n"), BAD},
	{"a fold that looks like a Host", SAYS(GET "X: y\r\n Host: " B "\r\nHost: " A END), IS_A},
	{"a fold behind the request line", SAYS(GET " Host: " B "\r\nHost: " A END), BAD},
	{"a NUL in the name", SAYS(GET "Host: " A "\0" B END), BAD},
	{"a NUL in the field's name", SAYS(GET "Ho\0st: " B "\r\nHost: " A END), BAD},
	{"a NUL in another field", SAYS(GET "X: \0\r\nHost: " A END), BAD},
	{"UTF-8 in the name", SAYS(GET "Host: \xc3\xa4.example" END), BAD},
	{"0x80 behind the name", SAYS(GET "Host: " A "\x80" END), BAD},
	{"0xff before the name", SAYS(GET "Host: \xff" A END), BAD},
	{"a blank of Latin-1 behind the name", SAYS(GET "Host: " A "\xa0" END), BAD},
	{"spaces around the name", SAYS(GET "Host:    " A "    " END), IS_A},
	{"tabs around the name", SAYS(GET "Host:\t" A "\t" END), IS_A},
	{"vertical tab and form feed around the name", SAYS(GET "Host: \v" A "\f" END), BAD},
	{"Host, a blank, a colon", SAYS(GET "Host : " B "\r\nHost: " A END), BAD},
	{"Host, a tab, a colon", SAYS(GET "Host\t: " B "\r\nHost: " A END), BAD},
	{"a blank, Host", SAYS(GET "X: y\r\n Host: " B END), NONE},
	{"Host without a colon", SAYS(GET "Host\r\nHost: " A END), BAD},
	{"two colons", SAYS(GET "Host:: " A END), BAD},
	{"two names", SAYS(GET "Host: " A " " B END), BAD},
	{"two names with a comma", SAYS(GET "Host: " A ", " B END), BAD},
	{"two names with a tab", SAYS(GET "Host: " A "\t" B END), BAD},
	{"a name with a path", SAYS(GET "Host: " A "/" B END), BAD},
	{"a name with a userinfo", SAYS(GET "Host: " B "@" A END), BAD},
	{"a name with two ports", SAYS(GET "Host: " A ":80:81" END), BAD},
	{"a name for a port", SAYS(GET "Host: " A ":" B END), BAD},
	{"a port with a sign", SAYS(GET "Host: " A ":-80" END), BAD},
	{"a name with an escape", SAYS(GET "Host: a%2eexample" END), BAD},
	{"a name in quotes", SAYS(GET "Host: \"" A "\"" END), BAD},
	{"a name with an empty label", SAYS(GET "Host: a..example" END), BAD},
	{"a name with two dots at its end", SAYS(GET "Host: " A ".." END), BAD},
	{"a name with a dot and a port at its end", SAYS(GET "Host: " A ".:80" END), IS_A},
	{"an address with something behind", SAYS(GET "Host: [::1]" B END), BAD},
	{"an address without an end", SAYS(GET "Host: [::1" END), BAD},
	{"almost a Host", SAYS(GET "Hos: x\r\nHostx: y\r\nHost-: " B "\r\nHost: " A END), IS_A},
	{"a Host with an underscore", SAYS(GET "Host_: " B "\r\nHost: " A END), IS_A},
	{"X-Forwarded-Host and Forwarded", SAYS(GET "X-Forwarded-Host: " B "\r\nForwarded: host=" B "\r\nHost: " A END), IS_A},
	{"X-Original-URL", SAYS(GET "X-Original-URL: http://" B "/\r\nHost: " A END), IS_A},
	{"chunked, a body that looks like a request", SAYS("POST / HTTP/1.1\r\nHost: " A "\r\nTransfer-Encoding: chunked\r\n\r\n"
		"25\r\nGET / HTTP/1.1\r\nHost: " B "\r\n\r\n\r\n0\r\n\r\n"), IS_A},
	{"chunked, and a length against it", SAYS("POST / HTTP/1.1\r\nHost: " A "\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"
		"0\r\n\r\nGET / HTTP/1.1\r\nHost: " B END), IS_A},
	{"a Host among the trailers", SAYS("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nHost: " B END), NONE},
	{"a body that looks like a request", SAYS("POST / HTTP/1.1\r\nHost: " A "\r\nContent-Length: 37\r\n\r\n" GET "Host: " B END), IS_A},
	{"a second request", SAYS(GET "Host: " A END GET "Host: " B END), IS_A},
	{"no Host, a second request with one", SAYS("GET / HTTP/1.0" END "GET / HTTP/1.0\r\nHost: " B END), NONE},
	{"empty lines before the request", SAYS("\r\n\r\n" GET "Host: " A END), IS_A},
	{"a Host before the request", SAYS("Host: " B "\r\n" GET "Host: " A END), BAD},
	{"HTTP/0.9, with a Host behind", SAYS("GET /\r\nHost: " A END), NONE},
	{"a version with two digits", SAYS("GET / HTTP/1.10\r\nHost: " A END), BAD},
	{"a version that is none", SAYS("GET / HTTP/1.1x\r\nHost: " A END), BAD},
	{"two blanks before the target", SAYS("GET  / HTTP/1.1\r\nHost: " A END), BAD},
	{"two blanks before the version", SAYS("GET /  HTTP/1.1\r\nHost: " A END), BAD},
	{"a blank in the target", SAYS("GET /a http://" B "/ HTTP/1.1\r\nHost: " A END), BAD},
	{"a tab for a blank", SAYS("GET\t/ HTTP/1.1\r\nHost: " A END), BAD},
	{"a method in small letters", SAYS("get / HTTP/1.1\r\nHost: " A END), IS_A},
	{"HTTP/2, in clear text", SAYS("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), NONE},
	{"almost HTTP/2", SAYS("PRI * HTTP/2.0\r\nHost: " A "\r\n\r\nSM\r\n\r\n"), BAD},
	{"an upgrade to HTTP/2", SAYS(GET "Host: " A "\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n"), IS_A},
};
/* clang-format on */

/* Each with every byte for the %. */
static const char *const families[] = {
	GET "Host: " A "%" END,
	GET "Host: " A "%" B END,
	GET "Host:%" A END,
	GET "Host%: " B "\r\nHost: " A END,
	GET "%Host: " B "\r\nHost: " A END,
	GET "Host: " A "\r\n%Host: " B END,
	GET "Host: " A "\r\n%" B END,
	GET "X: y%Host: " B "\r\nHost: " A END,
	GET "Host: " A "\r%Host: " B END,
	"GET%/ HTTP/1.1\r\nHost: " A END,
	"GET /%" B "/ HTTP/1.1\r\nHost: " A END,
	"GET /%HTTP/1.1\r\nHost: " A END,
	"GET / HTTP/1.1%Host: " B "\r\nHost: " A END,
	"GET http://" A "%" B "/ HTTP/1.1\r\nHost: " B END,
	"GET http:%/" A "/ HTTP/1.1\r\nHost: " B END,
	"%" GET "Host: " A END,
	GET "Host: [%::1]" END,
};

static void member(const char *family, unsigned int byte, void (*each)(const struct smuggled *s))
{
	struct smuggled s = {.protocol = "http", .any_expected = true, .len = strlen(family)};

	memcpy(s.bytes, family, s.len);
	*(__u8 *)memchr(s.bytes, '%', s.len) = byte;
	snprintf(s.what, sizeof(s.what), "0x%02x for %% in %.40s", byte, family);
	each(&s);
}

void smuggling_http(void (*each)(const struct smuggled *s))
{
	unsigned int byte;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		smuggled_row("http", &rows[i], each);
	for (i = 0; i < sizeof(families) / sizeof(families[0]); i++)
		for (byte = 0; byte < 256; byte++)
			member(families[i], byte, each);
}
