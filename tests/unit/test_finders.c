/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The finder of an HTTP request's host. */
#include "finders.h"
#include "bpf/find/http.h"

#define GET	"GET / HTTP/1.1\r\n"
#define HOST(v) GET "Host:" v "\r\n\r\n"

static const struct row http_rows[] = {
	/* the plain ones */
	FOUND(HOST(" www.example.com"), "www.example.com"),
	FOUND(GET "hOST:Www.EXAMPLE.com\r\n\r\n", "www.example.com"),
	FOUND(GET "User-Agent: x/1\r\nAccept: */*\r\nHost: a.example\r\nX: y\r\n\r\nbody: no", "a.example"),
	FOUND("POST /a?b=c HTTP/1.1\r\nHost: a.example\r\nContent-Length: 3\r\n\r\nabc", "a.example"),
	FOUND("GET / HTTP/1.0\r\nHost: a.example\r\n\r\n", "a.example"),
	FOUND("OPTIONS * HTTP/1.1\r\nHost: a.example\r\n\r\n", "a.example"),
	FOUND("M-SEARCH!#$%&'*+.^_`|~ / HTTP/1.1\r\nHost: a\r\n\r\n", "a"),
	FOUND(HOST(" my_host-1.example"), "my_host-1.example"),
	FOUND(HOST(" 192.0.2.1"), "192.0.2.1"),
	/* port, dot, space */
	FOUND(HOST(" a.example:8080"), "a.example"),
	FOUND(HOST(" a.example:"), "a.example"),
	FOUND(HOST(" a.example."), "a.example"),
	FOUND(HOST(" a.example.:80 \t"), "a.example"),
	FOUND(HOST(" \t  a.example\t "), "a.example"),
	FOUND(HOST("a.example"), "a.example"),
	BAD(HOST(" a.example:80x")),
	BAD(HOST(" a.example:-1")),
	BAD(HOST(" a.example: 80 80")),
	BAD(HOST(" :80")),
	/* line ends */
	FOUND("GET / HTTP/1.1\nHost: a.example\n\n", "a.example"),
	FOUND("\r\n\n\r\nGET / HTTP/1.1\r\nHost: a.example\r\n\r\n", "a.example"),
	FOUND("GET / HTTP/1.1\nHost: a.example\r\nX: y\n\r\n", "a.example"),
	BAD("\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
	BAD("\rGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
	BAD(GET "X: a\rHost: b\r\nHost: c\r\n\r\n"),
	BAD(GET "Host: a\r\r\n\r\n"),
	BAD(GET "Host: a\r\n\rX"),
	BAD("GET / HTTP/1.1\rHost: a\r\n\r\n"),
	/* a second Host, a folded one, a space before the colon */
	BAD(GET "Host: a\r\nHost: a\r\n\r\n"),
	BAD(GET "Host: a\r\nX: y\r\nhost: b\r\n\r\n"),
	BAD(GET "Host:\r\nHost: b\r\n\r\n"),
	BAD(GET "Host: a\r\n b\r\n\r\n"),
	BAD(GET "Host: a\r\n\tb\r\n\r\n"),
	BAD(GET "Host: a\r\n \r\n\r\n"),
	BAD(GET "Host:\r\n a\r\n\r\n"),
	BAD(GET "Host : a\r\n\r\n"),
	BAD(GET "Host\t: a\r\n\r\n"),
	BAD(GET "Host\r\n\r\n"),
	BAD(GET " Host: a\r\n\r\n"),
	BAD(GET "\tX: y\r\nHost: a\r\n\r\n"),
	FOUND(GET "X: a\r\n Host: b\r\nHost: c\r\n\r\n", "c"),
	FOUND(GET "X: a\r\n\tfold\r\n fold\r\nHost: c\r\n\r\n", "c"),
	/* almost a Host */
	NONE(GET "Hos: a\r\nHosts: b\r\nH: c\r\nX-Host: d\r\nHo\r\nhost2: e\r\n\r\n"),
	FOUND(GET "Hosts: b\r\nHost: a\r\nhostess: c\r\n\r\n", "a"),
	FOUND(GET "X: Host: b\r\nHost: a\r\n\r\n", "a"),
	/* unnamed */
	NONE(GET "\r\n"),
	NONE("GET / HTTP/1.0\r\n\r\n"),
	NONE(GET "Accept: */*\r\n\r\n"),
	NONE(GET "Host:\r\n\r\n"),
	NONE(GET "Host:  \t\r\nX: y\r\n\r\n"),
	NONE("GET /\r\n"),
	NONE("GET /\n"),
	NONE("GET http://a.example/\r\n"),
	NONE("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
	BAD("PRI * HTTP/2.0\r\n\r\nSN\r\n\r\n"),
	BAD("PRI / HTTP/2.0\r\n\r\nSM\r\n\r\n"),
	BAD("GET * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
	/* the target names the host, and Host must not name another one */
	FOUND("GET http://a.example/x HTTP/1.1\r\nHost: a.example\r\n\r\n", "a.example"),
	FOUND("GET http://a.example/x HTTP/1.1\r\nhOST:  \tA.Example.\t \r\n\r\n", "a.example"),
	FOUND("GET http://a.example:81/x HTTP/1.1\r\nX: y\r\nHost:a.example:80 \nX: y\r\n\r\n", "a.example"),
	FOUND("GET http://a.example. HTTP/1.1\r\nHost: a.example.:\r\n\r\n", "a.example"),
	FOUND("GET http://a.example/x HTTP/1.1\r\nHost:\r\n\r\n", "a.example"),
	FOUND("GET http://a.example/x HTTP/1.1\r\nHost: \t\r\n\r\n", "a.example"),
	FOUND("GET http://a.example/x HTTP/1.1\r\nHosts: b.example\r\n\r\n", "a.example"),
	BAD("GET http://a.example/x HTTP/1.1\r\nHost: b.example\r\n\r\n"),
	BAD("GET http://a.example/x HTTP/1.1\r\nHost: a.exampl\r\n\r\n"),
	BAD("GET http://a.example/x HTTP/1.1\r\nHost: a.exampl:80\r\n\r\n"),
	BAD("GET http://a.example/x HTTP/1.1\r\nHost: a.examples\r\n\r\n"),
	BAD("GET http://a.example/x HTTP/1.1\r\nHost: a.example..\r\n\r\n"),
	BAD("GET http://a.example/x HTTP/1.1\r\nHost: a.example b\r\n\r\n"),
	BAD("GET http://a.example/x HTTP/1.1\r\nHost: a.example:b\r\n\r\n"),
	BAD("GET http://a.example/x HTTP/1.1\r\nHost: a.example/\r\n\r\n"),
	BAD("GET http://a.example/x HTTP/1.1\r\nHost: a.example\r\nHost: a.example\r\n\r\n"),
	BAD("GET http://a.example/x HTTP/1.1\r\nHost: a.example\r\n b\r\n\r\n"),
	BAD("GET http://a.example/x HTTP/1.1\r\nHost:\r\nHost: b.example\r\n\r\n"),
	BAD("GET http://a.example/x HTTP/1.1\r\nX: y\r\nHost: b.example\r\n\r\n"),
	FOUND("GET HTTPS://A.example:443?q HTTP/1.1\r\n\r\n", "a.example"),
	FOUND("GET http://a.example. HTTP/1.0\r\n\r\n", "a.example"),
	FOUND("GET http://[2001:DB8::1]:80/ HTTP/1.1\r\nHost: [2001:db8::1]\r\n\r\n", "[2001:db8::1]"),
	BAD("GET http://[2001:DB8::1]:80/ HTTP/1.1\r\nHost: b\r\n\r\n"),
	BAD("GET http://[2001:DB8::1]:80/ HTTP/1.1\r\nHost: [2001:db8::1\r\n\r\n"),
	FOUND("CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n", "a.example"),
	BAD("CONNECT a.example:443 HTTP/1.1\r\nHost: b.example:443\r\n\r\n"),
	FOUND("CONNECT [::1]:443 HTTP/1.1\r\n\r\n", "[::1]"),
	FOUND("GET http://a.example/@b HTTP/1.1\r\n\r\n", "a.example"),
	BAD("GET http://a.example/@b HTTP/1.1\r\nHost: , @ \x80\r\n\r\n"),
	BAD("GET http://a.example/ HTTP/1.1\r\nHost: b\r\nHost: b\r\n\r\n"),
	BAD("GET http://a.example/ HTTP/1.1\r\nHost: b\r\n c\r\n\r\n"),
	BAD("GET http://user@a.example/ HTTP/1.1\r\nHost: a.example\r\n\r\n"),
	BAD("GET http://user:pass@a.example/ HTTP/1.1\r\nHost: a.example\r\n\r\n"),
	BAD("GET http://user:80@a.example/ HTTP/1.1\r\nHost: a.example\r\n\r\n"),
	BAD("GET http:///x HTTP/1.1\r\nHost: a\r\n\r\n"),
	BAD("GET http://:80/x HTTP/1.1\r\nHost: a\r\n\r\n"),
	BAD("GET http:/a.example/ HTTP/1.1\r\nHost: a\r\n\r\n"),
	BAD("GET http://a.example#/ HTTP/1.1\r\nHost: a\r\n\r\n"),
	BAD("GET http://a.example\\/ HTTP/1.1\r\nHost: a\r\n\r\n"),
	BAD("GET http://a.%65xample/ HTTP/1.1\r\nHost: a\r\n\r\n"),
	BAD("GET a.example/ HTTP/1.1\r\nHost: a\r\n\r\n"),
	BAD("GET thisisaverylongscheme://a/ HTTP/1.1\r\nHost: a\r\n\r\n"),
	BAD("CONNECT / HTTP/1.1\r\nHost: a\r\n\r\n"),
	BAD("CONNECT a:443/ HTTP/1.1\r\nHost: a\r\n\r\n"),
	BAD("CONNECT  HTTP/1.1\r\nHost: a\r\n\r\n"),
	/* what no name is made of */
	BAD(HOST(" a b")),
	BAD(HOST(" a.example, b.example")),
	BAD(HOST(" a/b")),
	BAD(HOST(" u@a")),
	BAD(HOST(" a%2eb")),
	BAD(HOST(" a\x80")),
	BAD(HOST(" \xc3\xa4.example")),
	BAD(HOST(" a\0b")),
	BAD(HOST(" a\x7f")),
	BAD(HOST(" a\vb")),
	BAD(HOST(" *.example")),
	BAD(HOST(" a..b")),
	BAD(HOST(" abcdefg..b")),
	BAD(HOST(" .a")),
	BAD(HOST(" a..")),
	BAD(HOST(" .")),
	FOUND(HOST(" " L253), L253),
	FOUND(HOST(" " L253 "."), L253),
	BAD(HOST(" " L253 "x")),
	BAD(HOST(" " L253 ".x")),
	/* addresses */
	FOUND(HOST(" [::1]"), "[::1]"),
	FOUND(HOST(" [2001:DB8::F]:8080"), "[2001:db8::f]"),
	FOUND(HOST(" [::ffff:192.0.2.1]"), "[::ffff:192.0.2.1]"),
	BAD(HOST(" []")),
	BAD(HOST(" [::1")),
	BAD(HOST(" [::1]x")),
	BAD(HOST(" [::1].")),
	BAD(HOST(" [fe80::1%25eth0]")),
	BAD(HOST(" [v1.x]")),
	BAD(HOST(" a[::1]")),
	BAD(HOST(" [1111:2222:3333:4444:5555:6666:111.111.111.1111]")),
	BAD(HOST(" 2001:db8::1")),
	/* not a head */
	BAD("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),
	BAD("\x80\x2e\x01\x00\x02"),
	BAD("SSH-2.0-OpenSSH_9.2p1\r\n"),
	BAD("EHLO mail.example.com\r\n"),
	BAD(" GET / HTTP/1.1\r\n"),
	BAD("GET  / HTTP/1.1\r\n"),
	BAD("GET\t/ HTTP/1.1\r\n"),
	BAD("GET\r\n"),
	BAD("ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFG / HTTP/1.1\r\n"),
	BAD("GET /a b HTTP/1.1\r\nHost: a\r\n\r\n"),
	BAD("GET /a\tb HTTP/1.1\r\nHost: a\r\n\r\n"),
	BAD("GET / HTTP/1.1 \r\nHost: a\r\n\r\n"),
	BAD("GET / HTTP/1.\r\nHost: a\r\n\r\n"),
	BAD("GET / HTTP/1.10\r\nHost: a\r\n\r\n"),
	BAD("GET / HTTP/2.0\r\nHost: a\r\n\r\n"),
	BAD("GET / http/1.1\r\nHost: a\r\n\r\n"),
	BAD("GET / \r\nHost: a\r\n\r\n"),
	BAD(GET "X: a\0b\r\nHost: a\r\n\r\n"),
	BAD(GET "X: a\x01\r\nHost: a\r\n\r\n"),
	BAD(GET "Host: a\r\nX: \x1b[2J\r\n\r\n"),
	BAD(GET "Host: a\r\nX: \x7f\r\n\r\n"),
	FOUND(GET "Host: a\r\nX: \t\x80\xff\t\r\n\r\n", "a"),
	/* a head that is not complete */
	MORE(""),
	MORE("GET / HT"),
	MORE("GET http://a.example/ HTTP/1.1\r"),
	MORE(GET "Host: a"),
	MORE(GET "Host: a\r"),
	MORE("PRI * HTTP/2.0\r\n\r\nSM\r\n\r"),
	MORE(GET "Host: a\r\n"), /* it may be continued */
	MORE(GET "Host: a\r\n\r"),
	FOUND(GET "Host: a\r\nX", "a"),
	FOUND(GET "Host: a\r\nX: y", "a"),
	MORE("GET http://a.example/ HTTP/1.1\r\n"),
	FOUND("GET http://a.example/ HTTP/1.1\r\nHost: a.example\r\nX", "a.example"),
	MORE("GET http://a.example/ HTTP/1.1\r\nX"),
	MORE("GET http://a.example/ HTTP/1.1\r\nHost: a.example\r\n"),
};

Test(finders, http)
{
	check_all("http", http_rows, COUNT(http_rows), http_begin, http_feed);
}

Test(finders, http_head_limit)
{
	static char head[70000] = GET "Host: a\r\nX: ";
	size_t used = strlen(head);
	struct row row = {head, 0, FIND_FOUND, "a"};

	memset(head + used, 'x', sizeof(head) - used);
	memcpy(head + 65536 - 4, "\r\n\r\n", 4);
	row.len = 65536;
	check("limit", 0, &row, http_begin, http_feed, row.len, 1);
	check("limit", 0, &row, http_begin, http_feed, 1, 1);
	memcpy(head + 65536 - 4, "x\r\n\r\n", 5);
	row = (struct row){head, 65537, FIND_UNREADABLE, ""};
	check("limit", 1, &row, http_begin, http_feed, row.len, 1);
	check("limit", 1, &row, http_begin, http_feed, 1, 1);
}
